"""How much of a score comes from the left and from the right, and from how far."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dnabilstm.explain.log_odds import LogOdds
from dnabilstm.explain.select import Choice
from dnabilstm.explain.withheld import (
    SIDES,
    Cut,
    bins_of_stretch,
    cuts_about,
    distances_up_to,
    places_of,
    room_of,
)

SEEN = ("full", "left", "right", "none")
"""Context that is seen at a place: all, that on the left or right only, or nothing but the place itself."""


@dataclass(frozen=True)
class Sides:
    """Both contexts of a locus, withheld in turn along it.

    Attributes
    ----------
    choice : Choice
        The locus.
    starts, ends : numpy.ndarray
        int64 (places,): where each place lies on the contig, 0-based, half-open.
    log_odds : dict
        For each of ``SEEN`` float (places, channels); NaN where a place has no score.
    """

    choice: Choice
    starts: np.ndarray
    ends: np.ndarray
    log_odds: dict[str, np.ndarray]

    def contribution(self, side: str) -> np.ndarray:
        """What a side adds to what the other one gives, float (places, channels)."""
        other = {"left": "right", "right": "left"}[side]
        return self.log_odds["full"] - self.log_odds[other]

    def along(self, values: np.ndarray) -> np.ndarray:
        """Values of the places, float (places,), at every base of the locus."""
        return np.repeat(values, self.ends - self.starts)


def sides_of(model: LogOdds, choice: Choice, most: int) -> Sides:
    """Withhold the left and the right context at places along a locus.

    Parameters
    ----------
    model
        What scores.
    choice
        The locus.
    most
        Places, at most; a place of several bins is looked at in the middle one.
    """
    locus, pool = choice.locus, model.config.pool
    bins, places = len(locus.codes) // pool, places_of(locus, pool, most)
    whole = [Cut(0, bins, *bins_of_stretch(locus, locus.start, locus.end, pool))]
    parts = [cut for place in places for cut in place.cuts(bins).values()]
    full, *found = _of_cuts(model, choice, [*whole, *parts])
    first = whole[0].start * pool
    called = locus.called
    at = [slice(place.bin * pool, (place.bin + 1) * pool) for place in places]
    named = {"full": [full[:, here.start - first : here.stop - first] for here in at]}
    named |= {name: found[k::3] for k, name in enumerate(SEEN[1:])}
    log_odds = {
        name: np.array([_mean(one, called[here]) for one, here in zip(values, at, strict=True)])
        for name, values in named.items()
    }
    starts = np.array([max(locus.start, place.start * pool + locus.origin) for place in places])
    ends = np.array([min(locus.end, place.stop * pool + locus.origin) for place in places])
    return Sides(choice, starts, ends, log_odds)


def _mean(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Over members and those bases that count: float (members, bases, channels) to (channels,)."""
    if not counted.any():
        return np.full(values.shape[2], np.nan)
    return values[:, counted].astype(np.float64).mean(axis=(0, 1))


def _of_cuts(model: LogOdds, choice: Choice, cuts: Sequence[Cut]) -> list[np.ndarray]:
    pool = model.config.pool
    windows = [cut.codes(choice.locus, pool) for cut in cuts]
    return model.of(windows, [cut.stretch(pool) for cut in cuts])


@dataclass(frozen=True)
class Distances:
    """Regions with ever more context.

    Attributes
    ----------
    distances : list of int
        Bases of context, ascending; the last is all that any of the windows has.
    log_odds : dict
        For each of ``SIDES`` float (loci, distances, channels): the objective of each region.
    """

    distances: list[int]
    log_odds: dict[str, np.ndarray]

    @property
    def full(self) -> np.ndarray:
        """With the whole context, float (loci, channels)."""
        return self.log_odds["both"][:, -1]


def withhold(model: LogOdds, choices: Sequence[Choice]) -> Distances | None:
    """Score regions with context up to rising distances only; None where no region has any context.

    Parameters
    ----------
    model
        What scores.
    choices
        The loci; what is scored is the mean over the region's bases, as in attributions.
    """
    pool = model.config.pool
    distances = distances_up_to(max(room_of(choice, pool) for choice in choices))
    if len(distances) == 1:
        return None
    found = [_of_region(model, choice, distances) for choice in choices]
    return Distances(distances, {side: np.stack([one[side] for one in found]) for side in SIDES})


def _of_region(model: LogOdds, choice: Choice, distances: list[int]) -> dict[str, np.ndarray]:
    """Of one region, for each of ``SIDES`` float (distances, channels)."""
    pool = model.config.pool
    cuts = [cut for distance in distances for cut in cuts_about(choice, distance, pool).values()]
    # A contig's end may leave a region with the same context at several distances.
    distinct = list(dict.fromkeys(cuts))
    first, last = cuts[0].start, cuts[0].stop
    weights = choice.weights[first * pool : last * pool]
    values = {
        cut: np.einsum("mbc,b->c", found.astype(np.float64), weights) / len(found)
        for cut, found in zip(distinct, _of_cuts(model, choice, distinct), strict=True)
    }
    return {side: np.array([values[cut] for cut in cuts[k :: len(SIDES)]]) for k, side in enumerate(SIDES)}
