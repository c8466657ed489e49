"""The options that say which sequences are read, shared by all commands that take whole sequences."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from dnabilstm.cli.progress import note
from dnabilstm.errors import Problems
from dnabilstm.genome import Genome
from dnabilstm.intervals import UNKNOWN
from dnabilstm.sequences.read import read_sequences
from dnabilstm.sequences.regions import RegionSettings
from dnabilstm.sequences.store import SequenceSet
from dnabilstm.sequences.table import TableColumns

PARTS = {"sequences": "train", "valid_sequences": "valid", "test_sequences": "test"}
"""The options that name files, and the part of the data that each stands for."""

_FILES = {
    "sequences": "Sequences: FASTA, a table (csv, tsv) or regions of --genome (BED, narrowPeak, GFF3), gzipped or"
    " not. CLASS= gives all of a file one class. Repeat it for more files.",
    "valid_sequences": "The same, for early stopping and calibration.",
    "test_sequences": "The same, held out for the final figures.",
}
_OF_TABLES = (
    click.option(
        "--sequence-column",
        default=TableColumns.sequence,
        show_default=True,
        help="The column of a table that has the sequences.",
    ),
    click.option("--label-column", help="That with the classes.  [default: label, where there is one]"),
    click.option("--name-column", help="That with the names.  [default: name, where there is one]"),
)
_OF_REGIONS = (
    click.option(
        "--width",
        type=click.IntRange(min=1, max=1 << 40),
        help="Bases to take about the centre of each region.  [default: the regions as they are]",
    ),
)
# `label_options` has options of these names and meanings too.
_SHARED = (
    click.option(
        "--feature",
        multiple=True,
        metavar="[CLASS=]TYPE",
        help="GFF3: the feature type (column 3); needed where the file has several.",
    ),
    click.option(
        "--alias",
        type=click.Path(path_type=Path),
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


def sequence_options(*parts: str, required: bool = True, shared: bool = True) -> Callable:
    """A decorator that adds the options to a click command, for ``read_sequence_options``.

    Parameters
    ----------
    *parts
        Which of ``PARTS`` the command takes; without any, ``sequences``.
    required
        Whether the first of them must be given.
    shared
        Whether to add those that ``label_options`` has too; a command that has both adds them once.
    """
    named = parts or ("sequences",)
    files = [_files_option(name, required and name == named[0]) for name in named]

    def decorate(command: Callable) -> Callable:
        for option in reversed([*files, *_OF_TABLES, *_OF_REGIONS, *(_SHARED if shared else ())]):
            command = option(command)
        return command

    return decorate


def _files_option(name: str, required: bool) -> Callable:
    flag = "--" + name.replace("_", "-")
    return click.option(flag, multiple=True, required=required, metavar="[CLASS=]FILE", help=_FILES[name])


@dataclass(frozen=True)
class SequenceOptions:
    """What the options ask for: the files of each part, and how they are read."""

    files: dict[str, tuple[str, ...]]
    columns: TableColumns = field(default_factory=TableColumns)
    regions: RegionSettings = field(default_factory=RegionSettings)

    def open(
        self, genome: Genome | None = None, classes: Sequence[str] = (), part: str = "train"
    ) -> SequenceSet:
        """Read the files of one part; see ``read_sequences``."""
        return read_sequences(
            self.files[part],
            classes=classes,
            genome=genome,
            columns=self.columns,
            regions=self.regions,
            note=note,
        )

    def open_parts(self, genome: Genome | None = None, classes: Sequence[str] = ()) -> dict[str, SequenceSet]:
        """Read all parts; the classes of the first are those of the others, unless they are given.

        Raises
        ------
        DnabilstmError
            With what is wrong with the files of all parts.
        """
        problems, found = Problems(), {}
        for part in self.files:
            with problems.collect():
                found[part] = self.open(genome, classes, part)
                classes = classes or found[part].classes
        problems.raise_if_any()
        return found


def read_sequence_options(options: Mapping[str, Any]) -> SequenceOptions:
    """Turn the values of the options (others are ignored) into what they ask for.

    Raises
    ------
    DnabilstmError
        With everything that is wrong with them at once.
    """
    problems = Problems()
    files = {part: tuple(options[name]) for name, part in PARTS.items() if options.get(name)}
    features: dict[str, str] = {}
    for value in options["feature"]:
        name, _, kind = value.rpartition("=")
        if name in features:
            problems.add(f"--feature {value}: there is one already: {features[name]!r}")
        elif not kind:
            problems.add(f"--feature {value}: wanted CLASS=TYPE or TYPE")
        features.setdefault(name, kind)
    if files and "train" not in files:
        problems.add(f"--{next(iter(files))}-sequences: goes with --sequences only; give that too")
    problems.raise_if_any()
    columns = TableColumns(options["sequence_column"], options["label_column"], options["name_column"])
    regions = RegionSettings(options["width"], features, options["alias"], options["unknown_contigs"])
    return SequenceOptions(files, columns, regions)
