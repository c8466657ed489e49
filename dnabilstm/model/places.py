"""What a network knows of where it is in a sequence, counted from the middle of the sequence.

For sequences that are aligned, on a transcription start for example, where it matters what lies where. The
middle is the only place that both strands find: on the other strand all places run the other way.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.model.layers import PairedLinear


class PlaceBias(nn.Module):
    """A bias of each filter at each place, added to what the filters see.

    Parameters
    ----------
    places, filters
        Bases about the middle, and filters (pairs of them, if ``tied``).
    tied
        Whether the filters come in pairs, of which one reads the other strand.
    """

    def __init__(self, places: int, filters: int, tied: bool) -> None:
        super().__init__()
        self.tied = tied
        self.table = nn.Parameter(torch.zeros(places, filters if tied else 2 * filters))

    def forward(self, lengths: Tensor, size: int) -> Tensor:
        """Biases of rows of ``size`` bases, ``lengths`` of which count: (rows or 1, size, 2 * filters)."""
        table = torch.cat([self.table, self.table.flip(0)], dim=1) if self.tied else self.table
        places = len(table)
        if size == places and bool((lengths == places).all()):
            return table.unsqueeze(0)
        held = torch.full_like(lengths, places)
        return centred(table.expand(len(lengths), -1, -1), held, lengths, size)


class AlignedBins(nn.Module):
    """A reading of each bin with weights of its place.

    Parameters
    ----------
    inputs
        Channels of the features.
    bins, width
        Places about the middle, and what is read of each: channels (of each strand, if ``paired``).
    paired
        Whether the halves of the features are the two strands; then so are those of what is given.
    """

    def __init__(self, inputs: int, bins: int, width: int, paired: bool) -> None:
        super().__init__()
        self.bins, self.paired = bins, paired
        self.outputs = bins * width * (2 if paired else 1)
        self.read = PairedLinear(inputs, width * (2 if paired else 1), paired)

    def forward(self, features: Tensor, valid: Tensor) -> Tensor:
        """(rows, bins, inputs) and bool (rows, bins) to (rows, outputs), 0 at places beyond a sequence's ends."""
        read = functional.relu(self.read(features)) * valid.unsqueeze(2)
        lengths = valid.sum(dim=1)
        if read.shape[1] != self.bins or bool((lengths != self.bins).any()):
            read = centred(read, lengths, torch.full_like(lengths, self.bins), self.bins)
        if not self.paired:
            return read.flatten(1)
        # The other strand's places run the other way.
        forward, backward = read.chunk(2, dim=2)
        return torch.cat([forward.flatten(1), backward.flip(1).flatten(1)], dim=1)


def centred(values: Tensor, held: Tensor, wanted: Tensor, size: int) -> Tensor:
    """Lay the middle of some values on the middle of some places.

    A place that falls between two values takes their mean, so that both strands get the same.

    Parameters
    ----------
    values
        (rows, n, channels)
    held, wanted
        int64 (rows,): values of each row, and places that they are to be laid on.
    size
        Columns of the result.

    Returns
    -------
    torch.Tensor
        (rows, size, channels); 0 where there is no value.
    """
    twice = (held - wanted).unsqueeze(1) + 2 * torch.arange(size, device=values.device)
    out: Tensor | None = None
    for index in (twice.div(2, rounding_mode="floor"), (twice + 1).div(2, rounding_mode="floor")):
        there = (index >= 0) & (index < held.unsqueeze(1))
        index = index.clamp(0, values.shape[1] - 1).unsqueeze(2).expand(-1, -1, values.shape[2])
        half = values.gather(1, index) * there.unsqueeze(2) / 2
        out = half if out is None else out + half
    return out
