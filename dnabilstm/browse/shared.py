"""The tracks and the genome of a folder that other browsers open: files of safe names, and what is in them."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from dnabilstm.browse.bigbed import Features, write_bigbed
from dnabilstm.browse.catalogue import Catalogue, RegionTrack, ScoreTrack
from dnabilstm.browse.features import read_features
from dnabilstm.browse.names import one_line, plain_label, symbols
from dnabilstm.browse.twobit import twobit_problems, write_twobit
from dnabilstm.errors import Problems
from dnabilstm.genome import Genome
from dnabilstm.intervals import UNKNOWN, Aliases

BASES = "genome/genome.2bit"
SIZES = "genome/genome.chrom.sizes"
ALIASES = "genome/aliases.tsv"
TRACKS = "tracks"
SHOWN_BASES = 50_000
"""Bases that a browser shows first."""


@dataclass(frozen=True)
class SharedTrack:
    """A track as all browsers show it.

    Attributes
    ----------
    symbol : str
        Its name where only letters, digits and ``_`` may stand.
    name : str
        Its name, on one line.
    file : str
        The bigWig or bigBed, relative to the folder.
    kind : str
        ``score``, or the kind of a ``RegionTrack``.
    colour : str
        ``#RRGGBB``.
    task : str
        The task that it belongs to; empty if to none.
    about : str
        What its numbers or intervals are: units, transform, model.
    top : float
        Upper end of the scale of a score.
    columns : int
        Of a bigBed: those beside BED6.
    """

    symbol: str
    name: str
    file: str
    kind: str
    colour: str
    task: str
    about: str
    top: float = 1.0
    columns: int = 0

    @property
    def rgb(self) -> str:
        """The colour as ``R,G,B``, 0 to 255 each."""
        return ",".join(str(int(self.colour[place : place + 2], 16)) for place in (1, 3, 5))


@dataclass(frozen=True)
class Shared:
    """What a folder holds, and what its browsers are told of it.

    Attributes
    ----------
    catalogue : Catalogue
        Where it comes from.
    symbol, name : str
        Of the genome.
    tracks : tuple of SharedTrack
        Those of a task beside each other; then what belongs to none.
    tasks : dict
        Symbol of each task.
    locus : tuple of (str, int, int)
        What is shown first: contig, start, end; 0-based, half-open.
    bases : bool
        Whether there is a 2bit.
    aliases : bool
        Whether there is a table of other names of contigs.
    left_out : tuple of str
        What could not be written or is empty, and why.
    """

    catalogue: Catalogue
    symbol: str
    name: str
    tracks: tuple[SharedTrack, ...]
    tasks: dict[str, str]
    locus: tuple[str, int, int]
    bases: bool
    aliases: bool
    left_out: tuple[str, ...]


def share(
    catalogue: Catalogue,
    genome: Genome,
    folder: Path,
    *,
    aliases: Aliases | None = None,
    unknown: str = UNKNOWN[0],
) -> Shared:
    """Write the bigWigs, bigBeds and the genome into a folder.

    Parameters
    ----------
    catalogue
        The tracks; bigWigs are linked where the file system can, else copied.
    genome
        That was scored.
    folder
        That of the hub, empty.
    aliases, unknown
        Other names of contigs, and what happens to intervals on unknown ones; see ``read_features``.

    Raises
    ------
    DnabilstmError
        With all that is wrong with the files of intervals.
    """
    tasks = list(dict.fromkeys(track.task for track in catalogue.scores))
    given = _by_task(catalogue, tasks)
    names = symbols([f"task {task}" for task in tasks] + [track.name for track in given])
    (folder / TRACKS).mkdir()
    left_out: list[str] = []
    tracks, problems = [], Problems()
    for symbol, track in zip(names[len(tasks) :], given, strict=True):
        if isinstance(track, ScoreTrack):
            tracks.append(_share_scores(track, symbol, catalogue, folder))
            continue
        features, lacking = read_features(track, genome, aliases=aliases, unknown=unknown, problems=problems)
        left_out += _reasons(track, len(features), lacking)
        if len(features):
            tracks.append(_share_regions(track, symbol, features, genome, folder))
    problems.raise_if_any()
    without = _share_genome(genome, aliases, folder)
    return Shared(
        catalogue=catalogue,
        symbol=symbols([catalogue.name])[0],
        name=one_line(catalogue.name),
        tracks=tuple(tracks),
        tasks=dict(zip(tasks, names, strict=False)),
        locus=_first_locus(catalogue),
        bases=not without,
        aliases=aliases is not None,
        left_out=(*without, *left_out),
    )


def _by_task(catalogue: Catalogue, tasks: list[str]) -> list[ScoreTrack | RegionTrack]:
    """All tracks, those of a task together, scores first."""
    every = [*catalogue.scores, *catalogue.regions]
    place = {task: number for number, task in enumerate(tasks)}
    return sorted(every, key=lambda track: place.get(track.task, len(tasks)))


def _share_scores(track: ScoreTrack, symbol: str, catalogue: Catalogue, folder: Path) -> SharedTrack:
    file = f"{TRACKS}/{symbol}.bw"
    link(track.bigwig, folder / file)
    model = str(catalogue.table.get("model", {}).get("digest", ""))[:8]
    about = f"{track.units}, {catalogue.table['transform']}" + (f"; model {model}" if model else "")
    return SharedTrack(
        symbol, one_line(track.name), file, "score", track.colour, track.task, one_line(about), track.top
    )


def _share_regions(
    track: RegionTrack, symbol: str, features: Features, genome: Genome, folder: Path
) -> SharedTrack:
    file = f"{TRACKS}/{symbol}.bb"
    write_bigbed(features, genome.contigs, folder / file)
    about, columns = one_line(track.about or track.name), len(features.columns)
    return SharedTrack(
        symbol, one_line(track.name), file, track.kind, track.colour, track.task, about, columns=columns
    )


def _reasons(track: RegionTrack, kept: int, lacking: int) -> list[str]:
    """What to say of intervals that are not there."""
    said = [f"{lacking:,} intervals on contigs that the genome lacks"] if lacking else []
    said += [] if kept else ["has no interval"]
    return [f"{one_line(track.name)}: {reason}" for reason in said]


def link(source: Path, target: Path) -> None:
    """The same file under another name, by a hard link, or a copy where there are none."""
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)


def _share_genome(genome: Genome, aliases: Aliases | None, folder: Path) -> list[str]:
    """Write bases, lengths and other names of the contigs; gives the reasons why there are no bases."""
    (folder / SIZES).parent.mkdir()
    with (folder / SIZES).open("w", encoding="utf-8", errors="surrogateescape") as out:
        out.writelines(f"{contig.name}\t{contig.length}\n" for contig in genome.contigs)
    if aliases:
        names: dict[str, list[str]] = {contig: [contig] for contig in aliases.contig_of.values()}
        for name, contig in aliases.contig_of.items():
            names[contig] += [name] if name != contig else []
        with (folder / ALIASES).open("w", encoding="utf-8", errors="surrogateescape") as out:
            out.writelines("\t".join(row) + "\n" for row in names.values())
    problems = twobit_problems(genome)
    if problems:
        return list(problems.error().problems)
    write_twobit(genome, folder / BASES)
    return []


def _first_locus(catalogue: Catalogue) -> tuple[str, int, int]:
    """The start of the first contig that has bases, by preference of one whose name needs no care."""
    with_bases = [contig for contig in catalogue.contigs if contig[1]]
    plain = [
        contig for contig in with_bases if plain_label(contig[0], 80) == contig[0] and " " not in contig[0]
    ]
    name, length = (plain or with_bases)[0]
    return name, 0, min(length, SHOWN_BASES)
