"""How a classifier reads its sequences: short trials say whether strand and place mean something.

Which strand of an enhancer is given means nothing, and a network that cannot see it learns faster; nor
does it matter where in an open region a motif lies. The strand of a promoter that is cut out about its
transcription start means a lot, and so does each base's distance from there. What is left to ``auto`` of
``model.strand`` and ``model.aligned`` is decided by training each way for a part of the passes.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dnabilstm.train.log import best_row
from dnabilstm.train.loop import Reporter, train
from dnabilstm.train.sequences import SequenceRun

Reading = dict[str, Any]
"""Values of ``strand`` and ``aligned``."""
Reporting = Callable[[SequenceRun], AbstractContextManager[Reporter]]
SHARE = 5
"""A trial takes one part in so many of the passes, and two of the steps that there must be."""


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
    ways, figures = readings(run), {}
    if len(ways) == 1:
        return next(iter(ways.values()))
    rows = len(run.validation)
    for name, way in ways.items():
        trial = _trial(run, way)
        with reporting(trial) as reporter:
            reporter.note(f"a short trial: sequences read {name}")
            figures[name] = best_row(train(trial, _stem(stem, name), reporter).history)["mean_auprc"]
            if len(figures) == len(ways):
                told = ", ".join(f"{way} {figure:.4f}" for way, figure in figures.items())
                reporter.note(
                    f"sequences are read {best(figures, rows)}, by the validation AUPRC of trials ({told})"
                )
    return ways[best(figures, rows)]


def margin_of(figure: float, validating: int) -> float:
    """How far a way must be ahead of one before it, which takes less to be true of the sequences.

    About what chance makes of two equal networks with such a validation AUPRC on so many sequences: at .86
    .011 on 1,000 and .005 on 5,000; at .98 .008 on 300.
    """
    return math.sqrt(figure * (1 - figure) / validating)


def best(figures: dict[str, float], validating: int) -> str:
    """The way that the validation AUPRC of the trials, in their order, speaks for."""
    names = list(figures)
    found = names[0]
    for name in names[1:]:
        if figures[name] > figures[found] + margin_of(figures[found], validating):
            found = name
    return found


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
