"""Sections of the scores of a bigWig: runs, or values at a fixed step where that takes less room.

Scores of a network that pools are constant over its bins. A section whose runs all are whole bins has
one value a bin, in a third of the room that as many runs take; the step is found from the runs.
"""

import numpy as np

from dnabilstm.tracks.batches import spread
from dnabilstm.tracks.bbi import SECTION
from dnabilstm.tracks.deflate import pack
from dnabilstm.tracks.runs import Called

RUNS_PER_SECTION = 4096
# A run takes 12 bytes, a value at a fixed step 4.
_VALUES_PER_RUN = 3
_BEDGRAPH, _FIXED_STEP = 1, 3

_HEAD = np.dtype(
    [(name, "<u4") for name in ("contig", "start", "end", "step", "span")]
    + [("kind", "u1"), ("reserved", "u1"), ("items", "<u2")]
)
_RUN = np.dtype([("start", "<u4"), ("end", "<u4"), ("value", "<f4")])


def data_sections(called: Called, digits: int) -> tuple[np.ndarray, list[bytes], int]:
    """Pack the scores of a batch; a section holds one contig.

    Parameters
    ----------
    called
        Runs that have a score.
    digits
        Of which they are rounded.

    Returns
    -------
    tuple
        ``SECTION`` (sections,) without offsets, the bytes of each, and the most bytes of one before packing.
    """
    number = -(-called.count // RUNS_PER_SECTION)
    first = spread(np.cumsum(called.count) - called.count, number, RUNS_PER_SECTION)
    if not len(first):
        return np.empty(0, SECTION), [], 0
    count = np.diff(first, append=len(called.start))
    steps = _steps(called, first, count)

    heads = np.zeros(len(first), _HEAD)
    heads["contig"] = np.repeat(called.contig, number)
    heads["start"], heads["end"] = called.start[first], called.end[first + count - 1]
    fixed = steps > 0
    heads["step"] = heads["span"] = steps
    heads["kind"] = np.where(fixed, _FIXED_STEP, _BEDGRAPH)
    span = heads["end"].astype(np.int64) - heads["start"]
    heads["items"] = np.where(fixed, span // np.maximum(steps, 1), count)

    sizes = np.where(fixed, 4, _RUN.itemsize) * heads["items"].astype(np.int64)
    bodies = _bodies(called, fixed, steps, count, digits)
    text = heads.tobytes()
    packed, at = [], [0, 0]
    for number, (kind, size) in enumerate(zip(fixed.tolist(), sizes.tolist(), strict=True)):
        head = text[number * _HEAD.itemsize : (number + 1) * _HEAD.itemsize]
        packed.append(pack(head + bodies[kind][at[kind] : at[kind] + size]))
        at[kind] += size
    rows = np.zeros(len(heads), SECTION)
    rows["contig"] = rows["end_contig"] = heads["contig"]
    rows["start"], rows["end"] = heads["start"], heads["end"]
    rows["size"] = [len(some) for some in packed]
    return rows, packed, _HEAD.itemsize + int(sizes.max())


def _steps(called: Called, first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The step of each section, int64; 0 where runs take less room, or there are gaps between them."""
    size = (called.end - called.start).astype(np.uint32)
    bases = np.add.reduceat(size, first, dtype=np.int64)
    whole = bases == called.end[first + count - 1] - called.start[first]
    steps = np.minimum.reduceat(size, first)
    each = steps[0] if (steps == steps[0]).all() else np.repeat(steps, count)
    uneven = np.maximum.reduceat(size % each, first) > 0
    steps = np.where(uneven, 1, steps).astype(np.int64)
    return np.where(whole & (bases <= _VALUES_PER_RUN * steps * count), steps, 0)


def _bodies(
    called: Called, fixed: np.ndarray, steps: np.ndarray, count: np.ndarray, digits: int
) -> tuple[memoryview, memoryview]:
    """What the sections hold, end to end: of all that hold runs, and of all of fixed step."""
    values = (called.code / 10**digits).astype("<f4")
    of_fixed = np.repeat(fixed, count)
    start, end = called.start[~of_fixed], called.end[~of_fixed]
    rows = np.empty(len(start), _RUN)
    rows["start"], rows["end"], rows["value"] = start, end, values[~of_fixed]
    size = called.end[of_fixed] - called.start[of_fixed]
    repeated = np.repeat(values[of_fixed], size // np.repeat(steps[fixed], count[fixed]))
    return memoryview(rows.view(np.uint8)), memoryview(repeated.view(np.uint8))
