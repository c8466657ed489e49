"""Layers that treat the two strands alike, by construction.

A feature vector has a partner under reverse complement: its channels permuted by an involution, the
*swap*. One-hot channels swap A-T and C-G; paired features (two halves) swap the halves. A layer is
strand-symmetric if reversing the positions and swapping the channels of its input does the same to
its output. Here that is exact for any weights, since the second half of every layer's weights is
derived from the first:

* convolution: the partner of a filter is the filter reversed, with its input channels swapped;
* LSTM (``recurrent``): a backward LSTM is a forward LSTM over the reverse, so the backward direction
  takes the forward weights with the input channels swapped;
* linear map or normalisation of paired features: what serves one half serves the other.

The derived weights are ordinary convolution and ``nn.LSTM`` weights, so the fused kernels run them.
Sharing between strands follows Shrikumar et al. 2017 (bioRxiv 103663) and Zhou et al. 2022 (PMLR 165);
layer normalisation is Ba et al. 2016 (arXiv 1607.06450).
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from dnabilstm.alphabet import ONE_HOT


def swap_of_one_hot() -> Tensor:
    """The swap of the channels A, C, G, T: int64 (4,)."""
    return torch.arange(3, -1, -1)


def swap_of_halves(channels: int) -> Tensor:
    """The swap of paired features: int64 (channels,), the halves exchanged."""
    return torch.arange(channels).roll(channels // 2)


class OneHot(nn.Module):
    """Codes (batch, length) uint8 to one-hot (batch, length, 4), made where the model runs."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.from_numpy(ONE_HOT), persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """uint8 (batch, length) to float32 (batch, length, 4)."""
        return self.table[codes.int()]


class Dropout(nn.Module):
    """Dropout of whole channels, one mask for all positions (Gal & Ghahramani 2016), or of single values.

    The masks come from a generator of this module's own (``reseed``), so that a run can be repeated
    step by step whatever else draws random numbers.

    Parameters
    ----------
    rate
        Share that is dropped while training.
    mask
        ``channel`` or ``element``.
    """

    def __init__(self, rate: float, mask: str = "channel") -> None:
        super().__init__()
        self.rate = rate
        self.mask = mask
        self.generator = torch.Generator()

    def reseed(self, seed: int) -> None:
        """Start the masks anew from ``seed``."""
        self.generator.manual_seed(seed)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, length, channels), or (batch, channels), unchanged outside training."""
        if not self.training or not self.rate:
            return features
        shape = list(features.shape)
        if self.mask == "channel" and len(shape) == 3:
            shape[1] = 1
        mask = torch.empty(shape).bernoulli_(1 - self.rate, generator=self.generator)
        return features * (mask / (1 - self.rate)).to(features)


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

    def kernel(self) -> tuple[Tensor, Tensor]:
        """The full weights (2 * filters, inputs, width) and biases, derived half included."""
        if self.swap is None:
            return self.weight, self.bias
        partner = self.weight[:, self.swap].flip(2)
        return torch.cat([self.weight, partner]), torch.cat([self.bias, self.bias])

    def forward(self, features: Tensor) -> Tensor:
        """(batch, inputs, length) to (batch, 2 * filters, length)."""
        weight, bias = self.kernel()
        if features.is_cuda or features.requires_grad:
            return functional.conv1d(features, weight, bias, padding=weight.shape[2] // 2)
        return _one_product(features, weight, bias)


def _one_product(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A convolution as one matrix product over all positions; no gradient comes back to ``features``.

    On a processor, where there are few input channels, it takes half the time.
    """
    inputs, width = weight.shape[1:]
    steps = functional.pad(features.detach().transpose(1, 2), (0, 0, width // 2, width // 2)).contiguous()
    # Neighbouring windows overlap in memory; each is one run of width * inputs numbers.
    strides = (steps.stride(0), inputs, 1)
    windows = steps.as_strided((len(steps), features.shape[2], width * inputs), strides)
    return functional.linear(windows, weight.transpose(1, 2).flatten(1), bias).transpose(1, 2)


class BinMaximum(torch.autograd.Function):
    """Maximum of each bin: (batch, bins, bases, channels) to (batch, bins, channels).

    The gradient goes to the first of equal bases. Where the channels lie side by side, in bfloat16, it takes a part
    of what those of ``max_pool1d`` and ``amax`` take.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        """(batch, bins, bases, channels) to (batch, bins, channels)."""
        top = features.amax(dim=2)
        ctx.save_for_backward(features, top)
        return top

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor) -> Tensor:
        """(batch, bins, channels) to (batch, bins, bases, channels)."""
        features, top = ctx.saved_tensors
        found, left = torch.empty_like(features), above
        for values, place in zip(features.unbind(2), found.unbind(2), strict=True):
            torch.mul(left, (values == top).to(left.dtype), out=place)
            left = left - place
        return found


class PairedLinear(nn.Module):
    """A linear map of features; of paired ones if ``paired``, where one matrix serves both halves.

    The first half of the output reads (first, second), the second half (second, first).
    """

    def __init__(self, inputs: int, outputs: int, paired: bool, bias: bool = True) -> None:
        super().__init__()
        self.paired = paired
        self.map = nn.Linear(inputs, outputs // 2 if paired else outputs, bias=bias)

    def forward(self, features: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs)."""
        if not self.paired:
            return self.map(features)
        return torch.cat([self.map(features), self.map(exchanged(features))], dim=-1)


class PairedNorm(nn.Module):
    """Layer normalisation over channels; of paired features if ``paired``, the halves sharing their scale."""

    def __init__(self, channels: int, paired: bool) -> None:
        super().__init__()
        self.paired = paired
        self.scale = nn.Parameter(torch.ones(channels // 2 if paired else channels))
        self.shift = nn.Parameter(torch.zeros_like(self.scale))

    def forward(self, features: Tensor) -> Tensor:
        """(..., channels), mean 0 and variance 1 before scale and shift."""
        scale, shift = self.scale, self.shift
        if self.paired:
            scale, shift = torch.cat([scale, scale]), torch.cat([shift, shift])
        return functional.layer_norm(features, features.shape[-1:], scale, shift)


def exchanged(features: Tensor) -> Tensor:
    """Paired features as the other strand has them: the halves of the last axis exchanged."""
    return features.roll(features.shape[-1] // 2, dims=-1)
