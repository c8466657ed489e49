"""Scores that are being written, and what an interrupted run leaves for the next one to go on from.

They stand in ``.unfinished-scores`` beside the place of the finished ones: the array at its full size,
so that a full disk shows before any work is done; whose scores they are; and a journal of the stretches
that are done. A line of the journal is written after its scores are on the disk. The same run finds the
folder and computes what is missing; another run starts it anew.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import new_folders, release, reserve

FOLDER = ".unfinished-scores"
ARRAY, JOURNAL, IDENTITY = "scores.f32", "done.i64", "identity.json"
CHECKPOINT = 10.0
"""Seconds between checkpoints."""
RELEASE = 64 << 20
"""Bytes that are written before their pages are given back."""


class Unfinished:
    """An array of scores that is being filled.

    Attributes
    ----------
    values : numpy.ndarray
        float32 (channels, bases), memory-mapped.
    array : pathlib.Path
        Its file.
    done : dict of int
        The stretches that an earlier run has finished: first base to end.
    """

    def __init__(self, folder: Path, shape: tuple[int, int], done: np.ndarray) -> None:
        self.array, self.journal = folder / ARRAY, folder / JOURNAL
        empty = not shape[0] * shape[1]
        self.values = (
            np.empty(shape, np.float32) if empty else np.memmap(self.array, np.float32, "r+", shape=shape)
        )
        self.done = {int(first): int(last) for first, last in done}
        self._fresh: list[tuple[int, int]] = []
        self._written, self._saved = 0, time.monotonic()

    def write(
        self, first: int, last: int, values: np.ndarray, *, done: tuple[int, int] | None = None
    ) -> None:
        """Put scores (channels, bases) at the bases ``first`` to ``last``; note a stretch as done."""
        self.values[:, first:last] = values
        if done:
            self._fresh.append(done)
        self._written += values.nbytes
        if self._written > RELEASE:
            release(self.values)
            self._written = 0
        if time.monotonic() - self._saved > CHECKPOINT:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Make sure that what is done stays done, whatever happens next."""
        if self._fresh:
            self.sync()
            with self.journal.open("ab") as out:
                out.write(np.array(self._fresh, np.int64).tobytes())
            self._fresh = []
        self._saved = time.monotonic()

    def sync(self) -> None:
        """Have all of the array on the disk."""
        handle = os.open(self.array, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def unfinished_scores(place: Path, shape: tuple[int, int], identity: dict[str, Any]) -> Iterator[Unfinished]:
    """Open the unfinished scores of a folder; they stay there when the block fails, and go when it ends well.

    Parameters
    ----------
    place
        The folder of the finished scores; made if it is missing.
    shape
        Channels and bases.
    identity
        What the scores depend on, as JSON; another identity starts anew.

    Raises
    ------
    DnabilstmError
        If the place cannot be written, the disk is too full, or another run is at work there.
    """
    folder = place / FOLDER
    try:
        with new_folders(folder), _locked(folder):
            done = _taken_up(folder, shape, identity)
            scores = Unfinished(folder, shape, done)
            try:
                yield scores
            except BaseException:
                with contextlib.suppress(OSError):
                    scores.checkpoint()
                    _forget_if_empty(folder)
                raise
            shutil.rmtree(folder)
    except OSError as error:
        raise DnabilstmError(f"{place}: cannot be written: {error.strerror or error}") from error


def _taken_up(folder: Path, shape: tuple[int, int], identity: dict[str, Any]) -> np.ndarray:
    """The stretches that are done, int64 (stretches, 2); the array is there and has its size."""
    size = 4 * shape[0] * shape[1]
    text = json.dumps([identity, list(shape)], sort_keys=True)
    own = folder / IDENTITY
    array, journal = folder / ARRAY, folder / JOURNAL
    if own.exists() and own.read_text() == text and array.exists() and array.stat().st_size == size:
        whole = journal.stat().st_size // 16 * 16 if journal.exists() else 0
        return (
            np.fromfile(journal, np.int64, whole // 8).reshape(-1, 2) if whole else np.empty((0, 2), np.int64)
        )
    for name in (own, journal, array):
        name.unlink(missing_ok=True)
    array.touch()
    try:
        if size:
            reserve(array, size)
    except OSError:
        array.unlink()
        raise
    own.write_text(text)
    return np.empty((0, 2), np.int64)


def _forget_if_empty(folder: Path) -> None:
    """Leave nothing behind where nothing is done yet."""
    if not (folder / JOURNAL).exists():
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise DnabilstmError(
            f"{folder.parent}: another run is scoring into this folder; wait for it"
        ) from None
    finally:
        os.close(handle)
