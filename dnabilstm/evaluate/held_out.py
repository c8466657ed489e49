"""Which bases an evaluation may judge, and whether a model has seen them in training."""

from collections.abc import Iterable, Sequence
from typing import Any

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.evaluate.assess import Interval
from dnabilstm.genome import Genome, shown_names

SEEN = {"train": "trained", "valid": "stopped and calibrated"}


def choose_intervals(genome: Genome, card: dict[str, Any], contigs: Sequence[str] | None) -> list[Interval]:
    """The held-out intervals: the contigs asked for, or the test part of the model's split.

    Parameters
    ----------
    genome
        The genome to judge on.
    card
        Of the model: ``split`` has rows of contig, start, end, part; ``genome`` the digest it belongs to.
    contigs
        Names; None takes the test part.

    Raises
    ------
    DnabilstmError
        For names that the genome does not have, all at once, or twice; and without names if the model was
        trained on another genome, or has no test part.
    """
    if contigs is None:
        return _test_part(genome, card)
    problems = Problems()
    for name in dict.fromkeys(contigs):
        if contigs.count(name) > 1:
            problems.add(f"--contigs: has {name} more than once")
        if name not in genome:
            problems.add(f"--contigs: {genome.source} has no {name!r}; it has {shown_names(genome.names)}")
    problems.raise_if_any()
    return [(name, 0, genome.contig(name).length) for name in contigs]


def _test_part(genome: Genome, card: dict[str, Any]) -> list[Interval]:
    if not same_genome(genome, card):
        raise DnabilstmError(
            f"{genome.source}: is not the genome that the model was trained on, so its split says nothing here;"
            " choose the contigs to evaluate on with --contigs"
        )
    intervals = _part(card, "test")
    if not intervals:
        raise DnabilstmError("the model has no test part; choose the contigs to evaluate on with --contigs")
    return intervals


def same_genome(genome: Genome, card: dict[str, Any]) -> bool:
    """Whether the card's split is about this very genome."""
    return card.get("genome", {}).get("digest") == genome.digest


def leak_warnings(genome: Genome, name: str, card: dict[str, Any], intervals: list[Interval]) -> list[str]:
    """What a reader must know about a model before trusting its figures on these intervals."""
    if not same_genome(genome, card):
        return [f"{name} was trained on another genome: whether it has seen alike sequences is not checked"]
    warnings = []
    for part, did in SEEN.items():
        shared = [row for row in _part(card, part) if overlaps(row, intervals)]
        if shared:
            contigs = list(dict.fromkeys(contig for contig, _, _ in shared))
            warnings.append(f"{name} was {did} on bases of {shown_names(contigs)}: its figures are too good")
    return warnings


def training_intervals(genome: Genome, card: dict[str, Any], intervals: list[Interval]) -> list[Interval]:
    """Where a baseline may be fitted: the model's training part, or all contigs that are not evaluated on.

    Raises
    ------
    DnabilstmError
        If nothing is left.
    """
    rows = (
        _part(card, "train")
        if same_genome(genome, card)
        else [(contig.name, 0, contig.length) for contig in genome.contigs]
    )
    kept = [row for row in rows if not overlaps(row, intervals)]
    if not kept:
        raise DnabilstmError(
            "k-mer baseline: every training stretch overlaps the evaluated contigs; evaluate on fewer contigs"
        )
    return kept


def overlaps(row: Interval, intervals: Iterable[Interval]) -> bool:
    """Whether an interval shares a base with any of the others."""
    contig, start, end = row
    return any(contig == name and start < last and first < end for name, first, last in intervals)


def _part(card: dict[str, Any], part: str) -> list[Interval]:
    return [(contig, start, end) for contig, start, end, kind in card.get("split", []) if kind == part]
