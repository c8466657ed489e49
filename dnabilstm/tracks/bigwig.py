"""bigWig: every rounded score and its zoom levels, for genome browsers.

The file is written here: pyBigWig and pybigtools take ten times as long, pyBigWig ends the process
where a place cannot be written, and pybigtools drops contigs without data and cannot write a track
without any. Both serve as readers in the tests. Contigs are numbered in the FASTA's order and
the data stand in it; the table of contigs is sorted by name, because the format asks for that, and
holds contigs without data too.

Format: Kent et al. 2010, Bioinformatics 26:2204, with its supplement; little-endian.
"""

import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import atomic_file
from dnabilstm.score.store import Scores
from dnabilstm.tracks.batches import Layout
from dnabilstm.tracks.bbi import SECTION, Sections, contig_tree, section_tree
from dnabilstm.tracks.bins import BIN, Bins, Summary, Totals
from dnabilstm.tracks.deflate import pack
from dnabilstm.tracks.one_pass import write_in_one_pass
from dnabilstm.tracks.options import TrackConfig
from dnabilstm.tracks.runs import Called, Runs
from dnabilstm.tracks.sections import RUNS_PER_SECTION, data_sections

MAGIC = 0x888FFC26
VERSION = 4
# Bases of a bin of each zoom level; all fit into a block of a batch. A finer level would take as much
# room and time as the scores themselves, which browsers read where one of these is too coarse.
ZOOMS = tuple(128 * 4**level for level in range(7))
BINS_PER_SECTION = 1024
_ZOOM_BYTES = BINS_PER_SECTION * BIN.itemsize
LONGEST = 2**32 - 1

_HEADER = struct.Struct("<IHHQQQHHQQIQ")
_ZOOM_HEADER = struct.Struct("<IIQQ")
_TOTALS = struct.Struct("<Qdddd")


@dataclass(frozen=True)
class Packed:
    """What a batch adds: sections of data, statistics, and the records of each zoom level."""

    sections: np.ndarray
    data: list[bytes]
    longest: int
    bins: Bins
    records: list[np.ndarray]


class BigWig:
    """A bigWig that is being written, a batch at a time."""

    def __init__(self, out: IO[bytes], spools: list[IO[bytes]], layout: Layout, digits: int) -> None:
        self.out = out
        self.digits = digits
        self.widths = ZOOMS[: len(spools)]
        self.totals = Totals()
        self.zooms = [_ZoomSections(Sections(spool)) for spool in spools]
        self._totals_at = _HEADER.size + len(spools) * _ZOOM_HEADER.size
        self._contigs_at = self._totals_at + _TOTALS.size
        tree = contig_tree(layout, self._contigs_at)
        self._data_at = self._contigs_at + len(tree)
        self._longest = 0
        out.write(bytes(self._contigs_at))
        out.write(tree)
        out.write(bytes(8))
        self.sections = Sections(out, self._data_at + 8)

    def pack(self, runs: Runs, called: Called) -> Packed:
        """What a batch adds; knows nothing of the batches before, so that any thread may do it."""
        sections, data, longest = data_sections(called, self.digits)
        bins = level = Bins.of_runs(runs, self.widths[0])
        records = [level.records(runs.batch, self.widths[0], self.digits)]
        for finer, width in pairwise(self.widths):
            level = level.coarser(width // finer)
            records.append(level.records(runs.batch, width, self.digits))
        return Packed(sections, data, longest, bins, records)

    def write(self, packed: Packed) -> None:
        """Write the next batch."""
        self.sections.add(packed.sections, packed.data)
        self._longest = max(self._longest, packed.longest)
        self.totals.add(packed.bins)
        for zoom, records in zip(self.zooms, packed.records, strict=True):
            zoom.add(records)

    @property
    def summary(self) -> Summary:
        """Over the rounded scores so far."""
        return self.totals.summary(self.digits)

    def finish(self) -> None:
        """Write what comes after the data, then the header, whose places were open until now."""
        out, table = self.out, self.sections.table()
        index = self.sections.end
        out.write(section_tree(table, index, data_end=index, per_section=RUNS_PER_SECTION))
        headers = [_append_zoom(out, *level) for level in zip(self.widths, self.zooms, strict=True)]
        out.write(struct.pack("<I", MAGIC))
        out.seek(0)
        places = (self._contigs_at, self._data_at, index)
        longest = max(self._longest, _ZOOM_BYTES)
        out.write(_HEADER.pack(MAGIC, VERSION, len(headers), *places, 0, 0, 0, self._totals_at, longest, 0))
        out.write(b"".join(headers))
        summary = self.summary
        bounds = np.nan_to_num([summary.minimum, summary.maximum])
        out.write(_TOTALS.pack(summary.bases, *bounds, summary.total, summary.squares))
        out.seek(self._data_at)
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
    """Gathers the bins of a level until they fill a section, which may hold many contigs."""

    def __init__(self, sections: Sections) -> None:
        self.sections = sections
        self.count = 0
        self._waiting = b""

    def add(self, records: np.ndarray) -> None:
        self.count += len(records)
        text = self._waiting + records.tobytes()
        whole = len(text) // _ZOOM_BYTES * _ZOOM_BYTES
        self._write(text[:whole])
        self._waiting = text[whole:]

    def flush(self) -> None:
        self._write(self._waiting)
        self._waiting = b""

    def _write(self, text: bytes) -> None:
        packed = [pack(text[start : start + _ZOOM_BYTES]) for start in range(0, len(text), _ZOOM_BYTES)]
        records = np.frombuffer(text, BIN)
        first = records[::BINS_PER_SECTION]
        last = records[np.minimum(BINS_PER_SECTION * np.arange(1, len(packed) + 1), len(records)) - 1]
        rows = np.zeros(len(packed), SECTION)
        rows["contig"], rows["start"] = first["contig"], first["start"]
        rows["end_contig"], rows["end"] = last["contig"], last["end"]
        rows["size"] = [len(some) for some in packed]
        self.sections.add(rows, packed)


@contextmanager
def open_bigwig(path: Path, layout: Layout, digits: int = TrackConfig.digits) -> Iterator[BigWig]:
    """Yield a bigWig to write batches to; it is there when the block ends well.

    Parameters
    ----------
    path
        The ``.bw`` to write.
    layout
        Of the contigs.
    digits
        Decimals that are kept; stored as float32.
    """
    if layout.longest > LONGEST:
        number = int(np.argmax(layout.length > LONGEST))
        name = layout.names[number].decode("utf-8", "surrogateescape")
        raise DnabilstmError(f"contig {name!r}: has {layout.length[number]} bases; bigWig ends at {LONGEST}")
    widths = [width for width in ZOOMS if width == ZOOMS[0] or width < layout.longest]
    with atomic_file(Path(path)) as part, part.open("wb") as out, ExitStack() as stack:
        spools = [stack.enter_context(tempfile.TemporaryFile(dir=part.parent)) for _ in widths]
        bigwig = BigWig(out, spools, layout, digits)
        yield bigwig
        bigwig.finish()


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
    layout = Layout(scores.contigs)
    with open_bigwig(path, layout, digits) as bigwig:
        write_in_one_pass(scores, channel, [bigwig], layout, digits=digits, workers=workers)
    return bigwig.summary
