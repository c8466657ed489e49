"""The kinds of negatives by name."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Genome
from dnabilstm.intervals import Intervals
from dnabilstm.intervals.algebra import concatenate
from dnabilstm.negatives.compose import draw_alike, draw_with_gc, gc_content, keep_parts
from dnabilstm.negatives.config import NegativesConfig
from dnabilstm.negatives.shuffle import shuffle_dinucleotides
from dnabilstm.negatives.windows import draw_windows
from dnabilstm.sequences.regions import cut_out, intervals_of
from dnabilstm.sequences.store import SequenceSet

CLASS = "negative"


@dataclass(frozen=True)
class Request:
    """What a kind is given: ``models``, the positive that each negative is made after, in order."""

    positives: SequenceSet
    models: SequenceSet
    config: NegativesConfig
    rng: np.random.Generator
    genome: Genome | None
    exclude: Intervals | None


def _random(asked: Request) -> SequenceSet:
    if asked.genome is None:
        return _changed(asked, draw_alike(asked.models.codes, asked.rng))
    found = draw_windows(asked.genome, _blocked(asked), asked.models.lengths, asked.rng)
    return cut_out(asked.genome, found, asked.genome.source)


def _gc(asked: Request) -> SequenceSet:
    models = asked.models
    if asked.genome is None:
        return _changed(asked, draw_with_gc(models.codes, models.borders, asked.rng))
    found = draw_windows(
        asked.genome,
        _blocked(asked),
        models.lengths,
        asked.rng,
        gc=gc_content(models.codes, models.borders),
        tolerance=asked.config.gc_tolerance,
    )
    return cut_out(asked.genome, found, asked.genome.source)


def _dinucleotide(asked: Request) -> SequenceSet:
    return _changed(asked, shuffle_dinucleotides(asked.models.codes, asked.models.borders, asked.rng))


def _promoter_like(asked: Request) -> SequenceSet:
    config, models = asked.config, asked.models
    codes = keep_parts(
        models.codes, models.borders, asked.rng, parts=config.parts, kept=config.kept, rest=config.rest
    )
    return _changed(asked, codes)


KINDS: dict[str, Callable[[Request], SequenceSet]] = {
    "random": _random,
    "gc": _gc,
    "dinucleotide": _dinucleotide,
    "promoter_like": _promoter_like,
}
"""What makes the negatives of each kind; their classes are set by ``make_negatives``."""


def make_negatives(
    positives: SequenceSet,
    kind: str = NegativesConfig.kind,
    *,
    genome: Genome | None = None,
    exclude: Intervals | None = None,
    **settings: Any,
) -> SequenceSet:
    """Make negatives that are as long as the positives.

    Parameters
    ----------
    positives
        Their classes do not matter. Each is the model of as many negatives as ``ratio`` says; where that
        is no whole number, some, drawn at random, are the model of one more.
    kind
        One of ``KINDS``; see ``NegativesConfig``.
    genome
        Kinds ``random`` and ``gc``: where to take windows. They overlap neither the places of the
        positives nor ``exclude``, an N or each other.
    exclude
        Intervals on ``genome`` to keep away from.
    **settings
        The other fields of ``NegativesConfig``, such as ``ratio`` and ``seed``.

    Returns
    -------
    SequenceSet
        All of the class ``negative``; with places where they are windows of a genome. Their names are
        those places, or that of their model with kind and number.

    Raises
    ------
    DnabilstmError
        If there is no positive, or windows are wanted and nobody can say where the positives lie, or
        the genome has not enough of them.
    """
    config = NegativesConfig(kind=kind, **settings)
    if not len(positives):
        raise DnabilstmError(f"{positives.source}: has no sequence to make negatives after")
    rng = np.random.default_rng(config.seed)
    models = positives.subset(_models(len(positives), config.ratio, rng))
    made = KINDS[kind](Request(positives, models, config, rng, genome, exclude))
    return replace(made, labels=np.zeros(len(made), np.int64), classes=(CLASS,))


def _models(count: int, ratio: float, rng: np.random.Generator) -> np.ndarray:
    """The positive that each negative is made after: int64 (negatives,), at least one."""
    wanted = max(1, int(np.floor(count * ratio + 0.5)))
    whole, more = divmod(wanted, count)
    return np.sort(np.concatenate([np.tile(np.arange(count), whole), rng.choice(count, more, replace=False)]))


def _changed(asked: Request, codes: np.ndarray) -> SequenceSet:
    """The models with other bases."""
    names = [f"{name}_{asked.config.kind}_{n}" for n, name in enumerate(asked.models.names, start=1)]
    return replace(asked.models, names=tuple(names), codes=codes, places=())


def _blocked(asked: Request) -> Intervals:
    """Where no window may lie: on the positives, and on what is excluded."""
    genome, places = asked.genome, asked.positives.places
    if not places and asked.exclude is None:
        raise DnabilstmError(
            f"{asked.positives.source}: nobody can say where these lie on {genome.source}, so windows of it may be"
            " positives; wanted regions (BED, GFF3) as --sequences, or such with --exclude"
        )
    on = intervals_of(asked.positives, genome)
    return concatenate([on, *([] if asked.exclude is None else [asked.exclude])])
