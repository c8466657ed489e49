"""How a classifier reads its sequences: short trials say whether strand and place mean something.

Which strand of an enhancer is given means nothing, and a network that cannot see it learns faster; nor
does it matter where in an open region a motif lies. The strand of a promoter that is cut out about its
transcription start means a lot, and so does each base's distance from there. What is left to ``auto`` of
``model.strand`` and ``model.aligned`` is decided by training each way for a part of the passes.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.audit.groups import groups_of
from dnabilstm.class_calibrate import calibrated_losses
from dnabilstm.errors import DnabilstmError
from dnabilstm.score.sequences import sequence_logits
from dnabilstm.sequences.parts import choose_parts
from dnabilstm.sequences.store import joined
from dnabilstm.train.loop import Reporter, train
from dnabilstm.train.sequences import SequenceRun
from dnabilstm.train.state import TrainState

Reading = dict[str, Any]
"""Values of ``strand`` and ``aligned``."""
Reporting = Callable[[SequenceRun], AbstractContextManager[Reporter]]
SHARE = 5
"""A trial takes one part in so many of the passes, and two of the steps that there must be."""
LEAD = 0.025
"""Share of the log loss by which a way must be ahead of a plainer one."""
HELD_OUT = 4_000
"""Sequences that judge the trials, if a fifth of those that train makes up for what validation lacks."""


def readings(run: SequenceRun) -> dict[str, Reading]:
    """The ways of reading that are open, the plainest first, by their names in files and messages."""
    config = run.model
    own = config.architecture == "bilstm"
    strands = (config.settled().strand,)
    if own and config.strand == "auto" and config.merge == "concat":
        strands = ("symmetric", "stranded")
    places = {"as given": config.aligned}
    if config.aligned == "auto":
        places = {"anywhere": 0}
        blind = config.merge == "sum" and config.settled().strand == "symmetric"
        if own and run.places and not blind:
            places["aligned"] = run.places
    found = {
        f"{strand}, {place}": {"strand": strand, "aligned": bins}
        for strand in strands
        for place, bins in places.items()
    }
    if len(found) == len(strands) * len(places) == 4:
        # What is told by its strand is told better by strand and place.
        del found["stranded, anywhere"]
    return found


def choose_reading(run: SequenceRun, stem: Path, reporting: Reporting) -> Reading:
    """Train each way for a short while, and say which validates best.

    Parameters
    ----------
    run
        Of whose network ``strand`` and ``aligned`` may be ``auto``.
    stem
        Of the model's files; the trials' logs and states lie beside them, see ``remove_trials``.
    reporting
        Gives each trial its reporter.

    Returns
    -------
    dict
        Settings of the network: ``strand`` and ``aligned``.
    """
    ways = readings(run)
    if len(ways) == 1:
        return next(iter(ways.values()))
    judged, losses = _judged(run), {}
    for name, way in ways.items():
        trial = _trial(judged, way)
        with reporting(trial) as reporter:
            reporter.note(f"a short trial: sequences read {name}")
            losses[name] = _losses(trial, train(trial, _stem(stem, name), reporter))
            if len(losses) == len(ways):
                told = ", ".join(f"{way} {loss.mean():.4f}" for way, loss in losses.items())
                reporter.note(
                    f"sequences are read {best(losses)}, by the log loss of trials on {len(judged.validation):,}"
                    f" held-out sequences ({told})"
                )
    return ways[best(losses)]


def best(losses: dict[str, np.ndarray]) -> str:
    """The way that the losses of the trials speak for, each of the same sequences.

    A way must be ahead of the one before it, which takes less to be true of the sequences, by more than the standard
    error of the mean difference, and by ``LEAD`` of the loss: weights that a way needs beyond those of another
    are what a long training overfits with, of which a short trial shows nothing.
    """
    names = list(losses)
    found = names[0]
    for name in names[1:]:
        gain = losses[found] - losses[name]
        wanted = (
            max(gain.std(ddof=1) / np.sqrt(len(gain)), LEAD * losses[found].mean())
            if len(gain) > 1
            else np.inf
        )
        if gain.mean() > wanted:
            found = name
    return found


def _judged(run: SequenceRun) -> SequenceRun:
    """The run with more that validates, groups of like sequences together: what decides is a small difference.

    Sequences that validate what was trained on them decide nothing.
    """
    same = run.training.digest == run.validation.digest
    lacking = HELD_OUT - (0 if same else len(run.validation))
    if lacking <= 0:
        return run
    given, by = run.training, "contig" if run.train.fold_by == "contig" else "group"
    share, groups = min(1 / SHARE, lacking / len(given)), None if by == "contig" else groups_of(given)
    try:
        parts = choose_parts(given, valid=share, test=0.0, groups=groups, seed=run.train.seed, by=by)
    except DnabilstmError:
        # So few that no class can be in both.
        return run
    more = given.subset(parts["valid"])
    judges = more if same else joined([run.validation, more])
    return replace(run, training=given.subset(parts["train"]), validation=judges)


def _losses(run: SequenceRun, state: TrainState) -> np.ndarray:
    """Log loss of each validation sequence, calibrated on them, by the best weights: float64 (sequences,)."""
    state.average.load_state_dict(state.best)
    return calibrated_losses(run.validation.labels, sequence_logits(state.average, run.validation))


def remove_trials(run: SequenceRun, stem: Path) -> None:
    """Remove the states of trials, once the model is there; until then they save a run that goes on its trials."""
    for name in readings(run):
        own = _stem(stem, name)
        own.with_name(f"{own.name}.state").unlink(missing_ok=True)


def _trial(run: SequenceRun, way: Reading) -> SequenceRun:
    config = replace(
        run.train,
        epochs=max(1, run.train.epochs // SHARE),
        min_steps=max(1, 2 * run.train.min_steps // SHARE),
    )
    return replace(run, model=replace(run.model, **way), train=config)


def _stem(stem: Path, name: str) -> Path:
    return stem.with_name(f"{stem.name}.trial.{name.replace(', ', '.').replace(' ', '_')}")
