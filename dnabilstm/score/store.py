"""The scores of a genome on disk: one float32 a base and channel, NaN where there is no call.

A scores folder holds ``scores.f32`` (channel after channel, each with all contigs end to end, as the
codes are) and ``scores.json`` (contigs, channels, where the scores come from). The JSON is written
last: without it the scores are not finished.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import atomic_file, read_json, reserve, write_json
from dnabilstm.genome import Contig, Genome

ARRAY_FILE = "scores.f32"
TABLE_FILE = "scores.json"
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
        float32 (channels, total bases); NaN is a no-call.
    info : dict
        Genome and model (names, digests), settings of the run, bases scored and not called.
    """

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
def create_scores(folder: Path, genome: Genome, channels: tuple[str, ...]) -> Iterator[Scores]:
    """Yield writable scores, all NaN; the folder holds them, finished, when the block ends well.

    Put what ``scores.json`` should say into ``info`` before the block ends.
    """
    folder = Path(folder)
    with atomic_file(folder / ARRAY_FILE) as part:
        shape = (len(channels), genome.total)
        reserve(part, 4 * shape[0] * shape[1])
        values = np.memmap(part, np.float32, "r+", shape=shape)
        values[:] = np.nan
        scores = Scores(genome.contigs, channels, values, {})
        yield scores
        values.flush()
        # An older table must not speak for the new array, should the run end between the two.
        (folder / TABLE_FILE).unlink(missing_ok=True)
    contigs = [asdict(contig) for contig in genome.contigs]
    write_json(
        folder / TABLE_FILE, {"format": FORMAT, "channels": list(channels), "contigs": contigs, **scores.info}
    )


def open_scores(folder: Path) -> Scores:
    """Open the scores that ``dnabilstm score`` wrote into ``folder``, memory-mapped."""
    folder = Path(folder)
    if not (folder / TABLE_FILE).exists():
        raise DnabilstmError(
            f"{folder}: has no finished scores (no {TABLE_FILE}); run 'dnabilstm score' first"
        )
    table = read_json(folder / TABLE_FILE)
    try:
        if table.pop("format") != FORMAT:
            raise ValueError
        contigs = tuple(Contig(**row) for row in table.pop("contigs"))
        channels = tuple(table.pop("channels"))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DnabilstmError(
            f"{folder / TABLE_FILE}: is not a scores table of format {FORMAT}; run 'dnabilstm score' again"
        ) from None
    shape = (len(channels), sum(contig.length for contig in contigs))
    size = (folder / ARRAY_FILE).stat().st_size if (folder / ARRAY_FILE).exists() else -1
    if size != 4 * shape[0] * shape[1]:
        raise DnabilstmError(
            f"{folder / ARRAY_FILE}: has {size} bytes, its table says {4 * shape[0] * shape[1]}; score again"
        )
    return Scores(contigs, channels, np.memmap(folder / ARRAY_FILE, np.float32, "r", shape=shape), table)
