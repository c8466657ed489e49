"""Losses against their equations, one element at a time, and where the logits are extreme."""

import math

import numpy as np
import pytest
import torch

from dnabilstm.labels import MASK
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.train.config import SequenceTrainConfig, TrainConfig
from dnabilstm.train.loss import position_loss, sequence_loss
from dnabilstm.train.positions import task_weights
from dnabilstm.windows import Stretch

SETTINGS = [
    {},
    {"focal": 2.0},
    {"focal": 0.5},
    {"label_smoothing": 0.2},
    {"focal": 1.5, "label_smoothing": 0.1},
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("positive_weight", [1.0, 3.0])
def test_the_loss_of_bases(settings, positive_weight):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(0, 2, (2, 5, 2)), rng.choice([0, 1, MASK], (2, 5, 2))
    config, wanted = TrainConfig(**settings), 0.0
    for z, label in zip(logits.ravel(), labels.ravel(), strict=True):
        if label != MASK:
            p = 1 / (1 + math.exp(-z))
            target = label * (1 - config.label_smoothing) + config.label_smoothing / 2
            loss = -target * math.log(p) - (1 - target) * math.log(1 - p)
            truth = p if label else 1 - p
            wanted += loss * (1 - truth) ** config.focal * (positive_weight if label else 1)
    found = position_loss(
        torch.tensor(logits), torch.tensor(labels, dtype=torch.uint8), config, positive_weight
    )
    assert found.item() == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_loss_of_sequences(settings):
    rng = np.random.default_rng(1)
    logits, labels, weights = rng.normal(0, 2, (6, 3)), rng.integers(3, size=6), np.array([1.0, 0.5, 4.0])
    config, wanted = SequenceTrainConfig(**settings), 0.0
    for z, label in zip(logits, labels, strict=True):
        p = np.exp(z) / np.exp(z).sum()
        target = np.full(3, config.label_smoothing / 3)
        target[label] += 1 - config.label_smoothing
        wanted += weights[label] * (1 - p[label]) ** config.focal * -(target @ np.log(p))
    found = sequence_loss(torch.tensor(logits), torch.tensor(labels), torch.tensor(weights), config)
    assert found.item() == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("focal", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("size", [20.0, 1_000.0])
def test_extreme_logits_have_a_finite_slope(focal, size):
    config = {"focal": focal, "label_smoothing": 0.1}
    logits = torch.tensor([[size, -size], [-size, size]], requires_grad=True)
    sequence_loss(logits, torch.tensor([0, 0]), torch.ones(2), SequenceTrainConfig(**config)).backward()
    assert torch.isfinite(logits.grad).all()
    bases = torch.tensor([[[size], [-size]]], requires_grad=True)
    position_loss(bases, torch.tensor([[[1], [1]]], dtype=torch.uint8), TrainConfig(**config)).backward()
    assert torch.isfinite(bases.grad).all()
    assert bases.grad[0, 1] < 0  # what is wrong is still pulled back


def test_channels_weigh_what_they_are_given():
    logits = torch.tensor([[[0.5, -1.0], [2.0, 0.0]]])
    labels = torch.tensor([[[1, 0], [0, MASK]]], dtype=torch.uint8)
    config, weights = TrainConfig(), torch.tensor([3.0, 0.5])
    got = position_loss(logits, labels, config, 1.0, weights)
    want = 3 * (math.log1p(math.exp(-0.5)) + math.log1p(math.exp(2.0))) + 0.5 * math.log1p(math.exp(-1.0))
    assert float(got) == pytest.approx(want, rel=1e-6)


class Tracks:
    """Labels of one contig, a column a channel."""

    def __init__(self, channels, columns):
        self.channels, self.columns = channels, columns

    def track(self, channel, contig):
        assert contig == "c"
        return self.columns[:, self.channels.index(channel)]


def test_a_rare_task_weighs_in_balance_with_a_common_one():
    columns = np.zeros((1200, 2), np.uint8)
    columns[:500, 0], columns[:10, 1] = 1, 1
    columns[990:1000], columns[1000:] = MASK, 1
    tracks, parts = Tracks(("common", "rare"), columns), [Stretch("c", 0, 400, "train")]
    parts.append(Stretch("c", 400, 1000, "train"))  # what lies behind is of another part
    weights = task_weights(tracks, parts, BiLSTMConfig(tasks=("common", "rare"))).numpy()
    rates = np.array([500, 10]) / 990
    # What a network that knows the rates and nothing else loses, weighed, is the same of each task.
    lost = -weights * (rates * np.log(rates) + (1 - rates) * np.log(1 - rates))
    assert lost[0] == pytest.approx(lost[1], rel=1e-5)
    assert weights.mean() == pytest.approx(1, rel=1e-6)


def test_both_strands_of_a_task_weigh_the_same():
    columns = np.zeros((100, 4), np.uint8)
    columns[:50, 0], columns[:1, 2:] = 1, 1
    config = BiLSTMConfig(tasks=("a", "b"), strand="stranded")
    weights = task_weights(Tracks(config.channels, columns), [Stretch("c", 0, 100, "train")], config).tolist()
    assert weights[0] == weights[1] < weights[2] == weights[3]
