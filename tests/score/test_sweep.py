"""Tiles with carried state against the plain network over whole sequences."""

import pytest
import torch

from dnabilstm.score import sweep
from tests.score.conftest import model_of


@pytest.mark.parametrize("settings", [{}, {"pool": 1}, {"skip": True}, {"merge": "sum"}, {"strand": "none"},
                                      {"strand": "stranded"}, {"filters": 0, "pool": 1},
                                      {"strand": "none", "bidirectional": False}])  # fmt: skip
def test_tiles_give_what_one_pass_gives(settings, monkeypatch):
    monkeypatch.setattr(sweep, "TILE", 7)
    network = model_of(**settings).network
    pool = network.config.pool
    codes = torch.randint(1, 16, (3, 40 * pool), dtype=torch.uint8)
    want = network.forward_bins(codes)
    got = sweep.logits_of(network, codes, torch.full((3,), 40))
    torch.testing.assert_close(got, want, rtol=0, atol=2e-6)


def test_a_row_does_not_feel_the_padding_behind_it(monkeypatch):
    monkeypatch.setattr(sweep, "TILE", 7)
    network = model_of().network
    codes = torch.randint(1, 16, (3, 200), dtype=torch.uint8)
    lengths = torch.tensor([40, 23, 1])
    for row, bins in enumerate(lengths.tolist()):
        codes[row, bins * 5 :] = 0
    got = sweep.logits_of(network, codes, lengths)
    for row, bins in enumerate(lengths.tolist()):
        alone = network.forward_bins(codes[row : row + 1, : bins * 5])
        torch.testing.assert_close(got[row : row + 1, : bins * 5], alone, rtol=0, atol=2e-6)


def test_bf16_is_close_and_is_not_fp32():
    network = model_of().network
    codes, lengths = torch.randint(1, 16, (2, 200), dtype=torch.uint8), torch.tensor([40, 40])
    exact = sweep.logits_of(network, codes, lengths)
    rough = sweep.logits_of(network, codes, lengths, torch.bfloat16)
    assert 0 < (exact - rough).abs().max() < 0.2
