"""From the sequences that a user gives to what each member of a model trains and validates on."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from dnabilstm.audit.groups import groups_of
from dnabilstm.audit.leaks import LeakReport, find_leaks, repeated
from dnabilstm.errors import Problems
from dnabilstm.genome import shown_names
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.sequences.parts import choose_parts, k_folds
from dnabilstm.sequences.store import UNKNOWN, SequenceSet
from dnabilstm.train.config import SequenceTrainConfig
from dnabilstm.train.sequences import SequenceRun

Parts = dict[str, SequenceSet]
_BY = {"sequence": "group", "contig": "contig"}


def check_parts(parts: Mapping[str, SequenceSet], plan: SequenceTrainConfig) -> None:
    """Refuse, before any compute, sequences that a classifier cannot be trained or tested with.

    Parameters
    ----------
    parts
        ``train``, and perhaps ``valid`` and ``test``.
    plan
        Whether there are folds, which take the place of a validation part.

    Raises
    ------
    DnabilstmError
        With all that is wrong: sequences without a class, one class only, a validation part that has one
        class only or that folds leave without use.
    """
    problems = Problems()
    for part, one in parts.items():
        unknown = np.flatnonzero(one.labels == UNKNOWN)
        if len(unknown) == len(one):
            problems.add(
                f"{one.source}: has no classes; wanted CLASS=FILE, or a table with a column of classes"
                f" (--label-column){_SCORED if part == 'test' else ''}"
            )
        elif len(unknown):
            problems.add(
                f"{one.source}: {len(unknown)} of {len(one)} sequences have no class"
                f" ({shown_names([one.names[i] for i in unknown[:4]], 3)}); wanted one for each"
            )
        elif part != "test" and len(np.unique(one.labels)) == 1:
            problems.add(
                f"{one.source}: has one class only, {one.classes[one.labels[0]]!r}; wanted two or more: give the"
                f" others too ({_FLAGS[part]} CLASS=FILE), or let --negatives KIND make one"
            )
    if plan.folds and "valid" in parts:
        problems.add(
            f"train.folds: {plan.folds} with --valid-sequences, which no fold would use; wanted one of them"
        )
    problems.raise_if_any()


_SCORED = "; 'dnabilstm classify' scores sequences without a class"
_FLAGS = {"train": "--sequences", "valid": "--valid-sequences"}


def with_validation(parts: Parts, plan: SequenceTrainConfig) -> Parts:
    """The parts in order, with a validation part: the one that is given, else a tenth of the training part.

    Groups of sequences that repeat each other are not torn apart; with ``fold_by: contig`` contigs are not.
    With folds there is none, since each fold takes its turn.
    """
    if "valid" in parts or plan.folds:
        return {part: parts[part] for part in ("train", "valid", "test") if part in parts}
    given = parts["train"]
    chosen = choose_parts(
        given, valid=0.1, test=0.0, groups=_groups(given, plan), seed=plan.seed, by=_BY[plan.fold_by]
    )
    return {part: given.subset(rows) for part, rows in chosen.items()} | {
        part: one for part, one in parts.items() if part == "test"
    }


def _groups(sequences: SequenceSet, plan: SequenceTrainConfig) -> np.ndarray | None:
    return groups_of(sequences) if plan.fold_by == "sequence" else None


def without_leaks(parts: Parts, report: LeakReport) -> Parts:
    """Leave out of each part the sequences that a later one repeats.

    Parameters
    ----------
    parts, report
        Parts in order, and what ``find_leaks`` says of them.

    Raises
    ------
    DnabilstmError
        If a class has no training sequence left, or none that validates, where it had some.
    """
    kept = {part: one.subset(~repeated(report, part)) for part, one in parts.items()}
    problems = Problems()
    for part in ("train", "valid"):
        if part not in kept:
            continue
        before, there = (
            np.bincount(s[part].labels, minlength=len(s[part].classes)) > 0 for s in (parts, kept)
        )
        gone = ~there if part == "train" else before & ~there
        if lost := [name for name, has in zip(kept[part].classes, gone, strict=True) if has]:
            problems.add(
                f"{parts[part].source}: held-out sequences repeat all that are of class"
                f" {shown_names([repr(name) for name in lost])}; with train.leaks: drop none is left in the"
                f" {part!r} part"
            )
    problems.raise_if_any()
    return kept


def balance_of(given: Parts, kept: Parts) -> tuple[float, ...]:
    """Weights that give what is left of the sequences that validate the shares of classes that they had.

    What is left out since held-out sequences repeat it says nothing of how common a class is.

    Parameters
    ----------
    given, kept
        As ``with_validation`` gives them, and as ``without_leaks`` leaves them.

    Returns
    -------
    tuple of float
        One a class; none where nothing is left out.
    """
    part = "valid" if "valid" in given else "train"
    before, after = (np.bincount(one[part].labels, minlength=len(one[part].classes)) for one in (given, kept))
    if (before == after).all():
        return ()
    return tuple((before / before.sum() / (np.maximum(after, 1) / after.sum())).tolist())


def make_runs(
    parts: Parts,
    network: BiLSTMConfig,
    plan: SequenceTrainConfig,
    device: torch.device,
    weights: tuple[float, ...] = (),
) -> list[SequenceRun]:
    """What each member trains and validates on; each has a seed of its own, one after another.

    Parameters
    ----------
    parts
        As ``with_validation`` gives them.
    network
        The classes become its tasks.
    plan, device
        How and where the members train.
    weights
        Of each class in the calibration; see ``balance_of``.
    """
    classes = parts["train"].classes
    network = replace(network, tasks=classes)
    pairs = _folds(parts["train"], plan) if plan.folds else [(parts["train"], parts["valid"])] * plan.members
    return [
        SequenceRun(network, replace(plan, seed=plan.seed + number), device, training, validation, weights)
        for number, (training, validation) in enumerate(pairs)
    ]


def _folds(sequences: SequenceSet, plan: SequenceTrainConfig) -> list[tuple[SequenceSet, SequenceSet]]:
    """Training and validation sequences of each fold."""
    held_out = k_folds(sequences, plan.folds, _groups(sequences, plan), seed=plan.seed, by=_BY[plan.fold_by])
    pairs = []
    for rows in held_out:
        rest = np.ones(len(sequences), bool)
        rest[rows] = False
        fold = {"train": sequences.subset(rest), "valid": sequences.subset(rows)}
        if plan.leaks != "keep" and plan.fold_by == "contig":
            fold = without_leaks(fold, find_leaks(fold))
        pairs.append((fold["train"], fold["valid"]))
    return pairs
