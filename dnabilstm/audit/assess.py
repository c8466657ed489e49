"""The whole audit of sequences or of a genome: figures, examples and warnings, ready to be written as JSON."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dnabilstm.audit.composition import compare_composition, composition_of, genome_shifts, shifts_between
from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.genomes import GenomeReport, find_genome_leaks, leaked_intervals
from dnabilstm.audit.leaks import KINDS, LeakReport, find_leaks, leaked, repeated
from dnabilstm.audit.words import (
    define_genome,
    define_sequences,
    tell_contradictions,
    tell_duplicates,
    tell_genome_leaks,
    tell_leaks,
    tell_shifts,
    tell_straddling,
)
from dnabilstm.genome import Genome
from dnabilstm.intervals import Intervals
from dnabilstm.sequences.store import UNKNOWN, SequenceSet
from dnabilstm.windows import Split

EXAMPLES = 10
"""Repeats that are shown for each two parts."""
SEQUENCE_COLUMNS = ("part", "row", "name", "class", "kind", "share", "of", "of_row", "of_name", "of_class")
GENOME_COLUMNS = ("contig", "start", "end", "kind", "part", "of", "channel")
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Audit:
    """What an audit found.

    Attributes
    ----------
    result : dict
        What ``audit.json`` holds.
    report : LeakReport, GenomeReport or None
        The repeats as arrays, for ``leaked``, ``repeated`` and ``leaked_intervals``; None if none were looked
        for.
    columns, rows
        What ``audit.tsv`` holds: every repeat, by column.
    """

    result: dict[str, Any]
    report: LeakReport | GenomeReport | None
    columns: tuple[str, ...]
    rows: list[Row]

    @property
    def leaks(self) -> list[str]:
        """A sentence for each held-out part of which training has seen something."""
        return self.result["leaks"]

    @property
    def warnings(self) -> list[str]:
        """The leaks, and a sentence for what else a reader of figures must know; none for clean data."""
        return self.result["warnings"]


def audit_sequences(parts: Mapping[str, SequenceSet], config: AuditConfig | None = None) -> Audit:
    """Audit the parts of a data set of sequences: see ``find_leaks`` and ``shifts_between``."""
    config = config or AuditConfig()
    report = find_leaks(parts, config)
    shifts = shifts_between(parts, config)
    rows = _sequence_rows(parts, report)
    leaks = tell_leaks(report)
    more = tell_duplicates(report) + tell_contradictions(report) + tell_shifts(shifts["pairs"])
    result = {
        "audited": "sequences",
        "settings": asdict(config),
        "definitions": define_sequences(config),
        "parts": {part: _described(one) | shifts["parts"][part] for part, one in parts.items()},
        "repeats": [{"part": a, "of": b, **found.counts()} for (a, b), found in report.found.items()],
        "leaked": {part: int(leaked(report, part).sum()) for part in report.parts},
        "repeated": {part: int(repeated(report, part).sum()) for part in report.parts},
        "contradictory": report.contradictions,
        "composition": shifts["pairs"],
        "examples": _examples(rows),
        "leaks": leaks,
        "warnings": leaks + more,
    }
    return Audit(result, report, SEQUENCE_COLUMNS, rows)


def audit_genome(
    genome: Genome,
    split: Split,
    config: AuditConfig | None = None,
    *,
    regions: Mapping[str, Intervals] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Audit:
    """Audit a split of a genome: see ``find_genome_leaks``, also for the parameters, and ``genome_shifts``."""
    config = config or AuditConfig()
    report = find_genome_leaks(genome, split, config, regions=regions, progress=progress)
    spans = {
        part: [(row.contig, row.start, row.end) for row in split if row.part == part] for part in report.bases
    }
    shifts = genome_shifts(genome, spans, config)
    rows = _genome_rows(report)
    leaks = tell_genome_leaks(report)
    masked = {p: sum(end - start for _, start, end in leaked_intervals(report, p)) for p in report.bases}
    result = {
        "audited": "genome",
        "settings": asdict(config),
        "definitions": define_genome(config, report.tile, report.scale),
        "genome": _of_genome(genome),
        "parts": {part: {"bases": count} | shifts["parts"][part] for part, count in report.bases.items()},
        "repeats": [
            {"part": a, "of": b, "tile": found.bases, "overlap": report.overlaps[a, b].bases}
            for (a, b), found in report.found.items()
        ],
        "leaked": masked,
        "straddling": {channel: len(found) for channel, found in report.straddling.items()},
        "searched": {"tile": report.tile, "scale": report.scale, "taken_for_seen": report.wrong},
        "composition": shifts["pairs"],
        "examples": _examples(sorted(rows, key=lambda row: row["start"] - row["end"])),
        "leaks": leaks,
        "warnings": leaks + tell_straddling(report) + tell_shifts(shifts["pairs"]),
    }
    return Audit(result, report, GENOME_COLUMNS, rows)


def audit_other_genome(genome: Genome, training: Mapping[str, Any]) -> Audit:
    """Hold the composition of a genome against that of a training part, as ``composition_of`` gave it."""
    own = composition_of(genome)
    found = compare_composition(training, own)
    result = {
        "audited": "composition",
        "genome": _of_genome(genome),
        "parts": {"training": dict(training), "genome": own},
        "comparison": found,
        "leaks": [],
        "warnings": [found["verdict"]] if found["shifted"] else [],
    }
    return Audit(result, None, GENOME_COLUMNS, [])


def _of_genome(genome: Genome) -> dict[str, Any]:
    return {"source": genome.source, "digest": genome.digest, "bases": genome.total}


def _described(one: SequenceSet) -> dict[str, Any]:
    """What a set of sequences is: where from, how many, how long, of which classes."""
    lengths = one.lengths
    shown = {"min": lengths.min(), "median": np.median(lengths), "max": lengths.max()} if len(one) else {}
    counts = {name: int((one.labels == label).sum()) for label, name in enumerate(one.classes)}
    return {
        "source": one.source,
        "digest": one.digest,
        "sequences": len(one),
        "bases": len(one.codes),
        "lengths": {key: float(value) for key, value in shown.items()},
        "classes": counts,
        "unknown": int((one.labels == UNKNOWN).sum()),
    }


def _sequence_rows(parts: Mapping[str, SequenceSet], report: LeakReport) -> list[Row]:
    """Every repeat of a row of an earlier part, or of its own: rows are counted from 1."""
    rows = []
    names = list(report.parts)
    for part, of in report.found:
        if names.index(of) > names.index(part):
            continue
        found, one, other = report.found[part, of], parts[part], parts[of]
        classes, of_classes = (*one.classes, ""), (*other.classes, "")
        columns = (found.rows, found.others, found.kinds, found.shares, one.labels[found.rows])
        lists = (column.tolist() for column in (*columns, other.labels[found.others]))
        for row, twin, kind, share, label, of_label in zip(*lists, strict=True):
            rows.append(
                {"part": part, "row": row + 1, "name": one.names[row], "class": classes[label]}
                | {"kind": KINDS[kind], "share": round(share, 4)}
                | {
                    "of": of,
                    "of_row": twin + 1,
                    "of_name": other.names[twin],
                    "of_class": of_classes[of_label],
                }
            )
    return rows


def _genome_rows(report: GenomeReport) -> list[Row]:
    """Every interval that is a leak, and the regions that lie in two parts."""
    found = [("tile", *pair, "", rows) for pair, rows in report.found.items()]
    found += [("overlap", *pair, "", rows) for pair, rows in report.overlaps.items()]
    found += [("straddling", "", "", channel, rows) for channel, rows in report.straddling.items()]
    return [
        dict(zip(GENOME_COLUMNS, (contig, start, end, kind, part, of, channel), strict=True))
        for kind, part, of, channel, intervals in found
        for contig, start, end in report.named(intervals)
    ]


def _examples(rows: Iterable[Row]) -> list[Row]:
    """The first rows of each two parts and kind."""
    kept, counts = [], {}
    for row in rows:
        group = row["part"], row["of"], row["kind"]
        counts[group] = counts.get(group, 0) + 1
        if counts[group] <= EXAMPLES:
            kept.append(row)
    return kept
