"""The places that are explained: each a stretch of a contig, with the context that its scores need."""

from dataclasses import dataclass

import numpy as np

from dnabilstm.alphabet import PAD
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig, Genome, no_call_intervals
from dnabilstm.score.plan import Window, bins_of, codes_of


@dataclass(frozen=True)
class Locus:
    """A stretch of a contig, and the window of whole pooling bins in which a network sees it.

    Attributes
    ----------
    name : str
        What it is called in tables and pictures.
    contig : Contig
        Where it lies; of a sequence that belongs to no genome, a contig that is that sequence.
    start, end : int
        0-based, half-open, on the contig.
    codes : numpy.ndarray
        uint8 (bins * pool,): the window, bins placed as on the whole contig, padding where it hangs
        over the contig's ends.
    origin : int
        Where the window's first code lies on the contig; below 0 where it hangs over.
    """

    name: str
    contig: Contig
    start: int
    end: int
    codes: np.ndarray
    origin: int

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def inside(self) -> slice:
        """Where the stretch lies in ``codes``."""
        return slice(self.start - self.origin, self.end - self.origin)

    @property
    def called(self) -> np.ndarray:
        """Which bases of the window have a score, bool (bins * pool,): not padding, and not in a run of N."""
        called = self.codes != PAD
        for start, end in no_call_intervals(self.codes):
            called[start:end] = False
        return called


def locus_of(
    genome: Genome, contig: str, start: int, end: int, *, pool: int, halo: int, name: str = ""
) -> Locus:
    """The stretch from ``start`` to ``end`` of a contig.

    A network's logits in the window, for the bases ``inside``, are those of a sweep of the whole contig
    as far as a halo of this length keeps them.

    Parameters
    ----------
    genome
        The genome that it is on.
    contig, start, end
        0-based, half-open.
    pool
        Bases a bin, of the network.
    halo
        Bases of context on each side, rounded up to whole bins; a contig's end cuts them off.
    name
        Without one, ``contig:start-end``.

    Raises
    ------
    DnabilstmError
        If the genome has no such contig, or the stretch is empty or does not lie on it.
    """
    named = name or f"{contig}:{start}-{end}"
    if contig not in genome:
        raise DnabilstmError(f"{named}: {genome.source} has no contig {contig!r}")
    known = genome.contig(contig)
    if not 0 <= start < end <= known.length:
        raise DnabilstmError(
            f"{named}: {start} to {end} is no stretch of {contig}, which has {known.length:,} bases;"
            " wanted 0 <= start < end <= length"
        )
    bins, origin = bins_of(known.length, pool)
    context = -(-halo // pool)
    first, last = (start - origin) // pool, -(-(end - origin) // pool)
    window = Window(known, max(0, first - context), min(bins, last + context), first, last)
    codes = codes_of(window, genome.sequence(contig), pool)
    return Locus(named, known, start, end, codes, window.start * pool + origin)


def locus_of_sequence(name: str, codes: np.ndarray, *, pool: int) -> Locus:
    """A whole sequence of no genome: uint8 (length,), at least one base."""
    genome = Genome((Contig(name, len(codes), 0, ""),), codes, name)
    return locus_of(genome, name, 0, len(codes), pool=pool, halo=0, name=name)
