"""Windows of a genome that lie away from given intervals, from N and from each other."""

from collections.abc import Iterator

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Genome, no_call_intervals
from dnabilstm.intervals import Intervals, complement
from dnabilstm.intervals.algebra import concatenate, make_intervals
from dnabilstm.negatives.compose import GC_OF_CODE

TRIES = 4_096
"""Windows drawn for a GC content before the whole genome is searched for it."""
SEARCHED = 1 << 33
"""Windows of a genome that such searches may look at, together; about half a minute."""
_FIRST_TRIES = 8
_BLOCK = 1 << 22  # bases looked at together
# Six times what a code adds to the GC content: a whole number for ambiguous codes too.
_SIXTHS = np.round(6 * GC_OF_CODE).astype(np.uint8)


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
        If the genome has not enough room, or no window with the GC content of one of them.
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
            tries = min(2 * tries, TRIES)
            hard = np.flatnonzero(failed[left] >= TRIES)
            if len(hard):
                places = search(genome, free, lengths[left[hard]], gc[left[hard]], tolerance, rng)
                on[hard, 0], begin[hard, 0], chosen[hard] = *places, 0
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
    genome: Genome, on: np.ndarray, start: np.ndarray, sizes: np.ndarray, gc: np.ndarray, tolerance: float
) -> np.ndarray:
    """Which of its windows, (rows, tries), is the first with the GC content of the row; -1 if none is."""
    offset = np.array([contig.offset for contig in genome.contigs], np.int64)[on] + start
    tries = offset.shape[1]
    first = np.empty(len(offset), np.int64)
    for size in np.unique(sizes).tolist():
        windows = np.lib.stride_tricks.sliding_window_view(genome.codes, size)
        of_size = np.flatnonzero(sizes == size)
        for rows in np.array_split(of_size, -(-len(of_size) * tries * size // _BLOCK)):
            found = _SIXTHS[windows[offset[rows]]].sum(axis=2, dtype=np.int32) / (6 * size)
            close = np.abs(found - gc[rows, None]) <= _allowed(tolerance, size)
            first[rows] = np.where(close.any(axis=1), close.argmax(axis=1), -1)
    return first


def _allowed(tolerance: float, size: int) -> float:
    return max(tolerance, 0.5 / size) + 1e-9


def search(
    genome: Genome,
    free: Intervals,
    sizes: np.ndarray,
    gc: np.ndarray,
    tolerance: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Look at every free window of the genome for each GC content, and draw one of those that have it.

    Returns
    -------
    contig, start : numpy.ndarray
        int64 (windows,).

    Raises
    ------
    DnabilstmError
        If there is none for one of them, with the tolerance that would do; or if there is too much
        to look at.
    """
    if len(sizes) * genome.total > SEARCHED:
        raise DnabilstmError(
            f"{genome.source}: windows for {len(sizes):,} negatives are rare outside the regions,"
            f" {_shown(sizes[0], gc[0], tolerance)}; allow more (--gc-tolerance), or take another kind"
        )
    on, start, seen = (np.zeros(len(sizes), np.int64) for _ in range(3))
    nearest = np.full(len(sizes), np.inf)
    for contig, first, places, found, size in _all_windows(genome, free, np.unique(sizes)):
        for row in np.flatnonzero(sizes == size):
            off = np.abs(found - gc[row])
            nearest[row] = min(nearest[row], off.min())
            close = np.flatnonzero(off <= _allowed(tolerance, size))
            seen[row] += len(close)
            # Each of all that were seen so far is as likely to be the one.
            if rng.random() * seen[row] < len(close):
                on[row], start[row] = contig, first + places[rng.choice(close)]
    if not seen.all():
        worst = int(nearest.argmax())
        needed = np.ceil(nearest[worst] * 1000) / 1000
        raise DnabilstmError(
            f"{genome.source}: negatives without a window outside the regions: {(seen == 0).sum():,},"
            f" {_shown(sizes[worst], gc[worst], tolerance)}; --gc-tolerance {needed:g} would do, or take"
            " another kind"
        )
    return on, start


def _shown(size: int, gc: float, tolerance: float) -> str:
    return f"such as of {size:,} bases with a GC content of {gc:.3f} +- {tolerance:g}"


def _all_windows(
    genome: Genome, free: Intervals, sizes: np.ndarray
) -> Iterator[tuple[int, int, np.ndarray, np.ndarray, int]]:
    """Contig, first base of a stretch, starts of the free windows from there, their GC content, their size."""
    for contig, name in enumerate(genome.names):
        codes, regions = genome.sequence(name), free.of_contig(contig)
        for first in range(0, len(codes), _BLOCK):
            last = min(first + _BLOCK, len(codes))
            total = np.r_[0, np.cumsum(_SIXTHS[codes[first : last + int(sizes[-1])]], dtype=np.int64)]
            for size in sizes.tolist():
                low, high = np.clip([regions[:, 0], regions[:, 1] - size + 1], first, last) - first
                step = np.zeros(last - first + 1, np.int32)
                np.add.at(step, low[low < high], 1)
                np.add.at(step, high[low < high], -1)
                places = np.flatnonzero(np.cumsum(step[:-1]))
                if len(places):
                    yield contig, first, places, (total[places + size] - total[places]) / (6 * size), size


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
