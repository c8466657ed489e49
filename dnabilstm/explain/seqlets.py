"""Seqlets: short stretches whose attributions are larger than chance makes them.

What chance makes is measured: the attributions of each locus are dealt out anew over its bases, so that large
ones lie side by side by chance alone, and a share ``level`` of the bases passes the threshold. (Loci of shuffled
bases are no measure: where a model is less sure of a sequence its attributions are larger, and the same motifs turn
up in them.) A seqlet is a run of bases whose attribution, averaged over ``SMOOTH`` bases, passes it, with one sign
throughout. The idea of seqlets is that of TF-MoDISco (Shrikumar et al. 2018, arXiv 1811.00416).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dnabilstm.explain.attribution import Attribution
from dnabilstm.intervals import runs

SMOOTH = 5
"""Bases over which attributions are averaged before they are held against the threshold; odd."""
JOIN = 2
"""Runs that are closer than this, in bases, are one."""
SHORTEST = 4
DRAWN = 100_000
"""Bases that are dealt out for the threshold, at least."""


@dataclass(frozen=True)
class Seqlet:
    """One stretch of a locus.

    Attributes
    ----------
    locus : int
        Which of the attributions it is of.
    start, end : int
        Bases of the locus' stretch, 0-based, half-open.
    sign : int
        1 where its bases add to the objective, -1 where they take from it.
    total : float
        Sum of its attributions.
    """

    locus: int
    start: int
    end: int
    sign: int
    total: float


def smoothed(own: np.ndarray) -> np.ndarray:
    """Means of ``SMOOTH`` neighbours, float (bases,); beyond the ends there is nothing."""
    return np.convolve(own, np.full(SMOOTH, 1 / SMOOTH), mode="same")


def threshold_of(
    attributions: list[Attribution], column: int, level: float, rng: np.random.Generator
) -> float:
    """The mean attribution, without its sign, that a share ``level`` of the bases passes by chance.

    Parameters
    ----------
    attributions
        Of all loci; each is dealt out anew over its own bases.
    column
        The output.
    level
        Above 0, below 1.
    rng
        Of the dealing.
    """
    own = [one.own[:, column].astype(float) for one in attributions]
    times = -(-DRAWN // max(1, sum(map(len, own))))
    values = [np.abs(smoothed(rng.permutation(one))) for _ in range(times) for one in own]
    return float(np.quantile(np.concatenate(values), 1 - level))


def find_seqlets(attributions: list[Attribution], column: int, threshold: float) -> list[Seqlet]:
    """The seqlets of all loci, the strongest first."""
    found = [
        seqlet
        for number, one in enumerate(attributions)
        for sign in (1, -1)
        for seqlet in _of_sign(number, one.own[:, column].astype(float), sign, threshold)
    ]
    return sorted(found, key=lambda one: (-abs(one.total), one.locus, one.start))


def _of_sign(locus: int, own: np.ndarray, sign: int, threshold: float) -> Iterator[Seqlet]:
    passed = runs(sign * smoothed(own) > threshold)
    for start, end in _joined(passed):
        # The average reaches over the edges: a run ends where bases themselves count.
        low, high = max(0, start - SMOOTH // 2), min(len(own), end + SMOOTH // 2)
        strong = np.flatnonzero(sign * own[low:high] > threshold / 2)
        if len(strong) and strong[-1] + 1 - strong[0] >= SHORTEST:
            first, last = low + int(strong[0]), low + int(strong[-1]) + 1
            yield Seqlet(locus, first, last, sign, float(own[first:last].sum()))


def _joined(stretches: np.ndarray) -> list[list[int]]:
    """Stretches, ascending, with those joined that are closer than ``JOIN``."""
    joined: list[list[int]] = []
    for start, end in stretches.tolist():
        if joined and start - joined[-1][1] < JOIN:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    return joined
