"""The study on disk: Optuna's journal, a line an event, appended and synced.

A process that is killed leaves at most an unfinished last line, which is cut off when the study is
opened again. Optuna's own lock, a link beside the journal, may stay behind; it is given up after a
few seconds.
"""

import contextlib
import fcntl
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
from optuna.pruners import MedianPruner
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.trial import FrozenTrial, TrialState

from dnabilstm.errors import DnabilstmError
from dnabilstm.tune.sampler import Sampler

JOURNAL, NAME, CARD = "study.journal", "tune", "dnabilstm"
PATIENCE = 5  # seconds until a lock that a killed run has left is given up
STARTUP, WARMUP = 5, 1
"""Trials that are never pruned, and evaluations of each."""

_WHAT = {
    "data": "other data",
    "device": "another device",
    "seed": "another seed",
    "settings": "other fixed settings",
    "space": "another space",
}


@contextlib.contextmanager
def open_study(
    folder: Path, card: dict[str, Any], sampler: Sampler, note: Callable[[str], None]
) -> Iterator[optuna.Study]:
    """Open the study of a folder, or begin one there; nobody else can while it is open.

    Parameters
    ----------
    folder
        Holds ``study.journal``.
    card
        What the values of trials depend on, as JSON holds it: ``data``, ``settings`` and ``space`` by
        name, ``device`` and ``seed``.
    sampler
        What is tried.
    note
        Told what Optuna warns of.

    Raises
    ------
    DnabilstmError
        If the study is of another card, damaged, or open elsewhere.
    """
    path = folder / JOURNAL
    _send_log(note)
    with _opened(path) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DnabilstmError(f"{folder}: another 'dnabilstm tune' is at work there") from None
        _cut_torn_line(path)
        study = _load(path, sampler)
        there = study.user_attrs.get(CARD)
        if there is None:
            study.set_user_attr(CARD, card)
        elif there != card:
            raise DnabilstmError(f"{folder}: holds a search with {_difference(there, card)}; give those again,"
                                 " or another folder")  # fmt: skip
        yield study


def rows_of(study: optuna.Study) -> list[dict[str, Any]]:
    """A row a trial: number, state, value, settings by name, steps, minutes, reason; None where unknown."""
    return [
        {
            "number": trial.number,
            "state": trial.state.name.lower(),
            "value": trial.value,
            **trial.params,
            **{name: trial.user_attrs.get(name) for name in ("steps", "minutes", "reason")},
        }
        for trial in study.get_trials(deepcopy=False)
    ]


def best_of(study: optuna.Study) -> FrozenTrial | None:
    """The trial with the highest value, the first of them; None while none is complete."""
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return max(done, key=lambda trial: trial.value, default=None)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as handle:
            yield handle
    except OSError as error:
        if error.filename is None or Path(error.filename) not in (path, path.parent):
            raise
        raise DnabilstmError(f"{error.filename}: cannot be written: {error.strerror}") from error


def _load(path: Path, sampler: Sampler) -> optuna.Study:
    lock = JournalFileSymlinkLock(str(path), grace_period=PATIENCE)
    try:
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
    except (ValueError, KeyError) as error:
        raise DnabilstmError(f"{path}: is damaged ({error}); give another folder") from None
    how: dict[str, Any] = {
        "storage": storage,
        "study_name": NAME,
        "sampler": sampler,
        "pruner": MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=WARMUP),
    }
    if NAME in optuna.get_all_study_names(storage):
        return optuna.load_study(**how)
    return optuna.create_study(direction="maximize", **how)


def _cut_torn_line(path: Path) -> None:
    """Take away what follows the last line end: the next event would be glued to it."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as handle:
            handle.truncate(whole)


def _difference(there: dict[str, Any], here: dict[str, Any]) -> str:
    """What differs first between two cards, in words."""
    key = next(key for key in _WHAT if there.get(key) != here[key])
    old, new = there.get(key), here[key]
    if isinstance(old, dict) and isinstance(new, dict):
        name = next(name for name in sorted({*old, *new}) if old.get(name) != new.get(name))
        if key == "data":
            return f"{_WHAT[key]} ({name})"
        return f"{_WHAT[key]} ({name}: {old.get(name, 'not given')} there, {new.get(name, 'not given')} here)"
    return f"{_WHAT[key]} ({old} there, {new} here)"


class _Notes(logging.Handler):
    """Optuna's warnings and errors become notes; its news of each trial are told by us."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self.note = note

    def emit(self, record: logging.LogRecord) -> None:
        self.note(f"optuna: {record.getMessage()}")


def _send_log(note: Callable[[str], None]) -> None:
    optuna.logging.disable_default_handler()
    logger = logging.getLogger("optuna")
    for handler in list(logger.handlers):
        if isinstance(handler, _Notes):
            logger.removeHandler(handler)
    logger.addHandler(_Notes(note))
