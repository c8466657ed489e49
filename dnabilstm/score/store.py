"""The scores of a genome on disk: one float32 a base and channel, NaN where there is no call.

A scores folder holds ``scores.f32`` (channel after channel, each with all contigs end to end, as the
codes are) and ``scores.json`` (contigs, channels, where the scores come from). The JSON is written
last: without it the scores are not finished. What is being written stands elsewhere (``unfinished``).
A shard's folder holds the same of a part of the genome, under other names.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import atomic_file, read_json
from dnabilstm.genome import Contig
from dnabilstm.score.unfinished import Unfinished, unfinished_scores

ARRAY_FILE = "scores.f32"
TABLE_FILE = "scores.json"
NO_CALL_FILE = "nocall.bed"
WHOLE = (ARRAY_FILE, TABLE_FILE)
SHARD = ("shard.f32", "shard.json")
FORMAT = 1


class Scores:
    """Calibrated probabilities of one genome under one model.

    Attributes
    ----------
    contigs : tuple of Contig
        In the order of the FASTA.
    channels : tuple of str
        ``promoter`` for a task, ``promoter.plus`` and ``promoter.minus`` for a stranded one.
    values : numpy.ndarray
        float32 (channels, total bases); NaN is a no-call. Of a shard, the bases of its part.
    info : dict
        Genome and model (names, digests), settings of the run, bases scored and not called.
    reused : int
        Bases that were not computed in this run, since their scores were there.
    unkept : str
        Why the cache does not keep them; empty where it does, or none was given.
    draft : Unfinished, optional
        While they are written, how.
    """

    draft: Unfinished
    reused = 0
    unkept = ""

    def __init__(
        self, contigs: tuple[Contig, ...], channels: tuple[str, ...], values: np.ndarray, info: dict[str, Any]
    ) -> None:
        self.contigs = contigs
        self.channels = channels
        self.values = values
        self.info = info
        self._by_name = {contig.name: contig for contig in contigs}

    def track(self, channel: str, contig: str) -> np.ndarray:
        """Scores of one channel along one contig: float32 (length,), a view; NaN is a no-call."""
        place = self._by_name[contig]
        return self.values[self.channels.index(channel), place.offset : place.offset + place.length]

    def contig(self, name: str) -> np.ndarray:
        """Scores of one contig: float32 (length, channels), a view; NaN is a no-call."""
        place = self._by_name[name]
        return self.values[:, place.offset : place.offset + place.length].T

    def no_calls(self, contig: str) -> np.ndarray:
        """Runs of bases without a score, int64 (runs, 2), 0-based, half-open, ascending."""
        gap = np.concatenate([[0], np.isnan(self.track(self.channels[0], contig)), [0]]).astype(np.int8)
        edges = np.diff(gap)
        return np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)], axis=1)


@contextlib.contextmanager
def create_scores(
    folder: Path,
    contigs: tuple[Contig, ...],
    channels: tuple[str, ...],
    identity: dict[str, Any] | None = None,
    part: tuple[int, int] | None = None,
) -> Iterator[Scores]:
    """Yield writable scores; the folder holds them, finished, when the block ends well.

    Put what ``scores.json`` should say into ``info`` before the block ends.

    Parameters
    ----------
    folder
        Made if it is missing.
    contigs, channels
        What the scores are of.
    identity
        What they depend on. With it, ``draft`` of the scores knows what an interrupted run with the same
        identity has finished, and whoever writes must fill the rest; without it all is NaN at first.
    part
        First base and end of a shard, counted over all contigs; None is the whole.
    """
    folder = Path(folder)
    first, last = part or (0, total_of(contigs))
    array, table = WHOLE if part is None else SHARD
    with unfinished_scores(
        folder, (len(channels), last - first), identity or {"only": os.urandom(8).hex()}
    ) as draft:
        if identity is None:
            draft.values[:] = np.nan
        scores = Scores(contigs, channels, draft.values, {} if part is None else {"part": list(part)})
        scores.draft = draft
        yield scores
        draft.checkpoint()
        draft.sync()
        withdraw(folder, (array, table))
        draft.array.replace(folder / array)
        write_table(folder / table, scores)


def withdraw(folder: Path, files: tuple[str, str]) -> None:
    """Take the table of older scores away: it must not speak for new files, should the run end between the two."""
    (Path(folder) / files[1]).unlink(missing_ok=True)


def total_of(contigs: tuple[Contig, ...]) -> int:
    """Bases of contigs that lie end to end."""
    return contigs[-1].offset + contigs[-1].length if contigs else 0


def write_table(path: Path, scores: Scores) -> None:
    """Write ``scores.json``: a line a contig, however many there are."""
    head = {"format": FORMAT, "channels": list(scores.channels), **scores.info}
    rows = ",\n".join(f"    {json.dumps(asdict(contig))}" for contig in scores.contigs)
    text = json.dumps(head, indent=2).removesuffix("\n}")
    with atomic_file(path) as part:
        part.write_text(f'{text},\n  "contigs": [\n{rows}\n  ]\n}}\n', encoding="utf-8")


def finished_scores(folder: Path, files: tuple[str, str] = WHOLE) -> Scores | None:
    """The finished scores of a folder; None where there are none that can be read."""
    try:
        return open_scores(folder, files)
    except DnabilstmError:
        return None


def open_scores(folder: Path, files: tuple[str, str] = WHOLE) -> Scores:
    """Open the scores that ``dnabilstm score`` wrote into ``folder``, memory-mapped.

    Parameters
    ----------
    folder
        Of the scores.
    files
        ``WHOLE`` or ``SHARD``.
    """
    place, own = Path(folder) / files[0], Path(folder) / files[1]
    if not own.exists():
        raise DnabilstmError(f"{folder}: has no finished scores (no {own.name}); run 'dnabilstm score' first")
    table = read_json(own)
    try:
        if table.pop("format") != FORMAT:
            raise ValueError
        contigs = tuple(Contig(**row) for row in table.pop("contigs"))
        channels = tuple(table.pop("channels"))
        first, last = table.get("part", (0, total_of(contigs)))
        shape = (len(channels), last - first)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DnabilstmError(
            f"{own}: is not a scores table of format {FORMAT}; run 'dnabilstm score' again"
        ) from None
    size = place.stat().st_size if place.exists() else -1
    if size != 4 * shape[0] * shape[1]:
        raise DnabilstmError(
            f"{place}: has {size} bytes, its table says {4 * shape[0] * shape[1]}; score again"
        )
    values = np.memmap(place, np.float32, "r", shape=shape) if size else np.empty(shape, np.float32)
    return Scores(contigs, channels, values, table)
