"""Sequences of bases drawn anew, or with parts kept and the rest changed; many at once.

All take ``codes``, uint8 (bases,), end to end, and ``borders``, int64 (sequences + 1,), and give codes of
the same shape; no sequence is empty.
"""

import numpy as np

from dnabilstm.alphabet import ONE_HOT

BASES = np.array([1, 2, 4, 8], np.uint8)
"""uint8 (4,): the codes of A, C, G, T."""

GC_OF_CODE = ONE_HOT[:, 1:3].sum(axis=1).astype(np.float64)
"""float64 (16,): what a code adds to the GC content; an ambiguous one its share, so that N adds a half."""


def gc_content(codes: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """GC content of each sequence, from 0 to 1: float64 (sequences,)."""
    return np.add.reduceat(GC_OF_CODE[codes], borders[:-1]) / np.diff(borders)


def draw_alike(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bases drawn each on its own with the frequencies of all sequences together."""
    frequency = np.bincount(codes, minlength=16) @ ONE_HOT.astype(np.float64)
    bound = np.cumsum(frequency) / frequency.sum()
    return BASES[np.searchsorted(bound[:3], rng.random(len(codes)), side="right")]


def draw_with_gc(codes: np.ndarray, borders: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bases in random order, as many G or C in each sequence as its GC content says, to half a base.

    A and T, and C and G, have equal chances.
    """
    lengths = np.diff(borders)
    count = np.floor(gc_content(codes, borders) * lengths + 0.5).astype(np.int64)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort([rng.random(len(codes)), owner])
    strong = np.empty(len(codes), bool)
    strong[order] = np.arange(len(codes)) < (borders[:-1] + count)[owner]
    swapped = rng.integers(0, 2, len(codes), dtype=bool)
    return BASES[np.where(strong, 1 + swapped, 3 * swapped)]


def keep_parts(
    codes: np.ndarray,
    borders: np.ndarray,
    rng: np.random.Generator,
    *,
    parts: int,
    kept: float,
    rest: str,
) -> np.ndarray:
    """Cut each sequence into parts, keep some as they are, and change the bases of the others.

    The negatives of DeePromoter (Oubounyt et al. 2019, Front. Genet. 10:286): 20 parts of which 8 are
    kept and 12 replaced at random, so that a model cannot call a promoter by a part of its motifs.

    Parameters
    ----------
    codes, borders, rng
        The sequences, and where chance comes from.
    parts
        Parts of a sequence of n bases: base *i* lies in part ``i * parts // n``. A sequence with fewer
        bases has a part a base.
    kept
        Share of the parts that stay, rounded to whole ones.
    rest
        ``shuffle`` the bases outside the kept parts, all of a sequence together, or ``replace`` them
        by A, C, G and T with equal chances.
    """
    lengths = np.diff(borders)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    cut = np.minimum(parts, lengths)
    part = (np.arange(len(codes)) - borders[owner]) * cut[owner] // lengths[owner]
    draw = rng.random((len(lengths), parts))
    draw[np.arange(parts) >= cut[:, None]] = 2
    rank = draw.argsort(axis=1).argsort(axis=1)
    stays = rank < np.floor(kept * cut + 0.5)[:, None]
    places = np.flatnonzero(~stays[owner, part])
    out = codes.copy()
    if rest == "replace":
        out[places] = BASES[rng.integers(0, 4, len(places))]
    else:
        out[places] = codes[places[np.lexsort([rng.random(len(places)), owner[places]])]]
    return out
