"""LSTM recurrences that the fused kernels do not have, with a backward pass of their own.

Two cells share it; ``x`` is the input's share of each gate, ``R`` the recurrent weights:

    i = sigmoid(x_i + R_i h + p_i * c)      f = sigmoid(x_f + R_f h + p_f * c)      g = tanh(x_g + R_g h)
    c' = f * c + i * g                      o = sigmoid(x_o + R_o h + p_o * c')

* peephole (Gers & Schmidhuber 2000, IJCNN, doi:10.1109/IJCNN.2000.861302): h' = o * tanh(c'), the output
  squashed as in Graves 2013 (arXiv 1308.0850, equations 7 to 11) and in the LSTM without peepholes;
* grid (Kalchbrenner et al. 2015, arXiv 1507.01526): p = 0, h' = tanh(o * c').

A step in Python costs tens of microseconds whatever its size, so both directions of a tied layer go
through one loop, and what can be computed for all steps at once is taken out of the loop.
"""

from typing import Any

import torch
from torch import Tensor


class Recurrence(torch.autograd.Function):
    """One direction over some steps, float32; see the module for the equations."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, recurrent: Tensor, peepholes: Tensor | None, hidden: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run the steps.

        Parameters
        ----------
        ctx
            Keeps what the backward pass needs.
        x
            (steps, rows, 4 * hidden): gates i, f, g, o, input and bias.
        recurrent
            (4 * hidden, hidden)
        peepholes
            (3, hidden) of i, f, o for the peephole cell; None for the grid cell.
        hidden, cell
            (rows, hidden) before the first step.

        Returns
        -------
        outputs
            (steps, rows, hidden)
        hidden, cell
            After the last step.
        """
        steps, rows, width = x.shape[0], x.shape[1], cell.shape[1]
        gates = x.new_empty(steps, rows, 4 * width)
        cells, outputs = x.new_empty(steps + 1, rows, width), x.new_empty(steps + 1, rows, width)
        cells[0], outputs[0] = cell, hidden
        turned = recurrent.t().contiguous()
        for step in range(steps):
            gate, before = gates[step], cells[step]
            torch.addmm(x[step], outputs[step], turned, out=gate)
            i, f, g, o = gate.split(width, dim=1)
            if peepholes is not None:
                i.addcmul_(before, peepholes[0])
                f.addcmul_(before, peepholes[1])
            gate[:, : 2 * width].sigmoid_()
            g.tanh_()
            after = torch.mul(f, before, out=cells[step + 1]).addcmul_(i, g)
            if peepholes is not None:
                o.addcmul_(after, peepholes[2]).sigmoid_()
                torch.tanh(after, out=outputs[step + 1]).mul_(o)
            else:
                o.sigmoid_()
                torch.mul(after, o, out=outputs[step + 1]).tanh_()
        ctx.save_for_backward(gates, cells, outputs, recurrent, peepholes)
        return outputs[1:], outputs[-1].clone(), cells[-1].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, recurrent, peepholes, hidden and cell."""
        of_outputs, of_hidden, of_cell = gradients
        gates, cells, outputs, recurrent, peepholes = ctx.saved_tensors
        width = cells.shape[2]
        i, f, g, o = gates.split(width, dim=2)
        before, after, shown = cells[:-1], cells[1:], outputs[1:]
        # How far a gate's sum, and the memory, move what comes out: for all steps at once.
        if peepholes is not None:
            squashed = after.tanh()
            by_o, by_cell = squashed * o * (1 - o), o * (1 - squashed * squashed)
        else:
            slope = 1 - shown * shown
            by_o, by_cell = slope * after * o * (1 - o), slope * o
        by_i, by_f, by_g = g * i * (1 - i), before * f * (1 - f), i * (1 - g * g)
        of_x = torch.empty_like(gates)
        for step in range(len(gates) - 1, -1, -1):
            of_h = of_outputs[step] + of_hidden
            d_i, d_f, d_g, d_o = of_x[step].split(width, dim=1)
            torch.mul(of_h, by_o[step], out=d_o)
            of_cell = torch.addcmul(of_cell, of_h, by_cell[step])
            if peepholes is not None:
                of_cell = of_cell.addcmul_(d_o, peepholes[2])
            torch.mul(of_cell, by_i[step], out=d_i)
            torch.mul(of_cell, by_f[step], out=d_f)
            torch.mul(of_cell, by_g[step], out=d_g)
            of_cell = of_cell * f[step]
            if peepholes is not None:
                of_cell = of_cell.addcmul_(d_i, peepholes[0]).addcmul_(d_f, peepholes[1])
            of_hidden = of_x[step] @ recurrent
        of_recurrent = of_x.flatten(0, 1).t() @ outputs[:-1].flatten(0, 1)
        of_peepholes = None
        if peepholes is not None:
            d_i, d_f, _, d_o = of_x.split(width, dim=2)
            of_peepholes = torch.stack(
                [(d * c).sum((0, 1)) for d, c in ((d_i, before), (d_f, before), (d_o, after))]
            )
        return of_x, of_recurrent, of_peepholes, of_hidden, of_cell


def recur(
    x: Tensor, recurrent: Tensor, peepholes: Tensor | None, state: tuple[Tensor, Tensor]
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Run a recurrence over (rows, steps, 4 * hidden); returns (rows, steps, hidden) and the last state.

    In float32 at least, whatever the precision of the input.
    """
    kind = torch.promote_types(x.dtype, torch.float32)
    with torch.autocast(x.device.type, enabled=False):
        arguments = (part if part is None else part.to(kind) for part in (recurrent, peepholes, *state))
        outputs, hidden, cell = Recurrence.apply(x.to(kind).transpose(0, 1).contiguous(), *arguments)
    return outputs.transpose(0, 1), (hidden, cell)
