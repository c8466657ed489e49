"""Scores of a batch of contigs: equal neighbours joined into runs, then rounded, then joined again.

A rounded score is kept as a whole number of steps of ``10**-digits`` (its code), so that equal means
equal and every number of a text track comes from one small table. Scores of a network that pools are
constant over its bins: joining before rounding leaves that much less to round.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.tracks.batches import Batch
from dnabilstm.tracks.options import TrackConfig

NO_CALL = int(np.iinfo(np.int32).min)
"""The code of a no-call: below that of every value, of which some tracks have negative ones."""
PROBABILITY = (0.0, 1.0)
# Bases that are looked at once to find the end of a run beyond its batch.
_AHEAD = 1 << 16

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Runs:
    """The runs of a batch, no-calls too; none passes the end of a contig or of the batch.

    Attributes
    ----------
    batch : Batch
        Where they are.
    start : numpy.ndarray
        int64 (runs,), bases of the batch.
    code : numpy.ndarray
        int32 (runs,); ``NO_CALL`` where there is none.
    first : numpy.ndarray
        int64 (pieces + 1,), the first run of each stretch of the batch, then the number of runs.
    continued : bool
        Whether the first run goes on from the batch before.
    beyond : int
        Bases that the last run goes on after the batch; 0 if it is not called or itself goes on.
    """

    batch: Batch
    start: np.ndarray
    code: np.ndarray
    first: np.ndarray
    continued: bool
    beyond: int


@dataclass(frozen=True)
class Called:
    """The runs of a batch that have a score, in bases of their contigs.

    Attributes
    ----------
    contig, count : numpy.ndarray
        int64 (pieces,), contig of each stretch of the batch, and its number of runs.
    start, end : numpy.ndarray
        int64 (runs,), 0-based, half-open.
    code : numpy.ndarray
        int32 (runs,).
    """

    contig: np.ndarray
    count: np.ndarray
    start: np.ndarray
    end: np.ndarray
    code: np.ndarray


def round_scores(
    scores: np.ndarray, digits: int = TrackConfig.digits, bounds: tuple[float, float] = PROBABILITY
) -> np.ndarray:
    """Round scores to ``digits`` decimals, as ``numpy.round`` does in float64.

    Parameters
    ----------
    scores
        float32 (length,); NaN is a no-call.
    digits
        Decimals that are kept.
    bounds
        What the scores may be, from and to; those of a probability, unless a track is of something else.

    Returns
    -------
    numpy.ndarray
        int32 (length,): the score in steps of ``10**-digits``, or ``NO_CALL``.

    Raises
    ------
    DnabilstmError
        If a score is not within the bounds.
    """
    gap = np.isnan(scores)
    least, most = bounds
    if np.fmin.reduce(scores, initial=least) < least or np.fmax.reduce(scores, initial=most) > most:
        found = scores[~gap & ((scores < least) | (scores > most))][0]
        what = "probabilities, 0 to 1" if bounds == PROBABILITY else f"{least:g} to {most:g}"
        raise DnabilstmError(f"scores: found {found}; wanted {what}; score again")
    steps = scores.astype(np.float64)
    steps *= 10**digits
    np.rint(steps, out=steps)
    steps[gap] = NO_CALL
    return steps.astype(np.int32)


def equal_runs(track: np.ndarray, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Start, int64 in bases of the batch, and score, float32, of runs of equal scores; as ``Runs`` else.

    Parameters
    ----------
    track
        float32 (total bases,) of all contigs.
    batch
        Which of them.
    """
    scores = track[batch.start : batch.end]
    if len(scores) == 0:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    bits = scores.view(np.uint32)
    change = np.empty(len(bits), bool)
    np.not_equal(bits[1:], bits[:-1], out=change[1:])
    change[batch.at] = True
    start = np.flatnonzero(change)
    return start, scores[start]


def batch_runs(
    track: np.ndarray,
    batch: Batch,
    digits: int = TrackConfig.digits,
    bounds: tuple[float, float] = PROBABILITY,
) -> Runs:
    """The runs of equal rounded scores of a batch.

    Parameters
    ----------
    track
        float32 (total bases,) of all contigs; NaN is a no-call.
    batch
        Which of them.
    digits, bounds
        See ``round_scores``.
    """
    start, scores = equal_runs(track, batch)
    code = round_scores(scores, digits, bounds)
    change = np.empty(len(code), bool)
    np.not_equal(code[1:], code[:-1], out=change[1:])
    change[np.searchsorted(start, batch.at)] = True
    start, code = start[change], code[change]
    first = np.append(np.searchsorted(start, batch.at), len(start))

    continued, beyond = False, 0
    if batch.local[0]:
        before = round_scores(track[batch.start - 1 : batch.start], digits, bounds)[0]
        continued = bool(before == code[0] != NO_CALL)
    if batch.more and code[-1] != NO_CALL and not (continued and len(code) == 1):
        beyond = _beyond(track[batch.end : batch.end + batch.more], code[-1], digits, bounds)
    return Runs(batch, start, code, first, continued, beyond)


def _beyond(scores: np.ndarray, code: int, digits: int, bounds: tuple[float, float]) -> int:
    """How many scores at the beginning round to ``code``."""
    for first in range(0, len(scores), _AHEAD):
        other = round_scores(scores[first : first + _AHEAD], digits, bounds) != code
        if other.any():
            return first + int(np.argmax(other))
    return len(scores)


def called_runs(runs: Runs) -> Called:
    """The runs of a batch that have a score."""
    batch = runs.batch
    end = np.append(runs.start[1:], batch.end - batch.start)
    shift = batch.local - batch.at
    counts = np.diff(runs.first)
    shifts = shift[0] if len(shift) == 1 else np.repeat(shift, counts)
    start, end, code = runs.start + shifts, end + shifts, runs.code
    gap = code == NO_CALL
    if gap.any():
        gaps = np.concatenate([[0], np.cumsum(gap)])
        counts = counts - np.diff(gaps[runs.first])
        start, end, code = start[~gap], end[~gap], code[~gap]
    return Called(batch.contig, counts, start, end, code)


def whole_runs(runs: Runs, called: Called) -> Called:
    """The runs that start in a batch, whole: one that goes on from the batch before belongs to that."""
    start, end, code, count = called.start, called.end, called.code, called.count
    if runs.beyond:
        end = end.copy()
        end[-1] += runs.beyond
    if runs.continued:
        start, end, code = start[1:], end[1:], code[1:]
        count = count.copy()
        count[0] -= 1
    return Called(called.contig, count, start, end, code)


def in_order(function: Callable[[Item], Result], items: Iterator[Item], workers: int = 1) -> Iterator[Result]:
    """Map ``function`` over ``items`` on threads; results come in order, few are held at a time.

    zlib and numpy let go of the interpreter lock, so threads do help; the bytes written do not depend
    on their number.
    """
    if workers <= 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        pending = [pool.submit(function, item) for item in islice(items, 2 * workers)]
        while pending:
            result = pending.pop(0).result()
            pending += [pool.submit(function, item) for item in islice(items, 1)]
            yield result
