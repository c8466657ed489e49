"""Scores found again by their content: a contig that the same model has scored is not scored again.

What a contig's scores depend on is its sequence (the refget digest), the model (the digest of its file)
and the settings that change them. A cache is a folder with a subfolder for each model and settings,
and in it a *shelf* for each genome that was scored: the array, and an index of its contigs. The array is
a hard link to the scores where the file system allows it, so it takes no space of its own while they
are there; else it is a copy, and the index says of what. A shelf appears only when it is whole, and whatever
replaces it has the same scores at the same places, so that any number of jobs may read, write and clean at a time.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import atomic_file, is_folder, release
from dnabilstm.genome import Contig

INDEX = np.dtype([("digest", "S40"), ("offset", "<i8"), ("length", "<i8")])
INDEX_MAGIC = b"dnabilstm cache index 1\n"
"""Followed by a line that says what the array is a copy of, empty for a hard link, and the rows of ``INDEX``."""
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
    """A shelf on the disk: its array's path and size in bytes, whether its scores are in a folder too, its last use."""

    path: Path
    size: int
    held: bool
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
            except (OSError, ValueError):
                continue
            with contextlib.suppress(OSError):  # not ours: its owner's use alone counts
                os.utime(index)
            if _within(rows, values.shape[1]):
                yield Shelf(values, rows)

    def put(self, key: str, name: str, array: Path, contigs: Iterable[Contig]) -> None:
        """Keep the finished array ``array`` as a shelf.

        What is in no folder of scores any more, as far as can be seen from here, and was not used for
        ``ORPHAN_DAYS`` goes, so that a cache does not fill the disk by itself.

        Parameters
        ----------
        key
            Of model and settings.
        name
            Of all that says which contigs stand where in the array; a shelf of that name is replaced.
        array
            Finished scores, float32 (channels, bases).
        contigs
            Those that were scored.

        Raises
        ------
        DnabilstmError
            If the cache cannot be written.
        """
        try:
            self._put(self.folder / key / f"{name}.index", array, contigs)
        except OSError as error:
            raise DnabilstmError(f"{self.folder}: cannot be written: {error.strerror or error}") from None

    def _put(self, place: Path, array: Path, contigs: Iterable[Contig]) -> None:
        kept, state = place.with_suffix(".f32"), _state(array)
        if place.exists() and (_same(array, kept) or _origin(place) == state):
            return
        with atomic_file(place) as part:
            place.unlink(missing_ok=True)
            _link(array, kept)
            origin = b"" if _same(array, kept) else state
            part.write_bytes(INDEX_MAGIC + origin + b"\n" + index_of(contigs).tobytes())
        self._drop([entry for entry in self.entries() if not entry.held], ORPHAN_DAYS)

    def entries(self) -> list[Entry]:
        """What is there, the longest unused first."""
        found = []
        for array in self.folder.glob("*/*.f32"):
            try:
                state, index = array.stat(), array.with_suffix(".index")
                used = _time_of(index) if index.exists() else state.st_mtime
                held = state.st_nlink > 1 or _is_current(_origin(index))
                found.append(Entry(array, state.st_size, held, used))
            except (FileNotFoundError, PermissionError):
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
            try:
                entry.path.with_suffix(".index").unlink(missing_ok=True)
                entry.path.unlink(missing_ok=True)
            except PermissionError:
                continue  # another user's
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
    magic, _, rows = (path.read_bytes().split(b"\n", 2) + [b"", b""])[:3]
    if magic + b"\n" != INDEX_MAGIC:
        raise ValueError(f"{path}: is no index of a cache")
    return np.frombuffer(rows, INDEX)


def _state(array: Path) -> bytes:
    """Which array it is, and in which state: a line of size in bytes, time of its last change in ns, and path."""
    state = array.stat()
    return b"%d\t%d\t%s" % (state.st_size, state.st_mtime_ns, quote(os.fsencode(array.resolve())).encode())


def _origin(index: Path) -> bytes:
    """The state of the array that a shelf's is a copy of; empty for a link, and where there is no index."""
    try:
        with index.open("rb") as lines:
            return lines.readline().rstrip(b"\n") if lines.readline() == INDEX_MAGIC else b""
    except OSError:
        return b""


def _is_current(state: bytes) -> bool:
    """Whether the array of a state is there, unchanged."""
    try:
        return bool(state) and _state(Path(os.fsdecode(unquote_to_bytes(state.split(b"\t")[2])))) == state
    except (OSError, IndexError, ValueError):
        return False


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
    if not is_folder(folder):
        raise DnabilstmError(
            f"{folder}: is not a folder; wanted the cache that 'dnabilstm score --cache' uses"
        )
