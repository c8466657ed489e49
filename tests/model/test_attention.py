"""Attention against its equations and the library's dense one; padding, strands, and a cost that is linear."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from dnabilstm.model.attention import AdditiveAttention, LocalAttention, MultiheadAttention
from tests.model import reference

CHANNELS, HEADS, WINDOW = 8, 2, 3
BOTH = (reference.as_is, reference.halves_exchanged)
KINDS = {"paired_even": (True, True), "plain_even": (False, True), "plain": (False, False)}
each_kind = pytest.mark.parametrize("kind", KINDS)
either = pytest.mark.parametrize("paired", [True, False], ids=["paired", "plain"])


def filled(layer: nn.Module) -> nn.Module:
    torch.manual_seed(4)
    for parameter in layer.double().parameters():
        nn.init.normal_(parameter, std=0.5)
    return layer


def local_of(kind: str, window: int = WINDOW) -> LocalAttention:
    return filled(LocalAttention(CHANNELS, HEADS, window, *KINDS[kind]))


def features_of(rows: int = 2, bins: int = 11) -> torch.Tensor:
    return torch.randn(rows, bins, CHANNELS, dtype=torch.float64, requires_grad=True)


def every(features: torch.Tensor) -> torch.Tensor:
    return torch.ones(features.shape[:2], dtype=torch.bool)


def gradients(layer: nn.Module, output: torch.Tensor, features: torch.Tensor) -> list[torch.Tensor]:
    return torch.autograd.grad(output.sin().sum(), [features, *layer.parameters()])


def alike(layer: nn.Module, features: torch.Tensor, got: torch.Tensor, want: torch.Tensor) -> None:
    torch.testing.assert_close(got, want, rtol=0, atol=1e-10)
    for one, other in zip(*(gradients(layer, y, features) for y in (got, want)), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10)
        assert one.abs().max() > 1e-4


@each_kind
@pytest.mark.parametrize("bins", [1, 2, 6, 11])
def test_local_attention_is_that_of_the_equations(kind, bins):
    """a_{h,t,s} = softmax over |s - t| <= w of (Q_t . K_s)_h / sqrt(d) + r_{h,s-t}; y_t = x_t + W_O sum of a V_s."""
    layer, x = local_of(kind), features_of(2, bins)
    names, sides = dict(layer.named_parameters()), BOTH if layer.paired else BOTH[:1]
    want = [torch.stack(reference.local_attention(list(row), names, HEADS, WINDOW, sides)) for row in x]
    got = layer(x, every(x))
    if bins > 1:
        alike(layer, x, got, torch.stack(want))
    else:  # one bin sees itself alone: queries, keys and distances cannot matter
        torch.testing.assert_close(got, torch.stack(want), rtol=0, atol=1e-10)
    single = layer.float()(x.float(), every(x))
    torch.testing.assert_close(single, got.float(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("window", [1, 4, 30])
def test_local_attention_is_the_librarys_dense_one_under_a_mask(window):
    layer, x = local_of("plain", window), features_of(2, 13)
    q, k, v = (layer.enter[name](x).unflatten(2, (HEADS, -1)).transpose(1, 2) for name in "qkv")
    offset = torch.arange(13) - torch.arange(13).unsqueeze(1)
    bias = layer.distance[:, (offset + window).clamp(0, 2 * window)]
    bias = bias.masked_fill(offset.abs() > window, float("-inf"))
    seen = functional.scaled_dot_product_attention(q, k, v, bias.expand(2, -1, -1, -1))
    alike(layer, x, layer(x, every(x)), x + layer.leave(seen.transpose(1, 2).flatten(2)))


@each_kind
def test_local_attention_gives_no_weight_to_padding(kind):
    layer, x = local_of(kind), features_of(3)
    lengths = [11, 6, 1]
    valid = torch.arange(11) < torch.tensor(lengths).unsqueeze(1)
    got = layer(x, valid)
    assert got.isfinite().all()
    for row, length in enumerate(lengths):
        alone = x[row : row + 1, :length]
        torch.testing.assert_close(got[row, :length], layer(alone, every(alone))[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["paired_even", "plain_even"])
def test_local_attention_turns_over_with_the_strand(kind):
    layer, x = local_of(kind), features_of()
    turn = (lambda y: y.flip(1).roll(CHANNELS // 2, dims=2)) if layer.paired else (lambda y: y.flip(1))
    torch.testing.assert_close(layer(turn(x), every(x)), turn(layer(x, every(x))), rtol=0, atol=1e-12)


def test_local_attention_weighs_the_bins_around():
    layer, x = local_of("plain"), features_of(2, 11)
    weights = layer.weights(x, every(x))
    assert weights.shape == (2, HEADS, 11, 2 * WINDOW + 1)
    torch.testing.assert_close(weights.sum(3), torch.ones(2, HEADS, 11, dtype=torch.float64))
    assert (weights[:, :, 0, :WINDOW] == 0).all()  # nothing lies before the first bin
    values = functional.pad(layer.enter["v"](x), (0, 0, WINDOW, WINDOW)).unfold(1, 2 * WINDOW + 1, 1)
    seen = torch.einsum("rhtk,rthdk->rthd", weights, values.unflatten(2, (HEADS, -1)))
    torch.testing.assert_close(x + layer.leave(seen.flatten(2)), layer(x, every(x)), rtol=0, atol=1e-12)


def test_a_distance_weighs_in_its_own_direction_unless_the_strands_are_alike():
    for kind, looked in (("plain", [0, 0, 1]), ("plain_even", [1, 0, 1])):
        layer, x = local_of(kind, 1), features_of(1, 6)
        with torch.no_grad():
            layer.distance.fill_(-100)
            layer.distance[:, -1] = 100  # the farthest: one bin to the right, or one to either side
        weights = layer.weights(x, every(x))[0, :, 2].detach()
        assert ((weights > 1e-6).int() == torch.tensor(looked)).all()


class Largest(TorchDispatchMode):
    """Elements of the largest tensor that comes out of any operation."""

    elements = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, tuple | list) else [out]:
            if isinstance(tensor, torch.Tensor):
                self.elements = max(self.elements, tensor.numel())
        return out


def cost(bins: int) -> tuple[int, int]:
    """Multiplications and additions, and elements of the largest intermediate."""
    layer, x = local_of("plain_even", 4), features_of(1, bins).detach()
    with FlopCounterMode(display=False) as flops, Largest() as largest:
        layer(x, every(x))
    return flops.get_total_flops(), largest.elements


def test_local_attention_costs_in_proportion_to_the_length():
    short, long = cost(200), cost(400)
    assert long == (2 * short[0], 2 * short[1])
    assert long[1] < 400 * 400  # all pairs of one head


@either
def test_additive_attention_is_that_of_the_equations(paired):
    """Bahdanau et al. 2015, without a decoder: a = softmax(v . tanh(U x_t + b)); the sum of a_t x_t."""
    layer, x = filled(AdditiveAttention(CHANNELS, 5, paired)), features_of()
    names, sides = dict(layer.named_parameters()), BOTH if paired else BOTH[:1]
    got, weights = layer(x, every(x))
    want = []
    for row, of_row in zip(x, weights, strict=True):
        inner = names["inner.weight"], names["inner.bias"]
        expected = reference.additive_weights(list(row), inner, names["outer.weight"], sides)
        torch.testing.assert_close(of_row[0], torch.stack(expected), rtol=0, atol=1e-10)
        want.append(sum(a * bin for a, bin in zip(expected, row, strict=True)))
    alike(layer, x, got, torch.stack(want))


@either
def test_multihead_attention_is_that_of_the_equations(paired):
    """Vaswani et al. 2017 with a learned query a head: a_h = softmax(q_h . (W_K x_t)_h / sqrt(d)); sum of a_h V_h."""
    layer, x = filled(MultiheadAttention(CHANNELS, HEADS, paired)), features_of()
    names, sides = dict(layer.named_parameters()), BOTH if paired else BOTH[:1]
    got, weights = layer(x, every(x))
    want = []
    for row, of_row in zip(x, weights, strict=True):
        expected = reference.multihead_weights(list(row), names["key.weight"], names["query"], sides)
        torch.testing.assert_close(
            of_row, torch.stack([torch.stack(a) for a in expected]), rtol=0, atol=1e-10
        )
        halves = []
        for turn in sides:
            values = [
                reference.affine(turn(bin), names["value.map.weight"], names["value.map.bias"]) for bin in row
            ]
            parts = zip(*(value.chunk(HEADS) for value in values), strict=True)
            halves += [
                sum(a * v for a, v in zip(*both, strict=True)) for both in zip(expected, parts, strict=True)
            ]
        want.append(torch.cat(halves))
    alike(layer, x, got, torch.stack(want))


def test_multihead_attention_is_the_librarys():
    layer, x = filled(MultiheadAttention(CHANNELS, HEADS, paired=False)), features_of()
    keys, values = (part(x).unflatten(2, (HEADS, -1)).transpose(1, 2) for part in (layer.key, layer.value))
    query = layer.query[None, :, None].expand(2, -1, -1, -1)
    want = functional.scaled_dot_product_attention(query, keys, values).flatten(1)
    torch.testing.assert_close(layer(x, every(x))[0], want, rtol=0, atol=1e-12)


@either
@pytest.mark.parametrize("kind", [AdditiveAttention, MultiheadAttention])
def test_weights_sum_to_one_over_the_bins_that_count(kind, paired):
    layer, x = filled(kind(CHANNELS, HEADS, paired)), features_of(3)
    lengths = [11, 4, 1]
    valid = torch.arange(11) < torch.tensor(lengths).unsqueeze(1)
    context, weights = layer(x, valid)
    assert weights.shape == (3, HEADS if kind is MultiheadAttention else 1, 11)
    assert (weights.masked_select(~valid.unsqueeze(1)) == 0).all()
    torch.testing.assert_close(weights.sum(2), torch.ones_like(weights.sum(2)))
    for row, length in enumerate(lengths):
        alone = x[row : row + 1, :length]
        torch.testing.assert_close(context[row], layer(alone, every(alone))[0][0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [AdditiveAttention, MultiheadAttention])
def test_paired_pooling_gives_the_exchanged_halves_and_the_reversed_weights(kind):
    layer, x = filled(kind(CHANNELS, HEADS, True)), features_of()
    context, weights = layer(x, every(x))
    turned, reversed_weights = layer(x.flip(1).roll(CHANNELS // 2, dims=2), every(x))
    torch.testing.assert_close(turned, context.roll(CHANNELS // 2, dims=1), rtol=0, atol=1e-12)
    torch.testing.assert_close(reversed_weights, weights.flip(2), rtol=0, atol=1e-12)


def test_weights_of_a_rough_network_are_float32():
    for kind in (AdditiveAttention, MultiheadAttention):
        layer, x = kind(CHANNELS, HEADS, True), features_of().float()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            context, weights = layer(x.bfloat16(), every(x))
        assert weights.dtype == torch.float32
        torch.testing.assert_close(context.float(), layer(x, every(x))[0], rtol=0, atol=0.1)
