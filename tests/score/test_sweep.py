"""Tiles with carried state against the plain network over whole sequences."""

import pytest
import torch
from torch import nn

from dnabilstm.score.sweep import Program
from tests.model.variants import POSITION, codes_of, config_of, network_of

each_position = pytest.mark.parametrize("name", POSITION)


def logits_of(network, codes, lengths, precision=torch.float32):
    """Logits of rows in any order, each a base: (rows, bases, channels)."""
    program = Program(network, precision, tile=7)
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    got = program(codes[order], [lengths[row] for row in order])
    back = torch.tensor(order).argsort()
    return got.repeat_interleave(program.bases, dim=0)[:, back].transpose(0, 1)


@each_position
def test_tiles_give_what_one_pass_gives(name):
    network = network_of(torch.float32, **POSITION[name])
    codes = codes_of(3, 40 * network.config.pool)
    want = network.forward_bins(codes)
    assert want.std() > 1e-3
    got = logits_of(network, codes, [40, 40, 40])
    torch.testing.assert_close(got, want, rtol=0, atol=4e-6)


@each_position
def test_a_row_does_not_feel_the_padding_behind_it(name):
    network = network_of(torch.float32, **POSITION[name])
    pool, lengths = network.config.pool, [40, 23, 1]
    codes = codes_of(3, 40 * pool)
    for row, bins in enumerate(lengths):
        codes[row, bins * pool :] = 0
    got = logits_of(network, codes, lengths)
    for row, bins in enumerate(lengths):
        alone = network.forward_bins(codes[row : row + 1, : bins * pool])
        torch.testing.assert_close(got[row : row + 1, : bins * pool], alone, rtol=0, atol=4e-6)


@pytest.mark.parametrize("name", ["default", "peephole", "grid", "local_attention", "plain", "everything"])
def test_bf16_is_close_and_is_not_fp32(name):
    network = network_of(torch.float32, **POSITION[name])
    codes, lengths = codes_of(2, 40 * network.config.pool), [40, 40]
    exact = logits_of(network, codes, lengths)
    rough = logits_of(network, codes, lengths, torch.bfloat16)
    assert rough.dtype == torch.float32
    assert 0 < (exact - rough).abs().max() < 0.2


class Mean(nn.Module):
    """A network of another make: a base's logit is its code against the mean of its row."""

    def __init__(self):
        super().__init__()
        self.config = config_of()

    def forward_bins(self, codes):
        values = codes.float() - codes.float().mean(dim=1, keepdim=True)
        return values.unsqueeze(2).expand(-1, -1, len(self.config.channels))


def test_a_network_of_another_make_is_run_as_a_whole_and_does_not_feel_padding():
    network, lengths = Mean(), [4, 2, 4]
    codes = codes_of(3, 20)
    got = logits_of(network, codes, lengths)
    for row, bins in enumerate(lengths):
        want = network.forward_bins(codes[row : row + 1, : bins * 5])
        assert torch.equal(got[row, : bins * 5], want[0])
