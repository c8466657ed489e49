"""``dnabilstm browse``: the tracks of a genome as a web page."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from dnabilstm.browse.serve import PORT
from dnabilstm.cli.label_options import label_options, read_label_options
from dnabilstm.cli.progress import note
from dnabilstm.errors import Problems
from dnabilstm.files import check_file_place, check_folder_place, is_folder

_FILE = click.Path(path_type=Path)


@click.command("browse")
@click.option("--tracks", type=_FILE, help="Folder of 'dnabilstm tracks' and 'dnabilstm call'.")
@click.option("--genome", type=_FILE, help="FASTA, or a folder of 'dnabilstm encode', that was scored.")
@click.option("--output", type=_FILE, help="Folder of the page.")
@click.option("--name", help="Title of the page.  [default: that of the folder of tracks]")
@partial(label_options, required=False)
@click.option("--genes", type=_FILE, help="GFF3 or BED to show, gzipped or not.")
@click.option(
    "--split", type=_FILE, help="NAME.split.bed of the training: marks what was held out for testing."
)
@click.option("--igv", type=_FILE, help="igv.min.js to use instead of the one that is installed.")
@click.option("--regions", type=_FILE, help="With --single: the regions to embed, BED or GFF3.")
@click.option("--single", type=_FILE, help="One file for --regions, which opens from disk.")
@click.option(
    "--flank",
    type=click.IntRange(0),
    default=2000,
    show_default=True,
    help="With --single: bases on both sides of each region.",
)
@click.option("--serve", is_flag=True, help="Serve the folder --output on this machine until Ctrl-C.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port for --serve; 0 is any that is free.",
)
def command(
    tracks: Path | None, output: Path | None, single: Path | None, serve: bool, port: int, **asked: Any
) -> None:
    """Show the tracks of a genome as a web page.

    \b
    Writes into the output folder what any web server can serve that answers byte ranges:
      index.html, page.css, page.js, igv.js
      genome.fa.gz   the genome, bgzipped, about 0.3 bytes a base; with .fai and .gzi
      data/          the tracks; bigWigs are links to those of --tracks where the disk is the same
    or, with --regions and --single, one file that has all it needs inside.
    'dnabilstm browse --serve --output FOLDER' looks at a page that is there.
    """  # noqa: D301
    _check(tracks, output, single, serve, asked)
    if tracks:
        _make(tracks, output, single, **asked)
    if serve:
        _serve(output, port)


def _check(
    tracks: Path | None, output: Path | None, single: Path | None, serve: bool, asked: dict[str, Any]
) -> None:
    problems = Problems()
    if serve and not output:
        problems.add("--serve: wanted --output, the folder of the page")
    if not tracks and not serve:
        problems.add("--tracks: wanted a folder of 'dnabilstm tracks', or --serve for a page that is there")
    if tracks and not asked["genome"]:
        problems.add("--genome: wanted the genome whose tracks are in --tracks")
    if tracks and not (output or single):
        problems.add("--output: wanted the folder of the page, or --single and --regions for one file")
    if bool(single) != bool(asked["regions"]):
        problems.add("--single and --regions: go together; wanted both or neither")
    for place, check in ((output if tracks else None, check_folder_place), (single, check_file_place)):
        if place:
            with problems.collect():
                check(place)
    problems.raise_if_any()


def _make(tracks: Path, output: Path | None, single: Path | None, **asked: Any) -> None:
    from dnabilstm.browse.content import read_content
    from dnabilstm.browse.page import write_page
    from dnabilstm.browse.single import read_regions, write_single
    from dnabilstm.intervals import read_aliases

    script, catalogue, genome, wanted = _open(tracks, asked)
    unknown = asked["unknown_contigs"]
    aliases = read_aliases(asked["alias"], genome, unknown=unknown) if asked["alias"] else None
    labels = wanted.open(genome) if wanted else None
    content = read_content(catalogue, tracks, genome, labels=labels, aliases=aliases, unknown=unknown)
    for made in content.annotations:
        if made.skipped:
            note(f"{made.track.path}: left out {made.skipped}")
    if output:
        write_page(content, output, script)
        note(f"the page is in {output}; look at it: dnabilstm browse --serve --output {output}")
    if single:
        regions = read_regions(asked["regions"], genome, aliases=aliases, unknown=unknown)
        size = write_single(content, regions, single, script, labels=labels, flank=asked["flank"])
        note(
            f"{len(regions.intervals):,} regions are in {single}, {size / 1e6:.1f} MB; open it in a web browser"
        )


def _open(tracks: Path, asked: dict[str, Any]) -> tuple[str, Any, Any, Any]:
    """igv.js, the catalogue, the genome, and which labels are wanted; all that is wrong with them at once."""
    from dnabilstm.browse.catalogue import read_catalogue
    from dnabilstm.browse.igv import find_igv
    from dnabilstm.genome import open_genome

    problems, script, catalogue, genome, wanted = Problems(), "", None, None, None
    with problems.collect():
        script = find_igv(asked["igv"])
    with problems.collect():
        name = asked["name"] or tracks.resolve().name
        catalogue = read_catalogue(tracks, name, genes=asked["genes"], split=asked["split"])
    with problems.collect():
        genome = open_genome(asked["genome"])
    with problems.collect():
        # Labels that are there already need no aliases; the genes may.
        made = any(is_folder(Path(value)) for value in asked["labels"])
        wanted = read_label_options(asked | {"alias": None} if made else asked) if asked["labels"] else None
    problems.raise_if_any()
    return script, catalogue, genome, wanted


def _serve(folder: Path, port: int) -> None:
    from dnabilstm.browse.serve import HOST, make_server

    with make_server(folder, port) as server:
        note(f"{folder} is at http://{HOST}:{server.server_port}/ ; Ctrl-C ends it")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            note("ended")
