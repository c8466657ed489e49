"""``dnabilstm call``: scores to regions (BED)."""

from pathlib import Path
from typing import Any

import click

from dnabilstm.cli.progress import note
from dnabilstm.cli.settings import option_of
from dnabilstm.files import check_folder_place
from dnabilstm.tracks.options import CallConfig


@click.command("call")
@click.option(
    "--scores",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of 'dnabilstm score'.",
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder to write into.")
@option_of(CallConfig, "threshold", type=float)
@option_of(CallConfig, "extend", type=float)
@option_of(CallConfig, "min_length")
@option_of(CallConfig, "merge_gap")
def command(source: Path, output: Path, **settings: Any) -> None:
    """Call the regions where the score is high.

    \b
    Writes into the output folder:
      CHANNEL.regions.bed  contig, start, end, name, score (0-1000), strand; then mean and maximum of
                           the probability, and the summit (bases from the start)
      regions.json         the thresholds used, the number of regions and their bases
    A region reaches --threshold somewhere and extends while the score stays at --extend or above.
    """  # noqa: D301
    from dataclasses import asdict

    from dnabilstm.model.config import parse
    from dnabilstm.score.store import open_scores
    from dnabilstm.tracks.regions import write_regions

    config = parse(CallConfig, settings, "call")
    check_folder_place(output)
    table = write_regions(open_scores(source), output, **asdict(config))
    for channel, found in table["channels"].items():
        note(
            f"{channel}: {found['regions']:,} regions, {found['bases']:,} bases, that reach"
            f" {found['threshold']:g} and stay at {found['extend']:g} or above: {output / found['file']}"
        )
