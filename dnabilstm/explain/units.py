"""The units of a recurrent layer: what they are called, what each follows, and which are shown first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.inside import DIRECTIONS

FIRST = 3
"""Units of each direction that are picked where none are named."""
_NAME = re.compile(rf"({'|'.join(DIRECTIONS)})\.([1-9][0-9]*)")


@dataclass(frozen=True)
class Unit:
    """One unit: its direction, 0 for forward and 1 for backward, and its number there, from 0 on."""

    direction: int
    number: int

    @property
    def name(self) -> str:
        """``forward.3``: numbers in names are from 1 on."""
        return f"{DIRECTIONS[self.direction]}.{self.number + 1}"


@dataclass(frozen=True)
class Following:
    """How the units of a layer go with scores and labels, over many bases.

    Attributes
    ----------
    followed : tuple of str
        ``score.CHANNEL`` and ``label.NAME``.
    mean, deviation : numpy.ndarray
        float (directions, units).
    correlation : numpy.ndarray
        float (directions, units, followed): Pearson's r; NaN where nothing varies.
    """

    followed: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    correlation: np.ndarray

    def best(self, unit: Unit) -> str | None:
        """The label that a unit goes with best, up or down; a score where there are no labels."""
        columns = self._judged([])
        sizes = np.abs(self.correlation[unit.direction, unit.number, columns])
        return None if np.isnan(sizes).all() else self.followed[columns[int(np.nanargmax(sizes))]]

    def of(self, channel: str) -> tuple[str, np.ndarray]:
        """What units are ordered by in pictures of an output, and their correlation with it, (directions, units)."""
        name = next(name for name in (f"label.{channel}", f"score.{channel}") if name in self.followed)
        return name, self.correlation[:, :, self.followed.index(name)]

    def leading(self, channels: Sequence[str]) -> list[Unit]:
        """In each direction the ``FIRST`` units that go best with the labels of these outputs.

        Where none of them has a label, with any label; where there are none, with the outputs' scores.
        """
        sizes = np.abs(np.nan_to_num(self.correlation[:, :, self._judged(channels)])).max(axis=2)
        order = np.argsort(-sizes, axis=1, kind="stable")[:, :FIRST]
        return [Unit(direction, int(k)) for direction, some in enumerate(order) for k in some]

    def _judged(self, channels: Sequence[str]) -> list[int]:
        labels = [f"label.{channel}" for channel in channels]
        scores = [f"score.{channel}" for channel in channels]
        of_labels = [k for k, name in enumerate(self.followed) if name.startswith("label.")]
        of_scores = [k for k, name in enumerate(self.followed) if name.startswith("score.")]
        own = [k for k in of_labels if self.followed[k] in labels]
        return own or of_labels or [k for k in of_scores if self.followed[k] in scores] or of_scores


def units_named(names: Sequence[str], directions: int, units: int) -> list[Unit]:
    """The units of names like ``forward.3``.

    Raises
    ------
    DnabilstmError
        One line with all that are no units of the layer.
    """
    found, wrong = [], []
    for name in dict.fromkeys(names):
        match = _NAME.fullmatch(name)
        direction = DIRECTIONS.index(match[1]) if match else directions
        if direction < directions and int(match[2]) <= units:
            found.append(Unit(direction, int(match[2]) - 1))
        else:
            wrong.append(name)
    if wrong:
        known = " or ".join(f"{DIRECTIONS[k]}.1 to .{units}" for k in range(directions))
        raise DnabilstmError(f"--units {','.join(wrong)}: no such unit; wanted {known}")
    return found
