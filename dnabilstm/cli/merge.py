"""``dnabilstm merge``: the shards of a genome to the scores of the whole."""

from pathlib import Path

import click

from dnabilstm.cli.progress import progress_bar
from dnabilstm.cli.score import say
from dnabilstm.files import check_folder_place, is_folder


@click.command("merge")
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder that 'dnabilstm score --shard' was given.",
)
@click.option(
    "--shards",
    "count",
    type=click.IntRange(min=1),
    help="Shards of the whole, where complete sets of several numbers lie there.  [default: those that are there]",
)
@click.option("--keep", is_flag=True, help="Leave the shards; else they are deleted when the whole is there.")
@click.option(
    "--cache",
    "cache_folder",
    type=click.Path(path_type=Path),
    help="As of 'dnabilstm score'; takes the scores.",
)
def command(output: Path, count: int | None, keep: bool, cache_folder: Path | None) -> None:
    """Put the shards of a genome together.

    Writes scores.f32, scores.json and nocall.bed, as 'dnabilstm score' of the whole would. Refused are
    shards of different genomes, models or settings; what is missing is named. Shards of another number
    that are not all there are left alone.
    """
    from dnabilstm.score.cache import Cache
    from dnabilstm.score.shards import bases_of_shards, merge_shards

    if cache_folder and not is_folder(cache_folder):
        check_folder_place(cache_folder)
    with progress_bar("merge", bases_of_shards(output, count), "bases") as advance:
        cache = Cache(cache_folder) if cache_folder else None
        scores = merge_shards(output, count=count, keep=keep, progress=advance, cache=cache)
    say(scores, output)
