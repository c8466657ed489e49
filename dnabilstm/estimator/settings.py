"""The parameters of the classifier: the settings of network and training, under the same names."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, get_args, get_type_hints

import numpy as np
from pydantic.fields import FieldInfo
from sklearn.utils import check_random_state

from dnabilstm.errors import Problems
from dnabilstm.model.config import BiLSTMConfig, parse
from dnabilstm.train.config import SequenceTrainConfig

LEFT_OUT = {
    "tasks": "the classes of y",
    "head": "always 'sequence'",
    "skip": "of a position head",
    "attention_window": "of a position head",
    "fold_by": "sequences in memory have no places on contigs",
    "leaks": "parts are drawn so that repeats stay together",
    "seed": "random_state",
}
"""Settings that are no parameters, and why."""
MODEL = tuple(f.name for f in fields(BiLSTMConfig) if f.name not in LEFT_OUT)
TRAIN = tuple(f.name for f in fields(SequenceTrainConfig) if f.name not in LEFT_OUT)


def descriptions() -> Iterator[tuple[str, str]]:
    """Name and description of each setting that is a parameter."""
    for config, names in ((BiLSTMConfig, MODEL), (SequenceTrainConfig, TRAIN)):
        hints = get_type_hints(config, include_extras=True)
        for name in names:
            yield (
                name,
                next(part.description for part in get_args(hints[name]) if isinstance(part, FieldInfo)),
            )


def configs_of(
    parameters: Mapping[str, Any], classes: tuple[str, ...]
) -> tuple[BiLSTMConfig, SequenceTrainConfig]:
    """The configurations that parameters stand for.

    Parameters
    ----------
    parameters
        Values of ``MODEL``, of ``TRAIN`` and of ``random_state``, which gives the seed.
    classes
        Names of the classes.

    Raises
    ------
    DnabilstmError
        With all that is wrong with them.
    """
    problems, found = Problems(), []
    seed = parameters["random_state"]
    if not isinstance(seed, int | np.integer):
        seed = check_random_state(seed).randint(np.iinfo(np.int32).max)
    network = {name: parameters[name] for name in MODEL}
    network |= {"options": parameters["options"] or {}, "tasks": classes, "head": "sequence"}
    plan = {name: parameters[name] for name in TRAIN}
    plan |= {"class_weight": parameters["class_weight"] or "none", "seed": seed}
    for kind, values in ((BiLSTMConfig, network), (SequenceTrainConfig, plan)):
        with problems.collect():
            found.append(parse(kind, values, "DNABiLSTMClassifier"))
    problems.raise_if_any()
    return found[0], found[1]


def parameters_of(config: BiLSTMConfig, trained: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that configurations stand for, as far as a card has them.

    Parameters
    ----------
    config
        Of the network.
    trained
        The settings of the training, by name; those of another version may lack some.
    """
    found = {name: getattr(config, name) for name in MODEL}
    found |= {name: trained[name] for name in TRAIN if name in trained}
    return found | ({"random_state": trained["seed"]} if "seed" in trained else {})
