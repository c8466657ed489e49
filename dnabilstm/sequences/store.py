"""A set of sequences, each perhaps with a class and a place on a genome."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from dnabilstm.alphabet import decode

UNKNOWN = -1
"""The label of a sequence whose class is not known."""


@dataclass(frozen=True)
class Place:
    """Where a sequence lies on a genome: 0-based, half-open; strand +1, -1, or 0 where it has none."""

    contig: str
    start: int
    end: int
    strand: int = 0


@dataclass(frozen=True)
class SequenceSet:
    """Sequences of any lengths, their codes end to end.

    Attributes
    ----------
    names : tuple of str
        One a sequence; need not be unique.
    codes : numpy.ndarray
        uint8 (bases,), as ``dnabilstm.alphabet`` encodes them.
    borders : numpy.ndarray
        int64 (sequences + 1,): sequence *i* is ``codes[borders[i]:borders[i + 1]]``.
    labels : numpy.ndarray
        int64 (sequences,): index into ``classes``, or ``UNKNOWN``.
    classes : tuple of str
        Names of the classes; empty where no sequence has one.
    places : tuple of Place or None
        Where each sequence lies on a genome; empty where that is not known.
    source : str
        The files that they come from, for messages.
    """

    names: tuple[str, ...]
    codes: np.ndarray
    borders: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...] = ()
    places: tuple[Place, ...] = field(default=())
    source: str = ""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def lengths(self) -> np.ndarray:
        """Bases of each sequence, int64 (sequences,)."""
        return np.diff(self.borders)

    def sequence(self, index: int) -> np.ndarray:
        """Codes of one sequence, uint8 (length,), a view."""
        return self.codes[self.borders[index] : self.borders[index + 1]]

    def text(self, index: int) -> str:
        """One sequence as upper-case letters."""
        return decode(self.sequence(index)).decode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 over borders, codes, classes and labels, hexadecimal; names and places do not count."""
        parts = (self.borders.astype("<i8"), self.codes, self.labels.astype("<i8"))
        found = hashlib.sha256("\t".join(self.classes).encode("utf-8", "surrogateescape"))
        for part in parts:
            found.update(np.ascontiguousarray(part))
        return found.hexdigest()

    def subset(self, indices: np.ndarray) -> "SequenceSet":
        """Some of the sequences, in the order of ``indices``: int64, or bool (sequences,)."""
        chosen = np.arange(len(self))[indices]
        parts = [self.sequence(i) for i in chosen]
        return make_set(
            [self.names[i] for i in chosen],
            parts,
            self.labels[chosen],
            self.classes,
            [self.places[i] for i in chosen] if self.places else (),
            self.source,
        )


def make_set(
    names: Iterable[str],
    sequences: Sequence[np.ndarray],
    labels: np.ndarray | None = None,
    classes: Iterable[str] = (),
    places: Iterable[Place] = (),
    source: str = "",
) -> SequenceSet:
    """Put sequences, each uint8 (length,), together; without ``labels`` no class is known."""
    borders = np.concatenate([[0], np.cumsum([len(part) for part in sequences], dtype=np.int64)])
    codes = np.concatenate([np.empty(0, np.uint8), *sequences])
    known = np.full(len(sequences), UNKNOWN) if labels is None else labels
    return SequenceSet(
        tuple(names), codes, borders, known.astype(np.int64), tuple(classes), tuple(places), source
    )


def joined(sets: Sequence[SequenceSet]) -> SequenceSet:
    """Sets with the same classes as one, in order; places are kept where all have them."""
    first, placed = sets[0], all(one.places for one in sets)
    return make_set(
        [name for one in sets for name in one.names],
        [one.sequence(index) for one in sets for index in range(len(one))],
        np.concatenate([one.labels for one in sets]),
        first.classes,
        [place for one in sets for place in one.places] if placed else (),
        first.source,
    )
