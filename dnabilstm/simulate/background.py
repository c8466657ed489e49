"""Random DNA whose GC content drifts and whose neighbours depend on each other, drawn in integers.

Only raw bits of PCG64 and integer thresholds decide, so a seed gives the same bytes on every machine
and with every version of numpy.
"""

import numpy as np

BASES = np.array([1, 2, 4, 8], np.uint8)
"""uint8 (4,): the codes of A, C, G, T."""

GC_RANGE = (350, 600)
"""Lowest and highest GC content of the background, in thousandths."""

GC_KNOT = 4_000
"""Bases between two knots of the GC drift."""

GC_STEP = 120
"""Most that the GC content changes from one knot to the next, in thousandths."""

# How much likelier than by chance one base follows another (rows: the first; columns: the second; both
# A, C, G, T). As in most genomes CG and TA are rare, AA and TT frequent; both strands read alike.
NEIGHBOURS = np.array(
    [[1.25, 0.90, 1.00, 0.90], [1.20, 1.10, 0.50, 1.00], [1.05, 1.10, 1.10, 0.90], [0.75, 1.05, 1.20, 1.25]]
)

_SCALE = 1 << 16


class Draws:
    """A stream of random integers that depends on the seed alone."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def below(self, bound: int | np.ndarray, size: int) -> np.ndarray:
        """Integers from 0 to ``bound - 1`` (below 2**31): int64 (size,)."""
        raw = (self._bits.random_raw(size) >> np.uint64(33)).astype(np.int64)
        return (raw * bound) >> 31

    def between(self, low: int, high: int) -> int:
        """One integer, both ends included."""
        return low + int(self.below(high - low + 1, 1)[0])

    def order(self, count: int) -> np.ndarray:
        """A random order of ``count`` things: int64 (count,)."""
        return np.argsort(self._bits.random_raw(count), kind="stable")


def gc_drift(draws: Draws, length: int) -> np.ndarray:
    """GC content along a contig, in thousandths: int64 (length,); straight lines between random knots."""
    low, high = GC_RANGE
    knots = [draws.between(low, high)]
    while len(knots) < length // GC_KNOT + 2:
        moved = knots[-1] + draws.between(-GC_STEP, GC_STEP)
        knots.append(min(2 * high - moved, max(2 * low - moved, moved)))
    place = np.arange(length)
    left, share = place // GC_KNOT, place % GC_KNOT
    values = np.array(knots)
    return (values[left] * (GC_KNOT - share) + values[left + 1] * share) // GC_KNOT


def make_background(draws: Draws, length: int) -> np.ndarray:
    """Codes of a random contig: uint8 (length,), A, C, G and T only.

    Each base depends on the one before it (``NEIGHBOURS``), with the GC content of ``gc_drift``.
    """
    cuts = _thresholds()[gc_drift(draws, length) - GC_RANGE[0]]  # (length, previous base, 3)
    drawn = draws.below(_SCALE, length)
    # What each base would be after A, after C, after G and after T; then the chain picks its way.
    after = (drawn[:, None, None] >= cuts).sum(2).astype(np.uint8).tobytes()
    chain = bytearray(length)
    base = draws.between(0, 3)
    for place in range(length):
        base = chain[place] = after[4 * place + base]
    return BASES[np.frombuffer(chain, np.uint8)]


def _thresholds() -> np.ndarray:
    """int64 (GC contents, previous base, 3): where the draw passes from A to C, to G, to T."""
    gc = np.arange(GC_RANGE[0], GC_RANGE[1] + 1)[:, None] / 1000
    content = np.where([False, True, True, False], gc / 2, (1 - gc) / 2)
    joint = np.broadcast_to(NEIGHBOURS, (len(gc), 4, 4))
    for _ in range(60):  # scaled until both margins are the wanted base content (Sinkhorn)
        joint = joint * (content / joint.sum(2))[:, :, None]
        joint = joint * (content / joint.sum(1))[:, None, :]
    chance = joint / joint.sum(2, keepdims=True)
    return np.rint(chance.cumsum(2)[:, :, :3] * _SCALE).astype(np.int64)


def mutate(draws: Draws, codes: np.ndarray, permille: int) -> np.ndarray:
    """A copy of codes in which that many thousandths of the bases, on average, became another base."""
    shift = draws.below(3, len(codes)) + 1
    hit = draws.below(1000, len(codes)) < permille
    base = np.searchsorted(BASES, codes)
    return BASES[np.where(hit, (base + shift) % 4, base)]
