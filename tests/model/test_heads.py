"""What a head does when its two halves are exchanged."""

import pytest
import torch

from dnabilstm.model.heads import PositionHead


@pytest.mark.parametrize("hidden", [0, 7])
def test_exchanged_halves(hidden):
    x = torch.randn(2, 9, 8)
    other = x.roll(4, dims=-1)
    symmetric = PositionHead(8, hidden, 3, "symmetric")
    torch.testing.assert_close(symmetric(other), symmetric(x))
    stranded = PositionHead(8, hidden, 3, "stranded")
    torch.testing.assert_close(stranded(other), stranded(x)[..., [1, 0, 3, 2, 5, 4]])
    none = PositionHead(8, hidden, 3, "none")
    assert (none(other) - none(x)).abs().max() > 1e-3
