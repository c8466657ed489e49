"""What near-duplicates are looked for by: the tokens of sequences, and an inverted index of them.

The *tokens* of a sequence are hashes of its canonical k-mers. The second and further copies of a k-mer count
as tokens of their own, so that a long poly-A is not alike every sequence that has a short one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dnabilstm.audit.kmers import hashes, is_new, mixed

ORDERS = 3
"""Orders in which sequences with a frequent token are neighbours."""
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Sketch:
    """Tokens of many sequences: parallel arrays, ascending by token, then by owner; no row twice.

    Attributes
    ----------
    owners : numpy.ndarray
        int64 (tokens,): index of the sequence.
    tokens : numpy.ndarray
        uint64 (tokens,).
    count : int
        Number of sequences.
    """

    owners: np.ndarray
    tokens: np.ndarray
    count: int

    @cached_property
    def sizes(self) -> np.ndarray:
        """Tokens of each sequence, int64 (sequences,)."""
        return np.bincount(self.owners, minlength=self.count)


def make_sketch(codes: np.ndarray, borders: np.ndarray, k: int, scale: int = 1) -> Sketch:
    """The tokens of sequences that lie end to end, as in ``SequenceSet``; of one k-mer in ``scale``, hashed."""
    owners, tokens = _sorted(*_collected(codes, borders, k, scale))
    again = np.concatenate([[False], (tokens[1:] == tokens[:-1]) & (owners[1:] == owners[:-1])])
    if again.any():
        place = np.arange(len(tokens))
        copy = place - np.maximum.accumulate(np.where(again, 0, place))
        renamed = mixed(tokens + copy.astype(np.uint64) * _ODD)
        owners, tokens = _sorted(owners, np.where(again, renamed, tokens))
    return Sketch(owners, tokens, len(borders) - 1)


def _collected(codes: np.ndarray, borders: np.ndarray, k: int, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Owner and hash of each k-mer, in order."""
    found: list[tuple[np.ndarray, np.ndarray]] = [(np.empty(0, np.int64), np.empty(0, np.uint64))]
    for positions, values in hashes(codes, k, scale):
        owners = np.searchsorted(borders, positions, side="right") - 1
        inside = positions + k <= borders[owners + 1]
        found.append((owners[inside], values[inside]))
    owners, tokens = (np.concatenate(column) for column in zip(*found, strict=True))
    return owners, tokens


def _sorted(owners: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(tokens, kind="stable")
    return owners[order], tokens[order]


def _distinct(values: np.ndarray) -> np.ndarray:
    """Each value once, ascending; faster than ``numpy.unique``, which hashes."""
    values = np.sort(values)
    return values[is_new(values)]


class Index:
    """The sequences of each token that at least two of them have.

    A token gives as many pairs as the square of its sequences. Only the rarer tokens do, as many as give at
    most ``most_pairs`` together; the others, the *frequent* ones, link neighbours only.
    """

    def __init__(self, sketch: Sketch, most_pairs: int) -> None:
        new = np.append(is_new(sketch.tokens), True)
        shared = np.flatnonzero(~(new[:-1] & new[1:]))
        self._owners, self._tokens, self._count = sketch.owners[shared], sketch.tokens[shared], sketch.count
        starts = np.flatnonzero(is_new(self._tokens))
        sizes = np.diff(np.append(starts, len(shared)))
        ordered = np.sort(sizes)
        written = np.cumsum(ordered * (ordered - 1) // 2)
        # Tokens that as many sequences have are all rare or all frequent.
        limit = ordered[np.searchsorted(written, most_pairs, side="right") :][:1]
        most = int(limit[0]) - 1 if len(limit) else int(sizes.max(initial=0))
        each = np.repeat(sizes, sizes)
        self._rare, self._frequent = np.flatnonzero(each <= most), np.flatnonzero(each > most)
        self._left = (np.repeat(starts + sizes, sizes) - 1 - np.arange(len(each)))[self._rare]

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs that have a rare token in common.

        Returns
        -------
        keys : numpy.ndarray
            int64 (pairs,), ascending: first * number of sequences + second, where first < second.
        shared : numpy.ndarray
            int64 (pairs,): the rare tokens that both have.
        """
        owners, place, left = self._owners, self._rare, self._left
        found, step = [np.empty(0, np.int64)], 1
        while len(place := place[left >= step]):
            left = left[left >= step]
            found.append(owners[place] * self._count + owners[place + step])
            step += 1
        written = np.concatenate(found)
        written.sort()
        starts = np.flatnonzero(is_new(written))
        return written[starts], np.diff(np.append(starts, len(written)))

    def links(self, parts: np.ndarray) -> np.ndarray:
        """Pairs that have a frequent token in common and are neighbours; see ``near_pairs``.

        For each token and sequence the nearest others of each part, on both sides, in ``ORDERS`` orders in
        which alike sequences are likely to be neighbours: that of their smallest tokens, by several hashes
        (MinHash; Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900).

        Parameters
        ----------
        parts
            bool (parts, sequences): which parts a sequence is in.

        Returns
        -------
        numpy.ndarray
            Keys as of ``pairs``.
        """
        found = [np.empty(0, np.int64)]
        if len(self._frequent):
            for number in range(ORDERS):
                found += self._neighbours(self._rank(number), parts)
        return _distinct(np.concatenate(found))

    def _neighbours(self, rank: np.ndarray, parts: np.ndarray) -> Iterator[np.ndarray]:
        owners, tokens = self._owners[self._frequent], self._tokens[self._frequent]
        order = np.lexsort([rank[owners], tokens])
        owners, tokens = owners[order], tokens[order]
        for held in parts:
            here = np.flatnonzero(held[owners])
            place = np.searchsorted(here, np.arange(len(owners)))
            after = np.searchsorted(here, np.arange(len(owners)), side="right")
            for near, exists in ((place - 1, place > 0), (after, after < len(here))):
                one = np.flatnonzero(exists)
                other = here[near[one]]
                same = tokens[one] == tokens[other]
                both = np.sort(np.stack([owners[one[same]], owners[other[same]]]), axis=0)
                yield _distinct(both[0] * self._count + both[1])

    def _rank(self, number: int) -> np.ndarray:
        """Place of each sequence in the order of their smallest tokens by one of the hashes: int64 (sequences,)."""
        smallest = np.full(self._count, np.iinfo(np.uint64).max)
        np.minimum.at(smallest, self._owners, mixed(self._tokens + np.uint64(number)))
        return np.argsort(np.argsort(smallest, kind="stable"))

    @cached_property
    def frequent(self) -> np.ndarray:
        """Frequent tokens of each sequence, int64 (sequences,)."""
        return np.bincount(self._owners[self._frequent], minlength=self._count)
