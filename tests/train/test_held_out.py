"""Held-out stretches have the logits of the whole genome."""

import numpy as np
import torch

from dnabilstm.model.registry import build
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Grid
from dnabilstm.train.held_out import auprc_by_channel, held_out_labels, held_out_logits
from dnabilstm.windows import Stretch


def test_stretches_are_cut_out_of_their_contigs(run):
    torch.manual_seed(0)
    network = build(run.model).eval()
    grid, config = Grid(5, 100, 30), ScoreConfig(precision="fp32")
    whole = held_out_logits(run.genome, network, [Stretch("a", 0, 12001, "valid")], grid, config)
    parts = [Stretch("a", 3000, 3500, "valid"), Stretch("a", 11_000, 12_001, "valid")]
    got = held_out_logits(run.genome, network, parts, grid, config)
    np.testing.assert_allclose(got, np.concatenate([whole[3000:3500], whole[11_000:]]), atol=1e-5)
    labels = held_out_labels(run.labels, parts)
    assert labels.shape == (1501, 1)
    assert (
        labels[:, 0].tolist()
        == np.r_[run.labels.values[0][3000:3500], run.labels.values[0][11_000:12_001]].tolist()
    )


def test_auprc_of_a_perfect_ranking_is_one():
    labels = np.array([[0], [1], [255], [1]], np.uint8)
    assert auprc_by_channel(labels, np.array([[0.0], [2.0], [9.0], [1.0]], np.float32), ("a",)) == {"a": 1.0}
