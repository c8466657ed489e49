"""Which windows are computed together.

A contig is a row of pooling bins, placed by its phase (``model.bins.phase``). Chunks divide the row
on a grid that depends on the contig's length and the settings alone and reads the same from both ends,
so that scores do not depend on who ran it, nor on the strand that the FASTA happens to show. A window
is a chunk with a halo on both sides, cut off at the contig's ends; a contig that fits into one window
is swept whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dnabilstm.alphabet import PAD
from dnabilstm.genome import Contig
from dnabilstm.model.bins import phase

GROUP = 1 << 22
"""Bins of the windows that are sorted by length at a time."""
SMALL = 1 << 14
"""Bins that a batch of short windows has at least: more rows than usual, so that calls do not cost more than work."""


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


class Window(NamedTuple):
    """Bins ``start`` to ``end`` of a contig, of which ``first`` to ``last`` are scored."""

    contig: Contig
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
    first = phase(length, pool)
    origin = first - pool if first else 0
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


def windows_of(contig: Contig, grid: Grid) -> Iterator[Window]:
    """The windows that score each base of a contig exactly once."""
    bins, _ = bins_of(contig.length, grid.pool)
    if not grid.chunk or bins <= grid.chunk + 2 * grid.halo:
        yield Window(contig, 0, bins, 0, bins)
        return
    borders = chunk_borders(bins, grid.chunk).tolist()
    for first, last in pairwise(borders):
        yield Window(contig, max(0, first - grid.halo), min(bins, last + grid.halo), first, last)


@dataclass(frozen=True)
class Limits:
    """How many windows are computed together.

    Attributes
    ----------
    rows : int
        Windows of a batch, at most, unless they are short.
    bins : int
        Bins of a batch, padding included, at most; a longer window goes alone.
    least : int
        Windows of the last batches, which get smaller so that all workers end together.
    most : int
        Bins of a batch, at most, where fewer than ``least`` windows would have to do with ``bins``.
    """

    rows: int
    bins: int
    least: int
    most: int = 0

    def fitting(self, bins: int) -> int:
        """How many windows of ``bins`` bins make a batch."""
        room = max(self.bins // bins, min(self.least, self.most // bins))
        return max(1, min(max(self.rows, -(-SMALL // bins)), room))


def batches(windows: Iterable[Window], limits: Limits) -> Iterator[list[Window]]:
    """Windows of like length together, the longest of a batch first; a bounded number is held at a time.

    The result depends on the windows and the limits alone, not on how many workers there are.
    """
    waiting: list[Window] = []
    bins = 0
    for window in windows:
        waiting.append(window)
        bins += window.bins
        if bins >= GROUP:
            waiting = yield from _whole_batches(waiting, limits)
            bins = sum(one.bins for one in waiting)
    yield from _last_batches(waiting, limits)


def _by_length(windows: list[Window]) -> list[Window]:
    return sorted(windows, key=lambda window: window.start - window.end)


def _whole_batches(windows: list[Window], limits: Limits) -> Iterator[list[Window]]:
    """Yield batches while they are full; returns the windows that are left."""
    ordered, place = _by_length(windows), 0
    while place < len(ordered):
        size = limits.fitting(ordered[place].bins)
        if place and place + size > len(ordered):
            break
        yield ordered[place : place + size]
        place += size
    return ordered[place:]


def _last_batches(windows: list[Window], limits: Limits) -> Iterator[list[Window]]:
    ordered, place = _by_length(windows), 0
    while place < len(ordered):
        share = max(limits.least, -(-(len(ordered) - place) // 4))
        size = min(limits.fitting(ordered[place].bins), share)
        yield ordered[place : place + size]
        place += size


def codes_of(window: Window, sequence: np.ndarray, pool: int) -> np.ndarray:
    """Codes of a window, uint8 (bins * pool,); padding where it hangs over the contig's ends."""
    _, origin = bins_of(len(sequence), pool)
    start, end = window.start * pool + origin, window.end * pool + origin
    codes = np.full(end - start, PAD, np.uint8)
    inside = sequence[max(0, start) : min(end, len(sequence))]
    before = max(0, -start)
    codes[before : before + len(inside)] = inside
    return codes


def scored_bases(window: Window, pool: int) -> tuple[int, int, int]:
    """Which bases a window scores: their first, their end, and where the first lies in the window's codes."""
    length = window.contig.length
    _, origin = bins_of(length, pool)
    first = max(0, window.first * pool + origin)
    last = min(length, window.last * pool + origin)
    return first, last, first - (window.start * pool + origin)
