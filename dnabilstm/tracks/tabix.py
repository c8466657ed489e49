"""The tabix index of a bedGraph, made from the runs while they are written.

Reading the finished file back, as ``tabix`` does, takes as long as packing it.

Format: Li 2011, Bioinformatics 27:718; bins as in the SAM specification, section 5.
"""

import struct

import numpy as np

from dnabilstm.files import BGZF_EOF
from dnabilstm.tracks.batches import Layout
from dnabilstm.tracks.deflate import bgzf_blocks, virtual_offsets
from dnabilstm.tracks.runs import Called

# Bases: 2**14 of a bin of the finest level, which is also a window; each coarser level has 8 times that.
_FINEST = 14
_LEVELS = [(4681, 14), (585, 17), (73, 20), (9, 23), (1, 26), (0, 29)]
# Columns 1, 2 and 3; 0-based, half-open; lines that start with '#' are comments; none is left out.
_COLUMNS = (0x10000, 1, 2, 3, ord("#"), 0)

# A bin beyond those of the finest level: where a contig's text starts and ends, and how many lines it has.
_WHOLE = 37450

# Neighbouring lines of one bin: where their text starts and ends, and how many they are.
CHUNK = np.dtype([(name, "<i8") for name in ("contig", "bin", "start", "end", "lines")])
# The first line that overlaps a window, where it is not the first of an earlier one too.
WINDOW = np.dtype([("contig", "<i8"), ("window", "<i8"), ("start", "<i8")])


def bins_of(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest bin that holds each interval, int64."""
    last = end - 1
    bins = _LEVELS[0][0] + (start >> _FINEST)
    wide = np.flatnonzero((start ^ last) >> _FINEST)
    for first, shift in _LEVELS[1:]:
        bins[wide] = first + (start[wide] >> shift)
        wide = wide[((start[wide] ^ last[wide]) >> shift) > 0]
    return bins


def index_rows(called: Called, places: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What an index says of the lines of a batch.

    Parameters
    ----------
    called
        The run of each line.
    places
        int64 (runs + 1,), where the text of each starts, and where the last ends.
    starts
        Of the text's blocks: see ``bgzf_blocks``.

    Returns
    -------
    tuple of numpy.ndarray
        ``CHUNK`` and ``WINDOW``, in the order of the lines; virtual offsets in the batch.
    """
    if not len(called.start):
        return np.empty(0, CHUNK), np.empty(0, WINDOW)
    there = called.count > 0
    firsts = (np.cumsum(called.count) - called.count)[there]
    low, reach = called.start >> _FINEST, (called.end - 1) >> _FINEST
    new = np.zeros(len(low), bool)
    new[firsts] = True
    new[1:] |= reach[1:] != reach[:-1]
    # Lines over a border of windows have a coarser bin than those before and after.
    news = new.copy()
    over = low != reach
    news |= over
    news[1:] |= over[:-1]
    lines = np.flatnonzero(news)
    ends = np.append(lines[1:], len(low))
    offsets = [virtual_offsets(places[some], places[-1], starts) for some in (lines, ends)]
    contig = called.contig[there][np.searchsorted(firsts, lines, "right") - 1]

    chunks = np.empty(len(lines), CHUNK)
    chunks["contig"], chunks["bin"] = contig, bins_of(called.start[lines], called.end[lines])
    chunks["start"], chunks["end"] = offsets
    chunks["lines"] = ends - lines
    kept = new[lines]
    windows = np.empty(int(kept.sum()), WINDOW)
    windows["contig"], windows["window"], windows["start"] = (
        contig[kept],
        reach[lines][kept],
        offsets[0][kept],
    )
    return chunks, windows


def tbi(layout: Layout, chunks: np.ndarray, windows: np.ndarray) -> bytes:
    """The index of a file, packed.

    Parameters
    ----------
    layout
        Of the contigs; those without a line are left out, as tabix does.
    chunks, windows
        ``CHUNK`` and ``WINDOW`` of all lines, in their order, with virtual offsets.
    """
    used, number = np.unique(chunks["contig"], return_inverse=True)
    names = b"".join(layout.names[contig] + b"\0" for contig in used.tolist())
    whole = _whole(len(used), number, chunks)
    number = np.concatenate([number, *[np.arange(len(used))] * 2])
    window_of = np.searchsorted(used, windows["contig"])
    body = _body(len(used), number, np.concatenate([chunks, *whole]), window_of, windows)
    head = struct.pack("<4siiiiiiii", b"TBI\1", len(used), *_COLUMNS, len(names))
    # No line has no place.
    blocks, _ = bgzf_blocks(head + names + body + bytes(8))
    return b"".join([*blocks, BGZF_EOF])


def _whole(contigs: int, number: np.ndarray, chunks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two chunks of each contig in the bin that speaks of the whole: its place, and its lines."""
    place, lines = np.zeros(contigs, CHUNK), np.zeros(contigs, CHUNK)
    first = np.searchsorted(number, np.arange(contigs))
    place["bin"] = lines["bin"] = _WHOLE
    place["start"] = chunks["start"][first]
    place["end"] = chunks["end"][np.append(first[1:], len(chunks))[:contigs] - 1]
    lines["start"] = np.add.reduceat(chunks["lines"], first) if contigs else 0
    return place, lines


def _body(
    contigs: int, number: np.ndarray, chunks: np.ndarray, window_of: np.ndarray, windows: np.ndarray
) -> bytes:
    """Bins with their chunks, then windows, of each contig; all 32-bit words at once."""
    # Stable: chunks of a bin stay in the order of the lines.
    order = np.lexsort((chunks["bin"], number))
    number, chunks = number[order], chunks[order]
    new = np.ones(len(chunks), bool)
    new[1:] = (number[1:] != number[:-1]) | (chunks["bin"][1:] != chunks["bin"][:-1])
    of_bin = np.flatnonzero(new)
    bins = np.bincount(number[of_bin], minlength=contigs)
    count = np.diff(np.append(of_bin, len(chunks)))
    reach = np.zeros(contigs, np.int64)
    np.maximum.at(reach, window_of, windows["window"] + 1)

    words = 2 + 2 * bins + 4 * np.bincount(number, minlength=contigs) + 2 * reach
    base = np.cumsum(words) - words
    out = np.zeros(int(words.sum()), "<u4")
    out[base] = bins
    out[base + words - 1 - 2 * reach] = reach
    # Words before a chunk's own: the counts of its contig and those before, bins and chunks up to it.
    bin_at = 2 * np.cumsum(new) + 4 * np.arange(len(chunks))
    start_of = np.searchsorted(number, np.arange(contigs))
    at = base[number] + 1 + bin_at - (bin_at[start_of] - 2)[number]
    out[at[of_bin] - 2], out[at[of_bin] - 1] = chunks["bin"][of_bin], count
    _put(out, at, chunks["start"])
    _put(out, at + 2, chunks["end"])
    window_base = base + words - 2 * reach
    filled = _filled(window_of, windows, reach)
    _put(
        out,
        np.repeat(window_base - 2 * (np.cumsum(reach) - reach), reach) + 2 * np.arange(len(filled)),
        filled,
    )
    return out.tobytes()


def _filled(window_of: np.ndarray, windows: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Offsets of all windows of all contigs; one that no line is the first of has that of the next."""
    place = (np.cumsum(reach) - reach)[window_of] + windows["window"]
    return np.repeat(windows["start"], np.diff(place, prepend=-1))


def _put(out: np.ndarray, at: np.ndarray, values: np.ndarray) -> None:
    out[at], out[at + 1] = values & 0xFFFFFFFF, values >> 32
