"""The options that say which labels a genome has, shared by ``label``, ``train`` and ``evaluate``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import in_temporary_folder, is_folder
from dnabilstm.genome import Genome
from dnabilstm.intervals import UNKNOWN, Skipped, read_aliases
from dnabilstm.labels import STRAND, Labels, LabelSpec, check_specs, make_labels, open_labels

NAMES = ("labels", "strand", "feature", "promoter", "slop", "exclude", "alias", "unknown_contigs")
_FILE = click.Path(path_type=Path)

_OPTIONS = (
    click.option(
        "--strand",
        multiple=True,
        metavar=f"TASK={'|'.join(STRAND)}",
        help=f"'use': one channel a strand (plus, minus).  [default: {STRAND[0]}]",
    ),
    click.option(
        "--feature",
        multiple=True,
        metavar="TASK=TYPE",
        help="GFF3: the feature type (column 3); needed where the file has several.",
    ),
    click.option(
        "--promoter",
        multiple=True,
        metavar="TASK=UP,DOWN",
        help="Instead of each region, the bases upstream and downstream of its 5' end, such as 200,50.",
    ),
    click.option(
        "--slop",
        multiple=True,
        metavar="TASK=N|UP,DOWN",
        help="Bases to add on both sides, or upstream and downstream; clipped at the contig's ends.",
    ),
    click.option(
        "--exclude", multiple=True, type=_FILE, help="Regions that no task is judged on (a blacklist)."
    ),
    click.option(
        "--alias",
        type=_FILE,
        help="Other names of the contigs: a table like UCSC's chromAlias, one row a sequence.",
    ),
    click.option(
        "--unknown-contigs",
        type=click.Choice(UNKNOWN),
        default=UNKNOWN[0],
        show_default=True,
        help="Regions where the genome has no bases, on contigs it lacks or past a contig's end: an error,"
        " or left out, counted and named.",
    ),
)


def label_options(command: Callable, required: bool = True) -> Callable:
    """Add the options to a click command; it receives them under ``NAMES``."""
    labels = click.option(
        "--labels",
        multiple=True,
        required=required,
        metavar="TASK=FILE",
        help="Regions of a task: BED, narrowPeak, broadPeak or GFF3, gzipped or not. Repeat it for more tasks.",
    )
    for option in reversed((labels, *_OPTIONS)):
        command = option(command)
    return command


@dataclass(frozen=True)
class LabelOptions:
    """What the options ask for: tasks to label, or, with ``folder``, labels that are there already."""

    specs: tuple[LabelSpec, ...]
    folder: Path | None
    exclude: tuple[Path, ...]
    alias: Path | None
    unknown: str

    def make(self, genome: Genome, folder: Path) -> Labels:
        """Write the labels into ``folder`` (see ``make_labels``)."""
        if self.folder is not None:
            raise DnabilstmError(f"--labels {self.folder}: is a folder; wanted TASK=FILE")
        aliases = read_aliases(self.alias, genome, unknown=self.unknown) if self.alias else None
        return make_labels(
            genome, self.specs, folder, exclude=self.exclude, aliases=aliases, unknown=self.unknown
        )

    def open(self, genome: Genome) -> Labels:
        """Open the labels folder, or make the labels in a temporary one that goes with them."""
        if self.folder is not None:
            return open_labels(self.folder, genome)
        return in_temporary_folder(lambda folder: self.make(genome, folder / "labels"))


def read_label_options(options: dict[str, Any]) -> LabelOptions:
    """Turn the values of the options (a dict that has ``NAMES``; others are ignored) into what they ask for.

    Raises
    ------
    DnabilstmError
        With everything that is wrong with them at once.
    """
    problems = Problems()
    unknown = options["unknown_contigs"]
    folders = [value for value in options["labels"] if is_folder(Path(value))]
    if folders:
        _check_folder(folders, options, problems)
        problems.raise_if_any()
        return LabelOptions((), Path(folders[0]), (), None, unknown)
    files = [_pair("labels", value, "TASK=FILE", problems) for value in options["labels"]]
    tasks = [task for task, _ in files if task]
    settings = {
        "strand": _per_task("strand", options, tasks, str, problems),
        "feature": _per_task("feature", options, tasks, str, problems),
        "promoter": _per_task("promoter", options, tasks, _two_numbers, problems),
        "slop": _per_task("slop", options, tasks, _one_or_two_numbers, problems),
    }
    specs = []
    for task, file in files:
        chosen = {name: values[task] for name, values in settings.items() if task in values}
        specs.append(LabelSpec(task, Path(file), **chosen))
    if not problems:
        check_specs(specs, problems)
    problems.raise_if_any()
    return LabelOptions(tuple(specs), None, tuple(options["exclude"]), options["alias"], unknown)


def print_labels(labels: Labels) -> None:
    """A short summary on stderr: each channel's bases, what is masked, and what was left out."""
    for channel, row in labels.info["of_channel"].items():
        both = f", {row['unstranded']:,} of them without strand" if row.get("unstranded") else ""
        click.echo(
            f"{channel}: {row['intervals']:,} intervals{both}, {row['regions']:,} regions,"
            f" {row['positive']:,} positive bases ({row['rate']:.2%})",
            err=True,
        )
    click.echo(f"masked: {labels.info['masked']:,} of {labels.info['total']:,} bases", err=True)
    for source in [*labels.info["sources"].values(), *labels.info["exclude"]]:
        if source["skipped"]:
            click.echo(f"{source['path']}: left out {Skipped(**source['skipped'])}", err=True)


def _check_folder(folders: list[str], options: dict[str, Any], problems: Problems) -> None:
    if len(options["labels"]) > 1:
        problems.add(
            f"--labels {folders[0]}: is a folder of labels; it cannot be combined with other --labels"
        )
    for name in NAMES[1:-1]:
        if options[name]:
            problems.add(
                f"--{name}: has no effect on {folders[0]}, whose labels are made already; give it to"
                " 'dnabilstm label'"
            )


def _pair(option: str, value: str, form: str, problems: Problems) -> tuple[str, str]:
    task, _, rest = value.partition("=")
    if task and rest:
        return task, rest
    problems.add(f"--{option} {value}: wanted {form}")
    return "", ""


def _per_task(
    option: str,
    options: dict[str, Any],
    tasks: list[str],
    convert: Callable[[str], Any],
    problems: Problems,
) -> dict[str, Any]:
    """The value that an option gives to each task."""
    found: dict[str, Any] = {}
    for value in options[option]:
        task, text = _pair(option, value, "TASK=VALUE", problems)
        if not task:
            continue
        if task not in tasks:
            problems.add(f"--{option} {value}: no --labels names the task {task!r}")
        elif task in found:
            problems.add(f"--{option} {value}: the task {task!r} has one already")
        else:
            try:
                found[task] = convert(text)
            except ValueError as error:
                problems.add(f"--{option} {value}: {error}")
    return found


def _numbers(text: str) -> list[int]:
    words = text.split(",")
    if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
        raise ValueError("wanted whole numbers of bases, 0 or more")
    return [int(word) for word in words]


def _two_numbers(text: str) -> tuple[int, int]:
    numbers = _numbers(text)
    if len(numbers) != 2:
        raise ValueError("wanted two numbers, upstream,downstream")
    return numbers[0], numbers[1]


def _one_or_two_numbers(text: str) -> tuple[int, int]:
    numbers = _numbers(text)
    if len(numbers) > 2:
        raise ValueError("wanted one number of bases, or two: upstream,downstream")
    return numbers[0], numbers[-1]
