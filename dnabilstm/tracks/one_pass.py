"""One pass over the scores of a channel for all of its tracks: read, joined and rounded once."""

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from dnabilstm.files import release
from dnabilstm.score.store import Scores
from dnabilstm.tracks.batches import Batch, Layout, batches
from dnabilstm.tracks.options import TrackConfig
from dnabilstm.tracks.runs import Called, Runs, batch_runs, called_runs, in_order

# Batches after which the memory of the scores that were read goes back.
KEPT = 32


class Track(Protocol):
    """A file that is being written."""

    def pack(self, runs: Runs, called: Called) -> Any:
        """What a batch adds to it, on any thread."""

    def write(self, packed: Any) -> None:
        """Write that, in the order of the batches."""


def write_in_one_pass(
    scores: Scores,
    channel: str,
    tracks: Sequence[Track],
    layout: Layout,
    *,
    digits: int = TrackConfig.digits,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write a channel to some tracks that are open.

    Parameters
    ----------
    scores, channel
        What to write.
    tracks
        Where to.
    layout
        Of the contigs.
    digits
        Decimals that are kept.
    workers
        Threads that join, round, format and compress; what is written does not depend on it.
    progress
        Called with the bases that were just written, of all tracks together.
    """
    values = scores.values[scores.channels.index(channel)]

    def pack(batch: Batch) -> tuple[int, list[Any]]:
        runs = batch_runs(values, batch, digits)
        called = called_runs(runs)
        return batch.end - batch.start, [track.pack(runs, called) for track in tracks]

    for number, (bases, packed) in enumerate(in_order(pack, batches(layout), workers), 1):
        for track, some in zip(tracks, packed, strict=True):
            track.write(some)
        if progress:
            progress(bases * len(tracks))
        if number % KEPT == 0:
            release(scores.values)
    release(scores.values)


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
