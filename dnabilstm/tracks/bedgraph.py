"""bedGraph: one line a run of equal rounded scores, bgzipped and indexed as by tabix.

Lines are ``contig start end score``, 0-based, half-open, contigs in the order of the FASTA; a no-call
has no line. There is no ``track`` line: tabix readers and bedtools want data only, and genome
browsers take the file as it is. What the numbers mean stands in ``tracks.json``.

Formats: https://genome.ucsc.edu/goldenPath/help/bedgraph.html; tabix: Li 2011, Bioinformatics 27:718.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pysam

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import BGZF_EOF, atomic_file
from dnabilstm.score.store import Scores
from dnabilstm.tracks.batches import Layout
from dnabilstm.tracks.deflate import bgzf_blocks
from dnabilstm.tracks.lines import format_lines
from dnabilstm.tracks.one_pass import write_in_one_pass
from dnabilstm.tracks.options import TrackConfig
from dnabilstm.tracks.runs import Called, Runs, whole_runs
from dnabilstm.tracks.tabix import CHUNK, WINDOW, index_rows, tbi

# A .tbi reaches 512 Mb; htslib's .csi reaches any length.
TBI_REACH = 1 << 29


@dataclass(frozen=True)
class Packed:
    """The lines of a batch: blocks of BGZF, their bytes, and what the index says of them."""

    blocks: list[bytes]
    size: int
    chunks: np.ndarray
    windows: np.ndarray


class BedGraph:
    """A bedGraph that is being written, a batch at a time."""

    def __init__(self, out: IO[bytes], index: Path, layout: Layout, digits: int) -> None:
        self.out = out
        self.index = index
        self.layout = layout
        self.digits = digits
        self._end = 0
        self._chunks: list[np.ndarray] = [np.empty(0, CHUNK)]
        self._windows: list[np.ndarray] = [np.empty(0, WINDOW)]

    def pack(self, runs: Runs, called: Called) -> Packed:
        """What a batch adds; knows nothing of the batches before, so that any thread may do it."""
        lines = whole_runs(runs, called)
        names = [self.layout.names[contig] for contig in lines.contig.tolist()]
        text, places = format_lines(names, lines, self.digits)
        blocks, starts = bgzf_blocks(text.data)
        chunks, windows = index_rows(lines, places, starts)
        return Packed(blocks, int(starts[-1]), chunks, windows)

    def write(self, packed: Packed) -> None:
        """Write the next batch."""
        self.out.writelines(packed.blocks)
        for rows, table in ((packed.chunks, self._chunks), (packed.windows, self._windows)):
            for name in {"start", "end"} & set(rows.dtype.names):
                rows[name] += self._end << 16
            table.append(rows)
        self._end += packed.size

    def finish(self, data: Path, index: Path) -> None:
        """End the file, and write its index."""
        self.out.write(BGZF_EOF)
        self.out.flush()
        if self.index.suffix == ".csi":
            _csi(data, index)
        else:
            index.write_bytes(tbi(self.layout, np.concatenate(self._chunks), np.concatenate(self._windows)))


def _csi(data: Path, index: Path) -> None:
    pysam.tabix_index(
        str(data), index=str(index), seq_col=0, start_col=1, end_col=2, zerobased=True, csi=True, force=True
    )


@contextmanager
def open_bedgraph(path: Path, layout: Layout, digits: int = TrackConfig.digits) -> Iterator[BedGraph]:
    """Yield a bedGraph to write batches to; it and its index are there when the block ends well.

    Parameters
    ----------
    path
        The ``.bedgraph.gz`` to write. Its ``index`` stands beside it.
    layout
        Of the contigs.
    digits
        Decimals that are kept.
    """
    hidden = [name for name in layout.names if name.startswith(b"#")]
    if hidden:
        name = hidden[0].decode("utf-8", "surrogateescape")
        raise DnabilstmError(f"contig {name!r}: a line that starts with '#' is a comment; rename it")
    path = Path(path)
    csi = layout.longest > TBI_REACH
    index = path.with_name(path.name + (".csi" if csi else ".tbi"))
    stale = path.with_name(path.name + (".tbi" if csi else ".csi"))
    # The data take their name first: an index is never there without the data that it speaks of.
    with atomic_file(index) as index_part, atomic_file(path) as part:
        with part.open("wb") as out:
            bedgraph = BedGraph(out, index, layout, digits)
            yield bedgraph
            bedgraph.finish(part, index_part)
        index.unlink(missing_ok=True)
        stale.unlink(missing_ok=True)


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
    layout = Layout(scores.contigs)
    with open_bedgraph(path, layout, digits) as bedgraph:
        write_in_one_pass(scores, channel, [bedgraph], layout, digits=digits, workers=workers)
    return bedgraph.index
