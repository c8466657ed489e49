"""``dnabilstm train``: a genome and its labels, or sequences and their classes, to a model file."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from dnabilstm.cli.label_options import NAMES, label_options
from dnabilstm.cli.sequence_options import PARTS, sequence_options
from dnabilstm.cli.settings import listed, read_settings
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import check_file_place
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.train.config import SequenceTrainConfig, TrainConfig

_PATH = click.Path(path_type=Path)
SECTIONS = {
    "Settings for --config and --set, with their defaults:": ("model", BiLSTMConfig),
    "With --genome and --labels:": ("train", TrainConfig),
    "With --sequences:": ("train", SequenceTrainConfig),
}
_EPILOG = "\n\n".join(
    "\b\n" + "\n  ".join([title, *listed(kind, section)]) for title, (section, kind) in SECTIONS.items()
)


@click.command("train", epilog=_EPILOG)
@click.option("--genome", type=_PATH, help="FASTA, or a folder of 'dnabilstm encode'.")
@partial(label_options, required=False)
@sequence_options("sequences", "valid_sequences", "test_sequences", required=False, shared=False)
@click.option(
    "--output", required=True, type=_PATH, help="Model file to write; its name ends in .safetensors."
)
@click.option(
    "--test",
    metavar="CONTIGS",
    help="Held out for 'evaluate': chr4,chr13 or chr4:0-200000.  [default: chosen]",
)
@click.option(
    "--valid", metavar="CONTIGS", help="For early stopping and calibration, as --test.  [default: chosen]"
)
@click.option(
    "--hard", type=_PATH, help="Regions that windows are placed over more often: a model's false calls."
)
@click.option("--config", type=_PATH, help="YAML file with the sections 'model' and 'train'.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="SECTION.KEY=VALUE",
    help="One setting; goes over --config.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Short for --set train.seed=N.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where it trains.",
)
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
        place = _device(device)
    settings = read_settings(config, assignments, ("model", "train"), problems)
    if seed is not None:
        settings["train"]["seed"] = seed
    try:
        of_sequences = _asks_for_sequences(options, settings["model"])
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


def _device(name: str) -> Any:
    from dnabilstm.model.runtime import choose_device

    return choose_device(name)


def _asks_for_sequences(options: dict[str, Any], model: dict[str, Any]) -> bool:
    """Which of the two kinds of training is asked for; refuses a mixture and nothing at all."""
    of_sequences = [name for name in PARTS if options[name]]
    of_positions = [
        name for name in (*NAMES, "test", "valid", "hard") if name in _POSITIONS and options[name]
    ]
    if of_sequences and of_positions:
        flags = ", ".join("--" + name.replace("_", "-") for name in of_positions)
        raise DnabilstmError(f"{flags}: go with --genome and --labels; wanted those, or --sequences")
    if not of_sequences and not (options["labels"] and options["genome"]):
        raise DnabilstmError(
            "wanted --genome with --labels, to score every base, or --sequences, to tell classes"
        )
    head = model.get("head", "sequence" if of_sequences else "position")
    if head != ("sequence" if of_sequences else "position"):
        given = "--sequences" if of_sequences else "--labels"
        raise DnabilstmError(
            f"model.head: {head!r} with {given}; leave this setting out, or give the other data"
        )
    return bool(of_sequences)


_POSITIONS = ("labels", "strand", "promoter", "slop", "exclude", "test", "valid", "hard")
"""Options that sequences have no use for."""
