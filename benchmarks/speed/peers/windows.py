"""A FASTA to batches of one-hot windows, and their scores to one array: what every script around a network has."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from Bio import SeqIO

ONE_HOT = np.zeros((256, 4), np.float32)
"""float32 (256, 4): channels A, C, G, T of an upper-case letter; zero of any other, and of padding."""
for _channel, _letter in enumerate(b"ACGT"):
    ONE_HOT[_letter, _channel] = 1

Batch = tuple[np.ndarray, list[slice]]


def read_genome(path: Path) -> list[np.ndarray]:
    """Upper-case letters of each contig, uint8 (length,)."""
    with path.open() as handle:
        records = SeqIO.parse(handle, "fasta")
        return [np.frombuffer(bytes(record.seq.upper()), np.uint8) for record in records]


def one_hot_batches(contigs: list[np.ndarray], window: int, batch: int) -> Iterator[Batch]:
    """Windows side by side, the last of a contig padded with zeros.

    Yields
    ------
    one_hot
        float32 (rows, window, 4), at most ``batch`` rows.
    places
        Which bases each row holds, counted over all contigs end to end.
    """
    rows, places, offset = [], [], 0
    for contig in contigs:
        for start in range(0, len(contig), window):
            letters = contig[start : start + window]
            places.append(slice(offset + start, offset + start + len(letters)))
            rows.append(np.pad(letters, (0, window - len(letters))))
            if len(rows) == batch:
                yield ONE_HOT[np.stack(rows)], places
                rows, places = [], []
        offset += len(contig)
    if rows:
        yield ONE_HOT[np.stack(rows)], places


def put(scores: np.ndarray, places: list[slice], values: np.ndarray, pool: int) -> None:
    """Write the values of a batch, (rows, bins, outputs), into scores, (outputs, bases), ``pool`` bases a bin."""
    by_base = values.repeat(pool, axis=1)
    for place, row in zip(places, by_base, strict=True):
        scores[:, place] = row[: place.stop - place.start].T
