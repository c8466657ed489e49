"""The order in which a genome is written: batches of one block of a long contig, or of many short contigs.

A batch is the unit of work. Its size hardly depends on how many contigs share it, so what is done once a
batch is done by numpy for all of them, and a genome in a million pieces costs about what one in ten does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dnabilstm.genome import Contig

# Two million bytes of scores; a power of four times 32, so that the bins of every zoom level fit.
BLOCK = 32 * 4**7


class Layout:
    """The contigs as arrays.

    Attributes
    ----------
    names : list of bytes
        As they stand in the FASTA.
    length, offset : numpy.ndarray
        int64 (contigs,), in bases; the offset counts over all contigs.
    """

    def __init__(self, contigs: tuple[Contig, ...]) -> None:
        self.names = [contig.name.encode("utf-8", "surrogateescape") for contig in contigs]
        self.length = np.fromiter((contig.length for contig in contigs), np.int64, len(contigs))
        self.offset = np.cumsum(self.length) - self.length

    @property
    def longest(self) -> int:
        """Bases of the longest contig."""
        return int(self.length.max(initial=0))


@dataclass(frozen=True)
class Batch:
    """Neighbouring stretches of contigs; each is a contig, or begins at a multiple of the block.

    Attributes
    ----------
    start, end : int
        First base and end, counted over all contigs.
    contig : numpy.ndarray
        int64 (pieces,), the contig of each stretch.
    at, local : numpy.ndarray
        int64 (pieces,), where each starts: in bases of the batch, and of its contig.
    size : numpy.ndarray
        int64 (pieces,), bases of each.
    more : int
        Bases of the last contig that follow the batch.
    """

    start: int
    end: int
    contig: np.ndarray
    at: np.ndarray
    local: np.ndarray
    size: np.ndarray
    more: int


def batches(layout: Layout, block: int = BLOCK) -> Iterator[Batch]:
    """Yield the batches of a genome in order; each has less than two blocks, contigs without bases are left out.

    Parameters
    ----------
    layout
        Of the contigs.
    block
        Bases of a stretch of a long contig.
    """
    counts = -(-layout.length // block)
    contig = np.repeat(np.arange(len(counts)), counts)
    local = spread(np.zeros_like(counts), counts, block)
    start = layout.offset[contig] + local
    firsts = np.flatnonzero(np.diff(start // block, prepend=-1))
    for first, last in zip(firsts.tolist(), np.append(firsts[1:], len(start)).tolist(), strict=False):
        some = slice(first, last)
        size = np.minimum(block, layout.length[contig[some]] - local[some])
        more = int(layout.length[contig[last - 1]] - local[last - 1] - size[-1])
        low = int(start[first])
        end = low + int(size.sum())
        yield Batch(low, end, contig[some], start[some] - low, local[some], size, more)


def spread(first: np.ndarray, counts: np.ndarray, step: int) -> np.ndarray:
    """``first``, ``first + step``, ... for each row, ``counts`` numbers of it, end to end; int64."""
    before = np.cumsum(counts) - counts
    return np.repeat(first - step * before, counts) + step * np.arange(int(counts.sum()))
