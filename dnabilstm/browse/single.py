"""One HTML file for a list of regions: it has all it needs inside, and opens from disk without a network.

What is embedded are the regions' neighbourhoods: sequence, scores and intervals, as gzipped text that igv.js
takes for files. Positions are those of the genome.
"""

import base64
import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.alphabet import decode
from dnabilstm.browse.annotation import Annotation, name_lines, read_annotation
from dnabilstm.browse.catalogue import RegionTrack, ScoreTrack
from dnabilstm.browse.content import Content, list_regions
from dnabilstm.browse.page_names import track_name
from dnabilstm.browse.regions_table import overlaps
from dnabilstm.browse.template import (
    annotation_track,
    fill,
    first_place,
    page_data,
    part_of_page,
    policy,
    score_track,
    script_hash,
)
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import atomic_file
from dnabilstm.genome import Genome
from dnabilstm.intervals import Aliases, Intervals, merge
from dnabilstm.labels import Labels

MOST_BASES = 5_000_000
"""Bases that are embedded at most; a page of more is slow to open."""


def read_regions(
    path: Path, genome: Genome, *, aliases: Aliases | None = None, unknown: str = "refuse"
) -> Annotation:
    """The regions of a list, BED or GFF3, as a track."""
    problems = Problems()
    track = RegionTrack("listed regions", "regions", path, "#444444")
    found = read_annotation(track, genome, aliases=aliases, unknown=unknown, problems=problems)
    if not problems and not len(found.intervals):
        problems.add(f"{path}: has no region; wanted at least one")
    problems.raise_if_any()
    return found


def neighbourhoods(regions: Intervals, flank: int, genome: Genome) -> Intervals:
    """The stretches about some regions: widened, cut at the contigs' ends, merged and sorted."""
    lengths = np.array([contig.length for contig in genome.contigs], np.int64)[regions.contig]
    start, end = np.maximum(0, regions.start - flank), np.minimum(lengths, regions.end + flank)
    return merge(Intervals(regions.contig, start, end, regions.strand))


def write_single(
    content: Content, regions: Annotation, path: Path, igv: str, *, labels: Labels | None, flank: int
) -> int:
    """Write the file; gives its size in bytes.

    Parameters
    ----------
    content
        Of the whole genome; what lies in the neighbourhoods is kept.
    regions
        Of ``read_regions``.
    path
        Where it goes.
    igv
        The text of igv.js.
    labels
        Of the genome.
    flank
        Bases on both sides of each region.

    Raises
    ------
    DnabilstmError
        If that is more than ``MOST_BASES``, or the file cannot be written.
    """
    stretches = neighbourhoods(regions.intervals, flank, content.genome)
    if stretches.bases > MOST_BASES:
        raise DnabilstmError(
            f"{regions.track.path}: the regions and {flank:,} bases on both sides are {stretches.bases:,} bases; wanted"
            f" at most {MOST_BASES:,} in one file; give fewer regions, a smaller --flank, or a folder (--output)"
        )
    near = _near(content, regions, stretches, labels)
    tracks = [_track(track, near, stretches) for track in near.tracks]
    reference = {"fastaURL": _embedded(_fasta(near.genome, stretches))}
    named = [made for made in near.annotations if made.track.kind in ("genes", "regions")]
    more = {
        "reference": reference,
        "locus": first_place(near),
        "names": "".join(name_lines(named, near.genome)),
    }
    scripts = [_inline(script) for script in (igv, part_of_page("page.js"))]
    page = fill(
        near,
        page_data(near, tracks, **more),
        policy=policy(" ".join(map(script_hash, scripts)), "'none'"),
        style=f"<style>{part_of_page('page.css')}</style>",
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )
    with atomic_file(path) as part:
        part.write_text(page, encoding="utf-8")
        return part.stat().st_size


def _near(content: Content, regions: Annotation, stretches: Intervals, labels: Labels | None) -> Content:
    """What of a content lies in some stretches, and the listed regions themselves."""
    made = [found[overlaps(found.intervals, stretches)] for found in (*content.annotations, regions)]
    rows = [row for row in content.rows if _within(row, stretches)]
    listed = list_regions(content, regions, labels)
    return replace(
        content, annotations=tuple(found for found in made if len(found.lines)), rows=(*listed, *rows)
    )


def _within(row: Any, stretches: Intervals) -> bool:
    of_contig = stretches.of_contig(row.contig)
    return bool(((of_contig[:, 0] <= row.start) & (row.end <= of_contig[:, 1])).any())


def _track(track: ScoreTrack | Annotation, content: Content, stretches: Intervals) -> dict[str, Any]:
    if isinstance(track, ScoreTrack):
        text = "".join(_score_lines(track.name, content, stretches))
        return score_track(track, format="bedgraph", url=_embedded(text))
    text = "".join(f"{line}\n" for line in track.lines)
    return {**annotation_track(track, 0, url=_embedded(text)), "visibilityWindow": -1}


def _score_lines(channel: str, content: Content, stretches: Intervals) -> Iterator[str]:
    values = content.values(channel)
    for contig, start, end in _places(stretches):
        name = track_name(content.genome.contigs[contig].name)
        for first, last, value in values.runs(contig, start, end):
            yield f"{name}\t{first}\t{last}\t{value}\n"


def _fasta(genome: Genome, stretches: Intervals) -> str:
    """Slices as igv.js reads them: ``>contig:start-end @len=bases of the contig``, from 1, each on one line."""
    slices = []
    for number, start, end in _places(stretches):
        contig = genome.contigs[number]
        sequence = decode(genome.sequence(contig.name)[start:end]).decode("ascii")
        slices.append(f">{track_name(contig.name)}:{start + 1}-{end} @len={contig.length}\n{sequence}\n")
    return "".join(slices)


def _places(stretches: Intervals) -> Iterator[tuple[int, int, int]]:
    columns = (stretches.contig, stretches.start, stretches.end)
    return zip(*(column.tolist() for column in columns), strict=True)


def _embedded(text: str) -> str:
    """Text as an address that has it inside, gzipped."""
    packed = gzip.compress(text.encode("utf-8"), mtime=0)
    return f"data:application/gzip;base64,{base64.b64encode(packed).decode('ascii')}"


def _inline(script: str) -> str:
    """A script as it can stand in HTML: it ends nowhere within, and starts no comment."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
