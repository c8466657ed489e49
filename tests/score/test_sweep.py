"""Tiles with carried state against the plain network over whole sequences."""

import pytest
import torch
from torch import nn

from dnabilstm.score import sweep
from tests.model.variants import POSITION, codes_of, config_of, network_of

each_position = pytest.mark.parametrize("name", POSITION)


@pytest.fixture(autouse=True)
def _short_tiles(monkeypatch):
    monkeypatch.setattr(sweep, "TILE", 7)


@each_position
def test_tiles_give_what_one_pass_gives(name):
    network = network_of(torch.float32, **POSITION[name])
    codes = codes_of(3, 40 * network.config.pool)
    want = network.forward_bins(codes)
    assert want.std() > 1e-3
    got = sweep.logits_of(network, codes, torch.full((3,), 40))
    torch.testing.assert_close(got, want, rtol=0, atol=4e-6)


@each_position
def test_a_row_does_not_feel_the_padding_behind_it(name):
    network = network_of(torch.float32, **POSITION[name])
    pool, lengths = network.config.pool, torch.tensor([40, 23, 1])
    codes = codes_of(3, 40 * pool)
    for row, bins in enumerate(lengths.tolist()):
        codes[row, bins * pool :] = 0
    got = sweep.logits_of(network, codes, lengths)
    for row, bins in enumerate(lengths.tolist()):
        alone = network.forward_bins(codes[row : row + 1, : bins * pool])
        torch.testing.assert_close(got[row : row + 1, : bins * pool], alone, rtol=0, atol=4e-6)


@pytest.mark.parametrize(
    "name", ["default", "peephole", "grid", "local_attention", "norm_residual", "everything"]
)
def test_bf16_is_close_and_is_not_fp32(name):
    network = network_of(torch.float32, **POSITION[name])
    codes, lengths = codes_of(2, 40 * network.config.pool), torch.tensor([40, 40])
    exact = sweep.logits_of(network, codes, lengths)
    rough = sweep.logits_of(network, codes, lengths, torch.bfloat16)
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
    network, lengths = Mean(), torch.tensor([4, 2, 4])
    codes = codes_of(3, 20)
    got = sweep.logits_of(network, codes, lengths)
    for row, bins in enumerate(lengths.tolist()):
        want = network.forward_bins(codes[row : row + 1, : bins * 5])
        assert torch.equal(got[row, : bins * 5], want[0])
