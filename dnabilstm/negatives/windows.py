"""Windows of a genome that lie away from given intervals, from N and from each other."""

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Genome, no_call_intervals
from dnabilstm.intervals import Intervals, complement
from dnabilstm.intervals.algebra import concatenate, make_intervals
from dnabilstm.negatives.compose import GC_OF_CODE

TRIES = 4_096
"""Windows without the wanted GC content that are looked at before it is given up."""
_FIRST_TRIES = 8
_BLOCK = 1 << 21  # bases looked at together


def draw_windows(
    genome: Genome,
    blocked: Intervals,
    lengths: np.ndarray,
    rng: np.random.Generator,
    *,
    gc: np.ndarray | None = None,
    tolerance: float = 0.0,
) -> Intervals:
    """Draw one window for each length; where several places fit, each is equally likely.

    Parameters
    ----------
    genome
        Where the windows lie.
    blocked
        What no window overlaps. Nor do windows overlap each other, or an N.
    lengths
        int64 (windows,): bases of each.
    rng
        Where chance comes from.
    gc
        float64 (windows,): the GC content that each is to have; None: any.
    tolerance
        How far it may be off; half a base is always allowed.

    Returns
    -------
    Intervals
        In the order of ``lengths``, on strands drawn at random.

    Raises
    ------
    DnabilstmError
        If the genome has not enough room, or none of ``TRIES`` windows has the GC content of one.
    """
    blocked = concatenate([blocked, _no_bases(genome)])
    contig, start = np.full(len(lengths), -1, np.int32), np.zeros(len(lengths), np.int64)
    failed, tries = np.zeros(len(lengths), np.int64), 1 if gc is None else _FIRST_TRIES
    left = np.arange(len(lengths))
    while len(left):
        free = complement(blocked, genome)
        on, begin = _places(genome, free, lengths, left, tries, rng)
        chosen = np.zeros(len(left), np.int64)
        if gc is not None:
            chosen = _first_alike(genome, on, begin, lengths[left], gc[left], tolerance)
            failed[left] = np.where(chosen < 0, failed[left] + tries, 0)
            _check_tries(genome, failed, lengths, gc, tolerance)
            tries = min(2 * tries, TRIES)
        row = np.flatnonzero(chosen >= 0)
        on, begin, found = on[row, chosen[row]], begin[row, chosen[row]], left[row]
        apart = _apart(on, begin, begin + lengths[found])
        contig[found[apart]], start[found[apart]] = on[apart], begin[apart]
        end = begin[apart] + lengths[found[apart]]
        blocked = concatenate([blocked, make_intervals(on[apart], begin[apart], end)])
        left = left[contig[left] < 0]
    strand = rng.choice(np.array([1, -1], np.int8), len(lengths))
    return Intervals(contig, start, start + lengths, strand)


def _no_bases(genome: Genome) -> Intervals:
    """All runs of N, single ones too."""
    parts = []
    for index, name in enumerate(genome.names):
        runs = no_call_intervals(genome.sequence(name), run=1)
        parts.append(make_intervals(np.full(len(runs), index), runs[:, 0], runs[:, 1]))
    return concatenate(parts)


def _places(
    genome: Genome,
    free: Intervals,
    lengths: np.ndarray,
    left: np.ndarray,
    tries: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Contig and start of ``tries`` windows for each that is left: int64 (left, tries)."""
    on, start = (np.empty((len(left), tries), np.int64) for _ in range(2))
    sizes = lengths[left]
    for size in np.unique(sizes).tolist():
        rows = np.flatnonzero(sizes == size)
        room = np.maximum(free.end - free.start - size + 1, 0)
        reach = np.cumsum(room)
        if not room.any():
            raise DnabilstmError(
                f"{genome.source}: has room for {len(lengths) - len(left):,} of {len(lengths):,} windows"
                f" outside the regions, none for one more of {size:,} bases; ask for fewer (--ratio), or take"
                " another kind"
            )
        drawn = rng.integers(0, reach[-1], (len(rows), tries))
        region = np.searchsorted(reach, drawn, side="right")
        on[rows] = free.contig[region]
        start[rows] = free.start[region] + drawn - (reach - room)[region]
    return on, start


def _first_alike(
    genome: Genome,
    on: np.ndarray,
    start: np.ndarray,
    sizes: np.ndarray,
    gc: np.ndarray,
    tolerance: float,
) -> np.ndarray:
    """Which of its windows, (rows, tries), is the first with the GC content of the row; -1 if none is."""
    offset = np.array([contig.offset for contig in genome.contigs], np.int64)[on] + start
    tries = offset.shape[1]
    first = np.empty(len(offset), np.int64)
    for size in np.unique(sizes).tolist():
        of_size = np.flatnonzero(sizes == size)
        allowed = max(tolerance, 0.5 / size) + 1e-9
        for rows in np.array_split(of_size, -(-len(of_size) * tries * size // _BLOCK)):
            codes = genome.codes[offset[rows][..., None] + np.arange(size)]
            close = np.abs(GC_OF_CODE[codes].mean(axis=2) - gc[rows, None]) <= allowed
            first[rows] = np.where(close.any(axis=1), close.argmax(axis=1), -1)
    return first


def _check_tries(
    genome: Genome, failed: np.ndarray, lengths: np.ndarray, gc: np.ndarray, tolerance: float
) -> None:
    hopeless = np.flatnonzero(failed >= TRIES)
    if len(hopeless):
        one = hopeless[0]
        raise DnabilstmError(
            f"{genome.source}: found no window outside the regions for {len(hopeless):,} of {len(lengths):,}"
            f" negatives, such as one of {lengths[one]:,} bases with a GC content of {gc[one]:.3f} +-"
            f" {tolerance:g}; allow more (--gc-tolerance), or take another kind"
        )


def _apart(contig: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Which windows to take so that none overlaps another: the leftmost, and on; indices, ascending."""
    taken, reach, last = [], 0, -1
    order = np.lexsort([start, contig])
    rows = zip(
        order.tolist(), contig[order].tolist(), start[order].tolist(), end[order].tolist(), strict=True
    )
    for index, on, begin, stop in rows:
        if on != last or begin >= reach:
            taken.append(index)
            last, reach = on, stop
    return np.sort(np.array(taken, np.int64))
