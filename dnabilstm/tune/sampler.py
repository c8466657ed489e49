"""What is tried next: a function of the seed, the trial's number and the trials that are done.

Optuna's samplers carry a random state from trial to trial, so that a search that goes on after a kill
would try other settings than an undisturbed one. Here every trial has a generator of its own.
"""

from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from dnabilstm.tune.space import Choice, Range, Space, Value

STARTUP = 10
"""Trials that must be done before their values guide what is tried."""


def distribution_of(found: Choice | Range) -> BaseDistribution:
    """A setting of the space as Optuna knows it."""
    if isinstance(found, Choice):
        return CategoricalDistribution(found.values)
    if found.whole:
        return IntDistribution(found.low, found.high, log=found.log, step=found.step or 1)
    return FloatDistribution(found.low, found.high, log=found.log, step=found.step)


class Sampler(BaseSampler):
    """Trial 0 takes the defaults, the next ones are drawn at random, then a Parzen estimator leads.

    The estimator is that of Bergstra et al. 2011, over all settings together (Optuna's TPE).

    Parameters
    ----------
    space
        All settings; each trial draws all of them at once.
    defaults
        What trial 0 takes where the space holds it.
    seed
        Decides all that is drawn.
    """

    def __init__(self, space: Space, defaults: dict[str, Value], seed: int) -> None:
        self.space = {name: distribution_of(found) for name, found in sorted(space.items())}
        self.first = {name: value for name, value in defaults.items() if space[name].holds(value)}
        self.seed = seed

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The whole space."""
        return self.space

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Values of all settings."""
        seed = int(np.random.SeedSequence([self.seed, trial.number]).generate_state(1)[0])
        done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        open_ones = {name: found for name, found in search_space.items() if not found.single()}
        if len(done) >= STARTUP and open_ones:
            tpe = TPESampler(seed=seed, n_startup_trials=STARTUP, constant_liar=False)
            return tpe.sample_relative(study, trial, open_ones)
        drawer = RandomSampler(seed=seed)
        drawn = {
            name: drawer.sample_independent(study, trial, name, found) for name, found in open_ones.items()
        }
        return drawn | self.first if trial.number == 0 else drawn

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Never asked for, since every setting is in the whole space."""
        raise ValueError(f"{param_name} is not in the space")
