"""``dnabilstm train``: a genome and its labels, or sequences and their classes, to a model file."""

from pathlib import Path
from typing import Any

import click

from dnabilstm.cli.settings import read_settings
from dnabilstm.cli.train_options import EPILOG, asks_for_sequences, data_options, open_device, setting_options
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import check_file_place


@click.command("train", epilog=EPILOG)
@data_options
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Model file to write; its name ends in .safetensors.",
)
@setting_options
@click.option("--seed", type=click.IntRange(min=0), help="Short for --set train.seed=N.")
def command(
    output: Path,
    config: Path | None,
    assignments: tuple[str, ...],
    seed: int | None,
    device: str,
    **options: Any,
) -> None:
    """Train a model: a score for every base of a genome, or classes of whole sequences.

    With --genome and --labels it learns to score every base; with --sequences it learns the classes of
    whole sequences. An interrupted run goes on where its last evaluation was when the same command is
    given again, and ends with the same weights, bit for bit.

    \b
    Beside the model file it writes:
      NAME.training.csv, .json            a row an evaluation
      NAME.learning_curve.png, .svg
      NAME.split.bed                      which bases train, validate and test (--genome and --labels)
      NAME.audit/                         duplicates and leaks among the parts
      NAME.test.tsv, .json                held-out sequences and figures (--test-sequences)
    """  # noqa: D301
    problems, place = Problems(), None
    with problems.collect():
        check_output(output)
    with problems.collect():
        place = open_device(device)
    settings = read_settings(config, assignments, ("model", "train"), problems)
    if seed is not None:
        settings["train"]["seed"] = seed
    try:
        of_sequences = asks_for_sequences(options, settings["model"])
    except DnabilstmError as error:
        problems.extend(error)
        raise problems.error() from None
    if of_sequences:
        from dnabilstm.cli.train_sequences import train_sequences as train
    else:
        from dnabilstm.cli.train_positions import train_positions as train
    train(settings, options, output, place, problems)


def check_output(output: Path) -> None:
    """Refuse a model file's place that cannot be, before anything is computed."""
    if output.suffix != ".safetensors":
        raise DnabilstmError(f"--output {output}: wanted a name that ends in .safetensors")
    check_file_place(output)
