"""Strand symmetry is exact for any weights; convolution, normalisation and dropout are those of their equations."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from dnabilstm.alphabet import COMPLEMENT
from dnabilstm.model.layers import (
    BinMaximum,
    Convolution,
    Dropout,
    OneHot,
    PairedLinear,
    PairedNorm,
    swap_of_halves,
    swap_of_one_hot,
)
from tests.model import reference


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
    nn.init.normal_(layer.bias)
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


@pytest.mark.parametrize("width", [1, 5])
@pytest.mark.parametrize("tied", [True, False])
def test_a_convolution_of_features_is_that_of_the_equation(width, tied):
    """y_{t,f} = b_f + sum over k and c of w_{f,c,k} x_{t+k-half,c}, and the same on the other strand."""
    layer = Convolution(6, 3, width, swap_of_halves(6) if tied else None).double()
    nn.init.normal_(layer.bias)
    x = torch.randn(9, 6, dtype=torch.float64)

    def read(xs):
        return reference.convolution(xs, layer.weight, layer.bias)

    want = reference.both_strands(list(x), read, reference.halves_exchanged) if tied else read(list(x))
    got = layer(x.t()[None])[0].t()
    torch.testing.assert_close(got, torch.stack(want), rtol=0, atol=1e-10)
    whole = functional.conv1d(x.t()[None], *layer.kernel(), padding=width // 2)[0].t()
    torch.testing.assert_close(got, whole, rtol=0, atol=1e-12)


def test_a_paired_map_reads_both_halves_alike():
    layer = PairedLinear(6, 4, paired=True).double()
    x = torch.randn(3, 5, 6, dtype=torch.float64)
    exchanged = torch.cat([x[..., 3:], x[..., :3]], dim=-1)
    want = torch.cat(
        [functional.linear(side, layer.map.weight, layer.map.bias) for side in (x, exchanged)], -1
    )
    torch.testing.assert_close(layer(x), want, rtol=0, atol=1e-12)
    torch.testing.assert_close(layer(exchanged), want[..., [2, 3, 0, 1]], rtol=0, atol=1e-12)


def test_a_map_that_is_not_paired_is_the_librarys():
    layer = PairedLinear(6, 4, paired=False)
    x = torch.randn(3, 6)
    assert torch.equal(layer(x), layer.map(x))
    assert PairedLinear(6, 4, paired=True, bias=False).map.bias is None


@pytest.mark.parametrize("paired", [True, False])
def test_normalisation_is_that_of_the_equation_and_of_the_library(paired):
    """y = (x - mean) / sqrt(variance + 1e-5) * scale + shift, over the channels of one position."""
    layer = PairedNorm(6, paired).double()
    nn.init.normal_(layer.scale)
    nn.init.normal_(layer.shift)
    x = torch.randn(2, 5, 6, dtype=torch.float64, requires_grad=True)
    library = nn.LayerNorm(6).double()
    times = 2 if paired else 1
    with torch.no_grad():
        library.weight.copy_(layer.scale.repeat(times))
        library.bias.copy_(layer.shift.repeat(times))
    got = layer(x)
    torch.testing.assert_close(got, library(x), rtol=0, atol=1e-10)
    want = reference.layer_norm(x[1, 3], library.weight, library.bias)
    torch.testing.assert_close(got[1, 3], want, rtol=0, atol=1e-10)
    (mine,), (theirs,) = (torch.autograd.grad(y.pow(3).sum(), x) for y in (got, library(x)))
    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def test_paired_normalisation_turns_over_with_the_strand():
    layer = PairedNorm(6, paired=True).double()
    nn.init.normal_(layer.scale)
    x = torch.randn(2, 5, 6, dtype=torch.float64)
    swap = swap_of_halves(6)
    torch.testing.assert_close(layer(other_strand(x, swap)), other_strand(layer(x), swap), rtol=0, atol=1e-12)


def test_channel_dropout_has_one_mask_a_row_and_channel():
    layer = Dropout(0.5, "channel").train()
    kept = layer(torch.ones(40, 10, 50))
    assert torch.equal(kept, kept[:, :1].expand_as(kept))
    assert (kept[0, 0] != kept[1, 0]).any()
    assert set(kept.unique().tolist()) == {0.0, 2.0}


def test_element_dropout_has_a_mask_for_every_value():
    kept = Dropout(0.5, "element").train()(torch.ones(4, 10, 50))
    assert (kept != kept[:, :1]).any()
    assert set(kept.unique().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize("mask", ["channel", "element"])
@pytest.mark.parametrize("shape", [(400, 1, 100), (400, 100)])
def test_dropout_drops_its_share_and_keeps_the_mean(mask, shape):
    layer = Dropout(0.2, mask).train()
    layer.reseed(1)
    x = torch.full(shape, 3.0)
    kept = layer(x)
    # 40,000 draws: a share of 0.2 has a standard error of 0.002.
    assert abs((kept == 0).float().mean() - 0.2) < 0.01
    assert kept.max() == pytest.approx(3 / 0.8)
    assert abs(kept.mean() - 3) < 0.04


@pytest.mark.parametrize("mask", ["channel", "element"])
def test_dropout_repeats_from_its_seed_whatever_else_draws_numbers(mask):
    layer, x = Dropout(0.5, mask).train(), torch.ones(4, 10, 50)
    layer.reseed(3)
    before = torch.get_rng_state()
    first, second = layer(x), layer(x)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, second)
    torch.manual_seed(99)
    layer.reseed(3)
    assert torch.equal(layer(x), first)
    other = copy.deepcopy(layer)
    assert torch.equal(other(x), second)
    other.reseed(4)
    assert not torch.equal(other(x), first)


def test_dropout_is_for_training_only():
    x = torch.ones(1, 2, 3)
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0).train()(x) is x


def test_the_maximum_of_a_bin_sends_the_gradient_to_its_first_top():
    features = torch.tensor([[[[1.0, 5.0], [3.0, 5.0], [3.0, 2.0]]]], requires_grad=True)
    top = BinMaximum.apply(features)
    assert top.tolist() == [[[3.0, 5.0]]]
    (found,) = torch.autograd.grad((top * torch.tensor([2.0, 7.0])).sum(), [features])
    assert found.tolist() == [[[[0.0, 7.0], [2.0, 0.0], [0.0, 0.0]]]]
