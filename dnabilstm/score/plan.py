"""Which windows are computed together.

A contig is a row of pooling bins, placed by its phase (``model.layers.phase``). Chunks divide the row
on a grid that depends on the contig's length and the settings alone and reads the same from both ends,
so that scores do not depend on who ran it, nor on the strand that the FASTA happens to show. A window
is a chunk with a halo on both sides, cut off at the contig's ends; a contig that fits into one window
is swept whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dnabilstm.alphabet import PAD
from dnabilstm.model.layers import phase


@dataclass(frozen=True)
class Grid:
    """How contigs are cut.

    Attributes
    ----------
    pool : int
        Bases a bin.
    chunk, halo : int
        Bins that a window is to score, and bins of context on each side; ``chunk`` 0 sweeps every
        contig whole (exact).
    """

    pool: int
    chunk: int
    halo: int


@dataclass(frozen=True)
class Window:
    """Bins ``start`` to ``end`` of a contig, of which ``first`` to ``last`` are scored."""

    contig: str
    start: int
    end: int
    first: int
    last: int

    @property
    def bins(self) -> int:
        """Bins that are computed, halos included."""
        return self.end - self.start


def bins_of(length: int, pool: int) -> tuple[int, int]:
    """Number of bins of a contig of ``length`` bases, and where the first one starts (at most 0)."""
    origin = phase(length, pool) - pool if phase(length, pool) else 0
    return -(-(length - origin) // pool), origin


def chunk_borders(bins: int, chunk: int) -> np.ndarray:
    """Borders of the chunks of a row of ``bins``: int64 (chunks + 1,), the same from both ends.

    Chunks have at most ``chunk`` bins and differ by one bin at most. An even number of chunks can
    mirror only an even number of bins; elsewhere one more is taken.
    """
    count = max(1, -(-bins // chunk))
    if count % 2 == 0 and bins % 2:
        count += 1
    size, rest = divmod(bins, count)
    sizes = np.full(count, size)
    sizes[: rest // 2] += 1
    sizes[count - rest // 2 :] += 1
    if rest % 2:
        sizes[count // 2] += 1
    return np.concatenate([[0], np.cumsum(sizes)])


def windows_of(contig: str, length: int, grid: Grid) -> Iterator[Window]:
    """The windows that score each base of a contig exactly once."""
    bins, _ = bins_of(length, grid.pool)
    if not grid.chunk or bins <= grid.chunk + 2 * grid.halo:
        yield Window(contig, 0, bins, 0, bins)
        return
    borders = chunk_borders(bins, grid.chunk).tolist()
    for first, last in pairwise(borders):
        yield Window(contig, max(0, first - grid.halo), min(bins, last + grid.halo), first, last)


def batches(windows: list[Window], rows: int, bins: int) -> list[list[Window]]:
    """Windows of like length together: at most ``rows`` a batch, and at most ``bins`` bins where one fits.

    The result depends on the windows and the two limits alone, not on how many workers there are.
    """
    out: list[list[Window]] = []
    for window in sorted(windows, key=lambda w: -w.bins):
        # The first window of a batch is its longest, to which the others are padded.
        if out and len(out[-1]) < rows and (len(out[-1]) + 1) * out[-1][0].bins <= bins:
            out[-1].append(window)
        else:
            out.append([window])
    return out


def codes_of(window: Window, sequence: np.ndarray, pool: int) -> np.ndarray:
    """Codes of a window, uint8 (bins * pool,); padding where it hangs over the contig's ends."""
    _, origin = bins_of(len(sequence), pool)
    start, end = window.start * pool + origin, window.end * pool + origin
    inside = sequence[max(0, start) : min(end, len(sequence))]
    before = max(0, -start)
    return np.pad(inside, (before, end - start - before - len(inside)), constant_values=PAD)


def scored_bases(window: Window, length: int, pool: int) -> tuple[int, int, int]:
    """Which bases a window scores: their first, their end, and where the first lies in the window's codes."""
    _, origin = bins_of(length, pool)
    first = max(0, window.first * pool + origin)
    last = min(length, window.last * pool + origin)
    return first, last, first - (window.start * pool + origin)
