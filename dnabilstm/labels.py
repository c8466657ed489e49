"""Intervals to a label for every base and task, with a mask for the bases that nobody should judge.

A labels folder holds ``labels.u8`` (one byte a base, channel after channel, each with all contigs end to
end, as the codes are) and ``labels.json`` (channels, counts, where they come from).
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import atomic_folder, read_json, write_json
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
    runs,
)
from dnabilstm.intervals.algebra import concatenate, make_intervals

MASK = 255
ARRAY_FILE = "labels.u8"
TABLE_FILE = "labels.json"
FORMAT = 1
STRAND = ("ignore", "use")
"""What the strand of a region may mean; the first is the default."""
TASK_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class LabelSpec:
    """One task: its name, the file of its regions, and how to read it (see ``read_intervals``).

    With ``strand="use"`` the task has two channels, ``<task>.plus`` and ``<task>.minus``; a region
    without strand counts for both.
    """

    task: str
    path: Path
    strand: str = STRAND[0]
    feature: str | None = None
    promoter: tuple[int, int] | None = None
    slop: tuple[int, int] = (0, 0)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the task's channels."""
        return (self.task,) if self.strand == "ignore" else (f"{self.task}.plus", f"{self.task}.minus")


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


@dataclass(frozen=True)
class _Source:
    """One file as it was read."""

    path: Path
    intervals: Intervals
    skipped: Skipped

    def described(self) -> dict[str, Any]:
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


def check_specs(specs: Sequence[LabelSpec], problems: Problems) -> None:
    """Note what is wrong with the tasks themselves: names, numbers, choices."""
    if not specs:
        problems.add("no labels: wanted at least one task with a file of regions")
    for task, count in Counter(spec.task for spec in specs).items():
        if count > 1:
            problems.add(
                f"task {task!r}: is given {count} times; wanted one file a task, under names that differ"
            )
        if not TASK_NAME.fullmatch(task):
            problems.add(f"task {task!r}: wanted a name of letters, digits, '_' and '-' only")
    for spec in specs:
        if spec.strand not in STRAND:
            problems.add(f"task {spec.task!r}: strand is {spec.strand!r}; wanted one of {', '.join(STRAND)}")
        for name, pair in (("promoter", spec.promoter), ("slop", spec.slop)):
            if pair is not None and min(pair) < 0:
                problems.add(f"task {spec.task!r}: {name} is {pair[0]},{pair[1]}; wanted bases, 0 or more")
        if spec.promoter is not None and sum(spec.promoter) < 1:
            problems.add(
                f"task {spec.task!r}: promoter is 0,0, which has no base; wanted upstream,downstream"
            )


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
