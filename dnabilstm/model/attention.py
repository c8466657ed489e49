"""Attention over the states of the recurrent layers, alike on both strands where it is tied.

``LocalAttention``      every bin attends to the bins near it; cost linear in length (position head)
``AdditiveAttention``   one weight a bin (Bahdanau et al. 2015, arXiv 1409.0473; sequence head)
``MultiheadAttention``  several learned queries (Vaswani et al. 2017, arXiv 1706.03762; sequence head)

Paired features (forward half, backward half) turn over with the strand: their halves change places and
their positions are reversed. A tied layer reads them in both ways, so its weights turn over too.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.model.layers import PairedLinear, exchanged

NEVER = -1e9
"""What is added to a logit that is to get no weight; finite, so that a row of padding stays finite."""


class LocalAttention(nn.Module):
    """Multi-head attention in a window of bins, with a learned weight for each distance; adds to its input.

    Queries go in blocks of ``window`` bins, whose keys lie in the block and its two neighbours, so time
    and memory grow with the length, not with its square.

    Parameters
    ----------
    channels
        Of the features.
    heads
        They divide the channels (of each half, if paired).
    window
        Bins that a bin sees on each side.
    paired
        Whether the features are paired and the layer is tied.
    even
        Whether a distance weighs the same in both directions, as it must where the strands are alike.
    """

    def __init__(self, channels: int, heads: int, window: int, paired: bool, even: bool) -> None:
        super().__init__()
        self.heads, self.window, self.paired = heads, window, paired
        # A bias of the keys would add the same to every key's logit, which a softmax does not feel.
        self.enter = nn.ModuleDict(
            {name: PairedLinear(channels, channels, paired, bias=name != "k") for name in ("q", "k", "v")}
        )
        self.leave = PairedLinear(channels, channels, paired)
        self.distance = nn.Parameter(torch.zeros(heads, window + 1 if even else 2 * window + 1))

    def forward(self, features: Tensor, valid: Tensor) -> Tensor:
        """(rows, bins, channels) and bool (rows, bins), to the same shape; no weight goes to a bin not valid."""
        bins = features.shape[1]
        seen, _ = self._attend(features, valid)
        return features + self.leave(seen[:, :bins])

    def weights(self, features: Tensor, valid: Tensor) -> Tensor:
        """Attention weights, float32 (rows, heads, bins, 2 * window + 1): of each bin for those around it."""
        rows, bins, window = len(features), features.shape[1], self.window
        _, weights = self._attend(features, valid)  # (rows, heads, blocks, window, 3 * window)
        query = torch.arange(window, device=features.device).unsqueeze(1)
        place = query + torch.arange(2 * window + 1, device=features.device)
        near = weights.gather(4, place.expand(*weights.shape[:3], window, 2 * window + 1))
        return near.reshape(rows, self.heads, -1, 2 * window + 1)[:, :, :bins]

    def _attend(self, features: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        window, blocks = self.window, -(-features.shape[1] // self.window)
        rest = blocks * window - features.shape[1]
        q, k, v = (
            self._by_head(functional.pad(self.enter[name](features), (0, 0, 0, rest))) for name in "qkv"
        )
        around = functional.pad(valid, (window, window + rest)).unfold(1, 3 * window, window)
        k, v = (functional.pad(part, (0, 0, window, window)).unfold(2, 3 * window, window) for part in (k, v))
        q = q.unflatten(2, (blocks, window))  # (rows, heads, blocks, window, d); k, v: (..., d, 3 * window)
        logits = at_least_float32(q @ k) / math.sqrt(q.shape[-1]) + self._bias(logits_on=q.device)
        logits = logits.masked_fill(~around[:, None, :, None], NEVER)
        weights = logits.softmax(dim=-1)
        seen = (weights.to(v.dtype) @ v.transpose(-1, -2)).flatten(2, 3)
        return self._together(seen), weights

    def _bias(self, logits_on: torch.device) -> Tensor:
        """What each key's distance adds: (heads, 1, window, 3 * window); ``NEVER`` outside the window."""
        window = self.window
        query = torch.arange(window, device=logits_on).unsqueeze(1)
        offset = torch.arange(3 * window, device=logits_on) - window - query
        even = self.distance.shape[1] == window + 1
        index = offset.abs() if even else offset + window
        bias = self.distance[:, index.clamp(0, self.distance.shape[1] - 1)]
        return bias.masked_fill(offset.abs() > window, NEVER).unsqueeze(1)

    def _by_head(self, features: Tensor) -> Tensor:
        """(rows, bins, channels) to (rows, heads, bins, d): a head takes its share of either half."""
        halves = 2 if self.paired else 1
        shape = (halves, self.heads, features.shape[2] // halves // self.heads)
        return features.unflatten(2, shape).permute(0, 3, 1, 2, 4).flatten(3)

    def _together(self, heads: Tensor) -> Tensor:
        """The inverse of ``_by_head``."""
        halves = 2 if self.paired else 1
        return heads.unflatten(3, (halves, -1)).permute(0, 2, 3, 1, 4).flatten(2)


class AdditiveAttention(nn.Module):
    """A weight for each bin from a small network: the mean of the features under these weights."""

    def __init__(self, channels: int, hidden: int, paired: bool) -> None:
        super().__init__()
        self.paired = paired
        self.inner = nn.Linear(channels, hidden)
        self.outer = nn.Linear(hidden, 1, bias=False)

    def forward(self, features: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Attend.

        Parameters
        ----------
        features, valid
            (rows, bins, channels); bool (rows, bins).

        Returns
        -------
        context
            (rows, channels)
        weights
            float32 (rows, 1, bins): they sum to 1 over the valid bins.
        """
        logits = self._read(features)
        if self.paired:
            logits = logits + self._read(exchanged(features))
        weights = weighed(logits.transpose(1, 2), valid)
        return (weights.to(features.dtype) @ features).squeeze(1), weights

    def _read(self, features: Tensor) -> Tensor:
        return self.outer(torch.tanh(self.inner(features)))


class MultiheadAttention(nn.Module):
    """Learned queries, one a head, over keys and values of the bins."""

    def __init__(self, channels: int, heads: int, paired: bool) -> None:
        super().__init__()
        self.heads, self.paired = heads, paired
        self.key = nn.Linear(channels, channels, bias=False)  # see LocalAttention
        self.query = nn.Parameter(torch.empty(heads, channels // heads))
        self.value = PairedLinear(channels, channels, paired)
        nn.init.normal_(self.query)

    def forward(self, features: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Attend; as ``AdditiveAttention``, with weights (rows, heads, bins)."""
        logits = self._read(features)
        if self.paired:
            logits = logits + self._read(exchanged(features))
        weights = weighed(logits, valid)
        halves = 2 if self.paired else 1
        values = self.value(features).unflatten(2, (halves, self.heads, -1))
        return torch.einsum("rht,rtshd->rshd", weights.to(values.dtype), values).flatten(1), weights

    def _read(self, features: Tensor) -> Tensor:
        keys = self.key(features).unflatten(2, (self.heads, -1))
        return torch.einsum("rthd,hd->rht", keys, self.query.to(keys.dtype)) / math.sqrt(keys.shape[-1])


def weighed(logits: Tensor, valid: Tensor) -> Tensor:
    """Weights over the valid bins: float32 (rows, heads, bins) from logits of that shape."""
    return at_least_float32(logits).masked_fill(~valid.unsqueeze(1), NEVER).softmax(dim=-1)


def at_least_float32(logits: Tensor) -> Tensor:
    """Logits in a precision in which a softmax is safe."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
