"""The search: goes on after a kill as if nothing had happened, stops what falls behind, survives failures."""

import contextlib
from dataclasses import replace
from types import SimpleNamespace

import pytest
from optuna.trial import TrialState

from dnabilstm.errors import DnabilstmError
from dnabilstm.train.loop import Reporter
from dnabilstm.tune import search as search_module
from dnabilstm.tune import study as study_module
from dnabilstm.tune.config import TuneConfig
from dnabilstm.tune.search import STARTS, search
from dnabilstm.tune.space import merged
from tests.tune.conftest import SPACE, open_plan, plan_in


class Killed(BaseException):
    """Stands for a kill: not an exception that anything may catch."""


def trials_of(study):
    """All that must not depend on whether a search was interrupted."""
    return [
        (trial.number, trial.state.name, trial.params, trial.value, trial.intermediate_values,
         trial.user_attrs.get("steps"), trial.user_attrs.get("reason"))
        for trial in study.trials
    ]  # fmt: skip


def whole(plan, trials, seed=1):
    with open_plan(plan, seed=seed) as study:
        assert search(study, plan, TuneConfig(trials))
        return trials_of(study)


@pytest.fixture(scope="module")
def undisturbed(make, tmp_path_factory):
    """The first three trials of a search that nothing disturbs."""
    return whole(plan_in(tmp_path_factory.mktemp("whole"), make), 3)


class Killer(Reporter):
    """Kills at the n-th call of a method, counted over all trials."""

    def __init__(self, method, at):
        self.left = at
        setattr(self, method, self.count)

    def count(self, *_):
        self.left -= 1
        if self.left == 0:
            raise Killed


@pytest.mark.parametrize(
    ("method", "at"),
    [("advance", 2), ("advance", 10), ("evaluated", 1), ("evaluated", 5), ("evaluated", 6)],
    ids=["first step", "second trial", "first report", "report within", "last report"],
)
def test_a_killed_search_ends_with_the_same_trials(plan, undisturbed, method, at):
    killer = Killer(method, at)
    dying = replace(plan, reporter=lambda run: contextlib.nullcontext(killer))
    with pytest.raises(Killed), open_plan(plan) as study:
        search(study, dying, TuneConfig(3))
    with open_plan(plan) as study:
        assert study.trials[-1].state is TrialState.RUNNING
    notes = []
    telling = Reporter()
    telling.note = notes.append
    again = replace(plan, reporter=lambda run: contextlib.nullcontext(telling))
    assert whole(again, 3) == undisturbed
    # The trial that was under way went on from its own state.
    assert any("resumed at step" in note for note in notes) == (at != 2)
    assert len(undisturbed) == 3
    assert len(undisturbed[0][4]) == 3


@pytest.mark.parametrize("event", ["set_trial_param", "set_trial_state_values"])
def test_a_kill_between_two_lines_of_the_journal_changes_nothing(plan, undisturbed, event, monkeypatch):
    with open_plan(plan) as study:
        done, real = [], getattr(study._storage, event)

        def dying(*words, **named):
            done.append(words)
            if len(done) == 2:
                raise Killed
            return real(*words, **named)

        monkeypatch.setattr(study._storage, event, dying)
        with pytest.raises(Killed):
            search(study, plan, TuneConfig(3))
    assert whole(plan, 3) == undisturbed


def test_more_trials_can_be_asked_for(plan, undisturbed):
    assert whole(plan, 1) == undisturbed[:1]
    assert whole(plan, 3) == undisturbed
    assert whole(plan, 2) == undisturbed  # nothing is taken back


def test_only_the_state_of_the_best_trial_is_kept(plan):
    trials = whole(plan, 3)
    best = max(trials, key=lambda trial: trial[3])[0]
    assert [path.parent.name for path in plan.folder.glob("trials/*/trial.state")] == [f"{best:04d}"]
    assert len(list(plan.folder.glob("trials/*/trial.training.csv"))) == 3


def test_a_trial_is_what_its_settings_train_to(plan, tmp_path):
    """Its value is that of a training with the same settings, which knows nothing of a study."""
    with open_plan(plan) as study:
        search(study, plan, TuneConfig(1))
        (trial,) = study.trials
    run = plan.make(merged(plan.fixed, trial.params))
    history = search_module.train(run, tmp_path / "alone", Reporter()).history
    assert list(trial.intermediate_values.values()) == [row["mean_auprc"] for row in history]
    assert trial.value == max(row["mean_auprc"] for row in history)


def scripted(values):
    """Trainings whose evaluations are given, a list a trial; some raise at their first step instead."""
    left, given = iter(values), []

    def train(run, stem, reporter):
        script, history = next(left), []
        given.append(run)
        if isinstance(script, BaseException):
            raise script
        for step, value in enumerate(script, start=1):
            history.append({"step": step, "mean_auprc": value})
            reporter.evaluated(history[-1])
        return SimpleNamespace(history=history)

    return train


@pytest.fixture
def script(monkeypatch, plan):
    """Let trainings give these values; their steps are as many as evaluations."""

    def script(*values):
        monkeypatch.setattr(search_module, "train", scripted(values))
        steps = max(len(value) for value in values if isinstance(value, list))
        return replace(plan, make=lambda settings: SimpleNamespace(steps=steps))

    return script


def test_a_trial_below_the_median_is_stopped_early(script, monkeypatch):
    monkeypatch.setattr(study_module, "STARTUP", 2)
    plan = script(
        [0.5, 0.6, 0.7, 0.8], [0.1, 0.2, 0.3, 0.2], [0.1, 0.1, 0.9, 0.9], [0.1, 0.5, 0.4, 0.4], [0.1, 0.5, 0.6, 0.1]
    )  # fmt: skip
    found = whole(plan, 5)
    # The first two run whole whatever they do; then 0.1 < median(0.6, 0.2) at the second evaluation, and
    # the best of 0.1, 0.5, 0.4 is not below median(0.7, 0.3); at the last evaluation nothing is stopped.
    assert [(trial[1], trial[3]) for trial in found] == [
        ("COMPLETE", 0.8),
        ("COMPLETE", 0.3),
        ("PRUNED", 0.1),
        ("COMPLETE", 0.5),
        ("COMPLETE", 0.6),
    ]
    assert found[2][4] == {0: 0.1, 1: 0.1}
    assert found[2][5:] == (2, "below the median of the trials before it")
    assert any("trial 2: stopped early at validation AUPRC 0.1000" in note for note in plan.note)


def test_a_trial_that_fails_is_recorded_and_the_search_goes_on(script):
    plan = script(
        DnabilstmError("the loss is nan at step 4", "lower it"), [0.5], MemoryError(), [float("-inf")]
    )
    found = whole(plan, 4)
    assert [(trial[1], trial[6]) for trial in found] == [
        ("FAIL", "the loss is nan at step 4; lower it"),
        ("COMPLETE", None),
        ("FAIL", "out of memory"),
        ("FAIL", "there is no validation AUPRC; wanted both kinds in the validation part"),
    ]
    assert "trial 2: failed: out of memory (best so far: trial 1, 0.5000)" in plan.note


def test_settings_that_cannot_be_together_fail_their_trial_only(plan):
    fixed = merged(plan.fixed, {"model.attention": "local", "model.hidden": 6})
    found = whole(replace(plan, fixed=fixed), 6)
    by_heads = {trial[2]["model.attention_heads"]: trial for trial in found}
    assert by_heads[2][1] == "COMPLETE"
    assert by_heads[4][1] == "FAIL"
    assert by_heads[4][6] == "model.attention_heads: 4 do not divide hidden: 6"


def test_a_loss_that_is_not_finite_fails_its_trial(plan):
    wild = {**SPACE, "train.learning_rate": replace(SPACE["train.learning_rate"], low=1e29, high=1e30)}
    found = whole(replace(plan, space=wild, fixed=merged(plan.fixed, {"train.clip": 1e30})), 1)
    assert found[0][1] == "FAIL"
    assert found[0][6].startswith("the loss is nan at step 2; lower train.learning_rate")


def test_what_cannot_be_written_is_no_fault_of_a_trial(script):
    full = DnabilstmError("trial.state: cannot be written: No space left on device")
    full.__cause__ = OSError(28, "No space left on device")
    plan = script(full, [0.5])
    with open_plan(plan) as study:
        with pytest.raises(DnabilstmError, match="No space left"):
            search(study, plan, TuneConfig(1))
        assert study.trials[0].state is TrialState.RUNNING
    assert whole(plan, 1)[0][1] == "COMPLETE"


def test_a_bug_is_not_taken_for_a_trial_that_fails(script):
    plan = script(ZeroDivisionError(), [0.5])
    with pytest.raises(ZeroDivisionError), open_plan(plan) as study:
        search(study, plan, TuneConfig(1))


def test_a_trial_in_which_the_process_dies_again_and_again_is_given_up(script):
    plan = script([0.5])
    with open_plan(plan) as study:
        study.ask().set_user_attr("starts", STARTS)
        assert search(study, plan, TuneConfig(2))
        first, second = trials_of(study)
    assert first[1] == "FAIL"
    assert first[6] == "the process died 3 times in this trial; out of memory?"
    assert second[1] == "COMPLETE"


def test_starts_are_counted_until_an_evaluation_or_an_orderly_end(script):
    plan = script([0.5, 0.6], KeyboardInterrupt())
    with open_plan(plan) as study:
        with pytest.raises(KeyboardInterrupt):
            search(study, plan, TuneConfig(2))
        assert [trial.user_attrs["starts"] for trial in study.trials] == [0, 0]


def test_the_time_ends_a_search_at_an_evaluation(plan, undisturbed, monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr(search_module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    ends = []
    for _ in range(20):
        with open_plan(plan) as study:
            ends.append(search(study, plan, TuneConfig(2, timeout=3 / 60)))
        if ends[-1]:
            break
    assert len(ends) > 3
    with open_plan(plan) as study:
        assert trials_of(study) == undisturbed[:2]
    assert "the time of 0.05 minutes is up; the same command goes on" in plan.note
