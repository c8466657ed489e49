"""Sets of intervals as parallel arrays, and the few operations on them that labels need."""

from dataclasses import dataclass

import numpy as np

from dnabilstm.genome import Genome


@dataclass(frozen=True, eq=False)
class Intervals:
    """Intervals on the contigs of one genome: parallel arrays, 0-based, half-open.

    Attributes
    ----------
    contig : numpy.ndarray
        int32 (intervals,): index into ``genome.contigs``.
    start, end : numpy.ndarray
        int64 (intervals,): positions within the contig.
    strand : numpy.ndarray
        int8 (intervals,): +1, -1, or 0 where there is none.
    """

    contig: np.ndarray
    start: np.ndarray
    end: np.ndarray
    strand: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, chosen: np.ndarray | slice) -> "Intervals":
        return Intervals(self.contig[chosen], self.start[chosen], self.end[chosen], self.strand[chosen])

    @property
    def bases(self) -> int:
        """Sum of the lengths; a base under two intervals counts twice."""
        return int((self.end - self.start).sum())

    def of_contig(self, index: int) -> np.ndarray:
        """Start and end of the intervals of one contig, int64 (n, 2), of sorted intervals (``merge``)."""
        first, last = np.searchsorted(self.contig, [index, index + 1])
        return np.stack([self.start[first:last], self.end[first:last]], axis=1)


def make_intervals(contig: np.ndarray, start: np.ndarray, end: np.ndarray, strand: int = 0) -> Intervals:
    """Intervals of array-likes, all on the same strand."""
    start = np.asarray(start, np.int64)
    return Intervals(
        np.broadcast_to(np.asarray(contig, np.int32), start.shape).copy(),
        start,
        np.asarray(end, np.int64),
        np.full(start.shape, strand, np.int8),
    )


def concatenate(parts: list[Intervals]) -> Intervals:
    """All intervals of all parts, in order."""
    if not parts:
        return make_intervals([], [], [])
    columns = zip(*((p.contig, p.start, p.end, p.strand) for p in parts), strict=True)
    return Intervals(*(np.concatenate(column) for column in columns))


def merge(intervals: Intervals) -> Intervals:
    """Sort, and join what overlaps or touches on the same contig; strands are dropped."""
    if not len(intervals):
        return make_intervals([], [], [])
    order = np.lexsort([intervals.start, intervals.contig])
    contig, start = intervals.contig[order], intervals.start[order]
    # One axis for all contigs: they lie further apart than any interval reaches.
    shift = contig.astype(np.int64) * (int(intervals.end.max()) + 1)
    reach = np.maximum.accumulate(intervals.end[order] + shift)
    begins = np.flatnonzero(np.concatenate([[True], (start + shift)[1:] > reach[:-1]]))
    ends = np.append(begins[1:], len(order)) - 1
    return make_intervals(contig[begins], start[begins], (reach - shift)[ends])


def complement(intervals: Intervals, genome: Genome) -> Intervals:
    """What the intervals leave of the genome: merged, sorted."""
    count = len(genome.contigs)
    lengths = np.array([contig.length for contig in genome.contigs], np.int64)
    every, zeros = np.arange(count), np.zeros(count, np.int64)
    # Empty intervals at both ends of each contig turn all that is left into gaps between neighbours.
    borders = [make_intervals(every, zeros, zeros), make_intervals(every, lengths, lengths)]
    merged = merge(concatenate([intervals, *borders]))
    gap = (merged.contig[1:] == merged.contig[:-1]) & (merged.start[1:] > merged.end[:-1])
    return make_intervals(merged.contig[1:][gap], merged.end[:-1][gap], merged.start[1:][gap])


def intersect(a: Intervals, b: Intervals) -> Intervals:
    """The bases that lie in both: merged, sorted."""
    a, b = merge(a), merge(b)
    contig = np.concatenate([a.contig, b.contig] * 2)
    position = np.concatenate([a.start, b.start, a.end, b.end])
    step = np.repeat([1, -1], len(a) + len(b))
    # At the same place an end comes before a start: half-open intervals that touch share no base.
    order = np.lexsort([step, position, contig])
    contig, position, depth = contig[order], position[order], np.cumsum(step[order])
    both = np.flatnonzero(depth == 2)
    return make_intervals(contig[both], position[both], position[both + 1])


def runs(mask: np.ndarray) -> np.ndarray:
    """Runs of True in bool (length,): int64 (runs, 2), start and end, 0-based, half-open."""
    padded = np.concatenate([[False], mask, [False]])
    return np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2).astype(np.int64)
