"""Scores of a few places, from the bedGraph of a channel and its tabix index."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pysam

from dnabilstm.browse.names import bigwig_name
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Genome
from dnabilstm.intervals import Intervals


class Values:
    """The scores of one channel.

    Parameters
    ----------
    path
        ``CHANNEL.bedgraph.gz``, with its index beside it.
    genome
        That was scored.

    Raises
    ------
    DnabilstmError
        If the file or its index is not there.
    """

    def __init__(self, path: Path, genome: Genome) -> None:
        try:
            # Bytes of names are kept: pysam decodes them strictly.
            self._file = pysam.TabixFile(str(path), encoding="latin-1")
        except (OSError, ValueError):
            raise DnabilstmError(
                f"{path}: it, or its index, is not there or damaged; run 'dnabilstm tracks' again"
            ) from None
        self._names = [bigwig_name(contig.name) for contig in genome.contigs]

    def runs(self, contig: int, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """Runs of bases of one score, cut at both ends: start, end, score as it is written."""
        try:
            lines = self._file.fetch(self._names[contig], start, end)
        except ValueError:  # a contig without a single score
            return
        for line in lines:
            _, first, last, value = line.split("\t")
            yield max(start, int(first)), min(end, int(last)), value

    def peaks(self, intervals: Intervals) -> np.ndarray:
        """The highest score in each interval, float64; NaN where no base has one."""
        rows = zip(intervals.contig.tolist(), intervals.start.tolist(), intervals.end.tolist(), strict=True)
        return np.array([max((float(run[2]) for run in self.runs(*row)), default=np.nan) for row in rows])
