"""One direction of an LSTM for training: its outputs, and the gradient of whatever is made of them."""

from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from dnabilstm.native.library import Gradient, run
from dnabilstm.native.sweep import TOLERANCES, Direction, small_lstm, width_for

AT_ONCE = 4
"""Vectors of units whose gradient is computed together."""


def learns(features: Tensor, hidden: int) -> bool:
    """Whether a layer of so many units can be trained here on such features."""
    if features.device.type != "cpu":
        return False
    precision = _precision(features)
    width = width_for(features.shape[-1], hidden, precision)
    return bool(width) and _agrees(width, precision)


def lstm(features: Tensor, weights: list[Tensor], backward: bool = False) -> Tensor:
    """Whole rows from a state of zero: what ``torch.lstm`` gives of one direction.

    Under autocast to bfloat16 it computes in bfloat16, with sums, gates and cells in float32; kept for the gradient
    are the gates in bfloat16 and the cells in float32.

    Parameters
    ----------
    features
        (rows, steps, inputs); see ``learns``.
    weights
        ``w_ih``, ``w_hh``, ``b_ih``, ``b_hh`` as in ``nn.LSTM``.
    backward
        Whether it reads from the last step to the first.

    Returns
    -------
    torch.Tensor
        (rows, steps, hidden)
    """
    w_ih, w_hh, b_ih, b_hh = weights
    features = features.to(_precision(features))
    with torch.autocast("cpu", enabled=False):
        return _LSTM.apply(features, w_ih, w_hh, b_ih + b_hh, backward)


def _precision(features: Tensor) -> torch.dtype:
    rough = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16
    return torch.bfloat16 if rough else features.dtype


@cache
def _agrees(width: int, precision: torch.dtype) -> bool:
    """Whether the gradient of a small sweep is PyTorch's own, so that no miscompiled code ever trains."""
    with torch.enable_grad(), torch.autocast("cpu", enabled=False):
        weights, features, start = small_lstm(width)
        tensors = [tensor.requires_grad_() for tensor in (features.transpose(0, 1), *weights)]
        zero = torch.zeros(1, *start.shape)
        theirs = torch.lstm(tensors[0], (zero, zero), weights, True, 1, 0.0, True, False, True)[0]
        w_ih, w_hh, b_ih, b_hh = weights
        ours = _LSTM.apply(tensors[0].to(precision), w_ih, w_hh, b_ih + b_hh, False)
        pairs = [torch.autograd.grad(out.float().square().sum(), tensors) for out in (theirs, ours)]
        worst = max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(*pairs, strict=True))
        return worst < TOLERANCES[precision]


class _LSTM(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, features: Tensor, w_ih: Tensor, w_hh: Tensor, bias: Tensor, backward: bool
    ) -> Tensor:
        """(rows, steps, inputs) to (rows, steps, hidden), of the precision of the features; see ``lstm``."""
        rows, steps, inputs = features.shape
        hidden, precision = w_hh.shape[1], features.dtype
        width = width_for(inputs, hidden, precision)
        direction = Direction([w_ih, w_hh, bias, torch.zeros_like(bias)], width, backward, precision)
        out = features.new_empty(rows, steps, hidden)
        gates = features.new_empty(rows, steps, 4 * hidden)
        cells = out.new_empty(rows, steps, hidden, dtype=torch.float32)
        zero = out.new_zeros(rows, hidden, dtype=torch.float32)
        by_step = [part.transpose(0, 1) for part in (features, out, gates, cells)]
        direction(by_step[0], (zero, zero), by_step[1], (by_step[2], by_step[3]))
        ctx.save_for_backward(features, w_ih, w_hh, out, gates, cells)
        ctx.width, ctx.backward_reading = width, backward
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:
        """The outputs' gradient, (rows, steps, hidden), to that of features, ``w_ih``, ``w_hh`` and bias."""
        features, w_ih, w_hh, out, gates, cells = ctx.saved_tensors
        found, to_bias = _gates(w_hh, above, gates, cells, ctx.width, ctx.backward_reading)
        flat = found.flatten(0, 1)
        # What a step began with: the output of the step that was read before it, and at the first nothing.
        shift = (0, 0, 0, 1) if ctx.backward_reading else (0, 0, 1, 0)
        begun = functional.pad(out[:, 1:] if ctx.backward_reading else out[:, :-1], shift)
        to_features = (flat @ w_ih.to(flat.dtype)).view_as(features) if ctx.needs_input_grad[0] else None
        to_input = (flat.t() @ features.flatten(0, 1)).to(w_ih.dtype)
        to_hidden = (flat.t() @ begun.flatten(0, 1)).to(w_hh.dtype)
        return to_features, to_input, to_hidden, to_bias, None


def _gates(
    w_hh: Tensor, above: Tensor, gates: Tensor, cells: Tensor, width: int, backward: bool
) -> tuple[Tensor, Tensor]:
    """The gradient of the gates' sums, (rows, steps, 4 * hidden), and of the bias, float32 (4 * hidden,)."""
    rows, steps, hidden = cells.shape
    rough, above = gates.dtype == torch.bfloat16, above.to(gates.dtype).contiguous()
    units = AT_ONCE * width
    padded = functional.pad(w_hh.detach(), (0, -hidden % units))
    # For each 4 vectors of units, for each gate, or in bfloat16 each two: its weight of each unit.
    packed = padded.unflatten(0, (-1, 2 if rough else 1)).unflatten(2, (-1, units))
    packed = packed.permute(2, 0, 3, 1).to(gates.dtype).contiguous()
    found, cell, bias = torch.empty_like(gates), cells.new_zeros(rows, hidden), cells.new_zeros(4 * hidden)
    last = steps - 1 if backward else 0
    sign = -1 if backward else 1

    def first(tensor: Tensor) -> int:
        return tensor.data_ptr() + last * tensor.stride(1) * tensor.element_size()

    run(
        Gradient(
            *(steps, rows, hidden, packed.data_ptr()),
            *(first(above), sign * above.stride(1), above.stride(0)),
            *(first(gates), first(cells), first(found), sign * cells.stride(1), cells.stride(0)),
            *(cell.data_ptr(), bias.data_ptr()),
        ),
        width,
        rough,
    )
    return found, bias
