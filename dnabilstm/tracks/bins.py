"""Statistics of a track: of the whole, and of bins of equal width for the zoom levels of a bigWig.

Scores are whole numbers of steps (see ``runs``), so that sums are exact, in whatever order they are made.
"""

from dataclasses import dataclass

import numpy as np

from dnabilstm.tracks.batches import Batch, spread
from dnabilstm.tracks.runs import NO_CALL, Runs

# A zoom record of a bigWig (Kent et al. 2010, Bioinformatics 26:2204, supplement).
BIN = np.dtype(
    [("contig", "<u4"), ("start", "<u4"), ("end", "<u4"), ("count", "<u4")]
    + [(name, "<f4") for name in ("minimum", "maximum", "total", "squares")]
)
# Above every code.
_NONE = np.iinfo(np.int32).max


@dataclass
class Summary:
    """Sums over the rounded scores of a track; minimum and maximum are NaN where there is none."""

    bases: int = 0
    minimum: float = float("nan")
    maximum: float = float("nan")
    total: float = 0.0
    squares: float = 0.0


@dataclass
class Totals:
    """The same of the batches so far, in steps; exact."""

    bases: int = 0
    minimum: int = _NONE
    maximum: int = NO_CALL
    total: int = 0
    squares: int = 0

    def add(self, bins: "Bins") -> None:
        """Count in the bins of one more batch."""
        self.bases += int(bins.count.sum())
        self.minimum = min(self.minimum, int(bins.minimum.min(initial=_NONE)))
        self.maximum = max(self.maximum, int(bins.maximum.max(initial=NO_CALL)))
        self.total += int(bins.total.sum())
        self.squares += int(bins.squares.sum())

    def summary(self, digits: int) -> Summary:
        """In scores that were rounded to ``digits`` decimals."""
        if not self.bases:
            return Summary()
        steps = 10**digits
        bounds = self.minimum / steps, self.maximum / steps
        return Summary(self.bases, *bounds, self.total / steps, self.squares / steps**2)


@dataclass
class Bins:
    """Statistics of the bins of a batch, equally wide; each stretch of the batch begins a bin.

    Attributes
    ----------
    number : numpy.ndarray
        int64 (pieces,), bins of each stretch.
    count, total, squares : numpy.ndarray
        int64 (bins,), over the bases that have a score.
    minimum, maximum : numpy.ndarray
        int32 (bins,); above all codes and ``NO_CALL`` where a bin has no score.
    """

    number: np.ndarray
    count: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    total: np.ndarray
    squares: np.ndarray

    @classmethod
    def of_runs(cls, runs: Runs, width: int) -> "Bins":
        """Bins of ``width`` bases."""
        batch, code = runs.batch, runs.code
        length = batch.end - batch.start
        number = -(-batch.size // width)
        edges = np.append(spread(batch.at, number, width), length)
        run = np.searchsorted(runs.start, edges[:-1], "right") - 1
        # The run that reaches over the end of a bin, or one of the bin that is counted already.
        last = np.append(run[1:] - (runs.start[run[1:]] == edges[1:-1]), len(code) - 1)
        size = np.diff(runs.start, append=length)
        before = edges[:-1] - runs.start[run]

        def sums(each: np.ndarray) -> np.ndarray:
            """Sum over the bases of each bin of a figure that each base of a run has."""
            upto = np.cumsum(size * each)
            at_edges = upto[run] - (size[run] - before) * each[run]
            return np.diff(at_edges, append=upto[-1])

        gap = code == NO_CALL
        low, steps = code, code.astype(np.int64)
        count = np.diff(edges)
        if gap.any():
            low = np.where(gap, _NONE, code)
            steps[gap] = 0
            count = sums((~gap).astype(np.int64))
        minimum = np.minimum(np.minimum.reduceat(low, run), low[last])
        maximum = np.maximum(np.maximum.reduceat(code, run), code[last])
        return cls(number, count, minimum, maximum, sums(steps), sums(steps * steps))

    def coarser(self, times: int) -> "Bins":
        """Bins ``times`` as wide."""
        number = -(-self.number // times)
        first = spread(np.cumsum(self.number) - self.number, number, times)
        return Bins(
            number,
            np.add.reduceat(self.count, first),
            np.minimum.reduceat(self.minimum, first),
            np.maximum.reduceat(self.maximum, first),
            np.add.reduceat(self.total, first),
            np.add.reduceat(self.squares, first),
        )

    def records(self, batch: Batch, width: int, digits: int) -> np.ndarray:
        """Zoom records, ``BIN``, of the bins of ``width`` bases that hold a score."""
        steps = 10**digits
        rows = np.empty(len(self.count), BIN)
        start = spread(batch.local, self.number, width)
        rows["contig"] = np.repeat(batch.contig, self.number)
        rows["start"] = start
        rows["end"] = np.minimum(start + width, np.repeat(batch.local + batch.size, self.number))
        rows["count"] = self.count
        rows["minimum"], rows["maximum"] = self.minimum / steps, self.maximum / steps
        rows["total"], rows["squares"] = self.total / steps, self.squares / steps**2
        return rows if self.count.all() else rows[self.count > 0]
