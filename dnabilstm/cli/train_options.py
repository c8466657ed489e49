"""The options of ``train`` and of what trains many times: data, settings and device."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click

from dnabilstm.cli.label_options import NAMES, label_options
from dnabilstm.cli.sequence_options import PARTS, sequence_options
from dnabilstm.cli.settings import listed, option_of
from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.negatives.config import NegativesConfig
from dnabilstm.train.config import SequenceTrainConfig, TrainConfig

_PATH = click.Path(path_type=Path)
SECTIONS = {
    "Settings for --config and --set, with their defaults:": ("model", BiLSTMConfig),
    "With --genome and --labels:": ("train", TrainConfig),
    "With --sequences:": ("train", SequenceTrainConfig),
}
EPILOG = "\n\n".join(
    "\b\n" + "\n  ".join([title, *listed(kind, section)]) for title, (section, kind) in SECTIONS.items()
)
"""All settings, for the end of a help text."""
_DATA = (
    click.option("--genome", type=_PATH, help="FASTA, or a folder of 'dnabilstm encode'."),
    partial(label_options, required=False),
    sequence_options("sequences", "valid_sequences", "test_sequences", required=False, shared=False),
    click.option(
        "--negatives",
        type=click.Choice(get_args(get_type_hints(NegativesConfig)["kind"])),
        help="Where --sequences are positives only: make negatives of this kind, see 'dnabilstm negatives'.",
    ),
    option_of(NegativesConfig, "ratio", type=float),
    click.option(
        "--test",
        metavar="CONTIGS",
        help="Held out for 'evaluate': chr4,chr13 or chr4:0-200000.  [default: chosen]",
    ),
    click.option(
        "--valid",
        metavar="CONTIGS",
        help="For early stopping and calibration, as --test.  [default: chosen]",
    ),
    click.option(
        "--hard", type=_PATH, help="Regions that windows are placed over more often: a model's false calls."
    ),
)
_SETTINGS = (
    click.option("--config", type=_PATH, help="YAML file with the sections 'model' and 'train'."),
    click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="SECTION.KEY=VALUE",
        help="One setting; goes over --config.",
    ),
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        default="auto",
        show_default=True,
        help="Where it trains.",
    ),
)


def data_options(command: Callable) -> Callable:
    """Add the options that say what is learned from."""
    return _added(command, _DATA)


def setting_options(command: Callable) -> Callable:
    """Add ``--config``, ``--set`` (as ``assignments``) and ``--device``."""
    return _added(command, _SETTINGS)


def _added(command: Callable, options: tuple[Callable, ...]) -> Callable:
    for option in reversed(options):
        command = option(command)
    return command


def open_device(name: str) -> Any:
    """The device of ``--device``."""
    from dnabilstm.model.runtime import choose_device

    return choose_device(name)


def asks_for_sequences(options: dict[str, Any], model: dict[str, Any]) -> bool:
    """Which of the two kinds of training is asked for.

    Parameters
    ----------
    options
        Of the command line.
    model
        The settings of the section ``model``.

    Raises
    ------
    DnabilstmError
        For a mixture of the two, for nothing at all, and for a head that does not go with the data.
    """
    of_sequences = [name for name in PARTS if options[name]]
    of_positions = [
        name for name in (*NAMES, "test", "valid", "hard") if name in _POSITIONS and options[name]
    ]
    if of_sequences and of_positions:
        flags = ", ".join("--" + name.replace("_", "-") for name in of_positions)
        raise DnabilstmError(f"{flags}: go with --genome and --labels; wanted those, or --sequences")
    if options["negatives"] and not of_sequences:
        raise DnabilstmError("--negatives: goes with --sequences; wanted those")
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
