"""A genome as bgzipped FASTA with its two indexes, from its codes: about 0.3 bytes a base.

Formats: https://www.htslib.org/doc/faidx.html and https://www.htslib.org/doc/bgzip.html (``.gzi``).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from dnabilstm.alphabet import decode
from dnabilstm.browse.page_names import track_name
from dnabilstm.files import BGZF_EOF, release
from dnabilstm.genome import Genome
from dnabilstm.tracks.deflate import bgzf_blocks

FASTA, INDEX, BLOCKS = "genome.fa.gz", "genome.fa.gz.fai", "genome.fa.gz.gzi"
LINE = 100
"""Bases a line."""
_PIECE = LINE * 80_000
# Of text, in each block but the last.
_BLOCK = 65280


def write_sequence(genome: Genome, folder: Path) -> None:
    """Write ``genome.fa.gz``, ``.fai`` and ``.gzi`` into a folder; contigs have the names that igv.js needs."""
    (folder / INDEX).write_text("".join(_index_lines(genome)), encoding="ascii")
    with (folder / FASTA).open("wb") as out:
        starts = _write_blocks(_text(genome), out)
        out.write(BGZF_EOF)
    table = np.stack([starts, _BLOCK * np.arange(len(starts))], axis=1)[1:]
    (folder / BLOCKS).write_bytes(np.int64(len(table)).tobytes() + table.astype("<i8").tobytes())


def _index_lines(genome: Genome) -> Iterator[str]:
    """Name, bases, where its first base is in the text, bases a line, bytes a line."""
    position = 0
    for contig in genome.contigs:
        name = track_name(contig.name)
        position += len(name) + 2
        yield f"{name}\t{contig.length}\t{position}\t{LINE}\t{LINE + 1}\n"
        position += contig.length + -(-contig.length // LINE)


def _text(genome: Genome) -> Iterator[bytes]:
    for contig in genome.contigs:
        yield f">{track_name(contig.name)}\n".encode("ascii")
        codes = genome.sequence(contig.name)
        for start in range(0, contig.length, _PIECE):
            yield wrapped(decode(codes[start : start + _PIECE]))
    release(genome.codes)


def wrapped(sequence: bytes) -> bytes:
    """A sequence as lines of ``LINE`` bases."""
    whole = len(sequence) // LINE
    lines = np.full((whole, LINE + 1), ord("\n"), np.uint8)
    lines[:, :LINE] = np.frombuffer(sequence, np.uint8, whole * LINE).reshape(whole, LINE)
    rest = sequence[whole * LINE :]
    return lines.tobytes() + (rest + b"\n" if rest else b"")


def _write_blocks(pieces: Iterable[bytes], out: IO[bytes]) -> np.ndarray:
    """Pack a text; gives where each block starts, int64 (blocks,)."""
    starts, end, rest = [np.zeros(0, np.int64)], 0, bytearray()
    for piece in pieces:
        rest += piece
        whole = len(rest) - len(rest) % _BLOCK
        end = _write_whole(bytes(rest[:whole]), out, starts, end)
        del rest[:whole]
    _write_whole(bytes(rest), out, starts, end)
    return np.concatenate(starts)


def _write_whole(text: bytes, out: IO[bytes], starts: list[np.ndarray], end: int) -> int:
    blocks, places = bgzf_blocks(text)
    out.writelines(blocks)
    starts.append(places[:-1] + end)
    return end + int(places[-1])
