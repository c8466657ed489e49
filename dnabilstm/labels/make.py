"""Files of regions to labels: read and checked together, painted, counted, written."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dnabilstm.errors import Problems
from dnabilstm.files import atomic_folder, write_json
from dnabilstm.genome import NO_CALL_RUN, Genome, no_call_intervals
from dnabilstm.intervals import (
    UNKNOWN,
    Aliases,
    Intervals,
    Skipped,
    complement,
    intersect,
    merge,
    read_intervals,
)
from dnabilstm.intervals.algebra import concatenate, make_intervals
from dnabilstm.labels.spec import LabelSpec, check_specs
from dnabilstm.labels.store import ARRAY_FILE, FORMAT, MASK, TABLE_FILE, Labels, open_labels


@dataclass(frozen=True)
class _Source:
    """One file as it was read."""

    path: Path
    intervals: Intervals
    skipped: Skipped

    def described(self) -> dict[str, Any]:
        """Path, SHA-256 of the file's bytes, number of intervals, and what was skipped, for ``labels.json``."""
        with Path(self.path).open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        skipped = {name: count for name, count in vars(self.skipped).items() if count}
        return {
            "path": str(self.path),
            "sha256": digest,
            "intervals": len(self.intervals),
            "skipped": skipped,
        }


def make_labels(
    genome: Genome,
    specs: Sequence[LabelSpec],
    folder: Path,
    *,
    exclude: Sequence[Path] = (),
    aliases: Aliases | None = None,
    unknown: str = UNKNOWN[0],
) -> Labels:
    """Write the labels of all tasks into ``folder`` (atomically) and open them.

    Parameters
    ----------
    genome
        The genome that the files of regions belong to.
    specs
        The tasks.
    folder
        Where ``labels.u8`` and ``labels.json`` go; replaced if it is there.
    exclude
        Files of regions that no task is judged on (a blacklist).
    aliases, unknown
        See ``read_intervals``.

    Raises
    ------
    DnabilstmError
        With all that is wrong with the tasks and all files at once; also a task without a positive base
        or without a negative one. Nothing is written then.
    """
    problems = Problems()
    check_specs(specs, problems)
    problems.raise_if_any()
    how = {"aliases": aliases, "unknown": unknown, "problems": problems}
    masks = [_Source(path, *read_intervals(path, genome, **how)) for path in exclude]
    sources = [_Source(spec.path, *_read(spec, genome, how)) for spec in specs]
    problems.raise_if_any()
    masked = merge(concatenate([_no_calls(genome), *(source.intervals for source in masks)]))
    called = complement(masked, genome)
    channels, rows = _channels(specs, sources, called, problems)
    problems.raise_if_any()
    table = {
        "format": FORMAT,
        "tasks": [spec.task for spec in specs],
        "channels": list(channels),
        "genome_digest": genome.digest,
        "total": genome.total,
        "masked": masked.bases,
        "of_channel": rows,
        "sources": {s.task: asdict(s) | source.described() for s, source in zip(specs, sources, strict=True)},
        "alias": aliases.source if aliases else None,
        "unknown": unknown,
        "exclude": [source.described() for source in masks],
    }
    with atomic_folder(folder, (ARRAY_FILE, TABLE_FILE)) as part:
        with (part / ARRAY_FILE).open("wb") as out:
            for regions in channels.values():
                _write_channel(out, genome, regions, masked)
        write_json(part / TABLE_FILE, table)
    return open_labels(folder, genome)


def _read(spec: LabelSpec, genome: Genome, how: dict[str, Any]) -> tuple[Intervals, Skipped]:
    return read_intervals(
        spec.path, genome, feature=spec.feature, promoter=spec.promoter, slop=spec.slop, **how
    )


def _no_calls(genome: Genome) -> Intervals:
    found = [no_call_intervals(genome.sequence(name), NO_CALL_RUN) for name in genome.names]
    return concatenate([make_intervals(k, pair[:, 0], pair[:, 1]) for k, pair in enumerate(found)])


def _channels(
    specs: Sequence[LabelSpec], sources: Sequence[_Source], called: Intervals, problems: Problems
) -> tuple[dict[str, Intervals], dict[str, dict[str, Any]]]:
    """The merged regions of each channel and their counts."""
    regions: dict[str, Intervals] = {}
    rows: dict[str, dict[str, Any]] = {}
    for spec, source in zip(specs, sources, strict=True):
        for channel, intervals in _split_strands(spec, source.intervals).items():
            regions[channel] = merge(intervals)
            rows[channel] = _counted(spec, intervals, regions[channel], called)
        _check_both(spec, rows, called, problems)
    return regions, rows


def _split_strands(spec: LabelSpec, intervals: Intervals) -> dict[str, Intervals]:
    """The regions of each channel of a task; those without strand belong to both."""
    if spec.strand == "ignore":
        return {spec.task: intervals}
    plus, minus = spec.channels
    return {plus: intervals[intervals.strand >= 0], minus: intervals[intervals.strand <= 0]}


def _counted(spec: LabelSpec, intervals: Intervals, regions: Intervals, called: Intervals) -> dict[str, Any]:
    positive = intersect(regions, called).bases
    row = {"task": spec.task, "intervals": len(intervals), "regions": len(regions), "positive": positive}
    row["rate"] = positive / called.bases if called.bases else 0.0
    if spec.strand == "use":
        row["unstranded"] = int((intervals.strand == 0).sum())
    return row


def _check_both(
    spec: LabelSpec, rows: dict[str, dict[str, Any]], called: Intervals, problems: Problems
) -> None:
    positive = [rows[channel]["positive"] for channel in spec.channels]
    if not sum(positive):
        problems.add(
            f"{spec.path}: task {spec.task!r} has no positive base: no interval of it, none on this genome,"
            " or all of them excluded or in runs of N"
        )
    elif min(positive) == called.bases:
        problems.add(
            f"{spec.path}: task {spec.task!r} marks every base of the genome, so that nothing is left to tell"
            " it from; wanted regions"
        )


def _write_channel(out: BinaryIO, genome: Genome, regions: Intervals, masked: Intervals) -> None:
    for index, contig in enumerate(genome.contigs):
        row = np.zeros(contig.length, np.uint8)
        for value, intervals in ((1, regions), (MASK, masked)):
            for start, end in intervals.of_contig(index).tolist():
                row[start:end] = value
        out.write(row)
