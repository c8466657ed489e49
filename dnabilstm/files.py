"""Files in and out: text that may be gzipped, and outputs that appear only when they are whole."""

import codecs
import contextlib
import gzip
import io
import json
import os
import shutil
import tempfile
import weakref
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

from dnabilstm.errors import DnabilstmError

T = TypeVar("T")
GZIP_MAGIC = b"\x1f\x8b"
LEFT_BY_OTHERS = {".snakemake_timestamp", ".DS_Store"}
"""Marks that other programs leave in folders; nothing is lost with them."""
FOREIGN = {
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"BZh": "bzip2; unpack it first, or use gzip",
    b"\xfd7zXZ\x00": "xz; unpack it first, or use gzip",
    b"\x28\xb5\x2f\xfd": "zstd; unpack it first, or use gzip",
}
"""First bytes of what is not text or gzip, and what to do about it."""
# SAM/BAM specification, section 4.1.2: the empty block that ends every whole BGZF file.
BGZF_EOF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


@contextlib.contextmanager
def open_text(path: Path) -> Iterator[IO[str]]:
    """Open a text file for reading: plain, gzip or bgzip, told apart by content, not by name.

    Bytes that are not UTF-8 survive as surrogates, so names are kept byte for byte; a byte order mark
    of UTF-8 is no part of the text.

    Raises
    ------
    DnabilstmError
        If the file is missing, a folder, a pipe, unreadable, UTF-16, compressed otherwise, or a damaged
        or truncated gzip; the latter also from within the ``with`` block, while it is being read.
    """
    path = Path(path)
    try:
        # A pipe can be read once only, and what is wrong is looked up by reading again.
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise DnabilstmError(f"{path}: is not a regular file (a pipe?); write it to a file first")
        with contextlib.ExitStack() as stack:
            binary = stack.enter_context(path.open("rb"))
            if binary.peek(2)[:2] == GZIP_MAGIC:
                _refuse_cut_bgzf(path, binary)
                binary = stack.enter_context(gzip.open(binary, "rb"))
            _refuse_foreign(path, binary)
            yield stack.enter_context(io.TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape"))
    except EOFError:
        raise DnabilstmError(
            f"{path}: the gzip file ends too early (truncated); copy or download it again"
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DnabilstmError(
            f"{path}: the gzip file is damaged ({error}); copy or download it again"
        ) from None
    except OSError as error:
        if error.filename is None or Path(error.filename) != path:
            raise
        raise DnabilstmError(f"{path}: cannot be read: {error.strerror}") from None


def is_folder(path: Path) -> bool:
    """Whether a folder is there; False, not an exception, where that cannot be looked up."""
    try:
        return Path(path).is_dir()
    except OSError:
        return False


def _refuse_cut_bgzf(path: Path, binary: IO[bytes]) -> None:
    """A bgzip file cut at a block border is a valid gzip; only the missing last block gives it away."""
    head = binary.read(18)
    if head[3:4] == b"\x04" and head[12:14] == b"BC":
        binary.seek(max(0, os.fstat(binary.fileno()).st_size - len(BGZF_EOF)))
        if binary.read() != BGZF_EOF:
            raise DnabilstmError(
                f"{path}: the bgzip file has no end block (truncated); copy or download it again"
            )
    binary.seek(0)


def _refuse_foreign(path: Path, binary: IO[bytes]) -> None:
    head = binary.peek(6)
    for magic, meaning in FOREIGN.items():
        if head.startswith(magic):
            raise DnabilstmError(f"{path}: is {meaning}")
    if head.startswith(codecs.BOM_UTF8):
        binary.read(len(codecs.BOM_UTF8))


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the real name only when the block ends well.

    Raises
    ------
    DnabilstmError
        If the place cannot be written (no permission, disk full, a folder in the way).
    """
    path = Path(path)
    with _writer_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise DnabilstmError(f"{path}: is a folder; a file is to be written there")
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        part = Path(name)
        try:
            yield part
            _sync(part)
            part.chmod(0o666 & ~_umask())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


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
    path = Path(path)
    with _writer_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_dir():
            raise DnabilstmError(f"{path}: is a file; a folder is to be written there")
        if names is not None:
            _refuse_strangers(path, names)
        part = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
        try:
            yield part
            for file in part.rglob("*"):
                if file.is_file():
                    _sync(file)
            part.chmod(0o777 & ~_umask())
            _refuse_strangers(path, [file.name for file in part.iterdir()])
            if path.exists():
                shutil.rmtree(path)
            part.replace(path)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def in_temporary_folder(build: Callable[[Path], T]) -> T:
    """What ``build`` makes in a temporary folder, which is deleted when that is no longer used."""
    folder = Path(tempfile.mkdtemp(prefix="dnabilstm-"))
    try:
        built = build(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(built, shutil.rmtree, folder, ignore_errors=True)
    return built


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
        raise DnabilstmError(f"{path}: cannot be written: {error.strerror or error}") from error


def _sync(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically."""
    with atomic_file(path) as part:
        part.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file; what is not JSON is a ``DnabilstmError`` that names the file."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DnabilstmError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise DnabilstmError(f"{path}: is not JSON ({error})") from None
