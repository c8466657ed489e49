"""Files in: text that may be gzipped, JSON."""

import codecs
import contextlib
import gzip
import io
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from dnabilstm.errors import DnabilstmError

GZIP_MAGIC = b"\x1f\x8b"
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


def read_json(path: Path) -> Any:
    """Read a JSON file; what is not JSON is a ``DnabilstmError`` that names the file."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DnabilstmError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise DnabilstmError(f"{path}: is not JSON ({error})") from None
