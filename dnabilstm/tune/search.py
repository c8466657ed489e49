"""The search: trial after trial, each a training run that may be stopped early."""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import torch
from optuna.trial import FrozenTrial, Trial, TrialState

from dnabilstm.errors import DnabilstmError
from dnabilstm.train.loop import Reporter, train
from dnabilstm.train.run import Run
from dnabilstm.train.state import TrainState
from dnabilstm.tune.config import TuneConfig
from dnabilstm.tune.space import Choice, Range, Settings, Space, Value, merged
from dnabilstm.tune.study import best_of

STARTS = 3
"""Times that a process may die in a trial, with no evaluation in between, before the trial is given up."""


class _TimeUp(Exception):
    """The search has had its time; the trial under way stays as it is."""


@dataclass(frozen=True)
class Search:
    """What a search needs besides its study.

    Attributes
    ----------
    folder
        ``trials/NNNN/trial.*`` under it are the logs and states of the trainings.
    fixed, space
        Settings of every trial, and those that are tried.
    make
        From settings to a run; a ``DnabilstmError`` is a trial that failed.
    reporter
        Opens what is told of a run.
    note
        One sentence for the log.
    done
        Called after each trial.
    """

    folder: Path
    fixed: Settings
    space: Space
    make: Callable[[Settings], Run]
    reporter: Callable[[Run], AbstractContextManager[Reporter]]
    note: Callable[[str], None]
    done: Callable[[], None]

    def stem(self, number: int) -> Path:
        """Where a trial's training keeps its files."""
        return self.folder / "trials" / f"{number:04d}" / "trial"

    def state(self, number: int) -> Path:
        """The training state of a trial; kept of the best one, and of one that is under way."""
        return self.stem(number).with_name("trial.state")


def search(study: optuna.Study, plan: Search, config: TuneConfig) -> bool:
    """Go on until there are as many trials as are wanted.

    A trial that an earlier call has left under way comes first: with the same settings, from its own
    training state. With a study that was opened anew the trials are those of an undisturbed search.

    Returns
    -------
    bool
        Whether all trials are done; False if the time was up before.
    """
    until = math.inf if config.timeout is None else time.monotonic() + 60 * config.timeout
    left = study.get_trials(states=(TrialState.RUNNING,))
    _drop_states(study, plan)
    try:
        for trial in left:
            if trial.number < config.trials:
                _try(study, plan, trial, config.trials, until)
        while (number := len(study.get_trials(deepcopy=False))) < config.trials:
            if time.monotonic() >= until:
                raise _TimeUp
            study.ask()
            _try(study, plan, study.get_trials(deepcopy=False)[number], config.trials, until)
    except _TimeUp:
        plan.note(f"the time of {config.timeout:g} minutes is up; the same command goes on")
        return False
    return True


def _try(study: optuna.Study, plan: Search, frozen: FrozenTrial, trials: int, until: float) -> None:
    """One trial, from its settings to its place in the study."""
    trial = Trial(study, frozen._trial_id)
    values = {name: _suggested(trial, name, found) for name, found in sorted(plan.space.items())}
    plan.note(f"trial {trial.number} of {trials}: {_shown(values)}")
    trial.set_user_attr("starts", frozen.user_attrs.get("starts", 0) + 1)
    try:
        outcome = _outcome(plan, trial, frozen, values, until)
    except BaseException:
        trial.set_user_attr("starts", 0)  # the process is there to say so
        raise
    study.tell(trial, **outcome)
    _drop_states(study, plan)
    plan.note(_sentence(study, trial.number))
    plan.done()


def _outcome(
    plan: Search, trial: Trial, frozen: FrozenTrial, values: dict[str, Value], until: float
) -> dict[str, Any]:
    """How a trial ends, as the study is told; the reason stands in its attributes."""
    try:
        if (starts := frozen.user_attrs.get("starts", 0)) >= STARTS:
            raise DnabilstmError(f"the process died {starts} times in this trial; out of memory?")
        return {"values": _value(plan, trial, frozen, values, until)}
    except optuna.TrialPruned:
        trial.set_user_attr("reason", "below the median of the trials before it")
        return {"state": TrialState.PRUNED}
    except (DnabilstmError, MemoryError, torch.cuda.OutOfMemoryError) as error:
        if isinstance(error.__cause__, OSError):
            raise  # nothing can be written: no fault of these settings
        trial.set_user_attr("reason", "; ".join(str(error).splitlines()) or "out of memory")
        return {"state": TrialState.FAIL}


def _suggested(trial: Trial, name: str, found: Choice | Range) -> Value:
    """The trial's value of a setting: that which it has already, or a new one."""
    if isinstance(found, Choice):
        return trial.suggest_categorical(name, found.values)
    if found.whole:
        return trial.suggest_int(name, found.low, found.high, log=found.log, step=found.step or 1)
    return trial.suggest_float(name, found.low, found.high, log=found.log, step=found.step)


def _shown(values: dict[str, Value]) -> str:
    return ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in values.items()
    )


def _value(plan: Search, trial: Trial, frozen: FrozenTrial, values: dict[str, Value], until: float) -> float:
    """Train with these settings; the best mean validation AUPRC."""
    run = plan.make(merged(plan.fixed, values))
    with plan.reporter(run) as inner:
        state: TrainState = train(
            run, plan.stem(trial.number), _Watch(inner, run.steps, trial, frozen, until)
        )
    value = max(row["mean_auprc"] for row in state.history)
    if not math.isfinite(value):
        raise DnabilstmError("there is no validation AUPRC; wanted both kinds in the validation part")
    return value


class _Watch(Reporter):
    """Hands on what is told, reports each evaluation to the study, and ends what is not worth more time."""

    def __init__(self, inner: Reporter, steps: int, trial: Trial, frozen: FrozenTrial, until: float) -> None:
        self.inner, self.steps, self.trial, self.until = inner, steps, trial, until
        self.count, self.known = 0, set(frozen.intermediate_values)
        self.minutes, self.started = frozen.user_attrs.get("minutes", 0.0), time.monotonic()

    def note(self, text: str) -> None:
        self.inner.note(text)

    def advance(self, step: int, bases: int) -> None:
        self.inner.advance(step, bases)

    def resumed(self, history: list[dict]) -> None:
        # A kill may have come between an evaluation and its report.
        self.inner.resumed(history)
        for row in history:
            self._report(row)
        self._judge(history[-1])

    def evaluated(self, row: dict) -> None:
        """Pass on a row of the history, keep the minutes so far with the trial, and stop it if it falls behind."""
        self.inner.evaluated(row)
        minutes = self.minutes + (time.monotonic() - self.started) / 60
        self.trial.set_user_attr("minutes", round(minutes, 3))
        if self.count == len(self.known):
            self.trial.set_user_attr("starts", 0)
        self._report(row)
        self._judge(row)
        if time.monotonic() >= self.until:
            raise _TimeUp

    def _report(self, row: dict) -> None:
        """By the number of the evaluation, which compares runs with batches of different size."""
        if self.count not in self.known:
            self.trial.set_user_attr("steps", row["step"])
            if math.isfinite(row["mean_auprc"]):
                self.trial.report(row["mean_auprc"], self.count)
        self.count += 1

    def _judge(self, row: dict) -> None:
        # At the last step there is nothing left to be saved.
        if row["step"] < self.steps and self.trial.should_prune():
            raise optuna.TrialPruned


def _sentence(study: optuna.Study, number: int) -> str:
    trial, best = study.get_trials(deepcopy=False)[number], best_of(study)
    ends = {
        TrialState.COMPLETE: lambda: f"validation AUPRC {trial.value:.4f}",
        TrialState.PRUNED: lambda: f"stopped early at validation AUPRC {trial.value:.4f}",
        TrialState.FAIL: lambda: f"failed: {trial.user_attrs['reason']}",
    }
    so_far = "" if best is None else f" (best so far: trial {best.number}, {best.value:.4f})"
    return f"trial {number}: {ends[trial.state]()}{so_far}"


def _drop_states(study: optuna.Study, plan: Search) -> None:
    """Only the best trial's state is of use later."""
    best = best_of(study)
    for trial in study.get_trials(deepcopy=False):
        if trial.state.is_finished() and (best is None or trial.number != best.number):
            plan.state(trial.number).unlink(missing_ok=True)
