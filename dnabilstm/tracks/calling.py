"""Regions from scores: thresholds with hysteresis, joined over small gaps, with a summit.

A region reaches ``threshold`` somewhere and goes on to both sides for as long as the score stays at
``extend`` or above, as edges are traced by Canny 1986 (IEEE PAMI 8:679). A no-call ends a region, and
regions on its two sides are never joined.

Works on runs of equal scores. Of a batch only those go on that a region may hold (``near_runs``); they
wait until no later one can join them, and are then looked at all together (``called_regions``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dnabilstm.genome import Contig
from dnabilstm.tracks.batches import Batch, Layout, batches, spread
from dnabilstm.tracks.options import CallConfig
from dnabilstm.tracks.runs import equal_runs

REGION_FIELDS = ("start", "end", "mean", "max", "summit")


@dataclass(frozen=True)
class Regions:
    """Called regions: parallel arrays (regions,), ascending, not overlapping.

    Attributes
    ----------
    start, end : numpy.ndarray
        int64, 0-based, half-open, counted over all contigs.
    mean, max : numpy.ndarray
        float64, of the scores in the region.
    summit : numpy.ndarray
        int64, bases from ``start``: the middle of the longest stretch at the maximum, as the peak of a
        narrowPeak file.
    """

    start: np.ndarray
    end: np.ndarray
    mean: np.ndarray
    max: np.ndarray
    summit: np.ndarray

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True)
class NearRuns:
    """Runs of equal scores that a region may hold.

    Attributes
    ----------
    start, end : numpy.ndarray
        int64 (runs,), counted over all contigs.
    score : numpy.ndarray
        float32 (runs,); never NaN.
    fresh : numpy.ndarray
        bool (runs,): no region reaches over the start of this run.
    cut : bool
        Whether none reaches over the end of the last one; there may be no run at all.
    """

    start: np.ndarray
    end: np.ndarray
    score: np.ndarray
    fresh: np.ndarray
    cut: bool


def call_regions(
    track: np.ndarray,
    *,
    threshold: float,
    extend: float,
    min_length: int = CallConfig.min_length,
    merge_gap: int = CallConfig.merge_gap,
) -> Regions:
    """Call the regions of one contig.

    Parameters
    ----------
    track
        float32 (length,), probabilities; NaN is a no-call.
    threshold, extend
        Probabilities: what a region reaches somewhere, and what it does not fall below before joining;
        ``extend`` is at most ``threshold``.
    min_length
        Shorter regions are left out, after joining; bases.
    merge_gap
        Regions less than this far apart are joined, unless a no-call lies between them; bases.
    """
    layout = Layout((Contig("", len(track), 0, ""),))
    near = (near_runs(track, batch, extend, merge_gap) for batch in batches(layout))
    settings = {"threshold": threshold, "extend": extend, "min_length": min_length, "merge_gap": merge_gap}
    found = [called_regions(runs, **settings) for runs in complete(near)]
    columns = (np.concatenate([getattr(some, name) for some in found]) for name in REGION_FIELDS)
    return Regions(*columns)


def near_runs(track: np.ndarray, batch: Batch, extend: float, merge_gap: int) -> NearRuns:
    """The runs of a batch but those in gaps that no region bridges.

    Parameters
    ----------
    track
        float32 (total bases,) of all contigs.
    batch
        Which of them.
    extend, merge_gap
        See ``call_regions``.
    """
    start, score = equal_runs(track, batch)
    above = score >= extend
    edges = np.flatnonzero(np.diff(above, prepend=False, append=False))
    # Gaps before, between and after the stretches at or above the level, as numbers of runs.
    low, high = np.append(0, edges[1::2]), np.append(edges[::2], len(start))
    border = np.append(start, batch.end - batch.start)
    fresh = np.zeros(len(start) + 1, bool)
    fresh[np.searchsorted(start, batch.at[batch.local == 0])] = True
    barrier = np.concatenate([[0], np.cumsum(fresh[:-1] | np.isnan(score))])
    broken = (border[high] - border[low] >= max(merge_gap, 1)) | (barrier[high] > barrier[low])
    fresh[high[broken]] = True
    first, last = np.append(0, high[broken]), np.append(low[broken], len(start))
    keep = spread(first, last - first, 1)
    places = border[keep] + batch.start, border[keep + 1] + batch.start
    return NearRuns(*places, score[keep], fresh[keep], bool(broken[-1]))


def complete(near: Iterable[NearRuns]) -> Iterator[NearRuns]:
    """Join what neighbouring batches give, so that no region reaches from one result to the next."""
    none = np.empty(0, np.int64)
    waiting = [NearRuns(none, none, np.empty(0, np.float32), np.empty(0, bool), True)]
    cut = True
    for runs in near:
        if len(runs.start):
            runs.fresh[0] |= cut
            fresh = np.flatnonzero(runs.fresh)
            last = int(fresh[-1]) if len(fresh) else 0
            if len(fresh):
                yield _concatenated([*waiting, _part(runs, slice(0, last))])
                waiting = []
            waiting.append(_part(runs, slice(last, None)))
            cut = False
        cut |= runs.cut
    yield _concatenated(waiting)


def _part(runs: NearRuns, some: slice) -> NearRuns:
    return NearRuns(runs.start[some], runs.end[some], runs.score[some], runs.fresh[some], runs.cut)


def _concatenated(parts: list[NearRuns]) -> NearRuns:
    """Runs end to end; equal ones that the border of two batches had cut are one again."""
    start, end, score, fresh = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("start", "end", "score", "fresh")
    )
    goes_on = np.zeros(len(start), bool)
    goes_on[1:] = (score[1:] == score[:-1]) & (start[1:] == end[:-1]) & ~fresh[1:]
    if goes_on.any():
        end = end[~np.append(goes_on[1:], False)]
        start, score, fresh = start[~goes_on], score[~goes_on], fresh[~goes_on]
    return NearRuns(start, end, score, fresh, parts[-1].cut)


def called_regions(
    runs: NearRuns, *, threshold: float, extend: float, min_length: int, merge_gap: int
) -> Regions:
    """The regions in runs that ``complete`` gave."""
    start, end, score, fresh = runs.start, runs.end, runs.score, runs.fresh
    above = score >= extend
    opens, closes = above.copy(), above.copy()
    opens[1:] &= fresh[1:] | ~above[:-1]
    closes[:-1] &= fresh[1:] | ~above[1:]
    first, last = np.flatnonzero(opens), np.flatnonzero(closes) + 1
    seeded = _reduced(np.maximum, score, first, last) >= threshold
    first, last = first[seeded], last[seeded]

    upto = np.cumsum(fresh)
    near = start[first[1:]] - end[last[:-1] - 1] < merge_gap
    near &= upto[first[1:]] == upto[last[:-1] - 1]
    first, last = first[np.append(True, ~near)[: len(first)]], last[np.append(~near, True)[: len(last)]]
    long = end[last - 1] - start[first] >= min_length
    first, last = first[long], last[long]

    begin, stop = start[first], end[last - 1]
    top = _reduced(np.maximum, score, first, last)
    total = _reduced(np.add, score.astype(np.float64) * (end - start), first, last)
    summit = _summits(runs, first, last, top) - begin
    return Regions(begin, stop, total / (stop - begin), top.astype(np.float64), summit)


def _reduced(function: np.ufunc, values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """``function.reduce`` of ``values[first:last]`` for each pair; pairs ascend and do not overlap."""
    if not len(first):
        return values[:0]
    pairs = np.stack([first, last], 1).ravel()
    return function.reduceat(np.append(values, values[-1:]), pairs)[::2]


def _summits(runs: NearRuns, first: np.ndarray, last: np.ndarray, top: np.ndarray) -> np.ndarray:
    """The middle of the longest run at the top of each region, the first of those; int64."""
    inside = spread(first, last - first, 1)
    region = np.repeat(np.arange(len(first)), last - first)
    peaks = np.flatnonzero(runs.score[inside] == top[region])
    region, peaks = region[peaks], inside[peaks]
    order = np.lexsort((peaks, runs.start[peaks] - runs.end[peaks], region))
    peaks = peaks[order[np.searchsorted(region[order], np.arange(len(first)))]]
    return (runs.start[peaks] + runs.end[peaks] - 1) // 2
