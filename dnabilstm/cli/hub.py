"""``dnabilstm hub``: tracks to a folder that UCSC's browser, IGV and JBrowse open."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnabilstm.browse.options import HubConfig
from dnabilstm.cli.label_options import NAMES, LabelOptions, label_options, read_label_options
from dnabilstm.cli.progress import note
from dnabilstm.cli.settings import option_of
from dnabilstm.errors import Problems
from dnabilstm.files import check_folder_place, is_folder, scratch_folder

if TYPE_CHECKING:
    from dnabilstm.browse.catalogue import Catalogue
    from dnabilstm.browse.shared import Shared
    from dnabilstm.genome import Genome

_PATH = click.Path(path_type=Path)


@click.command("hub")
@click.option(
    "--tracks", required=True, type=_PATH, help="Folder of 'dnabilstm tracks' and 'dnabilstm call'."
)
@click.option(
    "--genome", required=True, type=_PATH, help="FASTA, or a folder of 'dnabilstm encode', that was scored."
)
@partial(label_options, required=False)
@click.option("--genes", type=_PATH, help="Genes: GFF3, GTF or BED, gzipped or not.")
@click.option("--split", type=_PATH, help="NAME.split.bed of 'dnabilstm train': what was held out.")
@click.option("--name", help="What the genome is called.  [default: the name of the folder of the tracks]")
@option_of(HubConfig, "ucsc")
@click.option(
    "--ucsc-sizes",
    type=_PATH,
    help="With --ucsc: its chrom.sizes, to check names and lengths of contigs against.",
)
@option_of(HubConfig, "organism")
@option_of(HubConfig, "email")
@click.option("--output", required=True, type=_PATH, help="Folder to write; replaced if it is there.")
def command(tracks: Path, genome: Path, output: Path, **options: Any) -> None:
    """Make a folder that other genome browsers open.

    \b
    Writes into the output folder:
      README.txt       how to open it in each browser
      hub.txt          track hub for UCSC; without --ucsc one that brings the genome
      igv_session.xml  session for IGV desktop
      config.json      configuration of JBrowse 2
      tracks/          bigWig of every channel, bigBed of regions, labels, genes, split and no-calls
      genome/          the genome as 2bit, lengths and other names of its contigs
      pages/           what the tracks are
    All paths in it are relative: it can be moved, zipped or put on a web server as a whole.
    """  # noqa: D301
    from dnabilstm.genome import open_genome
    from dnabilstm.model.config import parse

    problems = Problems()
    with problems.collect():
        config = parse(HubConfig, {name: options[name] for name in HubConfig.__dataclass_fields__}, "hub")
    with problems.collect():
        check_folder_place(output)
    with problems.collect():
        asked = _asked_labels(options)
    with problems.collect():
        _catalogue(tracks, options)
    _check_pairs(options, problems)
    problems.raise_if_any()
    opened = open_genome(genome)
    with scratch_folder(output) as scratch:
        shown = _catalogue(tracks, options, _measured(asked, opened, scratch))
        shared = _write(shown, opened, output, config, options)
    for reason in shared.left_out:
        note(f"left out: {reason}")
    if config.ucsc and not options["ucsc_sizes"]:
        note(f"hub.txt: contigs must be named as in {config.ucsc}; --ucsc-sizes checks it")
    note(f"{len(shared.tracks)} tracks: {output / 'README.txt'} says how to open them")


def _asked_labels(options: dict[str, Any]) -> LabelOptions | None:
    """The labels that are wanted; in a folder of labels other names of contigs are settled, and serve the rest."""
    if not options["labels"]:
        return None
    settled = is_folder(Path(options["labels"][0]))
    return read_label_options(options | ({"alias": None} if settled else {}))


def _check_pairs(options: dict[str, Any], problems: Problems) -> None:
    """Options that mean nothing without another one."""
    if options["ucsc_sizes"] and not options["ucsc"]:
        problems.add("--ucsc-sizes: goes with --ucsc; wanted both or neither")
    for name in NAMES[1:6]:
        if options[name] and not options["labels"]:
            problems.add(f"--{name}: goes with --labels; wanted both or neither")


def _catalogue(tracks: Path, options: dict[str, Any], labels: Sequence[tuple[str, Path]] = ()) -> "Catalogue":
    from dnabilstm.browse.catalogue import read_catalogue

    name = options["name"] or tracks.resolve().name
    return read_catalogue(tracks, name, labels=labels, genes=options["genes"], split=options["split"])


def _measured(asked: LabelOptions | None, genome: "Genome", scratch: Path) -> list[tuple[str, Path]]:
    from dnabilstm.browse.measured import write_measured

    return write_measured(asked.open(genome), genome, scratch) if asked else []


def _write(
    shown: "Catalogue", genome: "Genome", output: Path, config: HubConfig, options: dict[str, Any]
) -> "Shared":
    from dnabilstm.browse.folder import write_hub
    from dnabilstm.browse.hub import check_names
    from dnabilstm.intervals import read_aliases

    unknown, alias = options["unknown_contigs"], options["alias"]
    if options["ucsc_sizes"]:
        check_names(options["ucsc_sizes"], shown.contigs, config.ucsc)
    aliases = read_aliases(alias, genome, unknown=unknown) if alias else None
    return write_hub(shown, genome, output, settings=config, aliases=aliases, unknown=unknown)
