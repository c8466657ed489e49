"""``dnabilstm train``: genome and labels to a model file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dnabilstm.cli.label_options import LabelOptions, label_options, print_labels, read_label_options
from dnabilstm.cli.progress import note, progress_bar
from dnabilstm.cli.settings import listed, read_settings
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import check_file_place
from dnabilstm.model.config import BiLSTMConfig, parse
from dnabilstm.train.config import TrainConfig

SECTIONS = {"model": BiLSTMConfig, "train": TrainConfig}
_PATH = click.Path(path_type=Path)
_EPILOG = "\b\nSettings for --config and --set, with their defaults:\n  " + "\n  ".join(
    line for section, kind in SECTIONS.items() for line in listed(kind, section)
)


@click.command("train", epilog=_EPILOG)
@click.option("--genome", required=True, type=_PATH, help="FASTA, or a folder of 'dnabilstm encode'.")
@label_options
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
    genome: Path,
    output: Path,
    test: str | None,
    valid: str | None,
    config: Path | None,
    assignments: tuple[str, ...],
    seed: int | None,
    device: str,
    **options: Any,
) -> None:
    """Train a model on the labels of a genome.

    An interrupted run goes on where its last evaluation was when the same command is given again, and
    ends with the same weights, bit for bit.

    \b
    Beside the model file it writes:
      NAME.split.bed                      which bases train, validate and test
      NAME.training.csv, .json            a row an evaluation
      NAME.learning_curve.png, .svg
    """  # noqa: D301
    from dnabilstm.genome import open_genome
    from dnabilstm.model.runtime import describe, prepare_process
    from dnabilstm.train.loop import Run
    from dnabilstm.windows import choose_split

    plan, network, asked, place = _check_options(output, device, config, assignments, seed, options)
    opened, problems = open_genome(genome), Problems()
    with problems.collect():
        labels = asked.open(opened)
    with problems.collect():
        split = choose_split(opened, _list(test), _list(valid))
    problems.raise_if_any()
    network = replace(network, tasks=labels.tasks)
    if network.channels != labels.channels:
        raise DnabilstmError(
            f"the labels have the channels {', '.join(labels.channels)}, a model with strand: {network.strand} gives"
            f" {', '.join(network.channels)}; label with --strand TASK=use for a stranded model, else without"
        )
    print_labels(labels)
    note(f"training on {describe(place)}")
    prepare_process()
    _train(Run(opened, labels, split, network, plan, place), output)


def _check_options(
    output: Path,
    device: str,
    config: Path | None,
    assignments: tuple[str, ...],
    seed: int | None,
    options: dict[str, Any],
) -> tuple[TrainConfig, BiLSTMConfig, LabelOptions, Any]:
    """What the options say, with all that is wrong with them at once, before any file of data is read."""
    from dnabilstm.model.runtime import choose_device

    problems = Problems()
    with problems.collect():
        _check_place(output)
    with problems.collect():
        place = choose_device(device)
    settings = read_settings(config, assignments, tuple(SECTIONS), problems)
    if seed is not None:
        settings["train"]["seed"] = seed
    with problems.collect():
        plan = parse(TrainConfig, settings["train"], "train")
    with problems.collect():
        network = _parse_model(settings["model"])
    stranded = settings["model"].get("strand") == "stranded"
    with problems.collect():
        asked = read_label_options(_with_strand(options) if stranded else options)
    problems.raise_if_any()
    return plan, network, asked, place


def _check_place(output: Path) -> None:
    if output.suffix != ".safetensors":
        raise DnabilstmError(f"--output {output}: wanted a name that ends in .safetensors")
    check_file_place(output)


def _parse_model(settings: dict[str, Any]) -> BiLSTMConfig:
    """The network's settings, checked before there are labels, which give the tasks."""
    from dnabilstm.model.registry import find

    if "tasks" in settings:
        raise DnabilstmError("model.tasks: are the names that --labels gives; leave this setting out")
    network = parse(BiLSTMConfig, settings | {"tasks": ("any",)}, "model")
    find(network.architecture)
    return network


def _train(run: Any, output: Path) -> None:
    from dnabilstm.model.bundle import save_model
    from dnabilstm.train.finish import check_parts, finish
    from dnabilstm.train.log import draw_learning_curve
    from dnabilstm.train.loop import Reporter, train
    from dnabilstm.windows import write_split

    check_parts(run.labels, run.split)
    stem = output.with_suffix("")
    write_split(run.split, stem.with_name(f"{stem.name}.split.bed"))

    class Terminal(Reporter):
        """Notes as lines, steps as a bar in bases."""

        def note(self, text: str) -> None:
            note(text)

        def advance(self, step: int, bases: int) -> None:
            advance(bases)

    total = run.train.steps * run.train.batch * run.train.window
    with progress_bar("train", total, "bases") as advance:
        state = train(run, stem, Terminal())
    note("measuring the model's context and calibrating it on the validation part")
    model = finish(run, state)
    draw_learning_curve(state.history, model.channels, stem)
    save_model(model, output)
    stem.with_name(f"{stem.name}.state").unlink(missing_ok=True)
    for channel, figures in model.card["metrics"]["channels"].items():
        note(
            f"{channel}: validation AUPRC {figures['auprc']:.4f} (base rate {figures['base_rate']:.4f}),"
            f" AUROC {figures['auroc']:.4f}, calibration error {figures['calibration_error']:.4f}"
        )
    context = model.card["context"]
    off = context["measured"][-1]["p999"]
    note(f"halo {context['halo']:,} bases: 99.9 % of scores within {off:.1e} of an exact sweep")
    note(f"the model is in {output}")


def _list(text: str | None) -> list[str] | None:
    return None if text is None else [word for word in text.split(",") if word]


def _with_strand(options: dict[str, Any]) -> dict[str, Any]:
    """A stranded model reads its tasks by strand unless a task says otherwise."""
    named = {value.partition("=")[0] for value in options["strand"]}
    tasks = [value.partition("=")[0] for value in options["labels"] if "=" in value]
    more = tuple(f"{task}=use" for task in tasks if task not in named)
    return options | {"strand": options["strand"] + more}
