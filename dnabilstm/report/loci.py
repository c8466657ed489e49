"""Stretches of held-out sequence that show what the scores are like: the best, a typical, a missed, a false one."""

from dataclasses import dataclass

import numpy as np

from dnabilstm.intervals import runs
from dnabilstm.labels import MASK, Labels
from dnabilstm.score.store import Scores
from dnabilstm.tracks.calling import Regions, call_regions

KINDS = {
    "best": "the labelled region that was called and has the highest mean score",
    "typical": "the labelled region whose mean score is the median of all",
    "missed": "the labelled region that was not called and has the lowest maximum",
    "false": "the called region without a labelled base that has the highest maximum",
}
"""What is shown, and by which rule it is chosen; of equals the first in the genome."""


@dataclass(frozen=True)
class Example:
    """A region that is shown: 0-based, half-open."""

    kind: str
    channel: str
    contig: str
    start: int
    end: int


@dataclass(frozen=True)
class Found:
    """Regions of one channel in held-out sequence, by what became of them.

    Attributes
    ----------
    places : list of (str, int, int)
        Contig, start, end.
    mean, top : numpy.ndarray
        Of the scores in each.
    other : numpy.ndarray
        bool: whether a labelled region was called, or a called one has a labelled base.
    """

    places: list[tuple[str, int, int]]
    mean: np.ndarray
    top: np.ndarray
    other: np.ndarray


def examples(
    scores: Scores, labels: Labels, channel: str, threshold: float, held_out: list[tuple[str, int, int]]
) -> list[Example]:
    """The examples of a channel, one of each of ``KINDS`` where there is any.

    Parameters
    ----------
    scores, labels
        Of one genome.
    channel
        Of both.
    threshold
        Probability that a called region reaches; it extends down to half of it.
    held_out
        Contig, start and end of the stretches that are looked at.
    """
    true, called = regions_of(scores, labels, channel, threshold, held_out)
    picks = {
        "best": _first(true.other, -true.mean),
        "typical": _first(np.ones(len(true.mean), bool), np.abs(true.mean - _middle(true.mean))),
        "missed": _first(~true.other, true.top),
        "false": _first(~called.other, -called.top),
    }
    places = {kind: (called if kind == "false" else true).places for kind in picks}
    return [Example(kind, channel, *places[kind][k]) for kind, k in picks.items() if k is not None]


def _middle(values: np.ndarray) -> float:
    """The lower median: a value that is there."""
    return float(np.sort(values)[(len(values) - 1) // 2]) if len(values) else 0.0


def _first(allowed: np.ndarray, worth: np.ndarray) -> int | None:
    """The first of those with the lowest value among the allowed."""
    kept = np.flatnonzero(allowed)
    return int(kept[np.argmin(worth[kept])]) if len(kept) else None


def regions_of(
    scores: Scores, labels: Labels, channel: str, threshold: float, held_out: list[tuple[str, int, int]]
) -> tuple[Found, Found]:
    """The labelled and the called regions of some stretches; those without any score are left out."""
    true, called = [], []
    for contig, start, end in held_out:
        track = scores.track(channel, contig)[start:end]
        label = labels.track(channel, contig)[start:end]
        regions = call_regions(track, threshold=threshold, extend=threshold / 2)
        true += _labelled(track, label, regions, contig, start)
        called += _called(label, regions, contig, start)
    return _gathered(true), _gathered(called)


def _labelled(
    track: np.ndarray, label: np.ndarray, regions: Regions, contig: str, start: int
) -> list[tuple[tuple[str, int, int], float, float, bool]]:
    is_called = np.zeros(len(track), bool)
    for first, last in zip(regions.start, regions.end, strict=True):
        is_called[first:last] = True
    rows = []
    for first, last in runs(label == 1).tolist():
        values = track[first:last]
        values = values[~np.isnan(values)]
        if len(values):
            place = contig, start + first, start + last
            rows.append((place, float(values.mean()), float(values.max()), bool(is_called[first:last].any())))
    return rows


def _called(
    label: np.ndarray, regions: Regions, contig: str, start: int
) -> list[tuple[tuple[str, int, int], float, float, bool]]:
    rows = []
    for k in range(len(regions)):
        first, last = int(regions.start[k]), int(regions.end[k])
        # What is excluded counts for neither side, so a region that lies there is not shown as false.
        known = bool(np.isin(label[first:last], (1, MASK)).any())
        place = contig, start + first, start + last
        rows.append((place, float(regions.mean[k]), float(regions.max[k]), known))
    return rows


def _gathered(rows: list[tuple[tuple[str, int, int], float, float, bool]]) -> Found:
    places = [row[0] for row in rows]
    mean, top = (np.array([row[k] for row in rows], float) for k in (1, 2))
    return Found(places, mean, top, np.array([row[3] for row in rows], bool))
