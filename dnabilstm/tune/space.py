"""The search space: which settings are tried, and with which values.

A file of one is YAML, one setting a line: ``model.hidden: [32, 64]`` for a choice, or a range such as
``train.learning_rate: {low: 0.0005, high: 0.01, log: true}``; ``step`` leaves out what lies between.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import open_text
from dnabilstm.model.config import ODD, BiLSTMConfig, parse_fields
from dnabilstm.train.config import SequenceTrainConfig, TrainConfig

Value = bool | int | float | str
Settings = dict[str, dict[str, Any]]
"""Sections ``model`` and ``train``, each with its settings."""

KINDS: dict[str, dict[str, type]] = {
    "position": {"model": BiLSTMConfig, "train": TrainConfig},
    "sequence": {"model": BiLSTMConfig, "train": SequenceTrainConfig},
}
"""The dataclass of each section, by head."""

_COMMON: dict[str, Any] = {
    "model.hidden": {"low": 32, "high": 128, "step": 32},
    "model.layers": {"low": 1, "high": 3},
    "model.dropout": {"low": 0.0, "high": 0.5},
    "model.filters": {"low": 32, "high": 128, "step": 32},
    "model.filter_width": {"low": 9, "high": 25, "step": 2},
    "model.pool": {"low": 3, "high": 9, "step": 2},
    "model.stem_layers": {"low": 0, "high": 2},
    "train.learning_rate": {"low": 5e-4, "high": 1e-2, "log": True},
    "train.weight_decay": {"low": 1e-3, "high": 0.1, "log": True},
}
DEFAULT: dict[str, dict[str, Any]] = {
    "position": {**_COMMON, "train.positive_share": {"low": 0.1, "high": 0.7}},
    "sequence": {
        **_COMMON,
        "model.attention": ["auto", "none", "multihead"],
        "train.mutation": {"low": 0.0, "high": 0.1},
        "train.label_smoothing": {"low": 0.0, "high": 0.1},
    },
}
"""What is tried where no file says otherwise, by head, written as in a file."""

NOT_TUNED = {
    "model.tasks": "are what the data name",
    "model.head": "is what the data ask for",
    "model.options": "are not single values",
    "model.kmers": "are fitted beside the network of the best trial",
    "train.seed": "is no choice between models",
    "train.members": "is 1 in every trial",
    "train.folds": "is 0 in every trial",
    "train.fold_by": "decides what validates, and trials must be alike in that",
    "train.leaks": "decides what is trained on, and trials must be alike in that",
}
"""Settings that no search may change, and why."""

_ODD = tuple(f"model.{key}" for key in ODD)


@dataclass(frozen=True)
class Choice:
    """One of some values, without an order."""

    values: tuple[Value, ...]

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return any(value == own and type(value) is type(own) for own in self.values)


@dataclass(frozen=True)
class Range:
    """A number from ``low`` to ``high``, both of them included: of one kind, int or float."""

    low: int | float
    high: int | float
    log: bool = False
    step: int | float | None = None

    @property
    def whole(self) -> bool:
        """Whether it is of whole numbers."""
        return isinstance(self.low, int)

    def holds(self, value: Any) -> bool:
        """Whether a value lies in it, on a step where there are such."""
        if isinstance(value, (bool, str)) or not self.low <= value <= self.high:
            return False
        return self.step is None or _is_whole((value - self.low) / self.step)


Space = dict[str, Choice | Range]
"""``section.key`` to what is tried."""


def read_space(file: Path | None, head: str, fixed: Settings) -> Space:
    """The space of a file, or without one the default of the head less the settings that are fixed.

    Raises
    ------
    DnabilstmError
        With all that is wrong, one line a setting; also if nothing is left to be tried.
    """
    if file is None:
        written = {k: v for k, v in DEFAULT[head].items() if not _is_fixed(k, fixed)}
        return _parsed(written, head, fixed, "the default space")
    return _parsed(_read_yaml(file), head, fixed, str(file))


def plain(space: Space) -> dict[str, Any]:
    """The space as JSON holds it."""
    return {
        name: list(found.values) if isinstance(found, Choice) else asdict(found)
        for name, found in sorted(space.items())
    }


def written(given: Mapping[str, Any]) -> list[str]:
    """The lines of a file for a space such as those of ``DEFAULT``."""
    return [
        yaml.safe_dump({name: value}, default_flow_style=None, sort_keys=False, width=math.inf).strip()
        for name, value in given.items()
    ]


def merged(fixed: Settings, values: Mapping[str, Value]) -> Settings:
    """Fixed settings with those of a trial (``section.key`` to value) put over them."""
    found = {section: dict(settings) for section, settings in fixed.items()}
    for name, value in values.items():
        section, _, key = name.partition(".")
        found[section][key] = value
    return found


def defaults(head: str, names: Mapping[str, Any]) -> dict[str, Value]:
    """What the dataclasses give these settings."""
    split = {name: name.partition(".") for name in names}
    return {name: getattr(KINDS[head][section](), key) for name, (section, _, key) in split.items()}


def _is_fixed(name: str, fixed: Settings) -> bool:
    section, _, key = name.partition(".")
    return key in fixed.get(section, {})


def _read_yaml(file: Path) -> dict[str, Any]:
    with open_text(file) as handle:
        text = handle.read()
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DnabilstmError(f"{file}: is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        what = "is empty" if found is None else "is not a mapping"
        raise DnabilstmError(f"{file}: {what}; wanted lines such as 'model.hidden: [32, 64]'")
    return {str(name): value for name, value in found.items()}


def _parsed(written: dict[str, Any], head: str, fixed: Settings, source: str) -> Space:
    problems, space = Problems(), {}
    for name, value in written.items():
        try:
            _check_name(name, head, fixed)
            space[name] = _parse_one(name, value, head)
        except DnabilstmError as error:
            for line in error.problems:
                problems.add(f"{source}: {line}")
    if not written:
        problems.add(f"{source}: no setting is left to be tried; fix fewer with --config and --set")
    problems.raise_if_any()
    return space


def _check_name(name: str, head: str, fixed: Settings) -> None:
    section, _, key = name.partition(".")
    kinds = KINDS[head]
    if section not in kinds or not key:
        raise DnabilstmError(
            f"{name}: wanted SECTION.KEY with SECTION one of {', '.join(kinds)}, such as model.hidden"
        )
    if key not in kinds[section].__dataclass_fields__:
        known = ", ".join(kinds[section].__dataclass_fields__)
        raise DnabilstmError(f"{name}: is not a setting; wanted one of {known}")
    if name in NOT_TUNED:
        raise DnabilstmError(f"{name}: {NOT_TUNED[name]}; take it out of the space")
    if _is_fixed(name, fixed):
        raise DnabilstmError(
            f"{name}: is fixed by --config or --set too; take it out there, or out of the space"
        )


def _parse_one(name: str, value: Any, head: str) -> Choice | Range:
    if isinstance(value, list):
        return _parse_choice(name, value, head)
    if isinstance(value, dict):
        return _parse_range(name, value, head)
    raise DnabilstmError(
        f"{name}: {value!r} is no choice; wanted a list such as [32, 64], or {{low: 32, high: 64}}"
    )


def _parse_choice(name: str, listed: list[Any], head: str) -> Choice:
    if not listed:
        raise DnabilstmError(f"{name}: is an empty list; wanted at least one value")
    problems, values = Problems(), []
    for value in listed:
        with problems.collect():
            found = _valid(name, value, head)
            if name in _ODD and found % 2 == 0:
                raise DnabilstmError(f"{name}: {found} is even; wanted odd widths")
            if Choice(tuple(values)).holds(found):
                raise DnabilstmError(f"{name}: {value!r} stands there twice")
            values.append(found)
    problems.raise_if_any()
    return Choice(tuple(values))


def _parse_range(name: str, given: dict[Any, Any], head: str) -> Range:
    unknown = sorted(str(key) for key in set(given) - {"low", "high", "log", "step"})
    if unknown or not {"low", "high"} <= set(given):
        raise DnabilstmError(
            f"{name}: {', '.join(map(str, given))}; wanted low and high, and perhaps log or step"
        )
    problems, ends = Problems(), []
    for end in ("low", "high"):
        with problems.collect():
            ends.append(_valid(name, given[end], head))
    problems.raise_if_any()
    low, high = ends
    if any(isinstance(end, (bool, str)) for end in ends):
        raise DnabilstmError(f"{name}: is not a number; wanted a list of choices")
    found = Range(low, high, given.get("log", False), given.get("step"))
    if wrong := _range_problem(found):
        raise DnabilstmError(f"{name}: {wrong}")
    if name in _ODD and (low % 2 == 0 or (found.step or 1) % 2):
        raise DnabilstmError(f"{name}: holds even widths; wanted an odd low and step: 2")
    step = None if found.step is None else type(low)(found.step)
    return Range(low, high, found.log, step)


def _range_problem(found: Range) -> str:
    """What is wrong with a range; empty if nothing is."""
    low, high, log, step = found.low, found.high, found.log, found.step
    if not low < high:
        return f"low: {low} is not below high: {high}"
    if not isinstance(log, bool):
        return f"log: {log!r}; wanted true or false"
    if log and low <= 0:
        return f"low: {low} with log: true; wanted more than 0"
    if step is None:
        return ""
    if isinstance(step, bool) or not isinstance(step, int if found.whole else (int, float)):
        return f"step: {step!r}; wanted a {'whole ' if found.whole else ''}number"
    if log:
        return f"step: {step} with log: true; wanted one of them"
    if not (0 < step < math.inf and _is_whole((high - low) / step)):
        return f"step: {step} does not lead from low: {low} to high: {high}"
    return ""


def _is_whole(ratio: float) -> bool:
    return abs(ratio - round(ratio)) < 1e-9


def _valid(name: str, value: Any, head: str) -> Value:
    """A value as its setting holds it."""
    section, _, key = name.partition(".")
    return getattr(parse_fields(KINDS[head][section], {key: value}, section), key)
