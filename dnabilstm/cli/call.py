"""``dnabilstm call``: scores to regions (BED)."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from dnabilstm.cli.label_options import NAMES, label_options, read_label_options
from dnabilstm.cli.progress import note
from dnabilstm.cli.settings import option_of
from dnabilstm.errors import DnabilstmError, Problems
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
@click.option(
    "--genome",
    type=click.Path(path_type=Path),
    help="With --labels: FASTA, or a folder of 'dnabilstm encode', that was scored.",
)
@partial(label_options, required=False)
@option_of(CallConfig, "threshold", type=float)
@option_of(CallConfig, "extend", type=float)
@option_of(CallConfig, "min_length")
@option_of(CallConfig, "merge_gap")
def command(source: Path, output: Path, genome: Path | None, **options: Any) -> None:
    """Call the regions where the score is high.

    \b
    Writes into the output folder:
      CHANNEL.regions.bed  contig, start, end, name, score (0-1000), strand; then mean and maximum of
                           the probability, and the summit (bases from the start)
      regions.json         the thresholds used, the number of regions and their bases
      CHANNEL.hard.bed     with --genome and --labels: the called regions that overlap none that is
                           labelled or excluded, for 'dnabilstm train --hard'
    A region reaches --threshold somewhere and extends while the score stays at --extend or above.
    """  # noqa: D301
    from dataclasses import asdict

    from dnabilstm.model.config import parse
    from dnabilstm.score.store import open_scores
    from dnabilstm.tracks.false_calls import write_false_calls
    from dnabilstm.tracks.regions import write_regions

    settings = {name: options[name] for name in CallConfig.__dataclass_fields__}
    problems = Problems()
    with problems.collect():
        config = parse(CallConfig, settings, "call")
    with problems.collect():
        check_folder_place(output)
    with problems.collect():
        scores = open_scores(source)
    problems.raise_if_any()
    labels = _open_labels(genome, scores, options)
    table = write_regions(scores, output, **asdict(config))
    for channel, found in table["channels"].items():
        note(
            f"{channel}: {found['regions']:,} regions, {found['bases']:,} bases, that reach"
            f" {found['threshold']:g} and stay at {found['extend']:g} or above: {output / found['file']}"
        )
    if labels:
        for channel, count in write_false_calls(table, labels, output).items():
            note(f"{channel}: {count:,} of them overlap no label: {output / channel}.hard.bed")


def _open_labels(genome: Path | None, scores: Any, options: dict[str, Any]) -> Any:
    """The labels of the genome that was scored; None where none are given."""
    from dnabilstm.genome import open_genome
    from dnabilstm.tracks.false_calls import judged_channels

    given = [name for name in NAMES[:-1] if options[name]]
    if not genome and not given:
        return None
    if not (genome and options["labels"]):
        raise DnabilstmError(
            "--genome and --labels: go together, to find false calls; wanted both or neither"
        )
    asked = read_label_options(options)
    opened = open_genome(genome)
    digest = scores.info.get("genome", {}).get("digest", opened.digest)
    if digest != opened.digest:
        raise DnabilstmError(f"{opened.source}: is not the genome that was scored ({digest}); give that one")
    labels = asked.open(opened)
    judged_channels(scores.channels, labels)
    return labels
