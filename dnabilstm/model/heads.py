"""Heads: from the states of the last layer to logits."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.model.attention import AdditiveAttention, MultiheadAttention
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.layers import Dropout, exchanged, swap_of_halves
from dnabilstm.model.places import AlignedBins


class PositionHead(nn.Module):
    """One logit a position and channel, with the strand behaviour that is asked for.

    A small network reads (forward, backward); its reading with the halves exchanged is what the other
    strand sees. ``symmetric`` adds the two readings, ``stranded`` keeps them as the + and the - score,
    ``none`` has only the first. Features that are not paired are the same for both strands.

    Parameters
    ----------
    inputs
        Channels of the features: two halves, exchanged by the other strand, if ``paired``.
    hidden
        Units between; 0 makes the head linear.
    tasks
        Number of tasks; a stranded head gives twice as many channels, + and - of each task in turn.
    strand
        As in ``BiLSTMConfig``.
    paired
        Whether the other strand exchanges the halves of the features.
    """

    def __init__(self, inputs: int, hidden: int, tasks: int, strand: str, paired: bool = True) -> None:
        super().__init__()
        self.strand = strand if paired else "none"
        self.inputs = inputs
        self.inner = nn.Linear(inputs, hidden) if hidden else None
        self.outer = nn.Linear(hidden or inputs, tasks)
        nn.init.zeros_(self.outer.bias)

    def forward(self, features: Tensor) -> Tensor:
        """(..., inputs) to (..., channels)."""
        reading = self._read(features)
        if self.strand == "none":
            return reading
        other = self._read(exchanged(features))
        if self.strand == "symmetric":
            return reading + other
        return torch.stack([reading, other], dim=-1).flatten(-2)

    def plain(self) -> list[tuple[Tensor, Tensor]]:
        """Both readings at once as ordinary linear maps (weight, bias), one or two with a ReLU between them."""
        outer, bias = self.outer.weight, self.outer.bias
        inner = [] if self.inner is None else [(self.inner.weight, self.inner.bias)]
        if self.strand == "none":
            return [*inner, (outer, bias)]
        swap, tasks = swap_of_halves(self.inputs), len(bias)
        if inner:
            weight, shift = inner[0]
            inner = [(torch.cat([weight, weight[:, swap]]), shift.repeat(2))]
            readings = torch.block_diag(outer, outer)
        else:
            readings = torch.cat([outer, outer[:, swap]])
        if self.strand == "symmetric":
            return [*inner, (readings[:tasks] + readings[tasks:], 2 * bias)]
        order = torch.arange(2 * tasks).view(2, tasks).t().flatten()
        return [*inner, (readings[order], bias.repeat(2)[order])]

    def _read(self, features: Tensor) -> Tensor:
        if self.inner is None:
            return self.outer(features)
        return self.outer(functional.relu(self.inner(features)))


class SequenceHead(nn.Module):
    """One logit a class for a whole sequence: maximum, mean and attention over its bins, then a small network.

    Where sequences are aligned, it also reads each bin by its place (``AlignedBins``).

    ``symmetric`` adds what the two strands see; otherwise the sequence is read as it is given.
    """

    def __init__(self, config: BiLSTMConfig, inputs: int, paired: bool) -> None:
        super().__init__()
        self.paired = paired
        self.attention: nn.Module | None = None
        if config.attention == "additive":
            self.attention = AdditiveAttention(inputs, config.hidden, paired)
        elif config.attention == "multihead":
            self.attention = MultiheadAttention(inputs, config.attention_heads, paired)
        self.aligned: AlignedBins | None = None
        if config.aligned not in ("auto", 0):
            self.aligned = AlignedBins(inputs, config.aligned, config.aligned_width, paired)
        strand = "symmetric" if config.strand == "symmetric" else "none"
        width = inputs * (3 if self.attention is not None else 2)
        width += 0 if self.aligned is None else self.aligned.outputs
        self.reader = PositionHead(width, config.hidden, len(config.tasks), strand, paired)
        self.dropout = Dropout(config.dropout, config.dropout_mask)

    def forward(self, features: Tensor, valid: Tensor) -> Tensor:
        """(rows, bins, inputs) and bool (rows, bins) to (rows, classes)."""
        seen = valid.unsqueeze(2)
        top = features.masked_fill(~seen, torch.finfo(features.dtype).min).amax(dim=1)
        mean = (features * seen).sum(dim=1) / seen.sum(dim=1)
        parts = [top, mean]
        if self.attention is not None:
            parts.append(self.attention(features, valid)[0])
        if self.aligned is not None:
            parts.append(self.aligned(features, valid))
        return self.reader(self.dropout(self._side_by_side(parts)))

    def weights(self, features: Tensor, valid: Tensor) -> Tensor | None:
        """Attention weights, float32 (rows, heads, bins); None without attention."""
        return None if self.attention is None else self.attention(features, valid)[1]

    def _side_by_side(self, parts: list[Tensor]) -> Tensor:
        """All first halves, then all second halves, so that the whole is paired as its parts are."""
        if not self.paired:
            return torch.cat(parts, dim=1)
        return torch.cat([part.chunk(2, dim=1)[half] for half in (0, 1) for part in parts], dim=1)
