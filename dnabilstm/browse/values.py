"""Scores of a few places, from the bedGraph of a channel and its tabix index."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pysam

from dnabilstm.browse.page_names import bigwig_name
from dnabilstm.errors import DnabilstmError
from dnabilstm.files import in_temporary_folder
from dnabilstm.genome import Genome
from dnabilstm.intervals import Intervals


def open_values(path: Path, genome: Genome) -> "Values":
    """Open the scores of one channel.

    Parameters
    ----------
    path
        ``CHANNEL.bedgraph.gz``. Where its index is not beside it, as in a bucket, one is made for the while.
    genome
        That was scored.

    Raises
    ------
    DnabilstmError
        If the file is not there, or damaged.
    """
    indexes = [path.with_name(f"{path.name}{suffix}") for suffix in (".tbi", ".csi")]
    index = next((index for index in indexes if index.is_file()), None)
    try:
        if index is None:
            return in_temporary_folder(lambda folder: Values(path, _index(path, folder), genome))
        return Values(path, index, genome)
    except (OSError, ValueError):
        raise DnabilstmError(
            f"{path}: is not there, or it or its index is damaged; run 'dnabilstm tracks' again"
        ) from None


def _index(path: Path, folder: Path) -> Path:
    index = folder / "index.csi"
    pysam.tabix_index(str(path), preset="bed", csi=True, index=str(index), keep_original=True)
    return index


class Values:
    """The scores of one channel; see ``open_values``."""

    def __init__(self, path: Path, index: Path, genome: Genome) -> None:
        # Bytes of names are kept: pysam would decode them strictly.
        self._file = pysam.TabixFile(str(path), index=str(index), encoding="latin-1")
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
