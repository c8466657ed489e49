"""All different sequences of the parts of a data set; a sequence and its reverse complement are one."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dnabilstm.alphabet import COMPLEMENT
from dnabilstm.sequences.store import UNKNOWN, SequenceSet


@dataclass(frozen=True)
class Pool:
    """The different sequences, each once, and where the parts have them.

    Attributes
    ----------
    ids : list of numpy.ndarray
        Of each part, int64 (rows,): which of the different sequences a row is.
    forward : list of numpy.ndarray
        Of each part, bool (rows,): whether a row is on the strand that sorts first.
    codes, borders : numpy.ndarray
        Of the different sequences, as in ``SequenceSet``.
    held : numpy.ndarray
        bool (parts, different): which parts have them.
    first : numpy.ndarray
        int64 (parts, different): their first row in each part, or -1.
    """

    ids: list[np.ndarray]
    forward: list[np.ndarray]
    codes: np.ndarray
    borders: np.ndarray
    held: np.ndarray
    first: np.ndarray


def make_pool(sets: list[SequenceSet]) -> Pool:
    """Put the sequences of all parts together."""
    numbers: dict[bytes, int] = {}
    ids, forward = [], []
    for one in sets:
        text, other = one.codes.tobytes(), COMPLEMENT[one.codes][::-1].tobytes()
        borders, total = one.borders.tolist(), len(text)
        here, ahead = [], []
        for start, end in pairwise(borders):
            sequence, turned = text[start:end], other[total - end : total - start]
            ahead.append(sequence <= turned)
            here.append(numbers.setdefault(min(sequence, turned), len(numbers)))
        ids.append(np.array(here, np.int64))
        forward.append(np.array(ahead, bool))
    lengths = np.fromiter(map(len, numbers), np.int64, len(numbers))
    codes = np.frombuffer(b"".join(numbers), np.uint8)
    first = np.full((len(sets), len(numbers)), -1)
    for row, here in zip(first, ids, strict=True):
        row[here[::-1]] = np.arange(len(here))[::-1]
    return Pool(ids, forward, codes, np.concatenate([[0], np.cumsum(lengths)]), first >= 0, first)


def contradictions_of(
    pool: Pool, sets: list[SequenceSet], parts: list[str]
) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Which rows are of a sequence that has two classes, and how many such sequences there are.

    See ``contradictory`` and ``contradictions`` of ``LeakReport``; classes are compared by name.
    """
    names = {name: n for n, name in enumerate(dict.fromkeys(c for one in sets for c in one.classes))}
    count = pool.held.shape[1]
    labels = [np.array([*map(names.get, one.classes), UNKNOWN], np.int64)[one.labels] for one in sets]
    two = [_two_classes(ids, own, count) for ids, own in zip(pool.ids, labels, strict=True)]
    every = np.concatenate(pool.ids), np.concatenate(labels)
    strands = np.concatenate(pool.forward)
    across = _two_classes(*every, count)
    on_strand = [_two_classes(every[0][strands == s], every[1][strands == s], count) for s in (False, True)]
    return {part: across[ids] for part, ids in zip(parts, pool.ids, strict=True)}, {
        "within": {part: int(found.sum()) for part, found in zip(parts, two, strict=True)},
        "across": int(across.sum()),
        "reverse_complement": int((across & ~on_strand[0] & ~on_strand[1]).sum()),
    }


def _two_classes(ids: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Which of the different sequences have two classes or more: bool (count,); unknown ones say nothing."""
    known = labels != UNKNOWN
    low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, UNKNOWN)
    np.minimum.at(low, ids[known], labels[known])
    np.maximum.at(high, ids[known], labels[known])
    return high > low
