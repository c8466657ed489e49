"""Files out: each appears under its name only when it is whole.

What is being written is a part: ``.NAME.xxxxxxxx.part`` beside the place of ``NAME``, or under the
system's temporary folder. A part is locked while it is written. A run that is killed outright cannot
take its parts away; their locks go with it, and the next run that writes the same name deletes them.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import stat
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar

from dnabilstm.errors import DnabilstmError

T = TypeVar("T")
SUFFIX = ".part"
LEFT_BY_OTHERS = {".snakemake_timestamp", ".DS_Store"}
"""Marks that other programs leave in folders; nothing is lost with them."""


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the real name only when the block ends well.

    Of a symbolic link what it leads to is written, and the link stays.

    Raises
    ------
    DnabilstmError
        If the place cannot be written (no permission, disk full, a folder, a device or a pipe in the way).
    """
    path = _place(path)
    with _writer_errors(path), new_folders(path.parent):
        _refuse_other_than_file(path)
        with _new_part(path, tempfile.mkstemp) as part:
            yield part
            _sync(part)
            part.chmod(0o666 & ~_umask())
            part.replace(path)


@contextlib.contextmanager
def atomic_folder(path: Path, names: Collection[str] | None = None) -> Iterator[Path]:
    """Like ``atomic_file`` for a folder; an older folder of the same files is replaced as a whole.

    Parameters
    ----------
    path
        Where the folder will be.
    names
        What the folder will hold, where that is known before; else it is looked up at the end.

    Raises
    ------
    DnabilstmError
        If the place cannot be written, or a folder is there that holds anything else: replacing it
        would delete files that are not ours.
    """
    path = _place(path)
    with _writer_errors(path), new_folders(path.parent):
        _refuse_file(path)
        if names is not None:
            _refuse_strangers(path, names)
        with _new_part(path, tempfile.mkdtemp) as part:
            yield part
            for file in part.rglob("*"):
                if file.is_file():
                    _sync(file)
            part.chmod(0o777 & ~_umask())
            _refuse_strangers(path, [file.name for file in part.iterdir()])
            if path.exists():
                shutil.rmtree(path)
            part.replace(path)


@contextlib.contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Yield a folder beside ``path`` for what is needed on the way; it is deleted in the end."""
    path = Path(path)
    with contextlib.ExitStack() as stack:
        with _writer_errors(path):
            stack.enter_context(new_folders(path.parent))
            part = stack.enter_context(_new_part(path, tempfile.mkdtemp))
        yield part


def in_temporary_folder(build: Callable[[Path], T]) -> T:
    """What ``build`` makes in a temporary folder, which is deleted when that is no longer used."""
    with contextlib.ExitStack() as stack:
        place = Path(tempfile.gettempdir()) / "dnabilstm"
        with _writer_errors(place.parent):
            folder = stack.enter_context(_new_part(place, tempfile.mkdtemp))
        built = build(folder)
        weakref.finalize(built, stack.pop_all().close)
    return built


def check_file_place(path: Path) -> None:
    """Refuse a place where a file cannot be written, before any work is done for it; leaves nothing there."""
    path = _place(path)
    with _writer_errors(path):
        _refuse_other_than_file(path)
        _try_to_write(path.parent)


def check_folder_place(path: Path) -> None:
    """Like ``check_file_place`` for a folder to write into."""
    path = _place(path)
    with _writer_errors(path):
        _refuse_file(path)
        _try_to_write(path)


def reserve(path: Path, size: int) -> None:
    """Take the disk space of a file of ``size`` bytes that is then written through memory.

    A full disk is an error here; on a mapped page it would be a signal that ends the process.
    """
    with path.open("r+b") as handle:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle.fileno(), 0, size)
        else:
            handle.truncate(size)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically."""
    with atomic_file(path) as part:
        part.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


@contextlib.contextmanager
def _new_part(path: Path, make: Callable[..., Any]) -> Iterator[Path]:
    """A part of ``path``, made by ``tempfile``; locked, and gone in the end unless it was renamed."""
    _sweep(path)
    handle, part = _locked_part(path, make)
    try:
        yield part
    finally:
        _delete(part)
        os.close(handle)


def _locked_part(path: Path, make: Callable[..., Any]) -> tuple[int, Path]:
    while True:
        made = make(prefix=f".{path.name}.", suffix=SUFFIX, dir=path.parent)
        handle, part = made if isinstance(made, tuple) else (os.open(made, os.O_RDONLY), made)
        # Where a file system has no locks, nothing is swept either.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        if Path(part).exists():
            return handle, Path(part)
        os.close(handle)  # swept between its making and its locking


def _sweep(path: Path) -> None:
    """Delete the parts of ``path`` that killed runs have left: those that nobody holds a lock on."""
    name = re.compile(re.escape(f".{path.name}.") + "[a-z0-9_]{8}" + re.escape(SUFFIX))
    stale: list[Path] = []
    with contextlib.suppress(OSError):
        stale += [part for part in path.parent.iterdir() if name.fullmatch(part.name)]
    for part in stale:
        with contextlib.suppress(OSError):
            handle = os.open(part, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _delete(part)
            finally:
                os.close(handle)


def _delete(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folders(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; the new ones go again if the block fails and they are empty."""
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for place in new:
            with contextlib.suppress(OSError):
                place.rmdir()
        raise


def _try_to_write(folder: Path) -> None:
    """Write a file without a name into the folder, or into the nearest one above that is there."""
    while not folder.exists():
        folder = folder.parent
    with tempfile.TemporaryFile(dir=folder):
        pass


def _place(path: Path) -> Path:
    """Where a name leads: what is not there yet, a file, or a folder, else the name itself."""
    path = Path(path)
    with contextlib.suppress(OSError):  # whoever writes there is told
        if path.is_symlink() and (path.is_file() or path.is_dir() or not path.exists()):
            return Path(os.path.realpath(path))
    return path


def _refuse_other_than_file(path: Path) -> None:
    # Looked at once: between two looks another process may take it away.
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise DnabilstmError(f"{path}: is a folder; a file is to be written there")
    if not stat.S_ISREG(mode):
        raise DnabilstmError(f"{path}: is a device or a pipe; a file is to be written there")


def _refuse_file(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise DnabilstmError(f"{path}: is a file; a folder is to be written there")


def _refuse_strangers(folder: Path, names: Collection[str]) -> None:
    found = sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
    strangers = [name for name in found if name not in names and name not in LEFT_BY_OTHERS]
    if strangers:
        raise DnabilstmError(
            f"{folder}: holds files that would be lost ({', '.join(strangers[:3])}"
            f"{', ...' if len(strangers) > 3 else ''}); give a new folder, or empty this one"
        )


@contextlib.contextmanager
def _writer_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why, where = error.strerror or error, error.filename
        if isinstance(error, PermissionError) and isinstance(where, str) and _elsewhere(Path(where), path):
            raise DnabilstmError(f"{where}: {why}") from error
        raise DnabilstmError(f"{path}: cannot be written: {why}") from error


def _elsewhere(place: Path, path: Path) -> bool:
    """Whether a place has nothing to do with where ``path`` is written: then it is read meanwhile."""
    return not place.is_relative_to(path.parent) and not path.is_relative_to(place)


def _sync(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
