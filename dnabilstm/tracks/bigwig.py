"""bigWig: every rounded score and its zoom levels, for genome browsers.

The file is written here: pyBigWig and pybigtools take two to six times as long, pyBigWig ends the
process where a place cannot be written, and pybigtools drops contigs without data and cannot write a
track without any. Both serve as readers in the tests. Contigs are numbered in the FASTA's order and
the data stand in it; the table of contigs is sorted by name, because the format asks for that, and
holds contigs without data too.

Format: Kent et al. 2010, Bioinformatics 26:2204, with its supplement; little-endian.
"""

import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import atomic_file
from dnabilstm.score.store import Scores
from dnabilstm.tracks.bbi import Sections, contig_tree, section_tree
from dnabilstm.tracks.bins import BIN, Bins, Summary
from dnabilstm.tracks.options import TrackConfig
from dnabilstm.tracks.runs import BLOCK, NO_CALL, blocks, in_order, round_scores

MAGIC = 0x888FFC26
VERSION = 4
# Bases of a bin of each zoom level; all fit into a block.
ZOOMS = tuple(32 * 4**level for level in range(8))
# Higher levels of zlib take twice the time for a few per cent.
LEVEL = 2
RUNS_PER_SECTION = 1024
BINS_PER_SECTION = 1024
# A run takes 12 bytes, a base in a section of fixed step 4.
BASES_PER_RUN = 3
LONGEST = 2**32 - 1

_HEADER = struct.Struct("<IHHQQQHHQQIQ")
_ZOOM_HEADER = struct.Struct("<IIQQ")
_TOTALS = struct.Struct("<Qdddd")
_SECTION_HEADER = struct.Struct("<IIIIIBBH")
_BEDGRAPH, _FIXED_STEP = 1, 3
_RUN = np.dtype([("start", "<u4"), ("end", "<u4"), ("value", "<f4")])


@dataclass
class Block:
    """One block of a contig, ready to be written."""

    contig: int
    sections: list[tuple[int, int, int, bytes]]
    bins: Bins
    records: list[np.ndarray]


def write_bigwig(
    scores: Scores, channel: str, path: Path, *, digits: int = TrackConfig.digits, workers: int = 1
) -> Summary:
    """Write one channel as bigWig with zoom levels.

    Parameters
    ----------
    scores
        Probabilities, NaN where there is no call; a no-call has no value in the file.
    channel
        One of ``scores.channels``.
    path
        The ``.bw`` to write.
    digits
        Decimals that are kept; stored as float32.
    workers
        Threads that round and compress; the file does not depend on it.

    Returns
    -------
    Summary
        Over the rounded scores.

    Raises
    ------
    DnabilstmError
        If the place cannot be written, or a contig has more than 4,294,967,295 bases.
    """
    for contig in scores.contigs:
        if contig.length > LONGEST:
            raise DnabilstmError(
                f"contig {contig.name!r}: has {contig.length} bases; bigWig ends at {LONGEST}"
            )
    longest = max(contig.length for contig in scores.contigs)
    widths = [width for width in ZOOMS if width == ZOOMS[0] or width < longest]
    summary = Summary()
    with atomic_file(Path(path)) as part, part.open("wb") as out, ExitStack() as stack:
        places = {"totals": _HEADER.size + len(widths) * _ZOOM_HEADER.size}
        out.write(bytes(places["totals"] + _TOTALS.size))
        places["contigs"] = out.tell()
        out.write(contig_tree(scores.contigs, out.tell()))
        places["data"] = out.tell()
        out.write(bytes(8))
        data = Sections(out, out.tell())
        spools = [stack.enter_context(tempfile.TemporaryFile(dir=part.parent)) for _ in widths]
        zooms = [_ZoomSections(Sections(spool)) for spool in spools]
        for block in in_order(_pack, _jobs(scores, channel, digits, widths), workers):
            for section in block.sections:
                data.add(block.contig, *section)
            summary.add(block.bins)
            for zoom, records in zip(zooms, block.records, strict=True):
                zoom.add(records)
        _finish(out, places, widths, data, zooms, summary)
    return summary


def _finish(
    out: IO[bytes],
    places: dict[str, int],
    widths: list[int],
    data: Sections,
    zooms: list["_ZoomSections"],
    summary: Summary,
) -> None:
    """Write what comes after the data, then the header, whose places were open until now."""
    table = data.table()
    places["index"] = data.end
    out.write(section_tree(table, data.end, data_end=data.end, per_section=RUNS_PER_SECTION))
    headers = [_append_zoom(out, width, zoom) for width, zoom in zip(widths, zooms, strict=True)]
    out.write(struct.pack("<I", MAGIC))
    longest = max(data.longest, *(zoom.sections.longest for zoom in zooms))
    out.seek(0)
    offsets = (places["contigs"], places["data"], places["index"])
    out.write(_HEADER.pack(MAGIC, VERSION, len(zooms), *offsets, 0, 0, 0, places["totals"], longest, 0))
    out.write(b"".join(headers))
    bounds = np.nan_to_num([summary.minimum, summary.maximum])
    out.write(_TOTALS.pack(summary.bases, *bounds, summary.total, summary.squares))
    out.seek(places["data"])
    out.write(struct.pack("<Q", len(table)))


def _append_zoom(out: IO[bytes], width: int, zoom: "_ZoomSections") -> bytes:
    """Copy a level from its spool to the end of the file, with its index; gives its header."""
    zoom.flush()
    start = out.tell()
    out.write(struct.pack("<I", zoom.count))
    table = zoom.sections.table()
    table["offset"] += out.tell()
    zoom.sections.file.seek(0)
    shutil.copyfileobj(zoom.sections.file, out)
    index = out.tell()
    out.write(section_tree(table, index, data_end=index, per_section=BINS_PER_SECTION))
    return _ZOOM_HEADER.pack(width, 0, start, index)


class _ZoomSections:
    """Gathers the bins of a level until they fill a section; a section holds one contig."""

    def __init__(self, sections: Sections) -> None:
        self.sections = sections
        self.count = 0
        self._waiting = np.empty(0, BIN)

    def add(self, records: np.ndarray) -> None:
        if len(self._waiting) and len(records) and self._waiting["contig"][0] != records["contig"][0]:
            self.flush()
        self.count += len(records)
        self._waiting = np.concatenate([self._waiting, records])
        whole = len(self._waiting) // BINS_PER_SECTION * BINS_PER_SECTION
        self._write(self._waiting[:whole])
        self._waiting = self._waiting[whole:]

    def flush(self) -> None:
        self._write(self._waiting)
        self._waiting = self._waiting[:0]

    def _write(self, records: np.ndarray) -> None:
        for first in range(0, len(records), BINS_PER_SECTION):
            some = records[first : first + BINS_PER_SECTION]
            contig, start = some[0].item()[:2]
            packed = zlib.compress(some.tobytes(), LEVEL)
            self.sections.add(contig, start, int(some["end"][-1]), some.nbytes, packed)


def _jobs(scores: Scores, channel: str, digits: int, widths: list[int]) -> Iterator[tuple]:
    for number, contig in enumerate(scores.contigs):
        for start, values in blocks(scores.track(channel, contig.name), BLOCK):
            yield number, start, values, digits, widths


def _pack(job: tuple[int, int, np.ndarray, int, list[int]]) -> Block:
    """Round, bin and compress one block of a contig."""
    contig, start, raw, digits, widths = job
    codes = round_scores(raw, digits)
    values = np.where(codes == NO_CALL, np.nan, codes / 10**digits).astype(np.float32)
    bins = level = Bins.of_bases(values, widths[0])
    records = [level.records(contig, start, widths[0], start + len(raw))]
    for finer, width in pairwise(widths):
        level = level.coarser(width // finer)
        records.append(level.records(contig, start, width, start + len(raw)))
    return Block(contig, _sections(contig, start, codes, values), bins, records)


def _sections(
    contig: int, offset: int, codes: np.ndarray, values: np.ndarray
) -> list[tuple[int, int, int, bytes]]:
    """Start, end, size and compressed bytes of each section: as single bases or as runs, what is smaller."""
    cuts = np.flatnonzero(np.diff(codes, prepend=NO_CALL - 1, append=NO_CALL - 1))
    called = codes[cuts[:-1]] != NO_CALL
    starts, ends = cuts[:-1][called], cuts[1:][called]
    sections = []
    for first in range(0, len(starts), RUNS_PER_SECTION):
        start, end = starts[first : first + RUNS_PER_SECTION], ends[first : first + RUNS_PER_SECTION]
        low, high = int(start[0]), int(end[-1])
        whole = int((end - start).sum()) == high - low
        if whole and high - low <= BASES_PER_RUN * len(start):
            head = (contig, low + offset, high + offset, 1, 1, _FIXED_STEP, 0, high - low)
            body = values[low:high].astype("<f4").tobytes()
        else:
            rows = np.empty(len(start), _RUN)
            rows["start"], rows["end"], rows["value"] = start + offset, end + offset, values[start]
            head = (contig, low + offset, high + offset, 0, 0, _BEDGRAPH, 0, len(rows))
            body = rows.tobytes()
        text = _SECTION_HEADER.pack(*head) + body
        sections.append((low + offset, high + offset, len(text), zlib.compress(text, LEVEL)))
    return sections
