"""``dnabilstm cache``: what a cache of scores holds, and cleaning it."""

import time
from pathlib import Path

import click

from dnabilstm.cli.progress import note
from dnabilstm.cli.settings import FiniteRange


@click.command("cache")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--clean", is_flag=True, help="Delete scores, the longest unused first.")
@click.option(
    "--unused-days",
    type=FiniteRange(0),
    default=0.0,
    show_default=True,
    help="Leave alone what was used later than so many days ago.",
)
@click.option(
    "--keep-gb",
    type=FiniteRange(0),
    default=0.0,
    show_default=True,
    help="Stop cleaning when so many gigabytes (1e9 bytes) are left.",
)
def command(folder: Path, clean: bool, unused_days: float, keep_gb: float) -> None:
    """List the scores that 'dnabilstm score --cache' keeps in FOLDER, the longest unused first; or delete them.

    Scores that a folder of scores has too take no room of their own, if it lies on the same file system. Jobs may
    run meanwhile.
    """
    from dnabilstm.score.cache import Cache, check_cache

    check_cache(folder)
    cache = Cache(folder)
    entries = (
        cache.clean(unused_days=unused_days, keep_bytes=int(keep_gb * 1e9)) if clean else cache.entries()
    )
    for entry in entries:
        days = (time.time() - entry.used) / 86_400
        own = "in a folder of scores too" if entry.held else "only here"
        print(f"{entry.path}\t{entry.size / 1e9:.3f} GB\tused {days:.1f} days ago\t{own}")
    what = "deleted" if clean else "kept"
    note(f"{len(entries)} arrays of scores, {sum(entry.size for entry in entries) / 1e9:.3f} GB, {what}")
