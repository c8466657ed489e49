"""Intervals as igv.js reads them: the lines of BED or GFF3, sorted, under names that do no harm.

In a folder they are bgzipped and have a tabix index, so that only what is looked at is fetched.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pysam

from dnabilstm.browse.catalogue import RegionTrack
from dnabilstm.browse.page_names import inert, track_name
from dnabilstm.errors import Problems
from dnabilstm.files import BGZF_EOF, open_text
from dnabilstm.genome import Genome
from dnabilstm.intervals import Aliases, Intervals, Skipped
from dnabilstm.intervals.parse import GFF, parse
from dnabilstm.intervals.read import locate
from dnabilstm.tracks.deflate import bgzf_blocks

LONGEST = 1 << 29
"""Bases of a contig up to which an index is a .tbi; a .csi above."""
# Columns of BED beyond the sixth mean what igv.js takes them for only where there are all twelve.
_BED, _BED12 = 6, 12
_NAMED = ("Name", "gene", "ID")


@dataclass(frozen=True, eq=False)
class Annotation:
    """A track of intervals.

    Attributes
    ----------
    track : RegionTrack
        What it is, its name and colour.
    format : str
        ``bed`` or ``gff3``.
    intervals : Intervals
        Sorted by contig and start.
    lines : list of str
        Of each interval, with the contig's name as igv.js needs it.
    skipped : str
        What of the file was left out, in words.
    """

    track: RegionTrack
    format: str
    intervals: Intervals
    lines: list[str]
    skipped: str = ""

    def __getitem__(self, chosen: np.ndarray) -> "Annotation":
        kept = [self.lines[row] for row in np.flatnonzero(chosen).tolist()]
        return replace(self, intervals=self.intervals[chosen], lines=kept)

    @property
    def names(self) -> list[str]:
        """Under which each interval is found: column 4 of BED; ``Name``, or else ``gene`` or ``ID``, of GFF3."""
        return [_name_of(line.split("\t"), self.format) for line in self.lines]

    @property
    def scores(self) -> np.ndarray:
        """Column 5 of BED, 0 to 1000, as a probability; float64 (intervals,)."""
        return np.array([float(line.split("\t")[4]) for line in self.lines]) / 1000


def read_annotation(
    track: RegionTrack,
    genome: Genome,
    *,
    aliases: Aliases | None = None,
    unknown: str = "refuse",
    problems: Problems,
) -> Annotation:
    """Read all records of a BED or GFF3, with every column that igv.js shows.

    Parameters
    ----------
    track
        What is read.
    genome, aliases, unknown, problems
        See ``dnabilstm.intervals.read_intervals``. A file of which nothing would be left is a problem too,
        but not one without a record, as where no region was called.
    """
    found, skipped = Problems(), Skipped()
    with found.collect():
        columns = parse(track.path, found)
        contig, kept = locate(track.path, columns, genome, aliases, unknown, skipped, found)
        if not found and not kept.any() and (len(columns) or track.kind == "genes"):
            left = f"; left out {skipped}" if skipped.total else ""
            found.add(
                f"{track.path}: has no interval on the genome{left}; give --alias, or leave the file out"
            )
    if found:
        problems.extend(found.error())
        return Annotation(track, "bed", Intervals(*np.zeros((4, 0), np.int64)), [])
    order = np.lexsort((-columns.end, columns.start, contig))
    order = order[kept[order]]
    intervals = Intervals(contig, columns.start, columns.end, columns.strand)[order]
    names = [track_name(name) for name in genome.names]
    wanted = columns.line[order].tolist()
    text = _lines(track.path, set(wanted))
    form = "gff3" if columns.format is GFF else "bed"
    lines = [_shown(text[line], names[at], form) for line, at in zip(wanted, intervals.contig, strict=True)]
    return Annotation(track, form, intervals, lines, str(skipped))


def annotate(track: RegionTrack, intervals: Intervals, genome: Genome) -> Annotation:
    """Intervals without a file of their own, and without names."""
    names = [track_name(contig.name) for contig in genome.contigs]
    rows = zip(
        *(column.tolist() for column in (intervals.contig, intervals.start, intervals.end)), strict=True
    )
    lines = [f"{names[contig]}\t{start}\t{end}" for contig, start, end in rows]
    return Annotation(track, "bed", intervals, lines)


def write_annotation(annotation: Annotation, path: Path, genome: Genome) -> Path:
    """Write the lines, bgzipped, and their tabix index, whose path is returned."""
    # No track may take the place of another.
    with path.open("xb") as out:
        for start in range(0, len(annotation.lines), 100_000):
            text = "".join(f"{line}\n" for line in annotation.lines[start : start + 100_000])
            out.writelines(bgzf_blocks(text.encode("utf-8"))[0])
        out.write(BGZF_EOF)
    csi = max(contig.length for contig in genome.contigs) > LONGEST
    pysam.tabix_index(str(path), preset="gff" if annotation.format == "gff3" else "bed", csi=csi, force=True)
    return path.with_name(f"{path.name}.{'csi' if csi else 'tbi'}")


def name_lines(annotations: Iterable[Annotation], genome: Genome) -> Iterator[str]:
    """What is found by name, a line each: name, contig as igv.js knows it, start, end; each name once."""
    names, seen = [track_name(contig.name) for contig in genome.contigs], set()
    for annotation in annotations:
        places = annotation.intervals
        rows = zip(
            annotation.names, places.contig.tolist(), places.start.tolist(), places.end.tolist(), strict=True
        )
        for name, contig, start, end in rows:
            # Records are sorted so that a gene comes before its parts.
            if name and name not in seen:
                seen.add(name)
                yield f"{name}\t{names[contig]}\t{start}\t{end}\n"


def _lines(path: Path, wanted: set[int]) -> dict[int, str]:
    with open_text(path) as handle:
        return {number: line for number, line in enumerate(handle, start=1) if number in wanted}


def _shown(line: str, contig: str, form: str) -> str:
    columns = inert(line.rstrip("\r\n")).split("\t") if "\t" in line else inert(line).split()
    if form == "bed" and len(columns) < _BED12:
        columns = columns[:_BED]
    return "\t".join([contig, *columns[1:]])


def _name_of(columns: list[str], form: str) -> str:
    if form == "bed":
        return columns[3] if len(columns) > 3 else ""
    fields = dict(field.strip().partition("=")[::2] for field in columns[8].split(";"))
    return next((fields[key] for key in _NAMED if fields.get(key)), "")
