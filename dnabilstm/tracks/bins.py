"""Statistics of a track: of the whole, and of bins of equal width for the zoom levels of a bigWig."""

from dataclasses import dataclass

import numpy as np

# A zoom record of a bigWig (Kent et al. 2010, Bioinformatics 26:2204, supplement).
BIN = np.dtype(
    [("contig", "<u4"), ("start", "<u4"), ("end", "<u4"), ("count", "<u4")]
    + [(name, "<f4") for name in ("minimum", "maximum", "total", "squares")]
)


@dataclass
class Summary:
    """Sums over the rounded scores of a track; minimum and maximum are NaN where there is none."""

    bases: int = 0
    minimum: float = float("nan")
    maximum: float = float("nan")
    total: float = 0.0
    squares: float = 0.0

    def add(self, bins: "Bins") -> None:
        """Count in the bins of one more block."""
        self.bases += int(bins.count.sum())
        self.minimum = float(np.fmin.reduce(bins.minimum, initial=self.minimum))
        self.maximum = float(np.fmax.reduce(bins.maximum, initial=self.maximum))
        self.total += float(bins.total.sum())
        self.squares += float(bins.squares.sum())


@dataclass
class Bins:
    """Statistics of bins of equal width: arrays (bins,); NaN where a bin has no score."""

    count: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    total: np.ndarray
    squares: np.ndarray

    @classmethod
    def of_bases(cls, values: np.ndarray, width: int) -> "Bins":
        """Bins of ``width`` bases of float32 (length,) values, NaN is no score."""
        table = _padded(values, width, np.nan)
        called = ~np.isnan(table)
        exact = np.where(called, table, 0).astype(np.float64)
        return cls(
            called.sum(1),
            np.fmin.reduce(table, 1),
            np.fmax.reduce(table, 1),
            exact.sum(1),
            (exact**2).sum(1),
        )

    def coarser(self, times: int) -> "Bins":
        """Bins ``times`` as wide."""
        return Bins(
            _padded(self.count, times, 0).sum(1),
            np.fmin.reduce(_padded(self.minimum, times, np.nan), 1),
            np.fmax.reduce(_padded(self.maximum, times, np.nan), 1),
            _padded(self.total, times, 0).sum(1),
            _padded(self.squares, times, 0).sum(1),
        )

    def records(self, contig: int, start: int, width: int, end: int) -> np.ndarray:
        """Zoom records of the bins that hold a score; the first starts at ``start``, none passes ``end``."""
        rows = np.zeros(len(self.count), BIN)
        rows["contig"] = contig
        rows["start"] = start + width * np.arange(len(rows))
        rows["end"] = np.minimum(rows["start"].astype(np.int64) + width, end)
        for name in BIN.names[3:]:
            rows[name] = getattr(self, name)
        return rows[rows["count"] > 0]


def _padded(values: np.ndarray, width: int, filler: float) -> np.ndarray:
    """Rows of ``width``, the last filled up."""
    missing = -len(values) % width
    if missing:
        values = np.concatenate([values, np.full(missing, filler, values.dtype)])
    return values.reshape(-1, width)
