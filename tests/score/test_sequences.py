"""Logits of whole sequences do not depend on the batch, the workers, the neighbours or, tied, the strand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dnabilstm.alphabet import N, reverse_complement
from dnabilstm.model.bundle import Model, join_models
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.score.sequences import batches_of, class_probabilities, place, sequence_logits
from dnabilstm.sequences.store import make_set
from tests.classify.planted import set_of

CONFIG = BiLSTMConfig(tasks=("a", "b", "c"), head="sequence", hidden=4, filters=6, filter_width=7)
LENGTHS = (1, 7, 60, 61, 300)


def network_of(seed=0, **more):
    torch.manual_seed(seed)
    return build(replace(CONFIG, **more)).eval()


@pytest.mark.parametrize("pool", [1, 3, 5])
@pytest.mark.parametrize("attention", ["none", "additive", "multihead"])
def test_a_sequence_has_the_same_logits_in_any_company(pool, attention):
    network, given = network_of(pool=pool, attention=attention), set_of([10, 5], length=LENGTHS)
    alone = sequence_logits(network, given, batch=1, workers=1)
    for settings in ({"batch": 4}, {"batch": 64, "workers": 2}):
        np.testing.assert_allclose(sequence_logits(network, given, **settings), alone, atol=1e-5)
    order = np.random.default_rng(0).permutation(15)
    np.testing.assert_allclose(sequence_logits(network, given.subset(order)), alone[order], atol=1e-5)
    assert np.ptp(alone, axis=0).min() > 1e-3


@pytest.mark.parametrize("strand", ["symmetric", "none"])
def test_a_tied_network_gives_both_strands_the_same(strand):
    network, given = network_of(strand=strand), set_of([10], length=LENGTHS)
    turned = make_set(given.names, [reverse_complement(given.sequence(i)) for i in range(10)])
    one, other = (sequence_logits(network, of) for of in (given, turned))
    assert (np.abs(one - other).max() < 1e-5) == (strand == "symmetric")


def test_bins_are_placed_as_on_a_contig():
    # 2 * phase = length (mod 3): 4 bases begin with a bin of two, 3 with a whole one, 5 with one of one.
    rows, bins = place([np.full(size, N, np.uint8) for size in (4, 3, 5)], 3)
    assert bins.tolist() == [2, 1, 3]
    assert (rows > 0).astype(int).tolist() == [
        [0, 1, 1, 1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 1, 1, 0, 0],
    ]


def test_batches_hold_like_lengths_within_bounds():
    lengths = np.array([5, 900, 7, 6, 1_000, 5])
    found = [rows.tolist() for rows in batches_of(lengths, batch=3, cells=1_500)]
    assert found == [[4], [1], [2, 3, 0], [5]]


def test_probabilities_are_calibrated_and_averaged_over_members():
    given, models = set_of([4, 4], length=LENGTHS), []
    for seed in (1, 2):
        card = {"calibration": {"slope": 3.0 * seed, "bias": [0.5, 0.0, -0.5]}}
        models.append(Model(network_of(seed), card))
    single = []
    for seed, model in zip((1, 2), models, strict=True):
        z = 3.0 * seed * sequence_logits(model.network, given).astype(float) + np.array([0.5, 0, -0.5])
        single.append(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))
        found, spread = class_probabilities(model, given)
        np.testing.assert_allclose(found, single[-1], rtol=1e-5)
        assert spread is None
    mean, spread = class_probabilities(join_models(models, ["1", "2"]), given)
    np.testing.assert_allclose(mean, np.mean(single, axis=0), rtol=1e-5)
    np.testing.assert_allclose(spread, np.std(single, axis=0), atol=1e-6)


def test_progress_counts_every_sequence_of_every_member():
    done = []
    joined = join_models([Model(network_of(seed), {}) for seed in (1, 2)], ["1", "2"])
    class_probabilities(joined, set_of([5, 2]), batch=3, progress=done.append)
    assert sum(done) == 14
