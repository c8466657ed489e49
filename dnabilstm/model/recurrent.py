"""Recurrent layers that read a sequence both ways, tied between the strands (see ``layers``).

A layer hands out its *readings*, one a direction: plain weights, a state to start from, and a call that
sweeps some steps and carries the state on. Training runs whole windows; the scoring engine runs the
same readings tile by tile.

The LSTM is Hochreiter & Schmidhuber 1997, bidirectional as Schuster & Paliwal 1997, stacked as Graves
et al. 2013; the peephole and the grid LSTM are those of ``cells``. In a grid LSTM each direction is a
grid of its own, along the sequence and along depth; the two meet in the head.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.model.cells import recur
from dnabilstm.native.learning import learns, lstm
from dnabilstm.native.sweep import State

Weights = list[Tensor]
Step = Callable[[Tensor, State], tuple[Tensor, State]]


@dataclass(frozen=True)
class Reading:
    """One direction of a layer.

    Attributes
    ----------
    hidden : int
        Units of its state.
    step : callable
        Features (rows, steps, inputs), in the order in which this direction reads, and a state, to
        outputs (rows, steps, width) and the state after the last step.
    """

    hidden: int
    step: Step

    def start(self, features: Tensor) -> State:
        """The state before the first step: zero, (rows, hidden) each."""
        kind = torch.promote_types(features.dtype, torch.float32)
        zero = features.new_zeros(len(features), self.hidden, dtype=kind)
        return zero, zero


def reading_order(bins: int, lengths: Tensor) -> Tensor:
    """Where the backward direction reads at each step, int64 (rows, bins): a row's end first, padding last."""
    step = torch.arange(bins, device=lengths.device)
    backward = lengths.unsqueeze(1) - 1 - step
    return torch.where(backward >= 0, backward, step)


class RecurrentLayer(nn.Module):
    """What the layers share; ``width`` is the number of channels that a direction gives.

    Parameters
    ----------
    inputs, hidden
        Input channels and units a direction.
    swap
        The swap of the input channels, or None for free weights in each direction.
    bidirectional
        False reads left to right only (then ``swap`` must be None).
    """

    def __init__(self, inputs: int, hidden: int, swap: Tensor | None, bidirectional: bool = True) -> None:
        super().__init__()
        self.hidden = self.width = hidden
        self.bidirectional = bidirectional
        self.register_buffer("swap", swap, persistent=False)
        self.directions = nn.ModuleList(
            self.direction(inputs, hidden) for _ in range(2 if bidirectional and swap is None else 1)
        )

    direction: Callable[[int, int], nn.Module]

    @property
    def tied(self) -> bool:
        """Whether the backward direction is derived from the forward one."""
        return self.bidirectional and self.swap is not None

    def step_of(self, index: int) -> Step:
        """How a direction with free weights sweeps some steps; each layer has its own."""
        raise TypeError(f"{type(self).__name__} does not say how it reads in direction {index}")

    def readings(self) -> list[Reading]:
        """Its directions: left to right, and right to left where it reads both ways."""
        found = [Reading(self.hidden, self.step_of(index)) for index in range(len(self.directions))]
        if self.tied:
            first, swap = found[0].step, self.swap
            found.append(Reading(self.hidden, lambda features, state: first(features[..., swap], state)))
        return found

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Whole rows, all directions; tied ones side by side, as rows of one batch.

        Parameters
        ----------
        features
            (rows, steps, inputs)
        lengths
            int64 (rows,): steps of each row, where they differ; what lies behind is not felt.

        Returns
        -------
        torch.Tensor
            (rows, steps, directions * width): forward half, then backward half.
        """
        order = None if lengths is None else reading_order(features.shape[1], lengths)
        reading, *more = self.readings()
        if self.tied:
            rows = torch.cat([features, _turned(features, order)[..., self.swap]])
            forward, backward = reading.step(rows, reading.start(rows))[0].chunk(2)
            return torch.cat([forward, _turned(backward, order)], dim=2)
        outputs = [reading.step(features, reading.start(features))[0]]
        for other in more:
            out, _ = other.step(_turned(features, order), other.start(features))
            outputs.append(_turned(out, order))
        return torch.cat(outputs, dim=2)


def _turned(features: Tensor, order: Tensor | None) -> Tensor:
    """The steps of each row from its end to its start; its own inverse."""
    if order is None:
        return features.flip(1)
    return features.gather(1, order.unsqueeze(2).expand_as(features))


class LSTMWeights(nn.Module):
    """The free weights of one direction, in the layout of ``nn.LSTM`` (gates i, f, g, o)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.w_ih = nn.Parameter(torch.empty(4 * hidden, inputs))
        self.w_hh = nn.Parameter(torch.empty(4 * hidden, hidden))
        self.bias = nn.Parameter(torch.zeros(4 * hidden))
        bound = 1 / math.sqrt(hidden)
        nn.init.uniform_(self.w_ih, -bound, bound)
        nn.init.uniform_(self.w_hh, -bound, bound)
        # A forget gate that starts open remembers from the first step (Gers et al. 2000).
        nn.init.ones_(self.bias[hidden : 2 * hidden].detach())

    def plain(self) -> Weights:
        """w_ih, w_hh, b_ih, b_hh; ``nn.LSTM`` has two biases that are only ever added."""
        return [self.w_ih, self.w_hh, self.bias, torch.zeros_like(self.bias)]


class LSTMLayer(RecurrentLayer):
    """The LSTM without peepholes: plain ``nn.LSTM`` weights, run by the fused kernels."""

    direction = LSTMWeights

    def weights(self) -> list[Weights]:
        """Plain ``nn.LSTM`` weights of each direction: w_ih, w_hh, b_ih, b_hh."""
        found = [direction.plain() for direction in self.directions]
        if self.bidirectional and self.swap is not None:
            w_ih, *rest = found[0]
            found.append([w_ih[:, self.swap], *rest])
        return found

    def readings(self) -> list[Reading]:
        """Its directions; see ``RecurrentLayer``."""
        return [Reading(self.hidden, _fused(weights)) for weights in self.weights()]

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Whole rows, all directions; by the fused kernels. See ``RecurrentLayer``."""
        if torch.is_grad_enabled() and learns(features, self.hidden):
            return self._learning(features, lengths)
        if lengths is not None:
            return super().forward(features, lengths)
        flat = [tensor for direction in self.weights() for tensor in direction]
        directions = len(flat) // 4
        zero = features.new_zeros(directions, len(features), self.hidden)
        return torch.lstm(
            features, (zero, zero), flat, True, 1, 0.0, self.training, self.bidirectional, True
        )[0]

    def _learning(self, features: Tensor, lengths: Tensor | None) -> Tensor:
        """The same by the kernel in C."""
        weights, *more = self.weights()
        outputs = [lstm(features, weights)]
        for other in more:
            if lengths is None:
                outputs.append(lstm(features, other, backward=True))
            else:
                order = reading_order(features.shape[1], lengths)
                outputs.append(_turned(lstm(_turned(features, order), other), order))
        return torch.cat(outputs, dim=2)


def _fused(weights: Weights) -> Step:
    def step(features: Tensor, state: State) -> tuple[Tensor, State]:
        first = tuple(part.to(features.dtype).unsqueeze(0) for part in state)
        out, hidden, cell = torch.lstm(features, first, weights, True, 1, 0.0, False, False, True)
        return out, (hidden[0], cell[0])

    return step


class PeepholeWeights(LSTMWeights):
    """The weights of one direction with peepholes of the gates i, f and o: (3, hidden)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.peepholes = nn.Parameter(torch.empty(3, hidden))
        nn.init.uniform_(self.peepholes, -1 / math.sqrt(hidden), 1 / math.sqrt(hidden))


class PeepholeLayer(RecurrentLayer):
    """The peephole LSTM: its gates see the memory (Gers & Schmidhuber 2000)."""

    direction = PeepholeWeights

    def step_of(self, index: int) -> Step:
        """See ``RecurrentLayer``."""
        weights = self.directions[index]

        def step(features: Tensor, state: State) -> tuple[Tensor, State]:
            x = functional.linear(features, weights.w_ih, weights.bias)
            return recur(x, weights.w_hh, weights.peepholes, state)

        return step


class GridWeights(nn.Module):
    """The weights of one direction of a grid layer: an LSTM along the sequence and one along depth.

    Both read the hidden states of the two dimensions, (along the sequence, along depth).
    """

    def __init__(self, inputs: int, hidden: int, first: bool) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, 2 * hidden) if first else None
        self.along = LSTMWeights(hidden, hidden)
        self.deep = LSTMWeights(hidden, hidden)


class GridLayer(RecurrentLayer):
    """One layer of a two-dimensional grid LSTM (Kalchbrenner et al. 2015): along the sequence, and along depth.

    Between layers a direction carries (hidden, memory) of the depth dimension, ``2 * hidden`` channels;
    ``first`` maps the features into them, ``last`` gives the hidden half only.
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        swap: Tensor | None,
        bidirectional: bool = True,
        *,
        first: bool = True,
        last: bool = True,
    ) -> None:
        self.first = first
        super().__init__(inputs, hidden, swap, bidirectional)
        self.last = last
        self.width = hidden if last else 2 * hidden

    def direction(self, inputs: int, hidden: int) -> GridWeights:
        """Weights of one direction."""
        return GridWeights(inputs, hidden, self.first)

    def step_of(self, index: int) -> Step:
        """See ``RecurrentLayer``."""
        weights = self.directions[index]
        own = slice(2 * self.hidden * index, 2 * self.hidden * (index + 1))

        def step(features: Tensor, state: State) -> tuple[Tensor, State]:
            entered = features[..., own] if weights.enter is None else weights.enter(features)
            hidden, memory = entered.chunk(2, dim=2)
            x = functional.linear(hidden, weights.along.w_ih, weights.along.bias)
            outputs, after = recur(x, weights.along.w_hh, None, state)
            before = torch.cat([state[0].unsqueeze(1), outputs[:, :-1]], dim=1)
            deep, deep_memory = self._deeper(weights.deep, before, hidden, memory)
            return (deep if self.last else torch.cat([deep, deep_memory], dim=2)), after

        return step

    @staticmethod
    def _deeper(weights: LSTMWeights, before: Tensor, hidden: Tensor, memory: Tensor) -> State:
        """The step along depth, of all positions at once: it sees the sequence's state before this position."""
        sums = functional.linear(hidden, weights.w_ih, weights.bias) + functional.linear(
            before.to(hidden.dtype), weights.w_hh
        )
        i, f, g, o = sums.to(before.dtype).chunk(4, dim=2)
        memory = f.sigmoid() * memory.to(before.dtype) + i.sigmoid() * g.tanh()
        return torch.tanh(o.sigmoid() * memory), memory


CELLS = {"lstm": LSTMLayer, "peephole": PeepholeLayer, "grid": GridLayer}
"""Layer of each cell."""
