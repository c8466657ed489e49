"""Regions of a genome (BED, narrowPeak, GFF3) as sequences: each read on its own strand."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from dnabilstm.alphabet import reverse_complement
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import atomic_file
from dnabilstm.genome import Genome, shown_names
from dnabilstm.intervals import UNKNOWN, Intervals, read_aliases, read_intervals
from dnabilstm.intervals.algebra import make_intervals
from dnabilstm.sequences.store import Place, SequenceSet, make_set

_SIGN = {1: "(+)", -1: "(-)", 0: ""}
_BED_SIGN = {1: "+", -1: "-", 0: "."}


@dataclass(frozen=True)
class RegionSettings:
    """How regions become sequences.

    Attributes
    ----------
    width
        Bases around the centre of each region; None: the regions as they are.
    features
        GFF3: the feature type to take of the files of each class; under ``""`` that of all others.
    alias
        A table of other names of the contigs.
    unknown
        ``refuse`` regions where the genome has no bases, or ``skip`` them and say so.
    """

    width: int | None = None
    features: dict[str, str] = field(default_factory=dict)
    alias: Path | None = None
    unknown: str = UNKNOWN[0]


def read_regions(
    path: Path, genome: Genome, settings: RegionSettings, name: str, note: Callable[[str], None]
) -> SequenceSet:
    """Read the bases of each region; those on the - strand as reverse complement; places are set.

    Parameters
    ----------
    path
        See ``read_intervals``.
    genome
        Where the regions lie.
    settings
        How they become sequences.
    name
        The class that the file is given, for ``settings.features``.
    note
        Takes a line for what was left out because ``settings`` says so.

    Raises
    ------
    DnabilstmError
        See ``read_intervals``; or if a region widened to ``width`` reaches past an end of its contig
        and is not to be skipped.
    """
    problems = Problems()
    aliases = read_aliases(settings.alias, genome, unknown=settings.unknown) if settings.alias else None
    feature = settings.features.get(name, settings.features.get(""))
    intervals, skipped = read_intervals(
        path, genome, aliases=aliases, feature=feature, unknown=settings.unknown, problems=problems
    )
    problems.raise_if_any()
    if skipped.total:
        note(f"{path}: left out {skipped}")
    if settings.width is not None:
        intervals = _inside(path, centred(intervals, settings.width), genome, settings, note)
    if not len(intervals):
        raise DnabilstmError(f"{path}: no region of it lies on the genome; wanted one at least")
    return cut_out(genome, intervals, str(path))


def centred(intervals: Intervals, width: int) -> Intervals:
    """``width`` bases around the centre of each region; may reach past the ends of a contig.

    Where the centre lies between two choices, the one upstream is taken, so that the reverse
    complement of the genome gives the same sequences.
    """
    spare = intervals.start + intervals.end - width
    start = np.where(intervals.strand < 0, -(-spare // 2), spare // 2)
    return replace(intervals, start=start, end=start + width)


def cut_out(genome: Genome, intervals: Intervals, source: str) -> SequenceSet:
    """The sequence of each interval on its strand; named ``contig:start-end(strand)``."""
    strands = intervals.strand.tolist()
    codes, names, places = [], [], []
    rows = (intervals.contig.tolist(), intervals.start.tolist(), intervals.end.tolist(), strands)
    for contig, start, end, strand in zip(*rows, strict=True):
        name = genome.contigs[contig].name
        bases = genome.sequence(name)[start:end]
        codes.append(reverse_complement(bases) if strand < 0 else np.asarray(bases))
        names.append(f"{name}:{start}-{end}{_SIGN[strand]}")
        places.append(Place(name, start, end, strand))
    return make_set(names, codes, places=places, source=source)


def intervals_of(sequences: SequenceSet, genome: Genome) -> Intervals:
    """The places of sequences as intervals on a genome, without strands; none where no places are known."""
    index = {name: number for number, name in enumerate(genome.names)}
    places = sequences.places
    contig = [index[genome.contig(place.contig).name] for place in places]
    return make_intervals(contig, [place.start for place in places], [place.end for place in places])


def write_bed(sequences: SequenceSet, path: Path) -> None:
    """Write the places of sequences as BED6, gzipped if the name ends in ``.gz``; reading it gives the sequences."""
    rows = zip(sequences.names, sequences.places, strict=True)
    lines = [
        f"{place.contig}\t{place.start}\t{place.end}\t{name}\t0\t{_BED_SIGN[place.strand]}\n"
        for name, place in rows
    ]
    raw = "".join(lines).encode("utf-8", "surrogateescape")
    with atomic_file(path) as part:
        part.write_bytes(gzip.compress(raw, mtime=0) if Path(path).suffix == ".gz" else raw)


def _inside(
    path: Path, intervals: Intervals, genome: Genome, settings: RegionSettings, note: Callable[[str], None]
) -> Intervals:
    """The intervals that lie whole on their contig; the others are an error, or are skipped."""
    lengths = np.array([contig.length for contig in genome.contigs], np.int64)[intervals.contig]
    inside = (intervals.start >= 0) & (intervals.end <= lengths)
    out = intervals[~inside]
    if not len(out):
        return intervals
    rows = zip(out.contig.tolist(), out.start.tolist(), out.end.tolist(), strict=True)
    shown = shown_names([f"{genome.contigs[contig].name}:{start}-{end}" for contig, start, end in rows], 3)
    said = (
        f"{path}: regions that reach past an end of their contig when {settings.width} bases wide:"
        f" {len(out)} ({shown})"
    )
    if settings.unknown != "skip":
        raise DnabilstmError(f"{said}; give a smaller --width, or skip them (--unknown-contigs skip)")
    note(f"{said}; left out")
    return intervals[inside]
