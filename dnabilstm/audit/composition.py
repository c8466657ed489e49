"""Composition: GC content and canonical 4-mers, of the parts of a data set and of genomes; and shifts of it.

How far two compositions are apart is the Jensen-Shannon divergence of their 4-mer frequencies, in bits (Lin
1991, https://doi.org/10.1109/18.61115): 0 for the same, 1 for nothing in common. Of two finite samples of the
same it is never 0, so it is held against chance: the same sequences dealt to the parts anew, or a genome's
blocks dealt into halves.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.counts import (
    BLOCK,
    WINDOW,
    Span,
    block_of,
    blocks_of,
    count_sequences,
    gc_contents,
    kmer_names,
)
from dnabilstm.genome import Genome
from dnabilstm.sequences.store import SequenceSet

CARD_KEY = "composition"
"""Where a model's card holds ``composition_of`` its training part."""
FLOOR = 0.0005
"""Bits beyond chance that a shift between parts has at least; 1.5 points of GC give about as much."""
GENOME_FLOOR = 0.005
"""The same between genomes, which differ in places too; 4 points of GC."""
DEVIATIONS = 5
"""Standard deviations beyond the mean of chance that a shift has at least."""
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 50
"""Bins of a histogram of GC contents, from 0 to 1."""
Summary = dict[str, Any]


def shifts_between(parts: Mapping[str, SequenceSet], config: AuditConfig | None = None) -> Summary:
    """GC contents of each part, and how far the composition of every two parts is apart.

    Returns
    -------
    dict
        ``parts``: of each what ``_gc_summary`` says of the sequences' GC contents. ``pairs``: of every two
        parts that have known bases ``parts`` (their names) and what ``against_chance`` says.
    """
    config = config or AuditConfig()
    counted = {part: count_sequences(one) for part, one in parts.items()}
    shown = {part: _gc_summary(gc_contents(one.codes, one.borders)) for part, one in parts.items()}
    return {"parts": shown, "pairs": _pairs(counted, config, FLOOR)}


def genome_shifts(
    genome: Genome, spans: Mapping[str, list[Span]], config: AuditConfig | None = None
) -> Summary:
    """The same of the parts of a genome, by blocks of neighbouring bases and with ``GENOME_FLOOR``."""
    config = config or AuditConfig()
    block = block_of(sum(end - start for rows in spans.values() for _, start, end in rows))
    found = {part: blocks_of(genome, rows, block) for part, rows in spans.items()}
    shown = {part: _gc_summary(one.gc) for part, one in found.items()}
    counts = {part: one.counts for part, one in found.items()}
    return {"parts": shown, "pairs": _pairs(counts, config, GENOME_FLOOR)}


def _pairs(counted: Mapping[str, np.ndarray], config: AuditConfig, floor: float) -> list[Summary]:
    """What ``against_chance`` says of every two of the parts that have known bases."""
    with_bases = [part for part, rows in counted.items() if rows.any()]
    return [
        {"parts": [one, other], **against_chance(counted[one], counted[other], config, floor)}
        for one, other in combinations(with_bases, 2)
    ]


def against_chance(one: np.ndarray, other: np.ndarray, config: AuditConfig, floor: float = FLOOR) -> Summary:
    """How far two sets of rows, each the counts of a sequence or a block, are apart, and by chance.

    Returns
    -------
    dict
        ``divergence`` in bits; ``by_chance``, the ``mean``, ``deviation`` and ``maximum`` of the rows dealt
        to sets of the same sizes anew; ``shifted``: beyond that maximum, by ``DEVIATIONS`` beyond the mean,
        and by ``floor`` bits.
    """
    chance = _dealt(np.concatenate([one, other]), len(other), config.permutations, config.seed)
    found = divergence(one.sum(axis=0), other.sum(axis=0))
    return {"divergence": found, "by_chance": chance, "shifted": _stands_out(found, chance, floor)}


def _dealt(rows: np.ndarray, size: int, times: int, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    drawn = np.zeros((times, len(rows)), np.float32)
    for chosen in drawn:
        chosen[rng.permutation(len(rows))[:size]] = 1
    counts = (drawn @ rows.astype(np.float32)).astype(np.float64)
    values = [divergence(rows.sum(axis=0) - one, one) for one in counts]
    return {"mean": float(np.mean(values)), "deviation": float(np.std(values)), "maximum": float(max(values))}


def _stands_out(found: float, chance: dict[str, float], floor: float) -> bool:
    beyond = found - chance["mean"]
    return found > chance["maximum"] and beyond > DEVIATIONS * chance["deviation"] and beyond > floor


def divergence(one: np.ndarray, other: np.ndarray) -> float:
    """Jensen-Shannon divergence of two rows of counts, in bits; 0 if one has none."""
    if not (one.any() and other.any()):
        return 0.0
    p, q = one / one.sum(), other / other.sum()
    return max(0.0, _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2)


def _entropy(p: np.ndarray) -> float:
    p = p[p > 0]
    return -float(p @ np.log2(p))


def composition_of(source: Genome | SequenceSet | np.ndarray, spans: Iterable[Span] | None = None) -> Summary:
    """A small summary of a genome's composition, to be kept as JSON and compared later.

    Parameters
    ----------
    source
        A genome, sequences, or codes, uint8 (length,).
    spans
        (contig, start, end), 0-based, half-open, of the genome; None takes all of it.

    Returns
    -------
    dict
        ``bases`` that are A, C, G or T; ``window`` and, of windows of so many bases, what ``_gc_summary``
        says; ``kmers``, each canonical 4-mer's share; ``by_chance``: see ``against_chance``, of its blocks
        dealt into halves.
    """
    blocks = blocks_of(source, spans)
    total = blocks.counts.sum(axis=0)
    shares = total / max(total.sum(), 1)
    return {
        "bases": blocks.bases,
        "window": WINDOW,
        **_gc_summary(blocks.gc),
        "kmers": {name: round(float(share), 8) for name, share in zip(kmer_names(), shares, strict=True)},
        "by_chance": _dealt(blocks.counts, len(blocks.counts) // 2, 100, 1),
    }


def sampled(genome: Genome, bases: int = 20_000_000) -> list[Span]:
    """Spans of a genome, spread evenly, of about so many bases; all of it where it has no more.

    For ``composition_of``, when a genome is large and its composition is wanted at once.
    """
    every = max(1, genome.total // max(bases, 1))
    blocks = (
        (contig.name, start, min(start + BLOCK, contig.length))
        for contig in genome.contigs
        for start in range(0, contig.length, BLOCK)
    )
    return [block for number, block in enumerate(blocks) if number % every == 0]


def compare_composition(one: Summary, other: Summary) -> Summary:
    """Hold the composition of a genome against that of another one, such as that of a model's training part.

    Parameters
    ----------
    one, other
        Of ``composition_of``, perhaps read from JSON.

    Returns
    -------
    dict
        ``divergence`` in bits; ``by_chance``: of the one whose halves differ more; ``shifted``: beyond that as
        in ``against_chance``, with ``GENOME_FLOOR``; ``gc_median`` of both; ``gc_outside``: share of the
        other's windows with a GC content outside of 98 in 100 of the first's; ``verdict``, a sentence.
    """
    kmers = [np.array([row["kmers"].get(name, 0.0) for name in kmer_names()]) for row in (one, other)]
    found = divergence(*kmers)
    chance = max(one["by_chance"], other["by_chance"], key=lambda row: row["maximum"])
    shifted = _stands_out(found, chance, GENOME_FLOOR)
    outside = _outside(one, other)
    medians = [row["gc_quantiles"].get("0.5") for row in (one, other)]
    verdict = (
        f"composition {'differs' if shifted else 'is alike'}: {found:.4f} bits between their 4-mers"
        f" ({chance['maximum']:.4f} between halves of one), median GC {_percent(medians[0])} and"
        f" {_percent(medians[1])}, {outside:.1%} of the windows with a GC content that is rare in the first"
    )
    return {
        "divergence": found,
        "by_chance": chance,
        "shifted": shifted,
        "gc_median": medians,
        "gc_outside": outside,
        "verdict": verdict,
    }


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1%}"


def _outside(one: Summary, other: Summary) -> float:
    """Share of the other's windows that lie outside the first's 1 % and 99 % quantiles, by whole bins."""
    if not (one["gc_quantiles"] and sum(other["gc_histogram"])):
        return 0.0
    low, high = (int(one["gc_quantiles"][key] * BINS) for key in ("0.01", "0.99"))
    histogram = np.array(other["gc_histogram"])
    return float(1 - histogram[low : min(high, BINS - 1) + 1].sum() / histogram.sum())


def _gc_summary(gc: np.ndarray) -> Summary:
    """``gc_quantiles``, by the share that lies below, empty if there is no value; and ``gc_histogram``."""
    values = np.quantile(gc, QUANTILES) if len(gc) else []
    return {
        "gc_quantiles": {str(q): round(float(v), 6) for q, v in zip(QUANTILES, values, strict=False)},
        "gc_histogram": np.histogram(gc, BINS, (0, 1))[0].tolist(),
    }
