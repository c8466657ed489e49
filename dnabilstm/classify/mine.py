"""Negatives that a model takes for positives: of many candidates those it is surest of.

Trained with them, the next model no longer makes these mistakes (hard negative mining; Felzenszwalb et al.
2010, https://doi.org/10.1109/TPAMI.2009.167).
"""

from collections.abc import Callable, Sequence

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Genome, shown_names
from dnabilstm.intervals import Intervals
from dnabilstm.model.bundle import Model
from dnabilstm.negatives.make import CLASS, make_negatives
from dnabilstm.score.sequences import class_probabilities
from dnabilstm.sequences.store import SequenceSet


def mine_negatives(
    model: Model,
    positives: SequenceSet,
    *,
    positive: str,
    ratio: float = 1.0,
    candidates: int = 10,
    seed: int = 0,
    genome: Genome | None = None,
    exclude: Intervals | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[SequenceSet, np.ndarray]:
    """Keep the candidates that a model finds most like the positives.

    Parameters
    ----------
    model
        With a sequence head.
    positives
        What the negatives are to be like; as many are kept as ``ratio`` says for each of them.
    positive
        The class of the model whose probability decides.
    candidates
        How many are made for each that is kept: windows of ``genome`` away from the positives and from
        ``exclude``, or, without genome, the positives with their dinucleotides shuffled.
    seed
        The same seed, the same candidates.
    genome, exclude
        See ``make_negatives``.
    progress
        See ``sequence_logits``.

    Returns
    -------
    SequenceSet
        Of the class ``negative``, the one with the highest probability first.
    probabilities : numpy.ndarray
        float32 (negatives,): of ``positive``.
    """
    kind = "dinucleotide" if genome is None else "random"
    made = make_negatives(
        positives, kind, genome=genome, exclude=exclude, ratio=ratio * candidates, seed=seed
    )
    probabilities, _ = class_probabilities(model, made, progress=progress)
    found = probabilities[:, model.channels.index(positive)]
    wanted = max(1, int(np.floor(len(positives) * ratio + 0.5)))
    best = np.argsort(-found, kind="stable")[:wanted]
    return made.subset(best), found[best]


def positive_class(model: Model, given: Sequence[str], asked: str | None) -> str:
    """Which class of a model the negatives are to be mistaken for.

    Parameters
    ----------
    model
        Its channels are the classes.
    given
        Classes of the positives.
    asked
        What the user says; None: the class of the positives, or the other one where the model has two and
        one is ``negative``.

    Raises
    ------
    DnabilstmError
        If the model does not know the class, or nobody can say which it is.
    """
    classes = model.channels
    shown = shown_names([repr(name) for name in classes])
    if asked is not None:
        if asked not in classes:
            raise DnabilstmError(f"--positive {asked}: is no class of the model; it has {shown}")
        return asked
    known = [name for name in given if name in classes]
    others = [name for name in classes if name != CLASS]
    if len(known) == 1:
        return known[0]
    if len(others) == 1:
        return others[0]
    raise DnabilstmError(
        f"the model has the classes {shown}; say with --positive which of them the negatives are mistaken for"
    )
