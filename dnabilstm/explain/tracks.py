"""Values of loci as tracks of the genome: bigWig and bedGraph, with gaps elsewhere."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pysam

from dnabilstm.explain.loci import Locus
from dnabilstm.files import BGZF_EOF, atomic_file
from dnabilstm.genome import Contig
from dnabilstm.tracks.batches import Layout, batches
from dnabilstm.tracks.bedgraph import TBI_REACH
from dnabilstm.tracks.bigwig import open_bigwig
from dnabilstm.tracks.deflate import bgzf_blocks
from dnabilstm.tracks.runs import batch_runs, called_runs

LOG_ODDS = (-1000.0, 1000.0)
"""What a track of log-odds can hold, far beyond what a network gives."""


class Sparse:
    """A track with values at few places, as an array over all bases of the genome, a slice at a time.

    Parameters
    ----------
    places
        int64 (values,), bases counted over all contigs; one may be there more than once.
    values
        float32 (values,); what is at one place is averaged.
    """

    def __init__(self, places: np.ndarray, values: np.ndarray) -> None:
        self.places, which, counts = np.unique(places, return_inverse=True, return_counts=True)
        self.values = (np.bincount(which, values) / counts).astype(np.float32)

    def within(self, start: int, stop: int) -> slice:
        """Which values lie in a stretch."""
        return slice(*np.searchsorted(self.places, [start, stop]).tolist())

    def __getitem__(self, stretch: slice) -> np.ndarray:
        found = np.full(stretch.stop - stretch.start, np.nan, np.float32)
        some = self.within(stretch.start, stretch.stop)
        found[self.places[some] - stretch.start] = self.values[some]
        return found


def sparse_track(pieces: Iterable[tuple[Locus, np.ndarray]]) -> Sparse:
    """Loci, and what every base of each has, float (bases,), NaN for nothing; the mean where they overlap."""
    places, values = [], []
    for locus, along in pieces:
        has = np.isfinite(along)
        places.append((np.arange(locus.start, locus.end) + locus.contig.offset)[has])
        values.append(along[has])
    return Sparse(np.concatenate(places), np.concatenate(values))


def write_tracks(
    track: Sparse,
    contigs: tuple[Contig, ...],
    stem: Path,
    digits: int,
    bounds: tuple[float, float] = LOG_ODDS,
) -> list[Path]:
    """Write ``STEM.bw`` and ``STEM.bedgraph.gz`` with its index; gives all three.

    Parameters
    ----------
    track
        Over all contigs.
    contigs
        Of the genome, in its order.
    stem
        Path without suffix.
    digits
        Decimals that are kept.
    bounds
        What the values lie between.
    """
    bigwig, bedgraph = stem.with_name(f"{stem.name}.bw"), stem.with_name(f"{stem.name}.bedgraph.gz")
    layout = Layout(contigs)
    lines = []
    with open_bigwig(bigwig, layout, digits) as out:
        for batch in batches(layout):
            if track.within(batch.start, batch.end).start == track.within(batch.start, batch.end).stop:
                continue
            runs = batch_runs(track, batch, digits, bounds)
            called = called_runs(runs)
            out.write(out.pack(runs, called))
            names = [layout.names[contig] for contig in np.repeat(called.contig, called.count)]
            values = (f"{code / 10**digits:.{digits}f}".encode() for code in called.code.tolist())
            rows = zip(names, called.start.tolist(), called.end.tolist(), values, strict=True)
            lines += [b"%b\t%d\t%d\t%b\n" % row for row in rows]
    return [bigwig, bedgraph, _write_bedgraph(b"".join(lines), bedgraph, layout)]


def _write_bedgraph(text: bytes, path: Path, layout: Layout) -> Path:
    """Write lines, packed, and their index beside them; gives the index."""
    csi = layout.longest > TBI_REACH
    index = path.with_name(path.name + (".csi" if csi else ".tbi"))
    with atomic_file(index) as index_part, atomic_file(path) as part:
        part.write_bytes(b"".join([*bgzf_blocks(text)[0], BGZF_EOF]))
        columns = {"seq_col": 0, "start_col": 1, "end_col": 2, "zerobased": True}
        pysam.tabix_index(str(part), index=str(index_part), csi=csi, force=True, **columns)
    return index
