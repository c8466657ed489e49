"""The table of regions: the best, and the worst errors, held against the labels.

The disagreement between model and label is how far the highest score of a region is from its label: 1 - score
where it is labelled, the score where it is not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dnabilstm.intervals import Intervals

Kind = Literal["best", "missed", "false", "called", "listed"]
MOST = 100
"""Rows of a kind and channel."""


@dataclass(frozen=True)
class Row:
    """A region of the table.

    Attributes
    ----------
    kind : str
        ``best``: called and labelled. ``missed``: labelled, not called. ``false``: called, and no base of it
        labelled or left out of the judgement. ``called``: where there are no labels. ``listed``: a region of
        the user's own list.
    channel : str
        Whose scores are meant.
    name : str
        Of the region.
    contig, start, end : int
        Where it is: index of the contig, 0-based, half-open.
    score : float
        The highest in the region; NaN if no base has one.
    disagreement : float
        Between model and label; NaN if there is no label to compare with.
    test : bool
        Whether a base of it was held out for testing.
    """

    kind: Kind
    channel: str
    name: str
    contig: int
    start: int
    end: int
    score: float
    disagreement: float
    test: bool = False


@dataclass(frozen=True, eq=False)
class Called:
    """Called regions of a channel: intervals, the highest score of each, their names."""

    intervals: Intervals
    scores: np.ndarray
    names: Sequence[str]


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of a channel: its labelled regions, and bases that nobody judges; both merged and sorted."""

    labelled: Intervals
    masked: Intervals


def overlaps(intervals: Intervals, others: Intervals) -> np.ndarray:
    """Whether each interval shares a base with one of ``others``, which are merged and sorted; bool."""
    if not len(others):
        return np.zeros(len(intervals), bool)
    # One axis for all contigs.
    length = int(max(intervals.end.max(initial=0), others.end.max())) + 1
    shift, shifts = intervals.contig.astype(np.int64) * length, others.contig.astype(np.int64) * length
    first = np.searchsorted(others.end + shifts, intervals.start + shift, side="right")
    near = np.minimum(first, len(others) - 1)
    return (first < len(others)) & ((others.start + shifts)[near] < intervals.end + shift)


def rows_of(
    channel: str,
    called: Called,
    truth: Truth | None,
    peaks: Callable[[Intervals], np.ndarray],
    *,
    test: Intervals,
    most: int = MOST,
) -> list[Row]:
    """The rows of a channel: ``best``, ``missed`` and ``false``; without labels ``called``.

    Parameters
    ----------
    channel
        Of the scores.
    called
        Its regions.
    truth
        Its labels, if there are any.
    peaks
        Gives the highest score in each of some intervals, float64; asked for labelled regions only.
    test
        What was held out, merged and sorted.
    most
        Rows of a kind, the most telling ones: the highest score, and of ``missed`` the lowest.
    """
    if truth is None:
        unknown = np.full(len(called.scores), np.nan)
        return _rows("called", channel, called, unknown, test, _order(called, -called.scores)[:most])
    right = overlaps(called.intervals, truth.labelled)
    wrong = ~right & ~overlaps(called.intervals, truth.masked)
    best, false = _some(called, right), _some(called, wrong)
    lost = truth.labelled[~overlaps(truth.labelled, called.intervals)]
    missed = Called(lost, peaks(lost), [f"{channel}, labelled"] * len(lost))
    return [
        *_rows("best", channel, best, 1 - best.scores, test, _order(best, -best.scores)[:most]),
        *_rows("missed", channel, missed, 1 - missed.scores, test, _order(missed, missed.scores)[:most]),
        *_rows("false", channel, false, false.scores, test, _order(false, -false.scores)[:most]),
    ]


def listed_rows(channel: str, listed: Called, truth: Truth | None, test: Intervals) -> list[Row]:
    """A row for each region of a list, in its order."""
    off = np.full(len(listed.scores), np.nan)
    if truth is not None:
        off = np.where(overlaps(listed.intervals, truth.labelled), 1 - listed.scores, listed.scores)
    return _rows("listed", channel, listed, off, test, np.arange(len(off)))


def _some(called: Called, chosen: np.ndarray) -> Called:
    names = [called.names[row] for row in np.flatnonzero(chosen).tolist()]
    return Called(called.intervals[chosen], called.scores[chosen], names)


def _order(regions: Called, key: np.ndarray) -> np.ndarray:
    """Regions by a key, then by place; NaN last."""
    return np.lexsort((regions.intervals.start, regions.intervals.contig, key))


def _rows(
    kind: Kind, channel: str, regions: Called, disagreement: np.ndarray, test: Intervals, order: np.ndarray
) -> list[Row]:
    places = regions.intervals[order]
    where = (places.contig.tolist(), places.start.tolist(), places.end.tolist())
    figures = regions.scores[order].tolist(), disagreement[order].tolist(), overlaps(places, test).tolist()
    names = [regions.names[row] for row in order.tolist()]
    return [Row(kind, channel, *row) for row in zip(names, *where, *figures, strict=True)]
