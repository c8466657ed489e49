"""A batch in shards has the gradient of the batch."""

import copy

import numpy as np
import torch

from dnabilstm.labels import MASK
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.train.config import TrainConfig
from dnabilstm.train.gradient import ShardedGradient
from dnabilstm.train.loss import position_loss

RNG = np.random.default_rng(0)
CODES = np.array([1, 2, 4, 8], np.uint8)[RNG.integers(4, size=(5, 60))]
LABELS = RNG.choice(np.array([0, 1, MASK], np.uint8), size=(5, 60, 2))


def network_of(dropout: float) -> torch.nn.Module:
    torch.manual_seed(0)
    return build(BiLSTMConfig(tasks=("a", "b"), filters=4, filter_width=5, hidden=4, dropout=dropout)).train()


def loss_of(network: torch.nn.Module, tensors: tuple[torch.Tensor, ...]) -> torch.Tensor:
    return position_loss(network.forward_bins(tensors[0]).float(), tensors[1], TrainConfig())


def gradient_of(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in network.parameters()])


def test_shards_add_up_to_the_whole_batch():
    want = network_of(0.0)
    loss = loss_of(want, (torch.from_numpy(CODES), torch.from_numpy(LABELS))) / (LABELS != MASK).sum()
    loss.backward()
    for shards in (1, 2, 3):
        network = network_of(0.0)
        got = ShardedGradient(network, loss_of, shards, torch.float32)(
            (CODES, LABELS), int((LABELS != MASK).sum()), (1, 0)
        )
        torch.testing.assert_close(gradient_of(network), gradient_of(want), rtol=1e-4, atol=1e-7)
        assert abs(got - float(loss.detach())) < 1e-6


def test_masked_bases_teach_nothing():
    network = network_of(0.0)
    gradient = ShardedGradient(network, loss_of, 1, torch.float32)
    labels = np.full_like(LABELS, MASK)
    assert gradient((CODES, labels), 1, (1, 0)) == 0
    assert not gradient_of(network).any()


def test_dropout_depends_on_seed_and_step_alone():
    found = []
    for seed in ((1, 5), (1, 5), (1, 6), (2, 5)):
        network = network_of(0.5)
        ShardedGradient(network, loss_of, 2, torch.float32)(
            (CODES, LABELS), int((LABELS != MASK).sum()), seed
        )
        found.append(copy.deepcopy(gradient_of(network)))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert not torch.equal(found[0], found[3])


def test_shards_side_by_side_repeat_their_bits_in_bf16():
    found = []
    for _ in range(8):
        network = network_of(0.2)
        ShardedGradient(network, loss_of, 2, torch.bfloat16)(
            (CODES, LABELS), int((LABELS != MASK).sum()), (1, 0)
        )
        found.append(gradient_of(network))
    assert all(torch.equal(gradient, found[0]) for gradient in found)


class Branches(torch.nn.Module):
    """Rows that decide which of its parameters they use, as a plug-in's may."""

    def __init__(self):
        super().__init__()
        self.low, self.high = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)

    def forward(self, rows):
        return (self.high if rows[0, 0] > 0 else self.low)(rows).sum()


def test_a_parameter_that_the_first_shard_leaves_unused_has_its_gradient():
    network, rows = Branches(), np.float32([[-1], [2]])
    ShardedGradient(network, lambda one, tensors: one(*tensors), 2, torch.float32)((rows,), 2, (1, 0))
    assert network.low.weight.grad.item() == -0.5
    assert network.high.weight.grad.item() == 1
