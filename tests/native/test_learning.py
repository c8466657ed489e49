"""The gradient in C is that of PyTorch's LSTM; and a layer learns the same where it was not compiled."""

import pytest
import torch

from dnabilstm.model import recurrent
from dnabilstm.model.layers import swap_of_halves
from dnabilstm.model.recurrent import LSTMLayer
from dnabilstm.native import learning
from dnabilstm.native import sweep as native

SHAPES = [(1, 1), (1, 7), (2, 3), (4, 6), (7, 5), (13, 20)]


def gradients(outputs, wanted, tensors):
    """Of a loss that sees every output."""
    return torch.autograd.grad((outputs.float() * wanted).sum(), tensors)


def both(rows, steps, inputs, hidden, backward, rough=False, scale=1.0):
    """Outputs and gradients of PyTorch, in float32, and of the code in C."""
    torch.manual_seed(rows * steps + hidden)
    lstm = torch.nn.LSTM(inputs, hidden, batch_first=True)
    weights = [lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, lstm.bias_hh_l0]
    with torch.no_grad():
        for weight in weights:
            weight *= scale
    features = torch.randn(rows, steps, inputs, requires_grad=True)
    wanted, tensors = torch.randn(rows, steps, hidden), [features, *weights]
    theirs = lstm(features.flip(1) if backward else features)[0]
    theirs = theirs.flip(1) if backward else theirs
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=rough):
        ours = learning.lstm(features, weights, backward)
    return [theirs, *gradients(theirs, wanted, tensors)], [ours, *gradients(ours, wanted, tensors)]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(("rows", "steps"), SHAPES)
def test_every_width_gives_the_gradient_of_pytorch(monkeypatch, rows, steps, backward):
    """Units that fill whole groups of four vectors, that leave some empty, and that take several groups."""
    if not native.usable_widths(torch.float32):
        pytest.skip("not compiled")
    for width in native.usable_widths(torch.float32):
        monkeypatch.setattr(learning, "width_for", lambda *_, width=width: width)
        for vectors in (1, 3, 4, 6):
            for scale in (1.0, 4.0):
                theirs, ours = both(rows, steps, 6, vectors * width, backward, scale=scale)
                for wanted, found in zip(theirs, ours, strict=True):
                    top = float(wanted.detach().abs().max())
                    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5 * max(top, 1e-3))


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(("rows", "steps"), SHAPES)
def test_in_bf16_it_is_that_gradient_rounded(rows, steps, backward):
    if not native.usable_widths(torch.bfloat16):
        pytest.skip("not compiled, or nothing that this processor computes")
    for hidden in (32, 64, 96):
        theirs, ours = both(rows, steps, 8, hidden, backward, rough=True)
        assert ours[0].dtype == torch.bfloat16
        assert all(found.dtype == torch.float32 for found in ours[1:])
        for wanted, found in zip(theirs, ours, strict=True):
            top = float(wanted.detach().abs().max())
            assert float((found - wanted).detach().abs().max()) <= 0.03 * top


@pytest.mark.parametrize("swap", [None, swap_of_halves(8)])
@pytest.mark.parametrize("both_ways", [True, False])
@pytest.mark.parametrize("lengths", [None, torch.tensor([11, 1, 4, 10, 7])])
def test_a_layer_learns_the_same_without_it(monkeypatch, swap, both_ways, lengths):
    if swap is not None and not both_ways:
        pytest.skip("one direction is never tied")
    if not native.usable_widths(torch.float32):
        pytest.skip("not compiled")
    torch.manual_seed(1)
    layer = LSTMLayer(8, 32, swap, both_ways)
    features = torch.randn(5, 11, 8, requires_grad=True)
    tensors = [features, *layer.parameters()]
    valid = torch.arange(11) < (11 if lengths is None else lengths.unsqueeze(1))
    valid, found = valid.expand(5, 11).unsqueeze(2), []
    for compiled in (True, False):
        if not compiled:
            monkeypatch.setattr(recurrent, "learns", lambda *_: False)
        outputs = layer(features, lengths) * valid
        found.append([outputs, *gradients(outputs, torch.linspace(-1, 1, outputs.shape[-1]), tensors)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_the_gradient_does_not_depend_on_the_other_rows_or_on_luck():
    if not native.usable_widths(torch.float32):
        pytest.skip("not compiled")
    torch.manual_seed(2)
    layer, features = LSTMLayer(8, 32, swap_of_halves(8)), torch.randn(6, 9, 8, requires_grad=True)
    (together,) = torch.autograd.grad(layer(features).square().sum(), [features])
    (again,) = torch.autograd.grad(layer(features).square().sum(), [features])
    (alone,) = torch.autograd.grad(layer(features[2:3]).square().sum(), [features])
    assert torch.equal(together, again)
    torch.testing.assert_close(alone[2], together[2], rtol=1e-5, atol=1e-6)


def test_what_it_cannot_compute_is_left_to_pytorch():
    features = torch.randn(2, 3, 8)
    assert not learning.learns(features, 6)
    assert not learning.learns(features.double(), 32)
    assert not learning.learns(features.to("meta"), 32)
    layer = LSTMLayer(8, 6, None)
    layer(features).sum().backward()
    assert all(bool(weight.grad.isfinite().all()) for weight in layer.parameters())


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_a_gradient_that_does_not_agree_with_pytorch_is_not_used(monkeypatch, precision):
    if not native.usable_widths(precision):
        pytest.skip("not compiled, or nothing that this processor computes")
    features, right = torch.randn(2, 3, 8), learning._gates
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == torch.bfloat16):
        assert learning.learns(features, 32)
        learning._agrees.cache_clear()
        monkeypatch.setattr(learning, "_gates", lambda *given: [1.1 * part for part in right(*given)])
        assert not learning.learns(features, 32)
    learning._agrees.cache_clear()


def test_to_find_out_whether_it_is_there_draws_no_random_number():
    state = torch.random.get_rng_state()
    for cached in (native.usable_widths, learning._agrees):
        cached.cache_clear()
    learning.learns(torch.randn(1, 1, 8, generator=torch.Generator().manual_seed(1)), 32)
    assert torch.equal(torch.random.get_rng_state(), state)
