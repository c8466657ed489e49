"""Heads: from the two directions of the last layer to logits."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class PositionHead(nn.Module):
    """One logit a position and channel, with the strand behaviour that is asked for.

    A small network reads (forward, backward); its reading with the halves exchanged is what the other
    strand sees. ``symmetric`` adds the two readings, ``stranded`` keeps them as the + and the - score,
    ``none`` has only the first.

    Parameters
    ----------
    inputs
        Channels of the features: two halves, exchanged by the other strand.
    hidden
        Units between; 0 makes the head linear.
    tasks
        Number of tasks; a stranded head gives twice as many channels, + and - of each task in turn.
    strand
        As in ``BiLSTMConfig``.
    """

    def __init__(self, inputs: int, hidden: int, tasks: int, strand: str) -> None:
        super().__init__()
        self.strand = strand
        self.inner = nn.Linear(inputs, hidden) if hidden else None
        self.outer = nn.Linear(hidden or inputs, tasks)
        nn.init.zeros_(self.outer.bias)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, length, inputs) to (batch, length, channels)."""
        reading = self._read(features)
        if self.strand == "none":
            return reading
        other = self._read(features.roll(features.shape[-1] // 2, dims=-1))
        if self.strand == "symmetric":
            return reading + other
        return torch.stack([reading, other], dim=-1).flatten(-2)

    def _read(self, features: Tensor) -> Tensor:
        if self.inner is None:
            return self.outer(features)
        return self.outer(functional.relu(self.inner(features)))
