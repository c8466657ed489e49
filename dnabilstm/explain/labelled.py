"""Labels along a genome, which hidden states are held against: a labels folder, or a file of intervals."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.explain.loci import Locus
from dnabilstm.explain.pictures import Mark
from dnabilstm.files import is_folder
from dnabilstm.genome import Genome
from dnabilstm.intervals import merge, read_aliases, read_intervals, runs
from dnabilstm.labels.store import MASK, open_labels


@dataclass(frozen=True)
class Labelled:
    """Labels of every base of a genome.

    Attributes
    ----------
    names : tuple of str
        Of the labels.
    within : callable
        Contig, start and end to uint8 (names, bases): 1, 0, or ``MASK`` where a base does not count.
    """

    names: tuple[str, ...]
    within: Callable[[str, int, int], np.ndarray]

    def of(self, locus: Locus) -> np.ndarray:
        """Labels of a locus, float (bases, names): 1, 0, or NaN where a base does not count."""
        found = self.within(locus.contig.name, locus.start, locus.end).T
        return np.where(found == MASK, np.nan, found.astype(np.float64))

    def marks(self, locus: Locus) -> dict[str, list[Mark]]:
        """The labelled intervals in a locus, by the name of their label."""
        return {
            name: [
                Mark(locus.start + start, locus.start + end, name) for start, end in runs(along == 1).tolist()
            ]
            for name, along in zip(self.names, self.of(locus).T, strict=True)
        }


def read_labels(path: Path, genome: Genome, alias: Path | None = None) -> Labelled:
    """Labels of ``dnabilstm label``, all its channels; or one label, the intervals of BED or GFF3.

    Raises
    ------
    DnabilstmError
        If they do not fit the genome; see ``open_labels`` and ``read_intervals``.
    """
    if is_folder(path):
        labels = open_labels(path, genome)

        def stored(contig: str, start: int, end: int) -> np.ndarray:
            offset = genome.contig(contig).offset
            return np.asarray(labels.values[:, offset + start : offset + end])

        return Labelled(labels.channels, stored)
    problems = Problems()
    aliases = read_aliases(alias, genome, unknown=None) if alias else None
    intervals, _ = read_intervals(path, genome, aliases=aliases, unknown=None, problems=problems)
    problems.raise_if_any()
    merged = merge(intervals)
    if not len(merged):
        raise DnabilstmError(f"{path}: has no intervals; wanted labels to hold hidden states against")
    places = {contig.name: merged.of_contig(number) for number, contig in enumerate(genome.contigs)}

    def painted(contig: str, start: int, end: int) -> np.ndarray:
        found = np.zeros((1, end - start), np.uint8)
        along = places[contig]
        for first, last in along[(along[:, 0] < end) & (along[:, 1] > start)].tolist():
            found[0, max(0, first - start) : max(0, last - start)] = 1
        return found

    return Labelled((label_name(path),), painted)


def label_name(path: Path) -> str:
    """What the label of a file is called: its name, without endings and white space."""
    return "_".join(Path(path).name.partition(".")[0].split()) or "label"
