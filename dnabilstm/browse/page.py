"""A folder that any static web server can serve: the page, igv.js, the genome and its tracks."""

import os
import shutil
from pathlib import Path
from typing import Any

from dnabilstm.browse.annotation import Annotation, name_lines, write_annotation
from dnabilstm.browse.catalogue import ScoreTrack
from dnabilstm.browse.content import Content
from dnabilstm.browse.page_names import bigwig_name, file_name, track_name
from dnabilstm.browse.sequence import BLOCKS, FASTA, INDEX, write_sequence
from dnabilstm.browse.template import (
    annotation_track,
    fill,
    first_place,
    page_data,
    part_of_page,
    policy,
    score_track,
)
from dnabilstm.files import atomic_folder

DATA = "data"
PAGE = "index.html"
NAMES = (PAGE, "page.css", "page.js", "igv.js", FASTA, INDEX, BLOCKS, DATA)
"""What the folder holds."""


def write_page(content: Content, folder: Path, igv: str) -> None:
    """Write the folder, whole or not at all; an older one is replaced.

    Parameters
    ----------
    content
        What it shows.
    folder
        Where it goes. bigWigs are linked into it where it is on their disk, else copied.
    igv
        The text of igv.js.

    Raises
    ------
    DnabilstmError
        If it cannot be written, or a folder of something else is there.
    """
    with atomic_folder(folder, NAMES) as part:
        (part / DATA).mkdir()
        write_sequence(content.genome, part)
        for name, text in (
            ("igv.js", igv),
            *((name, part_of_page(name)) for name in ("page.css", "page.js")),
        ):
            (part / name).write_text(text, encoding="utf-8")
        tracks = [_track(track, content, part) for track in content.tracks]
        _write_names(content, part / DATA / "names.tsv")
        reference = {"fastaURL": FASTA, "indexURL": INDEX, "compressedIndexURL": BLOCKS}
        reference |= _aliases(content, part)
        more = {"reference": reference, "locus": first_place(content), "namesURL": f"{DATA}/names.tsv"}
        page = fill(
            content,
            page_data(content, tracks, **more),
            policy=policy("'self'", "'self'"),
            style='<link rel="stylesheet" href="page.css">',
            scripts='<script src="igv.js"></script>\n<script src="page.js"></script>',
        )
        (part / PAGE).write_text(page, encoding="utf-8")


def _track(track: ScoreTrack | Annotation, content: Content, part: Path) -> dict[str, Any]:
    """Put the files of a track into the folder; gives what igv.js is told of it."""
    if isinstance(track, ScoreTrack):
        name = f"{DATA}/{file_name(track.name, '.bw')}"
        link_or_copy(track.bigwig, part / name)
        return score_track(track, format="bigwig", url=name)
    of = f"{track.track.channel}.{track.track.kind}" if track.track.channel else track.track.kind
    name = f"{DATA}/{file_name(of, f'.{track.format}.gz')}"
    index = write_annotation(track, part / name, content.genome)
    where = {"url": name, "indexURL": f"{DATA}/{index.name}"}
    return annotation_track(track, content.genome.total, **where)


def link_or_copy(source: Path, target: Path) -> None:
    """The same file under another name, where the disk is the same and allows it; else a copy.

    The tracks are only ever replaced as a whole, never written into, so that a link keeps its content.
    """
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _write_names(content: Content, path: Path) -> None:
    """What is found by name: genes first, then called regions."""
    kinds = ("genes", "regions")
    found = [made for kind in kinds for made in content.annotations if made.track.kind == kind]
    with path.open("w", encoding="utf-8") as out:
        out.writelines(name_lines(found, content.genome))


def _aliases(content: Content, part: Path) -> dict[str, str]:
    """The names that bigWigs have for contigs, where igv.js needs others; see ``names``."""
    names = content.genome.names
    if all(track_name(name) == name for name in names):
        return {}
    # Of every contig: igv.js finds no intervals on one that a table lacks.
    rows = (f"{track_name(name)}\t{bigwig_name(name)}\n" for name in names)
    (part / DATA / "alias.tsv").write_text("".join(rows), encoding="utf-8")
    return {"aliasURL": f"{DATA}/alias.tsv"}
