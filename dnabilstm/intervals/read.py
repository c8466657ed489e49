"""A file of intervals, checked against a genome: named, in range, with promoters and slop applied."""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.genome import Genome, shown_names
from dnabilstm.intervals.algebra import Intervals, make_intervals
from dnabilstm.intervals.alias import NAMED, Aliases, other_versions, unknown_contigs, wrong_version
from dnabilstm.intervals.parse import GFF, Columns, parse

UNKNOWN = ("refuse", "skip")
"""What may happen to intervals where the genome has no bases; the first is the default."""


@dataclass
class Skipped:
    """Intervals of a file that were left out because the genome has no bases there.

    Attributes
    ----------
    contigs : dict
        Intervals by contig, of contigs that the genome does not have.
    beyond : dict
        Intervals by contig, of those that begin past the contig's end (the genome is an excerpt).
    clipped : int
        Promoters that lie wholly past a contig's end.
    """

    contigs: dict[str, int] = field(default_factory=dict)
    beyond: dict[str, int] = field(default_factory=dict)
    clipped: int = 0

    @property
    def total(self) -> int:
        """Intervals left out, all together."""
        return sum(self.contigs.values()) + sum(self.beyond.values()) + self.clipped

    def __str__(self) -> str:
        said = []
        if self.contigs:
            said.append(
                f"{sum(self.contigs.values())} on contigs that the genome lacks ({_shown(self.contigs)})"
            )
        if self.beyond:
            said.append(f"{sum(self.beyond.values())} past the end of {_shown(self.beyond)}")
        if self.clipped:
            said.append(f"{self.clipped} whose promoter lies past the contig's end")
        return ", ".join(said)


def read_intervals(
    path: Path,
    genome: Genome,
    *,
    aliases: Aliases | None = None,
    feature: str | None = None,
    promoter: tuple[int, int] | None = None,
    slop: tuple[int, int] = (0, 0),
    unknown: str | None = UNKNOWN[0],
    problems: Problems,
) -> tuple[Intervals, Skipped]:
    """Read BED (3 to 12 columns), narrowPeak, broadPeak or GFF3, gzipped or not.

    Parameters
    ----------
    path
        Lines that are blank or begin with ``#``, ``track`` or ``browser`` are skipped; ``##FASTA``
        ends a GFF3.
    genome
        Whose contigs the intervals must lie on.
    aliases
        Other names of contigs.
    feature
        GFF3 only: the type (column 3) to take; needed where the file has more than one.
    promoter
        Bases upstream and downstream of the 5' end: that window stands for the interval, so that
        (200, 50) is [start - 200, start + 50) on the + strand.
    slop
        Bases added upstream and downstream, after ``promoter``; clipped at the contig's ends.
    unknown
        ``refuse`` intervals where the genome has no bases, or ``skip`` and count them; None refuses where the user
        is given no choice.
    problems
        Takes what is wrong with the file; the intervals are then not to be used.

    Returns
    -------
    Intervals
        In the order of the file.
    Skipped
        What was left out.
    """
    found = Problems()
    skipped = Skipped()
    try:
        columns = _of_feature(path, parse(path, found), feature, found)
    except DnabilstmError as error:
        problems.extend(error)
        return make_intervals([], [], []), skipped
    contig, kept = locate(path, columns, genome, aliases, unknown, skipped, found)
    lengths = np.array([c.length for c in genome.contigs] + [0], np.int64)[contig]
    if promoter is not None or slop[0] != slop[1]:
        _check_strands(path, columns, promoter is not None, found)
    intervals = Intervals(contig, columns.start, columns.end, columns.strand)[kept]
    if found:
        problems.extend(found.error())
        return intervals[:0], skipped
    intervals = _widened(_promoters(intervals, promoter), slop)
    return _clipped(intervals, lengths[kept], skipped), skipped


def locate(
    path: Path,
    columns: Columns,
    genome: Genome,
    aliases: Aliases | None,
    unknown: str | None,
    skipped: Skipped,
    problems: Problems,
) -> tuple[np.ndarray, np.ndarray]:
    """Where the records of a file lie: int32 index of each contig, and bool, whether the record is kept.

    Parameters are those of ``read_intervals``; ``skipped`` takes what is left out, ``problems`` what is wrong.
    """
    contig = _contigs(path, columns, genome, aliases, unknown, skipped, problems)
    lengths = np.array([c.length for c in genome.contigs] + [0], np.int64)[contig]
    beyond = (contig >= 0) & (columns.start >= lengths) & (columns.start < columns.end) & (unknown == "skip")
    _check_ranges(path, columns, contig, lengths, beyond, genome, unknown is not None, problems)
    skipped.beyond = _count(columns.rows(beyond))
    return contig, (contig >= 0) & ~beyond


def _of_feature(path: Path, columns: Columns, feature: str | None, problems: Problems) -> Columns:
    """The records of one GFF3 type, or all of a BED."""
    if not len(columns):
        if not problems:
            problems.add(f"{path}: is empty: no interval in it; wanted BED or GFF3")
        return columns
    if not columns.kinds:
        if feature is not None and columns.format is not GFF:
            problems.add(f"{path}: is a BED, which has no feature types; leave {feature!r} (--feature) out")
        return columns
    have = ", ".join(f"{kind} ({count})" for kind, count in _kinds(columns).most_common(12))
    if feature is None and len(columns.kinds) > 1:
        problems.add(
            f"{path}: has {len(columns.kinds)} feature types; wanted one (--feature TASK=TYPE): {have}"
        )
    elif feature is not None and feature not in columns.kinds:
        problems.add(f"{path}: has no feature of type {feature!r} (column 3); it has {have}")
    elif feature is not None:
        return columns.rows(columns.kind == columns.kinds.index(feature))
    return columns


def _kinds(columns: Columns) -> Counter[str]:
    counts = np.bincount(columns.kind, minlength=len(columns.kinds))
    return Counter(dict(zip(columns.kinds, counts.tolist(), strict=True)))


def _count(columns: Columns) -> dict[str, int]:
    """Records by contig, as the file names it, in the file's order."""
    counts = np.bincount(columns.name, minlength=len(columns.names)).tolist()
    return {name: count for name, count in zip(columns.names, counts, strict=True) if count}


def _contigs(
    path: Path,
    columns: Columns,
    genome: Genome,
    aliases: Aliases | None,
    unknown: str | None,
    skipped: Skipped,
    problems: Problems,
) -> np.ndarray:
    """The contig of each record: int32 index, -1 where the genome has none."""
    place = {name: index for index, name in enumerate(genome.names)}
    known = aliases.contig_of if aliases else {}
    index_of_name = [place.get(known.get(name, name), -1) for name in columns.names]
    contig = np.array(index_of_name, np.int32)[columns.name]
    counts = _count(columns.rows(contig < 0))
    versions = other_versions(list(counts), genome)
    # Wrong positions are worse than missing ones: a wrong version is refused even where unknown is "skip".
    if versions:
        problems.add(wrong_version(path, versions, counts))
    skipped.contigs = {name: count for name, count in counts.items() if name not in versions}
    if skipped.contigs and unknown != "skip":
        problems.add(unknown_contigs(path, skipped.contigs, genome, aliases, unknown is not None))
    return contig


def _check_ranges(
    path: Path,
    columns: Columns,
    contig: np.ndarray,
    lengths: np.ndarray,
    beyond: np.ndarray,
    genome: Genome,
    skippable: bool,
    problems: Problems,
) -> None:
    empty = columns.end <= columns.start
    past = (contig >= 0) & (columns.end > lengths) & ~beyond
    for row in np.flatnonzero(empty | past).tolist():
        first = columns.format.first
        start, end = int(columns.start[row]) + first, int(columns.end[row])
        if empty[row]:
            problem = f"start {start}, end {end}: has no base; wanted start {'<=' if first else '<'} end"
        else:
            name = genome.contigs[contig[row]].name
            problem = f"end {end} is past the end of {name} ({lengths[row]}); is this the same assembly?"
            if skippable and start - first >= lengths[row]:
                problem += " --unknown-contigs skip leaves such intervals out"
        problems.add(f"{path}:{columns.line[row]}: {problem}", str(path))


def _check_strands(path: Path, columns: Columns, promoter: bool, problems: Problems) -> None:
    why = "a promoter" if promoter else "slop that differs upstream and downstream"
    for row in np.flatnonzero(columns.strand == 0).tolist():
        column = 7 if columns.format.first else 6
        problems.add(
            f"{path}:{columns.line[row]}: has no strand; wanted + or - in column {column} for {why}",
            str(path),
        )


def _promoters(intervals: Intervals, promoter: tuple[int, int] | None) -> Intervals:
    """The window about each 5' end: [tss - upstream, tss + downstream), mirrored on the - strand."""
    if promoter is None:
        return intervals
    plus = intervals.strand > 0
    tss = np.where(plus, intervals.start, intervals.end)
    return _widened(replace(intervals, start=tss, end=tss.copy()), promoter)


def _widened(intervals: Intervals, slop: tuple[int, int]) -> Intervals:
    """Bases added upstream and downstream, not yet clipped."""
    upstream, downstream = slop
    minus = intervals.strand < 0
    return replace(
        intervals,
        start=intervals.start - np.where(minus, downstream, upstream),
        end=intervals.end + np.where(minus, upstream, downstream),
    )


def _clipped(intervals: Intervals, lengths: np.ndarray, skipped: Skipped) -> Intervals:
    intervals = replace(
        intervals, start=np.maximum(intervals.start, 0), end=np.minimum(intervals.end, lengths)
    )
    inside = intervals.start < intervals.end
    skipped.clipped = int((~inside).sum())
    return intervals[inside]


def _shown(counts: dict[str, int]) -> str:
    return shown_names([f"{name} {count}" for name, count in counts.items()], NAMED)
