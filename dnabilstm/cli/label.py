"""``dnabilstm label``: BED, narrowPeak or GFF3 to a label for every base."""

from pathlib import Path
from typing import Any

import click

from dnabilstm.cli.label_options import label_options, print_labels, read_label_options


@click.command(name="label")
@click.option(
    "--genome",
    required=True,
    type=click.Path(path_type=Path),
    help="FASTA, or the folder 'encode' made of it.",
)
@label_options
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder to write.")
def command(genome: Path, output: Path, **options: Any) -> None:
    """Write a label for every base and task: 1 in a region, 0 outside, masked where excluded or no-call."""
    from dnabilstm.genome import open_genome

    print_labels(read_label_options(options).make(open_genome(genome), output))
