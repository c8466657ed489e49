"""What trains and what validates: sequences that repeat each other are in one part."""

import warnings
from collections.abc import Callable
from numbers import Real
from typing import TypeVar

import numpy as np

from dnabilstm.audit.groups import groups_of
from dnabilstm.errors import DnabilstmError
from dnabilstm.sequences.parts import choose_parts, k_folds
from dnabilstm.sequences.store import SequenceSet

T = TypeVar("T")


def hold_out(
    sequences: SequenceSet, share: float, folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training and validation sequences, of each fold where there are folds.

    Parameters
    ----------
    sequences
        Each with a class.
    share
        Share that validates where there are no folds, in [0, 1); 0: what trains validates too.
    folds
        Number of folds, which take turns in validating; 0: none.
    seed
        The same seed, the same parts.

    Returns
    -------
    list
        Pairs of ascending indices, int64 (n,).

    Raises
    ------
    DnabilstmError
        If a class has too few sequences to be in each part.

    Warns
    -----
    UserWarning
        If a class has them, but too many are alike; then they are drawn one by one.
    """
    every = np.arange(len(sequences))
    if folds:
        _check_sizes(sequences, folds, f"one in each of {folds} folds")
        held = _by_groups(sequences, lambda groups: k_folds(sequences, folds, groups, seed=seed))
        return [(np.setdiff1d(every, fold), fold) for fold in held]
    if not (isinstance(share, Real) and 0 <= share < 1):
        raise DnabilstmError(f"validation_fraction: {share!r}; wanted a number from 0 on, below 1")
    if share == 0:
        return [(every, every)]
    _check_sizes(sequences, 2, "one to train and one to validate; validation_fraction=0 does without")
    parts = _by_groups(
        sequences, lambda groups: choose_parts(sequences, valid=share, test=0, groups=groups, seed=seed)
    )
    return [(parts["train"], parts["valid"])]


def _check_sizes(sequences: SequenceSet, least: int, why: str) -> None:
    counts = np.bincount(sequences.labels, minlength=len(sequences.classes)).tolist()
    few = [(name, count) for name, count in zip(sequences.classes, counts, strict=True) if count < least]
    if few:
        shown = ", ".join(f"class {name!r} has {count}" for name, count in few[:10])
        raise DnabilstmError(f"y: {shown}; wanted at least {least} sequences of each class ({why})")


def _by_groups(sequences: SequenceSet, draw: Callable[[np.ndarray | None], T]) -> T:
    """Parts that keep what repeats together, or, where a class allows none, parts that do not."""
    try:
        return draw(groups_of(sequences))
    except DnabilstmError as error:
        warnings.warn(
            f"too many sequences of a class repeat each other to keep repeats in one part ({error.problems[0]});"
            " they are drawn one by one, so validation figures are too good",
            UserWarning,
            stacklevel=2,
        )
        return draw(None)
