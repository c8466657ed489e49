"""``dnabilstm negatives``: negatives for a set of sequences, as FASTA or BED."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click

from dnabilstm.cli.models import load_model_with
from dnabilstm.cli.progress import note
from dnabilstm.cli.sequence_options import read_sequence_options, sequence_options
from dnabilstm.cli.settings import description_of, option_of
from dnabilstm.errors import Problems
from dnabilstm.files import check_file_place
from dnabilstm.negatives.config import NegativesConfig

_PATH = click.Path(path_type=Path)
_OF_GENOMES = ("random", "gc")
MINED = "mined"
"""The kind that needs a model."""


def _choice(name: str) -> click.Choice:
    """The values that a field of the configuration may take."""
    return click.Choice(get_args(get_type_hints(NegativesConfig)[name]))


@click.command("negatives")
@sequence_options()
@click.option(
    "--genome",
    type=_PATH,
    help="FASTA, or a folder of 'dnabilstm encode': where regions lie, and where windows are taken.",
)
@click.option(
    "--exclude",
    multiple=True,
    type=_PATH,
    help="Regions that no window may overlap, besides the sequences' own: BED, narrowPeak or GFF3.",
)
@click.option(
    "--kind",
    type=click.Choice([*_choice("kind").choices, MINED]),
    default=NegativesConfig.kind,
    show_default=True,
    help=f"{description_of(NegativesConfig, 'kind')[:-1]}; mined: of many candidates, windows of the genome away"
    " from the positives or, without genome, shuffled positives, those that --model is surest of.",
)
@option_of(NegativesConfig, "ratio", type=float)
@option_of(NegativesConfig, "gc_tolerance", type=float)
@option_of(NegativesConfig, "parts", type=int)
@option_of(NegativesConfig, "kept", type=float)
@option_of(NegativesConfig, "rest", type=_choice("rest"))
@option_of(NegativesConfig, "seed", type=int)
@click.option("--model", "model_file", type=_PATH, help="mined: model file of 'dnabilstm train --sequences'.")
@click.option(
    "--positive", metavar="CLASS", help="mined: the model's class that counts.  [default: --sequences']"
)
@click.option(
    "--candidates",
    type=click.IntRange(min=2),
    default=10,
    show_default=True,
    help="mined: Negatives made for each that is kept.",
)
@click.option(
    "--output",
    required=True,
    type=_PATH,
    help="FASTA to write or, for windows of the genome, BED (its name ends in .bed); gzipped if it ends in .gz.",
)
def command(genome: Path | None, exclude: tuple[Path, ...], output: Path, **options: Any) -> None:
    """Make negatives after the sequences that are given, all of which count as positives.

    Give the result to 'dnabilstm train' as another class: --sequences negative=OUTPUT.
    """
    from dnabilstm.genome import open_genome
    from dnabilstm.negatives.compose import gc_content
    from dnabilstm.negatives.make import make_negatives
    from dnabilstm.sequences.read import write_fasta
    from dnabilstm.sequences.regions import write_bed

    config, asked, model = _check_options(genome, exclude, output, options)
    opened = open_genome(genome) if genome else None
    positives = asked.open(opened)
    away = _read_exclude(exclude, opened, asked.regions) if exclude else None
    given = {"ratio": config.ratio, "seed": config.seed, "genome": opened, "exclude": away}
    if model is None:
        made = make_negatives(positives, **asdict(config) | given)
    else:
        made = _mine(model, positives, options["positive"], candidates=options["candidates"], **given)
    (write_bed if _wants_bed(output) else write_fasta)(made, output)
    gc = [float(gc_content(one.codes, one.borders).mean()) for one in (made, positives)]
    note(
        f"{output}: {len(made):,} negatives ({options['kind']}), {len(made.codes):,} bases, mean GC content"
        f" {gc[0]:.3f}; after {len(positives):,} sequences with {gc[1]:.3f}"
    )


def _check_options(
    genome: Path | None, exclude: tuple[Path, ...], output: Path, options: dict[str, Any]
) -> tuple[NegativesConfig, Any, Any]:
    """What the options say, with all that is wrong with them at once; the model, None where none is needed."""
    from dnabilstm.model.config import parse

    problems, model, mined = Problems(), None, options["kind"] == MINED
    settings = {name: options[name] for name in NegativesConfig.__dataclass_fields__}
    if mined:
        del settings["kind"]
    if mined != (options["model_file"] is not None):
        problems.add(f"--kind {options['kind']}: " + ("wanted --model" if mined else "takes no --model"))
    elif mined:
        with problems.collect():
            model = load_model_with("sequence", options["model_file"])
    with problems.collect():
        check_file_place(output)
    with problems.collect():
        asked = read_sequence_options(options)
    with problems.collect():
        config = parse(NegativesConfig, settings, "negatives")
    of_genome = genome is not None and options["kind"] in (*_OF_GENOMES, MINED)
    if _wants_bed(output) and not of_genome:
        problems.add(
            f"--output {output}: only windows of a genome have places; wanted --genome, and --kind"
            f" {', '.join(_OF_GENOMES)} or {MINED}, or a name that ends in .fa"
        )
    if exclude and not of_genome:
        problems.add(
            f"--exclude {exclude[0]}: is for windows of a genome; wanted --genome, and --kind"
            f" {', '.join(_OF_GENOMES)} or {MINED}"
        )
    problems.raise_if_any()
    return config, asked, model


def _wants_bed(output: Path) -> bool:
    return output.name.removesuffix(".gz").endswith(".bed")


def _mine(model: Any, positives: Any, positive: str | None, **settings: Any) -> Any:
    """What the model takes for positives, the surest first."""
    from dnabilstm.classify.mine import mine_negatives, positive_class
    from dnabilstm.model.runtime import prepare_process

    name = positive_class(model, positives.classes, positive)
    prepare_process()
    made, found = mine_negatives(model, positives, positive=name, **settings)
    note(
        f"the model gives them {name!r} with a probability of {found.min():.3f} to {found.max():.3f};"
        f" {(found > 0.5).sum():,} of {len(found):,} above 0.5"
    )
    return made


def _read_exclude(files: tuple[Path, ...], genome: Any, settings: Any) -> Any:
    """All regions of all files on the genome."""
    from dnabilstm.intervals import read_aliases, read_intervals
    from dnabilstm.intervals.algebra import concatenate

    problems, found = Problems(), []
    aliases = read_aliases(settings.alias, genome, unknown=settings.unknown) if settings.alias else None
    for path in files:
        intervals, skipped = read_intervals(
            path, genome, aliases=aliases, unknown=settings.unknown, problems=problems
        )
        found.append(intervals)
        if skipped.total:
            note(f"{path}: left out {skipped}")
    problems.raise_if_any()
    return concatenate(found)
