"""Time, memory and disk of genomes that are to be scored."""

from dataclasses import dataclass

import numpy as np

from dnabilstm.forecast.rates import Rates
from dnabilstm.score.plan import Grid

CONTIG_BYTES = 700
"""Memory of a contig's row in the tables, about."""


@dataclass(frozen=True)
class Forecast:
    """What a genome will take.

    Attributes
    ----------
    name : str
        Of the genome.
    bases, contigs, windows : int
        Sizes; a window is what is computed at a time.
    seconds : float
        For encoding, scoring and tracks.
    memory, disk : int
        Bytes: the peak while scoring; codes, scores and tracks.
    """

    name: str
    bases: int
    contigs: int
    windows: int
    seconds: float
    memory: int
    disk: int


def work_of(lengths: np.ndarray, grid: Grid) -> tuple[int, int]:
    """Windows, and bins that they compute, of contigs with these lengths (bases)."""
    bins = -(-lengths // grid.pool)
    if not grid.chunk:
        return len(bins), int(bins.sum())
    cut = bins > grid.chunk + 2 * grid.halo
    chunks = np.where(cut, -(-bins // grid.chunk), 1)
    # Each border between two chunks is computed with the halo of both.
    return int(chunks.sum()), int((bins + 2 * grid.halo * (chunks - 1)).sum())


def forecast(name: str, lengths: np.ndarray, grid: Grid, channels: int, rates: Rates) -> Forecast:
    """The forecast of one genome.

    Parameters
    ----------
    name, lengths
        Of the genome; int64 (contigs,), in bases.
    grid
        How its contigs are cut.
    channels
        Scores a base.
    rates
        Of this machine.
    """
    bases = int(lengths.sum())
    windows, bins = work_of(lengths, grid)
    seconds = bins / rates.bins + bases / rates.encoded + bases / rates.written
    disk = bases * (1 + 4 * channels + rates.track_bytes)
    return Forecast(
        name, bases, len(lengths), windows, seconds, rates.memory + CONTIG_BYTES * len(lengths), int(disk)
    )


def total_of(rows: list[Forecast]) -> Forecast:
    """All genomes one after the other."""
    return Forecast(
        "all",
        sum(row.bases for row in rows),
        sum(row.contigs for row in rows),
        sum(row.windows for row in rows),
        sum(row.seconds for row in rows),
        max((row.memory for row in rows), default=0),
        sum(row.disk for row in rows),
    )


def text_of(rows: list[Forecast]) -> str:
    """A table for people to read, its last line all together."""
    head = ("genome", "bases", "contigs", "windows", "time", "memory", "disk")
    cells = [head, *map(_cells, [*rows, total_of(rows)])]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )


def _cells(row: Forecast) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.bases:,}",
        f"{row.contigs:,}",
        f"{row.windows:,}",
        _time(row.seconds),
        f"{row.memory / 1e9:.1f} GB",
        f"{row.disk / 1e9:.2f} GB",
    )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
