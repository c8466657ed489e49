"""Negatives for the parts of a training set that has positives only."""

from dataclasses import replace

import numpy as np

from dnabilstm.classify.parts import Parts
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.genome import Genome, shown_names
from dnabilstm.intervals.algebra import concatenate
from dnabilstm.negatives.make import CLASS, make_negatives
from dnabilstm.sequences.classes import join_sets, order_classes
from dnabilstm.sequences.regions import intervals_of
from dnabilstm.sequences.store import UNKNOWN, SequenceSet

POSITIVE = "positive"
"""The class of sequences that have none."""


def add_negatives(parts: Parts, kind: str, *, ratio: float, seed: int, genome: Genome | None = None) -> Parts:
    """Add negatives to each part that has one class only.

    Parameters
    ----------
    parts
        ``train``, of one class or of none, which then is ``positive``; and perhaps ``valid`` and ``test``,
        which may have negatives already.
    kind, ratio, seed
        See ``make_negatives``; each part has a seed of its own.
    genome
        Where windows come from: away from the positives of all parts and from each other.

    Returns
    -------
    dict
        The parts, all of the same two classes.

    Raises
    ------
    DnabilstmError
        If the positives are of two classes, or of one that is called like the negatives.
    """
    positive = _only_class(_with_class(parts["train"], POSITIVE))
    parts = {part: _with_class(one, positive) for part, one in parts.items()}
    classes = order_classes([positive, CLASS])
    taken = [intervals_of(one, genome) for one in parts.values()] if genome else []
    problems, found = Problems(), {}
    for number, (part, one) in enumerate(parts.items()):
        sets = [one]
        if set(one.classes) == {positive}:
            away = concatenate(taken) if any(map(len, taken)) else None
            sets.append(
                make_negatives(one, kind, ratio=ratio, seed=seed + number, genome=genome, exclude=away)
            )
            if genome and sets[-1].places:
                taken.append(intervals_of(sets[-1], genome))
        with problems.collect():
            found[part] = join_sets(sets, classes)
    problems.raise_if_any()
    return found


def _with_class(sequences: SequenceSet, name: str) -> SequenceSet:
    """Sequences without any class are of this one."""
    if sequences.classes or not (sequences.labels == UNKNOWN).all():
        return sequences
    return replace(sequences, labels=np.zeros(len(sequences), np.int64), classes=(name,))


def _only_class(training: SequenceSet) -> str:
    if len(training.classes) != 1:
        raise DnabilstmError(
            f"{training.source}: has the classes {shown_names([repr(name) for name in training.classes])};"
            " --negatives is for positives only, wanted one class"
        )
    if training.classes[0] == CLASS:
        raise DnabilstmError(
            f"{training.source}: is of the class {CLASS!r}, which --negatives makes; give another name"
        )
    return training.classes[0]
