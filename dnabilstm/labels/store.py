"""The labels of a genome on disk, memory-mapped.

A labels folder holds ``labels.u8`` (one byte a base, channel after channel, each with all contigs end to
end, as the codes are) and ``labels.json`` (channels, counts, where they come from).
"""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import read_json
from dnabilstm.genome import Genome
from dnabilstm.intervals import Intervals, runs
from dnabilstm.intervals.algebra import concatenate, make_intervals

MASK = 255
ARRAY_FILE = "labels.u8"
TABLE_FILE = "labels.json"
FORMAT = 1


class Labels:
    """The labels of one genome: 1 in a region, 0 outside, ``MASK`` where excluded or no-call.

    Attributes
    ----------
    tasks, channels : tuple of str
        ``promoter`` has the channel ``promoter``, or ``promoter.plus`` and ``promoter.minus``.
    values : numpy.ndarray
        uint8 (channels, total bases), memory-mapped, read-only.
    genome_digest : str
        Of the genome that they belong to.
    info : dict
        Counts of each channel (intervals, merged regions, positive bases, rate among the bases that are
        not masked), masked bases, what was skipped, and each file with its sha256.
    """

    def __init__(self, genome: Genome, values: np.ndarray, table: dict[str, Any]) -> None:
        self.tasks = tuple(table["tasks"])
        self.channels = tuple(table["channels"])
        self.values = values
        self.genome_digest: str = table["genome_digest"]
        self.info = table
        self._genome = genome

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the array, hexadecimal."""
        return hashlib.sha256(np.ascontiguousarray(self.values)).hexdigest()

    def track(self, channel: str, contig: str) -> np.ndarray:
        """Labels of one channel along one contig: uint8 (length,), a view."""
        place = self._genome.contig(contig)
        return self.values[self.channels.index(channel), place.offset : place.offset + place.length]

    def regions(self, channel: str) -> Intervals:
        """The positive regions of a channel as they are labelled: merged, sorted, without masked bases."""
        return self._runs_of(channel, 1)

    def masked(self) -> Intervals:
        """The masked bases, the same for all channels: merged, sorted."""
        return self._runs_of(self.channels[0], MASK)

    def _runs_of(self, channel: str, value: int) -> Intervals:
        parts = []
        for index, contig in enumerate(self._genome.contigs):
            found = runs(self.track(channel, contig.name) == value)
            parts.append(make_intervals(index, found[:, 0], found[:, 1]))
        return concatenate(parts)


def open_labels(folder: Path, genome: Genome) -> Labels:
    """Open the labels that ``dnabilstm label`` wrote into ``folder``, memory-mapped.

    Raises
    ------
    DnabilstmError
        If there are none, they are damaged, or they belong to another genome.
    """
    folder = Path(folder)
    table = read_label_table(folder)
    if table["genome_digest"] != genome.digest:
        raise DnabilstmError(
            f"{folder}: labels of another genome (digest {table['genome_digest']}, that of {genome.source} is"
            f" {genome.digest}); run 'dnabilstm label' with this genome"
        )
    shape = (len(table["channels"]), genome.total)
    size = (folder / ARRAY_FILE).stat().st_size if (folder / ARRAY_FILE).exists() else -1
    if size != shape[0] * shape[1]:
        raise DnabilstmError(
            f"{folder / ARRAY_FILE}: has {size} bytes, its table says {shape[0] * shape[1]};"
            " run 'dnabilstm label' again"
        )
    return Labels(genome, np.memmap(folder / ARRAY_FILE, np.uint8, "r", shape=shape), table)


def read_label_table(folder: Path) -> dict[str, Any]:
    """What ``labels.json`` says; needs no genome."""
    path = Path(folder) / TABLE_FILE
    if not path.exists():
        raise DnabilstmError(f"{folder}: has no labels (no {TABLE_FILE}); run 'dnabilstm label' first")
    table = read_json(path)
    whole = isinstance(table, dict) and table.get("format") == FORMAT
    if not whole or not {"tasks", "channels", "genome_digest", "of_channel"} <= table.keys():
        raise DnabilstmError(f"{path}: is not a labels table of format {FORMAT}; run 'dnabilstm label' again")
    return table
