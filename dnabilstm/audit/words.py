"""What an audit found, in words: definitions, and a sentence for each thing that a reader must know."""

from collections.abc import Mapping
from typing import Any

from dnabilstm.audit.composition import DEVIATIONS, FLOOR, GENOME_FLOOR
from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.counts import K
from dnabilstm.audit.genomes import MIN_KMERS, GenomeReport, leaked_intervals
from dnabilstm.audit.leaks import EXACT, KINDS, REVERSE, LeakReport, leaked
from dnabilstm.audit.near import MIN_SHARED

SHOWN = {kind: kind.replace("_", " ") for kind in KINDS}
"""Kinds of repeat as they are called in words."""


def define_sequences(config: AuditConfig) -> dict[str, str]:
    """What the figures of an audit of sequences count."""
    return {
        "exact": "rows with the same letters as a row of the other part",
        "reverse_complement": "rows whose reverse complement is a row of the other part, and that are not exact",
        "near": f"rows that share at least {config.containment:g} of the canonical {config.k}-mers of the shorter"
        f" sequence, and at least {MIN_SHARED}, with a row of the other part, and are neither of the above;"
        " further copies of a k-mer in a sequence count as further k-mers",
        "overlap": "rows that share a base of the genome, on either strand, with a row of the other part; counted"
        " beside the other kinds",
        "rows": "rows of any of these kinds, each once",
        "part = of": "within a part: rows that repeat an earlier one, or, of overlaps, one that begins before them",
        "leaked": "rows of a part that repeat a row of an earlier part",
        "repeated": "rows of a part that a row of a later part repeats",
        "contradictory": "different sequences that have two classes, themselves or their reverse complement",
        "composition": _of_composition("the sequences dealt to the parts anew", FLOOR),
    }


def define_genome(config: AuditConfig, tile: int, scale: int) -> dict[str, str]:
    """What the figures of an audit of a genome count."""
    sample = "" if scale == 1 else f", one in {scale} of which was looked at"
    return {
        "tile": f"stretches of about {tile} bases, one every {tile // 2}, of which at least"
        f" {config.tile_share:g} of the canonical {config.tile_k}-mers{sample}, and at least {MIN_KMERS}, are"
        " in the other part too",
        "overlap": "bases that the split gives to both parts",
        "straddling": "labelled regions that lie on bases of two parts",
        "leaked": "bases of a part that are in such tiles or overlaps with an earlier part",
        "composition": _of_composition("blocks of neighbouring bases dealt to the parts anew", GENOME_FLOOR),
    }


def _of_composition(dealt: str, floor: float) -> str:
    return (
        f"Jensen-Shannon divergence, in bits, of the canonical {K}-mer frequencies of two parts; by chance: of"
        f" {dealt}; shifted: above the maximum by chance, and above the mean by {DEVIATIONS} standard deviations"
        f" and {floor:g} bits"
    )


def tell_leaks(report: LeakReport) -> list[str]:
    """A sentence for each part with rows that repeat earlier parts."""
    said = []
    for place, part in enumerate(report.parts):
        count = int(leaked(report, part).sum())
        if count:
            towards = [
                f"{other} ({_kinds(report.found[part, other].counts())})"
                for other in report.parts[:place]
                if len(report.found[part, other].rows)
            ]
            said.append(
                f"{part} shares {count:,} of its {report.sizes[part]:,} sequences with {' and '.join(towards)}:"
                " figures on them are too good"
            )
    return said


def _kinds(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[kind]:,} {SHOWN[kind]}" for kind in KINDS if counts[kind])


def tell_duplicates(report: LeakReport) -> list[str]:
    """A sentence for each part with rows that are, on one strand or the other, an earlier row of it."""
    said = []
    for part in report.parts:
        counts = report.found[part, part].counts()
        same = {kind: counts[kind] for kind in (KINDS[EXACT], KINDS[REVERSE])}
        if any(same.values()):
            told = ", ".join(f"{count:,} {SHOWN[kind]}" for kind, count in same.items() if count)
            said.append(
                f"{part} repeats itself in {sum(same.values()):,} of its {report.sizes[part]:,} sequences ({told})"
            )
    return said


def tell_contradictions(report: LeakReport) -> list[str]:
    """A sentence if there are sequences with two classes."""
    count, turned = report.contradictions["across"], report.contradictions["reverse_complement"]
    if not count:
        return []
    rows = {part: int(report.contradictory[part].sum()) for part in report.parts}
    told = ", ".join(f"{number:,} in {part}" for part, number in rows.items() if number)
    strands = f"; between the strands only: {turned:,}" if turned else ""
    return [f"different sequences with more than one class: {count:,} (rows: {told}){strands}"]


def tell_shifts(pairs: list[dict[str, Any]]) -> list[str]:
    """A sentence for every two parts whose composition is not alike."""
    return [
        f"{pair['parts'][1]} differs from {pair['parts'][0]} in composition: {pair['divergence']:.4f} bits between"
        f" their {K}-mers, by chance at most {pair['by_chance']['maximum']:.4f}"
        for pair in pairs
        if pair["shifted"]
    ]


def tell_genome_leaks(report: GenomeReport) -> list[str]:
    """A sentence for each part with bases that repeat or overlap earlier parts."""
    said = []
    for part, total in report.bases.items():
        count = sum(end - start for _, start, end in leaked_intervals(report, part))
        if count:
            towards = [
                f"{other} ({found.bases:,}{f' and {both:,} that the split gives to both' if both else ''})"
                for (own, other), found in report.found.items()
                if own == part and len(found) + (both := report.overlaps[own, other].bases)
            ]
            said.append(
                f"{part} shares {count:,} of its {total:,} bases ({count / total:.2%}) with {' and '.join(towards)}:"
                " figures on them are too good"
            )
    return said


def tell_straddling(report: GenomeReport) -> list[str]:
    """A sentence for each channel with regions that lie in two parts."""
    return [
        f"{channel}: labelled regions that lie on bases of two parts: {len(found):,}"
        for channel, found in report.straddling.items()
        if len(found)
    ]
