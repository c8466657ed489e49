"""Scores found again by their content: a contig that the same model has scored is not scored again.

What a contig's scores depend on is its sequence (the refget digest), the model (the digest of its file)
and the settings that change them. A cache is a folder with a subfolder for each model and settings,
and in it a *shelf* for each genome that was scored: the array, and an index of its contigs. The array is
a hard link to the scores where the file system allows it, so it takes no space of its own while they
are there. A shelf appears only when it is whole and is never changed, so that any number of jobs may
read, write and clean at a time.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import atomic_file, release
from dnabilstm.genome import Contig

INDEX = np.dtype([("digest", "S40"), ("offset", "<i8"), ("length", "<i8")])
INDEX_MAGIC = b"dnabilstm cache index 1\n"
KEY_LETTERS = 32
ORPHAN_DAYS = 7.0
"""How long scores stay that are no longer in any folder of scores, and that nobody uses."""


def key_of(model: str, settings: dict[str, Any]) -> str:
    """The name of what a model (its digest) gives with some settings."""
    text = json.dumps([model, settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LETTERS]


class Shelf:
    """Scores of one genome, by the digests of its contigs.

    Parameters
    ----------
    values
        float32 (channels, bases).
    index
        ``INDEX`` (contigs,).
    """

    def __init__(self, values: np.ndarray, index: np.ndarray) -> None:
        self.values = values
        self.index = index[np.argsort(index["digest"], kind="stable")]

    def find(self, digests: np.ndarray) -> np.ndarray:
        """Where contigs are in the index, int64 (contigs,); -1 for those that are not on the shelf."""
        if not len(self.index):
            return np.full(len(digests), -1)
        places = np.searchsorted(self.index["digest"], digests).clip(max=len(self.index) - 1)
        return np.where((self.index["digest"][places] == digests) & (digests != b""), places, -1)

    def scores(self, place: int) -> np.ndarray:
        """Scores of a contig of the index: float32 (channels, length)."""
        row = self.index[place]
        return self.values[:, row["offset"] : row["offset"] + row["length"]]

    def release(self) -> None:
        """Give back the memory of what was read."""
        release(self.values)


def index_of(contigs: Iterable[Contig]) -> np.ndarray:
    """``INDEX`` of contigs; those without a digest cannot be found again."""
    return np.array([(c.digest.encode(), c.offset, c.length) for c in contigs if c.digest], INDEX)


@dataclass(frozen=True)
class Entry:
    """A shelf on the disk: its array's path, size in bytes, links to it, and when it was last used."""

    path: Path
    size: int
    links: int
    used: float


class Cache:
    """A folder of shelves.

    Parameters
    ----------
    folder
        Made when something is put there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def shelves(self, key: str, channels: int) -> Iterator[Shelf]:
        """The shelves under a key, the newest first; one that is damaged or just cleaned away is passed over."""
        for index in sorted((self.folder / key).glob("*.index"), key=_time_of, reverse=True):
            array = index.with_suffix(".f32")
            try:
                values = np.memmap(array, np.float32, "r").reshape(channels, -1)
                rows = _read_index(index)
                os.utime(index)
            except (OSError, ValueError):
                continue
            if _within(rows, values.shape[1]):
                yield Shelf(values, rows)

    def put(self, key: str, name: str, array: Path, contigs: Iterable[Contig]) -> None:
        """Keep the finished array ``array`` as a shelf; a shelf of that name is replaced.

        What is in no folder of scores any more and was not used for ``ORPHAN_DAYS`` goes, so that a cache
        does not fill the disk by itself.

        Raises
        ------
        DnabilstmError
            If the cache cannot be written.
        """
        place = self.folder / key / f"{name}.index"
        if place.exists() and _same(array, place.with_suffix(".f32")):
            return
        with atomic_file(place) as part:
            part.write_bytes(INDEX_MAGIC + index_of(contigs).tobytes())
            place.unlink(missing_ok=True)
            _link(array, place.with_suffix(".f32"))
        self._drop([entry for entry in self.entries() if entry.links == 1], ORPHAN_DAYS)

    def entries(self) -> list[Entry]:
        """What is there, the longest unused first."""
        found = []
        for array in self.folder.glob("*/*.f32"):
            try:
                state, index = array.stat(), array.with_suffix(".index")
                used = _time_of(index) if index.exists() else state.st_mtime
                found.append(Entry(array, state.st_size, state.st_nlink, used))
            except FileNotFoundError:
                continue
        return sorted(found, key=lambda entry: entry.used)

    def clean(self, *, unused_days: float = 0, keep_bytes: int = 0) -> list[Entry]:
        """Delete shelves, the longest unused first, until ``keep_bytes`` are left; returns what was deleted.

        Parameters
        ----------
        unused_days
            Leave alone what was used later than so many days ago.
        keep_bytes
            Leave as many bytes.
        """
        return self._drop(self.entries(), unused_days, keep_bytes)

    @staticmethod
    def _drop(entries: list[Entry], unused_days: float, keep_bytes: int = 0) -> list[Entry]:
        gone, left = [], sum(entry.size for entry in entries)
        for entry in entries:
            if left <= keep_bytes or time.time() - entry.used < 86_400 * unused_days:
                continue
            # Without its index nobody opens the array any more; who has it open goes on reading.
            entry.path.with_suffix(".index").unlink(missing_ok=True)
            entry.path.unlink(missing_ok=True)
            left -= entry.size
            gone.append(entry)
        return gone


def _same(array: Path, kept: Path) -> bool:
    try:
        return kept.samefile(array)
    except FileNotFoundError:
        return False  # never kept, or cleaned away at this moment


def _read_index(path: Path) -> np.ndarray:
    """``INDEX`` of a file of :meth:`Cache.put`.

    This is not NumPy's own format: the header of that one is parsed as Python, which under Python before 3.11.8
    fails now and then where several threads do it (https://github.com/python/cpython/issues/106905).

    Raises
    ------
    ValueError
        If the file is cut or is something else.
    """
    data = path.read_bytes()
    if not data.startswith(INDEX_MAGIC):
        raise ValueError(f"{path}: is no index of a cache")
    return np.frombuffer(data, INDEX, offset=len(INDEX_MAGIC))


def _within(rows: np.ndarray, bases: int) -> bool:
    return not len(rows) or (
        rows["offset"].min() >= 0 and int((rows["offset"] + rows["length"]).max()) <= bases
    )


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _link(array: Path, place: Path) -> None:
    """A second name for a file; a copy where there can be none, as between file systems."""
    try:
        place.unlink(missing_ok=True)
        os.link(array, place)
    except FileExistsError:
        pass  # another job keeps the same scores at this moment
    except OSError:
        with atomic_file(place) as part:
            shutil.copyfile(array, part)


def check_cache(folder: Path) -> None:
    """Refuse a folder that is no cache, before anything in it is listed or deleted."""
    if not folder.is_dir():
        raise DnabilstmError(
            f"{folder}: is not a folder; wanted the cache that 'dnabilstm score --cache' uses"
        )
