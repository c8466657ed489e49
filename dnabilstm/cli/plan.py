"""``dnabilstm plan``: what scoring some genomes will take, before anything starts."""

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnabilstm.cli.models import load_model_with
from dnabilstm.cli.progress import note
from dnabilstm.cli.score import score_options
from dnabilstm.cli.settings import FiniteRange, read_settings
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.score.config import ScoreConfig

if TYPE_CHECKING:
    from dnabilstm.model.bundle import Model


@click.command("plan")
@click.option(
    "--genome",
    "genomes",
    multiple=True,
    metavar="[NAME=]PATH",
    help="FASTA, or a folder of 'dnabilstm encode'; may be repeated.",
)
@click.option(
    "--genomes",
    "sheet",
    type=click.Path(path_type=Path),
    help="TSV with the columns name and fasta, as the workflow's sheet.",
)
@click.option(
    "--model",
    "model_file",
    type=click.Path(path_type=Path),
    help="Model file that is to score; without it, an untrained one of --set and --tasks.",
)
@click.option(
    "--set", "assignments", multiple=True, metavar="model.KEY=VALUE", help="A setting of the network."
)
@click.option("--tasks", default="task", show_default=True, help="Tasks of an untrained model, with commas.")
@click.option(
    "--members",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Networks of an untrained ensemble.",
)
@score_options
@click.option(
    "--seconds",
    type=FiniteRange(0.1),
    default=5.0,
    show_default=True,
    help="Seconds of the calibration.",
)
def command(
    genomes: tuple[str, ...],
    sheet: Path | None,
    model_file: Path | None,
    assignments: tuple[str, ...],
    tasks: str,
    members: int,
    device: str,
    seconds: float,
    **settings: Any,
) -> None:
    """Say how long genomes will take to encode, score and write as tracks, and how much memory and disk.

    Scores random sequence for a few seconds on this machine, with the model and the settings that are to be
    used, and counts what there is to do. Nothing is kept. One table goes to stdout.
    """
    from dnabilstm.forecast.lengths import contig_lengths
    from dnabilstm.forecast.rates import measure_rates
    from dnabilstm.forecast.table import forecast, text_of
    from dnabilstm.model.config import parse
    from dnabilstm.model.runtime import choose_device, describe, prepare_process
    from dnabilstm.score.job import grid_of

    problems = Problems()
    config, lengths = None, {}
    with problems.collect():
        config = parse(ScoreConfig, settings, "score")
    with problems.collect():
        place = choose_device(device)
    with problems.collect():
        model = _model_of(model_file, assignments, tasks, members)
    with problems.collect():
        for name, path in _named(genomes, sheet).items():
            with problems.collect():
                lengths[name] = contig_lengths(path)
    problems.raise_if_any()
    prepare_process()
    model.network.to(place)
    rates = measure_rates(model, config, Path.cwd(), seconds)
    note(
        f"{describe(place)}, {rates.precision}: {rates.bins * model.network.config.pool / 1e6:.2f} M bases/s"
        f" scored, halos included; {rates.encoded / 1e6:.1f} encoded; {rates.written / 1e6:.1f} written as tracks"
    )
    channels = len(model.channels) + len(model.spread)
    grid = grid_of(model, config)
    print(text_of([forecast(name, found, grid, channels, rates) for name, found in lengths.items()]))


def _named(genomes: tuple[str, ...], sheet: Path | None) -> dict[str, Path]:
    """Genomes by name, those of the sheet first."""
    found: dict[str, Path] = {}
    if sheet is not None:
        try:
            lines = sheet.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DnabilstmError(f"{sheet}: the sheet of genomes cannot be read: {error}") from None
        for row in csv.DictReader(lines, delimiter="\t"):
            name, fasta = row.get("name") or "", row.get("fasta") or ""
            if fasta and not name.startswith("#"):
                found[name] = Path(os.path.expandvars(fasta)).expanduser()
    for word in genomes:
        name, equals, path = word.partition("=")
        found[name if equals else Path(word).name] = Path(path if equals else word)
    if not found:
        raise DnabilstmError("no genome; wanted --genome, or --genomes with a sheet that has some")
    return found


def _model_of(path: Path | None, assignments: tuple[str, ...], tasks: str, members: int) -> "Model":
    """The model that scores, or one of its size."""
    from dnabilstm.model.bundle import Model
    from dnabilstm.model.config import BiLSTMConfig, parse
    from dnabilstm.model.ensemble import Ensemble
    from dnabilstm.model.registry import build

    if path is not None:
        return load_model_with("position", path)
    problems = Problems()
    settings = read_settings(None, assignments, ("model",), problems)["model"]
    problems.raise_if_any()
    config = parse(BiLSTMConfig, {"tasks": tuple(tasks.split(","))} | settings, "model")
    networks = [build(config).eval() for _ in range(members)]
    return Model(networks[0] if members == 1 else Ensemble(networks), {})
