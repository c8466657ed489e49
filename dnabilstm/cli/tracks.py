"""``dnabilstm tracks``: scores to bedGraph and bigWig."""

from pathlib import Path
from typing import Any

import click

from dnabilstm.cli.progress import note, progress_bar
from dnabilstm.cli.settings import option_of
from dnabilstm.files import check_folder_place
from dnabilstm.tracks.options import TrackConfig


@click.command("tracks")
@click.option(
    "--scores",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of 'dnabilstm score'.",
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder to write into.")
@option_of(TrackConfig, "digits")
@option_of(TrackConfig, "workers")
def command(source: Path, output: Path, **settings: Any) -> None:
    """Write the scores of every base as genome browser tracks.

    \b
    Writes into the output folder:
      CHANNEL.bedgraph.gz  contig, start, end, score; with its tabix index (.tbi, .csi over 512 Mb)
      CHANNEL.bw           bigWig with zoom levels
      chrom.sizes          contig, length
      tracks.json          units, digests of genome and model, files, bases scored and not called
    A base without a score is a gap in every track. The scores of an ensemble also give
    CHANNEL.spread: the standard deviation of its members' probabilities.
    """  # noqa: D301
    from dataclasses import asdict

    from dnabilstm.model.config import parse
    from dnabilstm.score.store import open_scores
    from dnabilstm.tracks.write import write_tracks

    config = parse(TrackConfig, settings, "tracks")
    check_folder_place(output)
    scores = open_scores(source)
    total = 2 * len(scores.channels) * sum(contig.length for contig in scores.contigs)
    with progress_bar("tracks", total, "bases") as advance:
        table = write_tracks(scores, output, **asdict(config), progress=advance)
    for channel, files in table["channels"].items():
        summary = files["summary"]
        mean = "no score" if summary["mean"] is None else f"mean {summary['mean']:.4f}"
        note(
            f"{channel}: {summary['bases_scored']:,} bases scored + {summary['bases_no_call']:,} no-call,"
            f" {mean}: {output / files['bedgraph']}, {output / files['bigwig']}"
        )
