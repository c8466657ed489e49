"""Strand symmetry is exact for any weights, and the recurrence is that of the equations."""

import numpy as np
import pytest
import torch

from dnabilstm.alphabet import COMPLEMENT
from dnabilstm.model.layers import (
    Convolution,
    LSTMLayer,
    OneHot,
    VariationalDropout,
    phase,
    swap_of_halves,
    swap_of_one_hot,
    sweep,
)


def other_strand(features: torch.Tensor, swap: torch.Tensor) -> torch.Tensor:
    """(batch, length, channels), reversed, with the channels swapped."""
    return features.flip(1)[..., swap]


def test_one_hot_of_the_complement_is_the_one_hot_with_swapped_channels():
    codes = torch.arange(16, dtype=torch.uint8).reshape(1, 16)
    complement = torch.from_numpy(COMPLEMENT)[codes.int()]
    assert torch.equal(OneHot()(complement), OneHot()(codes)[..., swap_of_one_hot()])
    assert OneHot()(codes)[0, 5].tolist() == [0.5, 0, 0.5, 0]  # R is A or G


@pytest.mark.parametrize("width", [1, 3, 19])
def test_a_tied_convolution_reads_both_strands_alike(width):
    layer = Convolution(4, 6, width, swap_of_one_hot()).double()
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, 40, 4, dtype=torch.float64)
    y = layer(x.transpose(1, 2)).transpose(1, 2)
    z = layer(other_strand(x, swap_of_one_hot()).transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(z, other_strand(y, swap_of_halves(12)), rtol=0, atol=1e-12)


def test_an_untied_convolution_does_not():
    layer = Convolution(4, 6, 5, None).double()
    x = torch.randn(2, 40, 4, dtype=torch.float64)
    y = layer(x.transpose(1, 2)).transpose(1, 2)
    z = layer(other_strand(x, swap_of_one_hot()).transpose(1, 2)).transpose(1, 2)
    assert (z - other_strand(y, swap_of_halves(12))).abs().max() > 0.1


def test_a_tied_lstm_reads_both_strands_alike():
    swap = swap_of_halves(10)
    layer = LSTMLayer(10, 7, swap).double()
    x = torch.randn(3, 25, 10, dtype=torch.float64)
    torch.testing.assert_close(
        layer(other_strand(x, swap)), other_strand(layer(x), swap_of_halves(14)), rtol=0, atol=1e-12
    )


def test_a_tied_lstm_has_half_of_the_parameters():
    tied = sum(p.numel() for p in LSTMLayer(10, 7, swap_of_halves(10)).parameters())
    free = sum(p.numel() for p in LSTMLayer(10, 7, None).parameters())
    assert free == 2 * tied


def reference_lstm(x: np.ndarray, w_ih: np.ndarray, w_hh: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Hochreiter & Schmidhuber 1997 with a forget gate, one step after the other: (length, hidden)."""
    hidden = w_hh.shape[1]
    h, c, out = np.zeros(hidden), np.zeros(hidden), []
    sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
    for step in x:
        i, f, g, o = np.split(w_ih @ step + w_hh @ h + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.array(out)


@pytest.mark.parametrize("tied", [True, False])
def test_the_recurrence_is_that_of_the_equations(tied):
    layer = LSTMLayer(6, 5, swap_of_halves(6) if tied else None).double()
    x = torch.randn(1, 30, 6, dtype=torch.float64)
    got = layer(x)[0].detach().numpy()
    for direction, (w_ih, w_hh, b_ih, b_hh) in enumerate(layer.weights()):
        read = x[0].numpy() if direction == 0 else x[0].numpy()[::-1]
        want = reference_lstm(read, *(w.detach().numpy() for w in (w_ih, w_hh, b_ih + b_hh)))
        want = want if direction == 0 else want[::-1]
        np.testing.assert_allclose(got[:, 5 * direction : 5 * direction + 5], want, atol=1e-12)


def test_a_sweep_in_tiles_is_the_sweep_in_one():
    layer = LSTMLayer(6, 5, None).double()
    x = torch.randn(2, 30, 6, dtype=torch.float64)
    weights = layer.weights()[0]
    zero = torch.zeros(1, 2, 5, dtype=torch.float64)
    whole, _ = sweep(x, weights, (zero, zero))
    first, state = sweep(x[:, :11], weights, (zero, zero))
    second, _ = sweep(x[:, 11:], weights, state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("pool", [1, 3, 5, 7, 9])
def test_bin_borders_mirror_for_every_length(pool):
    for length in range(1, 60):
        borders = {p for p in range(length + 1) if (p - phase(length, pool)) % pool == 0}
        assert borders == {length - p for p in borders}


def test_variational_dropout_drops_whole_channels_and_repeats_from_its_seed():
    layer = VariationalDropout(0.5).train()
    layer.reseed(3)
    first = layer(torch.ones(4, 10, 50))
    assert set(first.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(first, first[:, :1].expand_as(first))
    layer.reseed(3)
    assert torch.equal(layer(torch.ones(4, 10, 50)), first)
    assert torch.equal(layer.eval()(torch.ones(1, 2, 3)), torch.ones(1, 2, 3))
