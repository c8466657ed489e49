"""Near-duplicates: pairs of sequences that share most of their k-mers, on either strand.

The containment of two sequences is the number of tokens that both have over that of the one with fewer (see
``sketch`` for tokens). Candidates come from an inverted index, so that time and memory grow with the number
of tokens, whatever repeats there are; what the index leaves open is then counted out.
"""

from dataclasses import dataclass

import numpy as np

from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.kmers import is_new
from dnabilstm.audit.sketch import Index, Sketch, make_sketch

MIN_SHARED = 16
"""Tokens that near-duplicates share at least, whatever their lengths; fewer may be chance."""
TOKENS = 1 << 24
"""Tokens to look for candidates by; of more, an even sample. At the peak, 80 bytes each."""
PAIRS = (4, 0.25, 0.01, 0)
"""Pairs that the index may write out for each token; the next is tried where that leaves too much to count."""
COUNTED = 8
"""What may be counted out: as many times all tokens, but ``_BLOCK`` times this at least."""
_BLOCK = 1 << 22
_SAMPLED = 8  # tokens that a sample keeps of what most pairs of near-duplicates share


@dataclass(frozen=True)
class Pairs:
    """Pairs of sequences that are near-duplicates, each once, ``first < second``.

    Attributes
    ----------
    first, second : numpy.ndarray
        int64 (pairs,): indices of sequences.
    share : numpy.ndarray
        float64 (pairs,): containment.
    """

    first: np.ndarray
    second: np.ndarray
    share: np.ndarray


def near_pairs(codes: np.ndarray, borders: np.ndarray, parts: np.ndarray, config: AuditConfig) -> Pairs:
    """Find the near-duplicates among sequences that are all different.

    All are found, but for those that have only k-mers in common which very many sequences have: there at
    least the nearest of each part are compared.

    Parameters
    ----------
    codes, borders
        As in ``SequenceSet``.
    parts
        bool (parts, sequences): which parts a sequence is in.
    config
        ``k`` and ``containment``.
    """
    sizes = np.maximum(np.diff(borders) - config.k + 1, 0)
    scale = _scale(sizes, config)
    sketch = make_sketch(codes, borders, config.k, scale)
    for most_pairs in PAIRS:
        found = _candidates(sketch, parts, int(most_pairs * len(sketch.tokens)), scale, config.containment)
        work = np.minimum(sizes[found.first], sizes[found.second])[found.open].sum()
        if work <= COUNTED * max(sizes.sum(), _BLOCK):
            break
    shared, fewer, todo = found.shared, found.fewer, found.open
    shared[todo], fewer[todo] = _count_out(codes, borders, found.first[todo], found.second[todo], config.k)
    near = shared >= np.maximum(config.containment * fewer, MIN_SHARED)
    return Pairs(found.first[near], found.second[near], shared[near] / fewer[near])


@dataclass(frozen=True)
class _Candidates:
    """Pairs that may be near-duplicates: tokens shared as far as known, tokens of the one with fewer.

    ``open`` has the indices of those whose tokens are still to be counted out.
    """

    first: np.ndarray
    second: np.ndarray
    shared: np.ndarray
    fewer: np.ndarray
    open: np.ndarray


def _candidates(
    sketch: Sketch, parts: np.ndarray, most_pairs: int, scale: int, containment: float
) -> _Candidates:
    index = Index(sketch, most_pairs)
    keys, shared = index.pairs()
    linked = np.setdiff1d(index.links(parts), keys, assume_unique=True)
    first, second = np.divmod(np.concatenate([keys, linked]), max(sketch.count, 1))
    shared = np.concatenate([shared, np.zeros(len(linked), np.int64)])
    unseen = np.minimum(index.frequent[first], index.frequent[second])
    fewer = np.minimum(sketch.sizes[first], sketch.sizes[second])
    # A sample varies: half of what is wanted makes a candidate.
    share, least = (containment, MIN_SHARED) if scale == 1 else (containment / 2, 1)
    likely = shared + unseen >= np.maximum(share * fewer, least)
    open_ = np.flatnonzero((unseen[likely] > 0) | (scale > 1))
    return _Candidates(first[likely], second[likely], shared[likely], fewer[likely], open_)


def _scale(sizes: np.ndarray, config: AuditConfig) -> int:
    """One k-mer in how many is looked at: as few as ``TOKENS`` wants, but enough of nine sequences in ten."""
    sizes = sizes[sizes > 0]
    if not len(sizes):
        return 1
    short = np.quantile(sizes, 0.1)
    return int(max(1, min(-(-sizes.sum() // TOKENS), short * config.containment // _SAMPLED)))


def _count_out(
    codes: np.ndarray, borders: np.ndarray, first: np.ndarray, second: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Tokens that each pair shares, and those of the one with fewer: int64 (pairs,) each."""
    shared, fewer = np.zeros_like(first), np.zeros_like(first)
    lengths = np.diff(borders)
    work = np.cumsum(np.minimum(lengths[first], lengths[second]))
    cuts = np.searchsorted(work, np.arange(_BLOCK, work[-1], _BLOCK)) if len(work) else []
    for rows in np.split(np.arange(len(first)), np.unique(cuts)):
        involved, local = np.unique([first[rows], second[rows]], return_inverse=True)
        sketch = make_sketch(*_taken(codes, borders, involved), k)
        one, other = local.reshape(2, -1)
        swap = sketch.sizes[one] > sketch.sizes[other]
        one, other = np.where(swap, other, one), np.where(swap, one, other)
        fewer[rows] = sketch.sizes[one]
        # A sequence and a token as one number; the tokens of `one` are looked up as if they were `other`'s.
        numbers = np.cumsum(is_new(sketch.tokens)) - 1
        numbers = numbers[np.argsort(sketch.owners, kind="stable")]
        held = np.repeat(np.arange(sketch.count), sketch.sizes) * len(numbers) + numbers
        at, pair = _spans(np.cumsum(sketch.sizes) - sketch.sizes, sketch.sizes, one)
        asked = other[pair] * len(numbers) + numbers[at]
        hit = held[np.searchsorted(held, asked).clip(max=len(held) - 1)] == asked
        shared[rows] = np.bincount(pair[hit], minlength=len(rows))
    return shared, fewer


def _taken(codes: np.ndarray, borders: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and borders of some sequences."""
    lengths = np.diff(borders)
    at, _ = _spans(borders[:-1], lengths, chosen)
    return codes[at], np.concatenate([[0], np.cumsum(lengths[chosen])])


def _spans(starts: np.ndarray, sizes: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every place of the chosen spans, in order, and which of the chosen each belongs to."""
    wanted = sizes[chosen]
    of = np.repeat(np.arange(len(chosen)), wanted)
    within = np.arange(len(of)) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    return starts[chosen][of] + within, of
