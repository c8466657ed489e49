"""How one direction of an LSTM sweeps some steps: one implementation a kind of device.

This is the one place where an implementation is chosen; a new kernel is a function like those of
``IMPLEMENTATIONS`` and a line in ``implementation_for``.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from dnabilstm.model.recurrent import Weights
from dnabilstm.native import sweep as native
from dnabilstm.native.sweep import State

Sweep = Callable[[Tensor, State, Tensor], State]
"""Features (steps, rows, inputs), a state, and where the outputs (steps, rows, hidden) go; to the state behind them."""
Forward = Callable[[Tensor, State], tuple[Tensor, State]]
"""The same from the first step to the last, with outputs of its own."""

_LSTM = 2  # the LSTM's number among PyTorch's recurrent modes


def placed(forward: Forward, backward: bool) -> Sweep:
    """A sweep of what only reads from the first step to the last."""

    def sweep(features: Tensor, state: State, out: Tensor) -> State:
        found, state = forward(features.flip(0) if backward else features, state)
        out.copy_(found.flip(0) if backward else found)
        return state

    return sweep


def in_c(weights: Weights, device: torch.device, precision: torch.dtype, backward: bool) -> Sweep:
    """Our own kernel; see ``dnabilstm.native``."""
    width = native.width_for(weights[0].shape[1], weights[1].shape[1], precision)
    return native.Direction(weights, width, backward, precision)


def onednn(weights: Weights, device: torch.device, precision: torch.dtype, backward: bool) -> Sweep:
    """The fused kernel of oneDNN, its memory cells in fp32 whatever the precision.

    ``torch.lstm`` calls the same kernel, but keeps the cells in the precision of the features: with
    bf16 the error of a trained model is then more than twice as large.
    """
    w_ih, w_hh, *biases = (tensor.to(device, precision).contiguous() for tensor in weights)
    hidden = w_hh.shape[1]

    def sweep(features: Tensor, state: State) -> tuple[Tensor, State]:
        # Autocast would turn the cells into bf16.
        with torch.autocast("cpu", enabled=False):
            out, last, cell, _ = torch.mkldnn_rnn_layer(
                features, w_ih, w_hh, *biases, state[0].to(precision), state[1].float(),
                False, [], _LSTM, hidden, 1, True, False, False, False,
            )  # fmt: skip
        return out, (last, cell)

    return placed(sweep, backward)


def plain(weights: Weights, device: torch.device, precision: torch.dtype, backward: bool) -> Sweep:
    """``nn.LSTM``: cuDNN on a GPU, and whatever PyTorch has elsewhere."""
    w_ih, w_hh, b_ih, b_hh = weights
    lstm = nn.LSTM(w_ih.shape[1], w_hh.shape[1])
    with torch.no_grad():
        for name, tensor in (
            ("weight_ih_l0", w_ih),
            ("weight_hh_l0", w_hh),
            ("bias_ih_l0", b_ih),
            ("bias_hh_l0", b_hh),
        ):
            getattr(lstm, name).copy_(tensor)
    lstm = lstm.to(device, precision)
    lstm.flatten_parameters()

    def sweep(features: Tensor, state: State) -> tuple[Tensor, State]:
        out, (last, cell) = lstm(features, tuple(part.to(precision).unsqueeze(0) for part in state))
        return out, (last[0], cell[0])

    return placed(sweep, backward)


def stepwise(weights: Weights, device: torch.device, precision: torch.dtype, backward: bool) -> Sweep:
    """What ``onednn`` computes in bf16, for a processor that has no bf16: slow, and as exact or inexact.

    Weights, inputs and outputs are rounded to ``precision``; sums and memory cells are float32.
    """
    w_ih, w_hh, b_ih, b_hh = (tensor.to(device, precision).float() for tensor in weights)
    w_ih, w_hh, bias = w_ih.t().contiguous(), w_hh.t().contiguous(), b_ih + b_hh

    def sweep(features: Tensor, state: State) -> tuple[Tensor, State]:
        """(steps, rows, inputs) and hidden and cell, (rows, units) each, to (steps, rows, units) and the new state."""
        with torch.autocast(device.type, enabled=False):
            given = torch.addmm(bias, features.flatten(0, 1).float(), w_ih).view(*features.shape[:2], -1)
            last, cell = (part.float() for part in state)
            out = features.new_empty(*features.shape[:2], len(w_hh))
            for step, gates in enumerate(given):
                enter, keep, new, leave = torch.addmm(gates, last, w_hh).chunk(4, 1)
                cell = torch.addcmul(keep.sigmoid() * cell, enter.sigmoid(), new.tanh())
                out[step] = leave.sigmoid() * cell.tanh()
                last = out[step].float()
        return out, (last, cell)

    return placed(sweep, backward)


IMPLEMENTATIONS = {"in_c": in_c, "onednn": onednn, "plain": plain, "stepwise": stepwise}


def implementation_for(device: torch.device, precision: torch.dtype, inputs: int, hidden: int) -> str:
    """Name of the implementation that a device takes for a layer of so many inputs and units."""
    if device.type != "cpu" or precision not in (torch.float32, torch.bfloat16):
        return "plain"
    if native.width_for(inputs, hidden, precision):
        return "in_c"
    has = torch.backends.mkldnn.is_available() and hasattr(torch, "mkldnn_rnn_layer")
    if precision == torch.bfloat16:
        return "onednn" if has and torch.ops.mkldnn._is_mkldnn_bf16_supported() else "stepwise"
    return "onednn" if has else "plain"


def direction(weights: Weights, device: torch.device, precision: torch.dtype, backward: bool) -> Sweep:
    """One direction with plain LSTM weights, ready to sweep from the first step on, or from the last."""
    chosen = implementation_for(device, precision, weights[0].shape[1], weights[1].shape[1])
    return IMPLEMENTATIONS[chosen](weights, device, precision, backward)
