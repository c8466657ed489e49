"""bedGraph: one line a run of equal rounded scores, bgzipped and indexed with tabix.

Lines are ``contig start end score``, 0-based, half-open, contigs in the order of the FASTA; a no-call
has no line. There is no ``track`` line: tabix readers and bedtools want data only, and genome
browsers take the file as it is. What the numbers mean stands in ``tracks.json``.

Formats: https://genome.ucsc.edu/goldenPath/help/bedgraph.html; tabix: Li 2011, Bioinformatics 27:718.
"""

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pysam
from Bio.bgzf import BgzfWriter

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import BGZF_EOF, atomic_file
from dnabilstm.score.store import Scores
from dnabilstm.tracks.options import TrackConfig
from dnabilstm.tracks.runs import in_order, joined_runs

# Level 4 of zlib packs this text as well as level 6 does, in a quarter of the time.
LEVEL = 4
# A .tbi reaches 512 Mb; htslib's .csi reaches any length.
TBI_REACH = 1 << 29
_BGZF_BLOCK = 65280
# Rows formatted at a time: small enough to stay in the cache.
_ROWS = 1 << 14


def _fours(style: str) -> np.ndarray:
    texts = [style.format(number).encode().replace(b" ", b"\0") for number in range(10_000)]
    return np.frombuffer(b"".join(texts), np.uint32)


# Four digits in a uint32: inside a number, at its start (0 is nothing), at its start and end (0 is "0").
_FOUR, _LAST_FOUR = _fours("{:04d}"), _fours("{:4d}")
_FIRST_FOUR = np.concatenate([np.zeros(1, np.uint32), _LAST_FOUR[1:]])


def write_bedgraph(
    scores: Scores, channel: str, path: Path, *, digits: int = TrackConfig.digits, workers: int = 1
) -> Path:
    """Write one channel as bgzipped bedGraph, and its tabix index beside it.

    Parameters
    ----------
    scores
        Probabilities, NaN where there is no call.
    channel
        One of ``scores.channels``.
    path
        The ``.bedgraph.gz`` to write.
    digits
        Decimals that are kept; runs are joined after rounding.
    workers
        Threads that format and compress; the file does not depend on it.

    Returns
    -------
    pathlib.Path
        The index: ``.tbi``, or ``.csi`` where a contig is longer than 512 Mb.

    Raises
    ------
    DnabilstmError
        If the place cannot be written, or a contig's name would make its lines comments.
    """
    hidden = [contig.name for contig in scores.contigs if contig.name.startswith("#")]
    if hidden:
        raise DnabilstmError(f"contig {hidden[0]!r}: a line that starts with '#' is a comment; rename it")
    path = Path(path)
    csi = max(contig.length for contig in scores.contigs) > TBI_REACH
    index = path.with_name(path.name + (".csi" if csi else ".tbi"))
    stale = path.with_name(path.name + (".tbi" if csi else ".csi"))
    # The data take their name first: an index is never there without the data that it speaks of.
    with atomic_file(index) as index_part, atomic_file(path) as part:
        with part.open("wb") as out:
            for packed in in_order(_pack, _jobs(scores, channel, digits), workers):
                out.write(packed)
            out.write(BGZF_EOF)
        _index(part, index_part, csi)
        index.unlink(missing_ok=True)
        stale.unlink(missing_ok=True)
    return index


def _index(data: Path, index: Path, csi: bool) -> None:
    pysam.tabix_index(
        str(data), index=str(index), seq_col=0, start_col=1, end_col=2, zerobased=True, csi=csi, force=True
    )


def _jobs(scores: Scores, channel: str, digits: int) -> Iterator[tuple]:
    table = number_table(digits)
    for contig in scores.contigs:
        name = contig.name.encode("utf-8", "surrogateescape")
        for start, end, code in joined_runs(scores.track(channel, contig.name), digits):
            for first in range(0, len(start), _ROWS):
                some = slice(first, first + _ROWS)
                yield name, start[some], end[some], table[code[some]]


def _pack(job: tuple[bytes, np.ndarray, np.ndarray, np.ndarray]) -> bytes:
    """Whole BGZF blocks of the lines of some runs, without the block that ends a file."""
    text = format_lines(*job)
    buffer = io.BytesIO()
    writer = BgzfWriter(fileobj=buffer, compresslevel=LEVEL)
    for start in range(0, len(text), _BGZF_BLOCK):
        writer.write(text[start : start + _BGZF_BLOCK])
        writer.flush()
    return buffer.getvalue()


@cache
def number_table(digits: int) -> np.ndarray:
    """The text of every rounded score: 8 bytes each as uint64 (10**digits + 1,), filled up with 0.

    As short as can be: ``0``, ``0.5``, ``0.123``, ``1``.
    """
    steps = 10**digits
    texts = [f"{step / steps:.{digits}f}".rstrip("0").rstrip(".") for step in range(steps + 1)]
    return np.array(texts, "S8").view(np.uint64)


def format_lines(name: bytes, start: np.ndarray, end: np.ndarray, numbers: np.ndarray) -> bytes:
    """Lines of a bedGraph, all runs at once: rows of fixed width, then the filling bytes dropped.

    Parameters
    ----------
    name
        The contig.
    start, end
        int64 (runs,), ascending.
    numbers
        uint64 (runs,): entries of ``number_table``.
    """
    if not len(start):
        return b""
    groups = 1 + (len(str(end[-1])) - 1) // 4
    place = [(f"{column}{group}", np.uint32) for column in "se" for group in range(groups)]
    row = [("name", f"V{len(name)}"), ("tab1", "u1"), *place[:groups], ("tab2", "u1"), *place[groups:]]
    rows = np.empty(len(start), np.dtype([*row, ("tab3", "u1"), ("number", np.uint64), ("line", "u1")]))
    rows["name"] = np.void(name)
    for field, byte in (("tab1", 9), ("tab2", 9), ("tab3", 9), ("line", 10)):
        rows[field] = byte
    rows["number"] = numbers
    for column, values in (("s", start), ("e", end)):
        for group, letters in enumerate(_decimal(values, groups)):
            rows[f"{column}{group}"] = letters
    return rows.tobytes().translate(None, b"\0")


def _decimal(numbers: np.ndarray, groups: int) -> list[np.ndarray]:
    """ASCII digits of whole numbers, four in a uint32; a place before the first digit is 0 (no letter)."""
    texts = []
    above = np.zeros(len(numbers), bool)
    for group in range(groups - 1, -1, -1):
        four = numbers // 10_000**group
        numbers = numbers - four * 10_000**group
        short = _LAST_FOUR if group == 0 else _FIRST_FOUR
        texts.append(np.where(above, _FOUR[four], short[four]))
        above |= four > 0
    return texts
