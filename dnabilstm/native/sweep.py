"""One direction of an LSTM over some steps."""

from functools import cache

import torch
from torch import Tensor

from dnabilstm.native.library import WIDTHS, Sweep, has, run

State = tuple[Tensor, Tensor]
"""What an LSTM hands from step to step: outputs and memory cells, (rows, hidden) each."""
TOLERANCES = {torch.float32: 1e-5, torch.bfloat16: 0.02}
"""How far a small sweep may be from PyTorch's in float32."""


@cache
def usable_widths(precision: torch.dtype) -> tuple[int, ...]:
    """Vector widths that were compiled, that suit this processor, and that compute what PyTorch does."""
    if precision not in TOLERANCES:
        return ()
    return tuple(
        width for width in WIDTHS if has(width, precision == torch.bfloat16) and _agrees(width, precision)
    )


def width_for(inputs: int, hidden: int, precision: torch.dtype) -> int:
    """The widest usable vector that divides so many units; 0 if there is none."""
    if precision == torch.bfloat16 and inputs % 2:
        return 0
    return next((width for width in usable_widths(precision) if hidden % width == 0), 0)


class Direction:
    """One direction with plain LSTM weights, laid out for vectors of ``width`` floats.

    Parameters
    ----------
    weights
        ``w_ih``, ``w_hh``, ``b_ih``, ``b_hh`` as in ``nn.LSTM``; units must be a multiple of ``width``.
    width
        One of ``usable_widths(precision)``.
    backward
        Whether it reads from the last step to the first.
    precision
        float32, or bfloat16 for an even number of inputs.
    """

    def __init__(
        self,
        weights: list[Tensor],
        width: int,
        backward: bool = False,
        precision: torch.dtype = torch.float32,
    ) -> None:
        w_ih, w_hh, b_ih, b_hh = (tensor.detach().cpu().float() for tensor in weights)
        self.inputs, self.hidden = w_ih.shape[1], w_hh.shape[1]
        self.width, self.backward, self.precision = width, backward, precision
        groups = (4, self.hidden // width, width)
        # For each group of units, for each input: the gates side by side; in bfloat16 for each two inputs.
        joined = torch.cat([w_ih, w_hh], 1).unflatten(0, groups)
        joined = joined.unflatten(-1, (-1, 2 if precision == torch.bfloat16 else 1))
        self._weights = joined.permute(1, 3, 0, 2, 4).to(precision).contiguous()
        self._bias = (b_ih + b_hh).view(groups).permute(1, 0, 2).contiguous()

    def __call__(
        self, features: Tensor, state: State, out: Tensor, kept: tuple[Tensor, Tensor] | None = None
    ) -> State:
        """Sweep (steps, rows, inputs); the outputs go to ``out``, (steps, rows, hidden), both of ``precision``.

        Channels lie side by side in both; steps and rows may lie anywhere. ``kept``, if a gradient will be wanted, is
        where gates and memory cells go: (steps, rows, 4 * hidden) of ``precision`` and (steps, rows, hidden) float32,
        laid out alike.
        """
        steps, rows, _ = features.shape
        features = features if features.stride(2) == 1 else features.contiguous()
        last, cell = (
            part.to(kind).clone(memory_format=torch.contiguous_format)
            for part, kind in zip(state, (self.precision, torch.float32), strict=True)
        )
        x, x_step = self._from(features)
        place, out_step = self._from(out)
        keeping = (None, None, 0, 0)
        if kept is not None:
            gates, (cells, step) = self._from(kept[0])[0], self._from(kept[1])
            keeping = (gates, cells, step, kept[1].stride(1))
        sweep = Sweep(
            *(steps, rows, self.inputs, self.hidden, x, x_step, features.stride(1)),
            *(tensor.data_ptr() for tensor in (self._weights, self._bias, last, cell)),
            *(place, out_step, out.stride(1), *keeping),
        )
        run(sweep, self.width, self.precision == torch.bfloat16)
        return last, cell

    def _from(self, tensor: Tensor) -> tuple[int, int]:
        """Where the first step that is read lies, and how far it is to the next one."""
        step, first = tensor.stride(0), tensor.data_ptr()
        if not self.backward:
            return first, step
        return first + (len(tensor) - 1) * step * tensor.element_size(), -step


def small_lstm(width: int) -> tuple[list[Tensor], Tensor, Tensor]:
    """Weights of a small LSTM, features (4, 15, 6) and a state (15, 3 * width), to try a kernel on.

    Always the same, from a generator of its own. No wider vectors divide its units.
    """
    drawn, hidden = torch.Generator().manual_seed(0), 3 * width
    shapes = [(4 * hidden, 6), (4 * hidden, hidden), (4 * hidden,), (4 * hidden,)]
    weights = [(torch.rand(shape, generator=drawn) * 2 - 1) / hidden**0.5 for shape in shapes]
    return weights, torch.randn(4, 15, 6, generator=drawn), torch.randn(15, hidden, generator=drawn)


def _agrees(width: int, precision: torch.dtype) -> bool:
    """Whether a small sweep gives what PyTorch's own kernel gives, so that no miscompiled code ever scores."""
    with torch.inference_mode(), torch.autocast("cpu", enabled=False):
        weights, features, start = small_lstm(width)
        out, state = torch.empty(4, 15, start.shape[1], dtype=precision), (start, start.flip(0))
        first = tuple(part.unsqueeze(0) for part in state)
        wanted, _, cell = torch.lstm(features, first, weights, True, 1, 0.0, False, False, False)
        _, found = Direction(weights, width, precision=precision)(features.to(precision), state, out)
        worst = max((out - wanted).abs().max(), (found - cell[0]).abs().max())
        return bool(worst < TOLERANCES[precision])
