"""Layers that treat the two strands alike, by construction.

A feature vector has a partner under reverse complement: its channels permuted by an involution, the
*swap*. One-hot channels swap A-T and C-G; paired features (two halves) swap the halves. A layer is
strand-symmetric if reversing the positions and swapping the channels of its input does the same to
its output. Here that is exact for any weights, since the second half of every layer's weights is
derived from the first:

* convolution: the partner of a filter is the filter reversed, with its input channels swapped;
* LSTM: a backward LSTM is a forward LSTM over the reverse, so the backward direction takes the
  forward weights with the input channels swapped.

The derived weights are ordinary convolution and ``nn.LSTM`` weights, so the fused kernels run them.
Sharing between strands follows Shrikumar et al. 2017 (bioRxiv 103663) and Zhou et al. 2022 (PMLR 165);
the LSTM is Hochreiter & Schmidhuber 1997, bidirectional as Schuster & Paliwal 1997.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.alphabet import ONE_HOT

Weights = list[Tensor]
State = tuple[Tensor, Tensor]


def swap_of_one_hot() -> Tensor:
    """The swap of the channels A, C, G, T: int64 (4,)."""
    return torch.arange(3, -1, -1)


def swap_of_halves(channels: int) -> Tensor:
    """The swap of paired features: int64 (channels,), the halves exchanged."""
    return torch.arange(channels).roll(channels // 2)


def phase(length: int, pool: int) -> int:
    """Where the first whole bin of a contig starts: the φ with 2φ ≡ length (mod pool), pool odd.

    With it the bins of a contig and of its reverse complement mirror each other.
    """
    return length * (pool + 1) // 2 % pool


class OneHot(nn.Module):
    """Codes (batch, length) uint8 to one-hot (batch, length, 4), made where the model runs."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.from_numpy(ONE_HOT), persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """uint8 (batch, length) to float32 (batch, length, 4)."""
        return self.table[codes.int()]


class VariationalDropout(nn.Module):
    """Dropout of whole channels: one mask for all positions of a window (Gal & Ghahramani 2016).

    The masks come from a generator of this module's own (``reseed``), so that a run can be repeated
    step by step whatever else draws random numbers.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.generator = torch.Generator()

    def reseed(self, seed: int) -> None:
        """Start the masks anew from ``seed``."""
        self.generator.manual_seed(seed)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, length, channels), unchanged outside training."""
        if not self.training or not self.rate:
            return features
        keep = 1 - self.rate
        mask = torch.empty(len(features), 1, features.shape[2]).bernoulli_(keep, generator=self.generator)
        return features * (mask / keep).to(features)


class Convolution(nn.Module):
    """A convolution over positions, same length out, zero outside; tied in pairs if ``swap`` is given.

    Parameters
    ----------
    inputs, filters, width
        Input channels; filters (pairs of them, if tied); width in bases, odd.
    swap
        The swap of the input channels, or None for an ordinary convolution with ``2 * filters`` outputs.
    """

    def __init__(self, inputs: int, filters: int, width: int, swap: Tensor | None) -> None:
        super().__init__()
        free = filters if swap is not None else 2 * filters
        self.weight = nn.Parameter(torch.empty(free, inputs, width))
        self.bias = nn.Parameter(torch.zeros(free))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        self.register_buffer("swap", swap, persistent=False)

    def kernel(self) -> State:
        """The full weights (2 * filters, inputs, width) and biases, derived half included."""
        if self.swap is None:
            return self.weight, self.bias
        partner = self.weight[:, self.swap].flip(2)
        return torch.cat([self.weight, partner]), torch.cat([self.bias, self.bias])

    def forward(self, features: Tensor) -> Tensor:
        """(batch, inputs, length) to (batch, 2 * filters, length)."""
        weight, bias = self.kernel()
        return functional.conv1d(features, weight, bias, padding=weight.shape[2] // 2)


class LSTMLayer(nn.Module):
    """One bidirectional LSTM layer; the backward direction is tied to the forward one if ``swap`` is given.

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
        self.hidden = hidden
        self.bidirectional = bidirectional
        self.register_buffer("swap", swap, persistent=False)
        self.directions = nn.ModuleList(
            LSTMWeights(inputs, hidden) for _ in range(2 if bidirectional and swap is None else 1)
        )

    def weights(self) -> list[Weights]:
        """Plain ``nn.LSTM`` weights of each direction: w_ih, w_hh, b_ih, b_hh."""
        found = [direction.plain() for direction in self.directions]
        if self.bidirectional and self.swap is not None:
            w_ih, *rest = found[0]
            found.append([w_ih[:, self.swap], *rest])
        return found

    def forward(self, features: Tensor) -> Tensor:
        """(batch, steps, inputs) to (batch, steps, directions * hidden): forward half, then backward half."""
        flat = [tensor for direction in self.weights() for tensor in direction]
        directions = len(flat) // 4
        zero = features.new_zeros(directions, len(features), self.hidden)
        return torch.lstm(
            features, (zero, zero), flat, True, 1, 0.0, self.training, self.bidirectional, True
        )[0]


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


def sweep(features: Tensor, weights: Weights, state: State) -> tuple[Tensor, State]:
    """One direction over a tile of steps, with the state carried in and out.

    Parameters
    ----------
    features
        (batch, steps, inputs), in the order in which this direction reads.
    weights
        As ``LSTMLayer.weights`` gives them for one direction.
    state
        Hidden and cell state, (1, batch, hidden) each.

    Returns
    -------
    outputs
        (batch, steps, hidden)
    state
        After the last step.
    """
    out, hidden, cell = torch.lstm(features, state, weights, True, 1, 0.0, False, False, True)
    return out, (hidden, cell)
