"""Scores of a contig, block by block: rounded, equal neighbours joined into runs.

A rounded score is kept as a whole number of steps of ``10**-digits`` (its code), so that equal means
equal and every number of a text track comes from one small table.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.tracks.options import TrackConfig

# Two million bytes of scores; a power of four times 32, so that the bins of every zoom level fit.
BLOCK = 32 * 4**7
NO_CALL = -1

Item = TypeVar("Item")
Result = TypeVar("Result")


def round_scores(scores: np.ndarray, digits: int = TrackConfig.digits) -> np.ndarray:
    """Round scores to ``digits`` decimals, as ``numpy.round`` does in float64.

    Parameters
    ----------
    scores
        float32 (length,), probabilities; NaN is a no-call.
    digits
        Decimals that are kept.

    Returns
    -------
    numpy.ndarray
        int32 (length,): the score in steps of ``10**-digits``; -1 is a no-call.

    Raises
    ------
    DnabilstmError
        If a score is not in 0 to 1.
    """
    gap = np.isnan(scores)
    wrong = ~gap & ((scores < 0) | (scores > 1))
    if wrong.any():
        raise DnabilstmError(f"scores: found {scores[wrong][0]}; wanted probabilities, 0 to 1; score again")
    steps = scores.astype(np.float64)
    steps *= 10**digits
    np.rint(steps, out=steps)
    steps[gap] = NO_CALL
    return steps.astype(np.int32)


def blocks(track: np.ndarray, size: int = BLOCK) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the start and the scores of each block of a track, in order."""
    for start in range(0, len(track), size):
        yield start, track[start : start + size]


def joined_runs(
    track: np.ndarray, digits: int = TrackConfig.digits, size: int = BLOCK
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the runs of equal rounded scores of a contig, many at a time, joined over block borders.

    Parameters
    ----------
    track
        float32 (length,) of one contig; NaN is a no-call and belongs to no run.
    digits
        See ``round_scores``.
    size
        Bases held in memory at a time.

    Yields
    ------
    tuple of numpy.ndarray
        start and end, int64 (runs,), 0-based, half-open, ascending, and code, int32 (runs,).
    """
    # The last run of a block stays open: the next block may go on with it.
    open_start, open_code = 0, NO_CALL
    for start, scores in blocks(track, size):
        codes = round_scores(scores, digits)
        cuts = np.flatnonzero(codes[1:] != codes[:-1]) + 1
        first = [open_start] if codes[0] == open_code else [open_start, start]
        kept = codes[:1] if codes[0] == open_code else np.array([open_code, codes[0]], np.int32)
        borders = np.concatenate([np.array(first, np.int64), cuts + start])
        values = np.concatenate([kept, codes[cuts]])
        yield _called(borders, values[:-1])
        open_start, open_code = int(borders[-1]), int(values[-1])
    yield _called(np.array([open_start, len(track)], np.int64), np.array([open_code], np.int32))


def _called(borders: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    keep = codes != NO_CALL
    return borders[:-1][keep], borders[1:][keep], codes[keep]


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
