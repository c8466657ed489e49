"""Whether a classifier reads both strands alike: a short trial of both says so.

Which strand of an enhancer is given means nothing, and a network that cannot see it learns faster. The
strand of a promoter that is cut out about its transcription start means a lot.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from dnabilstm.train.log import best_row
from dnabilstm.train.loop import Reporter, train
from dnabilstm.train.sequences import SequenceRun

Reporting = Callable[[SequenceRun], AbstractContextManager[Reporter]]
TRIED = ("symmetric", "stranded")
SHARE = 5
"""A trial takes one part in so many of the passes."""
MARGIN = 0.005
"""Validation AUPRC that ``stranded`` must be ahead, since it gives up a symmetry that is true of most sequences."""


def choose_strand(run: SequenceRun, stem: Path, reporting: Reporting) -> str:
    """Train both ways for a short while, and say which validates better.

    Parameters
    ----------
    run
        With a network that is ``undecided``.
    stem
        Of the model's files; the trials' logs and states lie beside them, see ``remove_trials``.
    reporting
        Gives each trial its reporter.

    Returns
    -------
    str
        ``symmetric`` or ``stranded``.
    """
    figures = {}
    for strand in TRIED:
        trial = _trial(run, strand)
        with reporting(trial) as reporter:
            reporter.note(f"a short trial of strand: {strand} (a model.strand that is given saves it)")
            figures[strand] = best_row(train(trial, _stem(stem, strand), reporter).history)["mean_auprc"]
            if len(figures) == len(TRIED):
                told = ", ".join(f"{name} {figure:.4f}" for name, figure in figures.items())
                reporter.note(f"strand: {better(figures)}, by the validation AUPRC of the trials ({told})")
    return better(figures)


def better(figures: dict[str, float]) -> str:
    """What the validation AUPRC of the trials says."""
    return "stranded" if figures["stranded"] > figures["symmetric"] + MARGIN else "symmetric"


def remove_trials(stem: Path) -> None:
    """Remove the states of trials, once the model is there; until then they save a run that goes on its trials."""
    for strand in TRIED:
        own = _stem(stem, strand)
        own.with_name(f"{own.name}.state").unlink(missing_ok=True)


def _trial(run: SequenceRun, strand: str) -> SequenceRun:
    config = replace(
        run.train,
        epochs=max(1, run.train.epochs // SHARE),
        min_steps=max(1, run.train.min_steps // SHARE),
    )
    return replace(run, model=replace(run.model, strand=strand), train=config)


def _stem(stem: Path, strand: str) -> Path:
    return stem.with_name(f"{stem.name}.trial.{strand}")
