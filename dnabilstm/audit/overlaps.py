"""Sequences whose places on a genome share a base, found by sorting and never pair by pair."""

from collections.abc import Sequence

import numpy as np

from dnabilstm.sequences.store import Place


def number_places(sets: Sequence[Sequence[Place]]) -> list[np.ndarray]:
    """Places of several sets on one axis, contig after contig: int64 (places, 2) each, start and end."""
    contigs: dict[str, int] = {}
    for one in sets:
        for place in one:
            contigs.setdefault(place.contig, len(contigs))
    longest = max((place.end for one in sets for place in one), default=0) + 1
    shifts = [np.array([contigs[place.contig] for place in one], np.int64) * longest for one in sets]
    spans = [np.array([(place.start, place.end) for place in one], np.int64).reshape(-1, 2) for one in sets]
    return [span + shift[:, None] for span, shift in zip(spans, shifts, strict=True)]


def find_overlaps(places: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which intervals share a base with one of the others.

    Parameters
    ----------
    places, others
        int64 (intervals, 2): start and end, half-open, on one axis.

    Returns
    -------
    rows, found : numpy.ndarray
        int64 (overlaps,): each interval that does, and one that it shares a base with: of those that begin
        before its end the one that reaches farthest.
    shares : numpy.ndarray
        float64 (overlaps,): shared bases over those of the shorter of the two.
    """
    order = _ordered(others)
    farthest = _farthest(others[order])
    before = np.searchsorted(others[order, 0], places[:, 1], side="left") - 1
    rows = np.flatnonzero((before >= 0) & (places[:, 1] > places[:, 0]))
    return _touching(places, others, rows, order[farthest[before[rows]]])


def find_own_overlaps(places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which intervals share a base with one that begins before them, or with them in an earlier row.

    So of each cluster of overlapping intervals all but the first. Parameters and results as of
    ``find_overlaps``; the rows and what they overlap link all the intervals of a cluster.
    """
    order = _ordered(places)
    farthest = _farthest(places[order])
    rows, found, shares = _touching(places, places, order[1:], order[farthest[:-1]])
    ascending = np.argsort(rows)
    return rows[ascending], found[ascending], shares[ascending]


def _ordered(places: np.ndarray) -> np.ndarray:
    """Intervals that have a base, by start."""
    order = np.argsort(places[:, 0], kind="stable")
    return order[places[order, 1] > places[order, 0]]


def _farthest(places: np.ndarray) -> np.ndarray:
    """For each interval of an order the one with the largest end up to and with itself: int64 (intervals,)."""
    ends, place = places[:, 1], np.arange(len(places))
    leads = np.concatenate([[True], ends[1:] > np.maximum.accumulate(ends)[:-1]]) if len(ends) else ends > 0
    return np.maximum.accumulate(np.where(leads, place, 0))


def _touching(
    places: np.ndarray, others: np.ndarray, rows: np.ndarray, found: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of pairs of intervals those that share a base, with its share."""
    one, two = places[rows], others[found]
    shared = np.minimum(one[:, 1], two[:, 1]) - np.maximum(one[:, 0], two[:, 0])
    hit = shared > 0
    shorter = np.minimum(one[:, 1] - one[:, 0], two[:, 1] - two[:, 0])
    return rows[hit], found[hit], shared[hit] / shorter[hit]
