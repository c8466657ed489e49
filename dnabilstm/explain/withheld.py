"""Windows with their context withheld: cut at the borders of bins, with nothing beyond, as at a contig's end.

To a network of any architecture, what is withheld is not there: a direction that comes from the cut starts with a
state of zero, and filters, attention and deeper layers see nothing beyond it. Bins stay where they are.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dnabilstm.explain.loci import Locus
from dnabilstm.explain.select import Choice

STEPS = (1, 2, 5)
"""Distances rise by these, times powers of ten, from 10 bases on."""
SIDES = ("both", "left", "right")


@dataclass(frozen=True)
class Cut:
    """Bins ``first`` to ``last`` of a locus' window, as a contig of their own, and bins of them that are looked at."""

    first: int
    last: int
    start: int
    stop: int

    def codes(self, locus: Locus, pool: int) -> np.ndarray:
        """Of the bins, uint8 (bins * pool,)."""
        return locus.codes[self.first * pool : self.last * pool]

    def stretch(self, pool: int) -> slice:
        """The bases of these codes that are looked at."""
        return slice((self.start - self.first) * pool, (self.stop - self.first) * pool)


@dataclass(frozen=True)
class Place:
    """Bins ``start`` to ``stop`` of a locus' window, and the bin among them at which context is withheld."""

    start: int
    stop: int
    bin: int

    def cuts(self, bins: int) -> dict[str, Cut]:
        """The bin with what is ``left`` or ``right`` of it only, in a window of so many bins, or with ``none``."""
        here = self.bin, self.bin + 1
        return {
            "left": Cut(0, self.bin + 1, *here),
            "right": Cut(self.bin, bins, *here),
            "none": Cut(*here, *here),
        }


def places_of(locus: Locus, pool: int, most: int) -> list[Place]:
    """Places along a locus, left to right: each of its bins, or runs of bins, at most ``most`` of like length."""
    first, last = bins_of_stretch(locus, locus.start, locus.end, pool)
    count = min(most, last - first)
    borders = np.linspace(first, last, count + 1).round().astype(int).tolist()
    return [Place(start, stop, (start + stop - 1) // 2) for start, stop in pairwise(borders)]


def bins_of_stretch(locus: Locus, start: int, end: int, pool: int) -> tuple[int, int]:
    """First bin of a locus' window that a stretch of its contig lies in, and the end of the last."""
    return (start - locus.origin) // pool, -(-(end - locus.origin) // pool)


def room_of(choice: Choice, pool: int) -> int:
    """Bases of context that the window has beside the region, on the side where there are more."""
    first, last = bins_of_stretch(choice.locus, choice.start, choice.end, pool)
    return max(first, len(choice.locus.codes) // pool - last) * pool


def distances_up_to(most: int) -> list[int]:
    """0, 10, 20, 50, 100 and so on, below ``most``, and ``most``."""
    rising = [step * 10**power for power in range(1, 9) for step in STEPS]
    return [0, *(distance for distance in rising if distance < most), *([most] if most else [])]


def cuts_about(choice: Choice, distance: int, pool: int) -> dict[str, Cut]:
    """The region with so many bases of context, in whole bins: on both sides, or on one and none on the other."""
    bins, context = len(choice.locus.codes) // pool, -(-distance // pool)
    region = bins_of_stretch(choice.locus, choice.start, choice.end, pool)
    left, right = max(0, region[0] - context), min(bins, region[1] + context)
    return {
        "both": Cut(left, right, *region),
        "left": Cut(left, region[1], *region),
        "right": Cut(region[0], right, *region),
    }
