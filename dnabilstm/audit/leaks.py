"""Which sequences of a part repeat sequences of another part, or of their own.

Four kinds of repeat. Of the first three a sequence has, towards one part, at most one, the strongest:

``exact``               the same letters
``reverse_complement``  the same letters on the other strand
``near``                most of the k-mers in common, on either strand (see ``near``)
``overlap``             at least one base of the genome in common, on either strand; where places are known
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.near import Pairs, near_pairs
from dnabilstm.audit.overlaps import find_overlaps, find_own_overlaps, number_places
from dnabilstm.audit.pool import Pool, contradictions_of, make_pool
from dnabilstm.sequences.store import SequenceSet

KINDS = ("exact", "reverse_complement", "near", "overlap")
EXACT, REVERSE, NEAR, OVERLAP = range(4)


@dataclass(frozen=True)
class Repeats:
    """Rows of one part that repeat rows of another: parallel arrays, ascending by row, then by kind.

    Attributes
    ----------
    rows, others : numpy.ndarray
        int64 (repeats,): the row, and a row of the other part that it repeats (there may be more).
    kinds : numpy.ndarray
        int64 (repeats,): index into ``KINDS``.
    shares : numpy.ndarray
        float64 (repeats,): 1, the containment, or the shared bases over those of the shorter interval.
    """

    rows: np.ndarray
    others: np.ndarray
    kinds: np.ndarray
    shares: np.ndarray

    def counts(self) -> dict[str, int]:
        """Rows of each kind; and under ``rows`` those of any kind, each once."""
        of_kind = np.bincount(self.kinds, minlength=len(KINDS)).tolist()
        return dict(zip(KINDS, of_kind, strict=True)) | {"rows": len(np.unique(self.rows))}


@dataclass(frozen=True)
class LeakReport:
    """What ``find_leaks`` found.

    Attributes
    ----------
    sizes : dict
        Sequences of each part, in the order of the parts.
    found : dict
        (part, other part) to ``Repeats``, for every pair in both directions; with (part, part) the rows that
        repeat an earlier row of their own part: so the rows beyond the first of each.
    contradictory : dict
        Part to bool (sequences,): whether the same sequence, or its reverse complement, has another class
        somewhere in the parts.
    contradictions : dict
        What is contradictory, counted: ``within`` each part and ``across`` all parts the number of
        different sequences; ``reverse_complement`` those of ``across`` whose classes differ only between
        strands.
    """

    sizes: dict[str, int]
    found: dict[tuple[str, str], Repeats]
    contradictory: dict[str, np.ndarray]
    contradictions: dict[str, object]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts, the one that trains first."""
        return tuple(self.sizes)

    @property
    def leaks(self) -> int:
        """Rows that repeat a row of an earlier part."""
        return sum(int(leaked(self, part).sum()) for part in self.parts)


def find_leaks(parts: Mapping[str, SequenceSet], config: AuditConfig | None = None) -> LeakReport:
    """Look for repeats between and inside the parts of a data set.

    Parameters
    ----------
    parts
        Name to sequences: ``train`` first, then ``valid`` and ``test``. A part may be empty. Classes are
        compared by name.
    config
        What counts as a near-duplicate.
    """
    config = config or AuditConfig()
    sets = list(parts.values())
    pool = make_pool(sets)
    near = near_pairs(pool.codes, pool.borders, pool.held, config)
    places = number_places([one.places for one in sets])
    found = {}
    for i, part in enumerate(parts):
        for j, other in enumerate(parts):
            rows, others, shares = (
                find_own_overlaps(places[i]) if i == j else find_overlaps(places[i], places[j])
            )
            overlap = rows, others, np.full_like(rows, OVERLAP), shares
            repeats = _same(pool, i, j), _near(pool, near, i, j), overlap
            columns = [np.concatenate(column) for column in zip(*repeats, strict=True)]
            order = np.lexsort([columns[2], columns[0]])
            found[part, other] = Repeats(*(column[order] for column in columns))
    sizes = {part: len(one) for part, one in parts.items()}
    contradictory, counted = contradictions_of(pool, sets, list(parts))
    return LeakReport(sizes, found, contradictory, counted)


def leaked(report: LeakReport, part: str, of: tuple[str, ...] | None = None) -> np.ndarray:
    """Rows of a part to leave out for a figure without leaks: bool (sequences,).

    Parameters
    ----------
    report
        Of ``find_leaks``.
    part
        The part whose rows are asked for.
    of
        The parts that they may not repeat; None: all before ``part``.
    """
    before = report.parts[: report.parts.index(part)] if of is None else of
    out = np.zeros(report.sizes[part], bool)
    for other in before:
        out[report.found[part, other].rows] = True
    return out


def repeated(report: LeakReport, part: str = "train", by: tuple[str, ...] | None = None) -> np.ndarray:
    """Rows of a part that rows of later parts repeat, to be left out of training: bool (sequences,).

    The mirror of ``leaked``; ``by``: the parts that may not repeat them, None for all after ``part``.
    """
    after = report.parts[report.parts.index(part) + 1 :] if by is None else by
    return leaked(report, part, after)


Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _same(pool: Pool, part: int, other: int) -> Columns:
    """Rows that are, or whose reverse complement is, a row of the other part, or an earlier one of the same."""
    ids, ahead, count = pool.ids[part], pool.forward[part], pool.held.shape[1]
    first = np.full((2, count), -1)
    for strand in (0, 1):
        there = np.flatnonzero(pool.forward[other] == strand)[::-1]
        first[strand, pool.ids[other][there]] = there
    rows = np.arange(len(ids))
    limit = rows if part == other else np.full_like(rows, np.iinfo(np.int64).max)
    found, kinds = np.full_like(rows, -1), np.zeros_like(rows)
    for kind, strand in ((REVERSE, 1 - ahead), (EXACT, ahead.astype(np.int64))):
        place = first[strand, ids]
        hit = (place >= 0) & (place < limit)
        found[hit], kinds[hit] = place[hit], kind
    hit = found >= 0
    return rows[hit], found[hit], kinds[hit], np.ones(int(hit.sum()))


def _near(pool: Pool, near: Pairs, part: int, other: int) -> Columns:
    """Rows that are near-duplicates of a row of the other part, which does not hold them; the best one each."""
    one, two = np.concatenate([near.first, near.second]), np.concatenate([near.second, near.first])
    share, here, there = np.tile(near.share, 2), pool.first[part], pool.first[other]
    if part == other:
        ok = (here[one] > there[two]) & (there[two] >= 0)
    else:
        ok = (here[one] >= 0) & (there[two] >= 0) & (there[one] < 0)
    one, two, share = one[ok], two[ok], share[ok]
    order = np.lexsort([there[two], -share, one])
    one, at = np.unique(one[order], return_index=True)
    best = np.full(len(here), -1)
    best[one] = order[at]
    ids = pool.ids[part]
    rows = np.flatnonzero(best[ids] >= 0)
    if part == other:  # its copies are exact repeats
        rows = rows[here[ids[rows]] == rows]
    at = best[ids[rows]]
    return rows, there[two[at]], np.full_like(rows, NEAR), share[at]
