"""Found motifs held against known ones: the best alignment, and how often chance does as well.

The likeness of two matrices is Pearson's correlation of the columns that lie over each other, at the best shift,
on the better strand. Its p-value is the share of matrices made of the known one's columns in random
order that are at least as like; the E-value is that times the number of known motifs, as of Gupta
et al. 2007 (Genome Biol. 8:R24), who also compare columns.
"""

from dataclasses import dataclass

import numpy as np

from dnabilstm.explain.align import flipped
from dnabilstm.explain.meme import Known

SHUFFLES = 1000
OVERLAP = 5
"""Columns that lie over each other, at least, or all of the narrower motif."""
SHARE = 0.6
"""The same as a share of the narrower motif."""


@dataclass(frozen=True)
class Match:
    """The known motif that a found one is most like.

    Attributes
    ----------
    name : str
        Of the known motif.
    correlation : float
        Pearson's, over the columns that lie over each other.
    shift : int
        Columns of the found motif before the known one begins; negative the other way round.
    strand : int
        -1 where the known motif lies on the other strand.
    p_value, e_value : float
        Of columns in random order.
    """

    name: str
    correlation: float
    shift: int
    strand: int
    p_value: float
    e_value: float


def best_match(shares: np.ndarray, known: list[Known], seed: int = 0) -> Match:
    """The known motif that a matrix is most like.

    Parameters
    ----------
    shares
        float (width, 4).
    known
        At least one.
    seed
        Of the shuffles.
    """
    found = [(*correlation(shares, one.shares[None]), one) for one in known]
    best = max(found, key=lambda row: float(row[0][0]))
    likeness, shift, strand, one = float(best[0][0]), int(best[1][0]), int(best[2][0]), best[3]
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(np.arange(len(one.shares)), (SHUFFLES, 1)), axis=1)
    chance = correlation(shares, one.shares[orders])[0]
    p_value = float((1 + (chance >= likeness - 1e-9).sum()) / (1 + SHUFFLES))
    return Match(one.name, likeness, shift, strand, p_value, p_value * len(known))


def correlation(shares: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a matrix with many of one width: the best correlation, its shift and strand; each (n,).

    Parameters
    ----------
    shares
        float (width, 4).
    others
        float (n, other width, 4).
    """
    width, other = len(shares), others.shape[1]
    least = min(width, other, max(OVERLAP, round(SHARE * min(width, other))))
    best = np.full(len(others), -2.0)
    shifts, strands = np.zeros(len(others), int), np.ones(len(others), int)
    for strand, turned in ((1, others), (-1, flipped(others))):
        for shift in range(least - other, width - least + 1):
            first, last = max(0, shift), min(width, shift + other)
            over = turned[:, first - shift : last - shift].reshape(len(others), -1)
            found = _pearson(shares[first:last].ravel(), over)
            better = found > best
            best[better], shifts[better], strands[better] = found[better], shift, strand
    return best, shifts, strands


def _pearson(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    one, many = one - one.mean(), many - many.mean(axis=1, keepdims=True)
    norms = np.sqrt((one**2).sum() * (many**2).sum(axis=1))
    return many @ one / np.maximum(norms, 1e-12)
