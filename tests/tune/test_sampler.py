"""What is tried depends on the seed, the number and the trials that are done, and on nothing else."""

import optuna
import pytest

from dnabilstm.tune.sampler import STARTUP, Sampler, distribution_of
from dnabilstm.tune.search import _suggested
from dnabilstm.tune.space import Choice, Range

SPACE = {
    "model.cell": Choice(("lstm", "grid")),
    "model.dropout": Range(0.0, 0.5),
    "model.hidden": Range(8, 64, step=8),
    "model.layers": Choice((2,)),
    "train.learning_rate": Range(1e-4, 1e-2, log=True),
}
DEFAULTS = {"model.cell": "lstm", "model.dropout": 0.2, "model.hidden": 65, "train.learning_rate": 4e-3}


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(optuna.logging.get_logger("optuna"), "disabled", True)


def study_of(seed, trials=()):
    study = optuna.create_study(direction="maximize", sampler=Sampler(SPACE, DEFAULTS, seed))
    study.add_trials(trials)
    return study


def value_of(params):
    """Best at a dropout of 0.3."""
    return -((params["model.dropout"] - 0.3) ** 2)


def go_on(study, trials):
    """More trials, as ``search`` asks for them."""
    while len(study.trials) < trials:
        trial = study.ask()
        params = {name: _suggested(trial, name, found) for name, found in SPACE.items()}
        study.tell(trial, value_of(params))
    return [trial.params for trial in study.trials]


def test_the_first_trial_takes_the_defaults_that_the_space_holds():
    first = go_on(study_of(1), 1)[0]
    assert {name: first[name] for name in ("model.cell", "model.dropout", "train.learning_rate")} == {
        "model.cell": "lstm",
        "model.dropout": 0.2,
        "train.learning_rate": 4e-3,
    }
    assert first["model.hidden"] in range(8, 65, 8)
    assert first["model.layers"] == 2


def test_every_value_lies_in_the_space():
    for params in go_on(study_of(3), 30):
        for name, found in SPACE.items():
            assert found.holds(params[name]), (name, params[name])
            assert type(params[name]) is type(found.values[0] if isinstance(found, Choice) else found.low), (
                name
            )


def test_a_sampler_that_is_made_anew_before_each_trial_tries_the_same():
    whole = study_of(1)
    go_on(whole, STARTUP + 8)
    done = []
    for number in range(STARTUP + 8):
        again = study_of(1, done)
        go_on(again, number + 1)
        done = again.trials
    assert [trial.params for trial in done] == [trial.params for trial in whole.trials]


def test_a_trial_that_knows_some_of_its_values_draws_the_others_alike():
    for trials in (5, STARTUP + 3):
        whole = study_of(1)
        params = go_on(whole, trials)[-1]
        cut = study_of(1, whole.trials[:-1])
        trial = cut.ask()
        for name in sorted(SPACE)[:2]:
            assert _suggested(trial, name, SPACE[name]) == params[name]
        again = optuna.trial.Trial(cut, cut.trials[-1]._trial_id)
        assert {name: _suggested(again, name, found) for name, found in SPACE.items()} == params


def test_another_seed_tries_something_else():
    assert go_on(study_of(1), 3)[1:] != go_on(study_of(2), 3)[1:]


def test_what_is_known_leads_to_better_values():
    """Later dropouts lie closer to the best one than random ones, which are 0.13 away in the mean."""
    away = [
        abs(params["model.dropout"] - 0.3) for seed in (1, 2, 3) for params in go_on(study_of(seed), 40)[20:]
    ]
    assert sum(away) / len(away) < 0.09


def test_distributions_are_those_of_optuna():
    kinds = {name: type(distribution_of(found)).__name__ for name, found in SPACE.items()}
    assert kinds == {
        "model.cell": "CategoricalDistribution",
        "model.dropout": "FloatDistribution",
        "model.hidden": "IntDistribution",
        "model.layers": "CategoricalDistribution",
        "train.learning_rate": "FloatDistribution",
    }
    assert distribution_of(SPACE["model.hidden"]).step == 8
    assert distribution_of(SPACE["train.learning_rate"]).log
