"""Files of intervals as what a bigBed holds: in order, on contigs of the genome, with names."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from dnabilstm.browse.bigbed import BED_COLUMNS, Column, Features
from dnabilstm.browse.catalogue import RegionTrack
from dnabilstm.errors import Problems
from dnabilstm.files import open_text
from dnabilstm.genome import Genome
from dnabilstm.intervals import UNKNOWN, Aliases
from dnabilstm.intervals.alias import unknown_contigs
from dnabilstm.intervals.parse import BED, GFF, Columns, parse

CALLED = (
    Column("float", "mean", "Mean of the scores"),
    Column("float", "maximum", "Maximum of the scores"),
    Column("uint", "summit", "Middle of the maximum, in bases from the start"),
)
"""What ``dnabilstm call`` writes beside BED6."""
_NAMES = ("Name", "gene_name", "gene", "gene_id", "ID", "transcript_id")
_ATTRIBUTE = re.compile(r'\s*([^\s=";]+)[= ]"?([^";]*)"?')
_TRANSCRIPTS = {"mRNA", "transcript"}


def read_features(
    track: RegionTrack,
    genome: Genome,
    *,
    aliases: Aliases | None = None,
    unknown: str = UNKNOWN[0],
    problems: Problems,
) -> tuple[Features, int]:
    """Read the intervals of a track.

    Of a GFF3 or GTF the genes are taken; where it has none the transcripts, or all that is part of nothing.

    Parameters
    ----------
    track
        BED or GFF3, gzipped or not; no interval at all is no fault.
    genome
        Whose contigs the intervals must lie on.
    aliases
        Other names of contigs.
    unknown
        ``refuse`` intervals on contigs that the genome lacks, or ``skip`` them; not if they are all there are.
    problems
        Takes what is wrong with the file; the intervals are then not to be used.

    Returns
    -------
    Features
        In order.
    int
        How many intervals were left out.
    """
    found = Problems()
    columns = parse(track.path, found)
    kept = _genes(track.path, columns) if columns.format is GFF else np.ones(len(columns), bool)
    columns = columns.rows(kept)
    contig = _contigs(track.path, columns, genome, aliases, unknown, found)
    lacking = int((contig < 0).sum())
    columns, contig = columns.rows(contig >= 0), contig[contig >= 0]
    _check_ranges(track.path, columns, contig, genome, found)
    if found:
        problems.extend(found.error())
    rest = [] if found else _rest(track, columns)
    order = np.lexsort([columns.end, columns.start, contig])
    places = contig[order], columns.start[order], columns.end[order]
    more = CALLED if track.kind == "regions" else ()
    return Features(*places, [rest[i] for i in order] if rest else [], more), lacking


def _contigs(
    path: Path, columns: Columns, genome: Genome, aliases: Aliases | None, unknown: str, problems: Problems
) -> np.ndarray:
    """The contig of each interval: int64 place in the genome, -1 where it has none."""
    place = {name: index for index, name in enumerate(genome.names)}
    known = aliases.contig_of if aliases else {}
    of_name = np.array([place.get(known.get(name, name), -1) for name in columns.names], np.int64)
    contig = of_name[columns.name] if len(columns) else np.empty(0, np.int64)
    lacking = np.bincount(columns.name[contig < 0], minlength=len(columns.names)).tolist()
    counts = {name: count for name, count in zip(columns.names, lacking, strict=True) if count}
    if counts and (unknown == "refuse" or not (contig >= 0).any()):
        problems.add(unknown_contigs(path, counts, genome, aliases))
    return contig


def _check_ranges(
    path: Path, columns: Columns, contig: np.ndarray, genome: Genome, problems: Problems
) -> None:
    length = np.array([row.length for row in genome.contigs], np.int64)[contig]
    for row in np.flatnonzero((columns.end <= columns.start) | (columns.end > length)).tolist():
        start, end = int(columns.start[row]), int(columns.end[row])
        name = genome.contigs[contig[row]].name
        wrong = f"end {end} is past the end of {name} ({length[row]}); is this the same assembly?"
        if end <= start:
            wrong = f"start {start}, end {end}: has no base"
        problems.add(f"{path}:{columns.line[row]}: {wrong}", str(path))


def _genes(path: Path, columns: Columns) -> np.ndarray:
    """Which records of a GFF3 or GTF are shown; bool (records,)."""
    for wanted in (
        {kind for kind in columns.kinds if kind.lower().endswith("gene")},
        _TRANSCRIPTS.intersection(columns.kinds),
    ):
        if wanted:
            return np.isin(columns.kind, [columns.kinds.index(kind) for kind in wanted])
    return np.array(["Parent" not in _attributes(fields[8]) for fields in _lines(path, columns)], bool)


def _rest(track: RegionTrack, columns: Columns) -> list[str]:
    """What follows contig, start and end: name, score, strand, and what stands beside BED6."""
    sign = {1: "+", -1: "-", 0: "."}
    strands = [sign[strand] for strand in columns.strand.tolist()]
    found = []
    for strand, fields in zip(strands, _lines(track.path, columns), strict=True):
        if columns.format is BED:
            name, score, *_ = [*fields[3:5], "", ""]
            more = fields[BED_COLUMNS : BED_COLUMNS + len(CALLED)] if track.kind == "regions" else []
        else:
            attributes = _attributes(fields[8])
            name = next((attributes[key] for key in _NAMES if attributes.get(key)), "")
            score, more = "", []
        found.append("\t".join([name or track.name, _score(score), strand, *more]))
    return found


def _lines(path: Path, columns: Columns) -> Iterator[list[str]]:
    """The fields of each record, in the order of the file."""
    numbers = iter(columns.line.tolist())
    wanted = next(numbers, None)
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if number == wanted:
                yield line.rstrip("\n").split("\t") if "\t" in line else line.split()
                wanted = next(numbers, None)


def _attributes(text: str) -> dict[str, str]:
    """Column 9 of GFF3 (``ID=a;Name=b``) or of GTF (``gene_id "a";``)."""
    found = (_ATTRIBUTE.match(pair) for pair in text.split(";"))
    pairs = {match[1]: unquote(match[2].strip(), errors="surrogateescape") for match in found if match}
    # What is encoded there may be a tab, which ends a name here.
    return {key: " ".join(value.split()) for key, value in pairs.items()}


def _score(text: str) -> str:
    """A score of BED, 0 to 1000; 0 where it is none."""
    try:
        return str(round(min(1000.0, max(0.0, float(text)))))
    except ValueError:
        return "0"
