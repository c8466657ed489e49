"""2bit: the bases of a genome at random access, for browsers that are not told of the genome otherwise.

Format: https://genome.ucsc.edu/FAQ/FAQformat.html#format7; little-endian. Two bits hold T, C, A or G; what is
none of these is N, as runs beside the bases. Nothing is masked, since codes have no lower case.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from dnabilstm.alphabet import LETTERS
from dnabilstm.errors import Problems
from dnabilstm.files import atomic_file, release
from dnabilstm.genome import Contig, Genome

MAGIC = 0x1A412743
LONGEST_NAME = 255
LONGEST = 2**32 - 1
BLOCK = 1 << 22
"""Bases that are packed at a time; a multiple of 4."""

_OTHER = 255
_HEADER = struct.Struct("<IIII")
# Bytes of a record beside its runs and bases: length, number of runs of N, of masked runs, reserved.
_RECORD_BYTES = 16


def _two_bits() -> np.ndarray:
    table = np.full(256, _OTHER, np.uint8)
    for value, letter in enumerate(b"TCAG"):
        table[LETTERS.index(letter)] = value
    return table


_TWO_BITS = _two_bits()


def write_twobit(genome: Genome, path: Path) -> None:
    """Write all contigs of a genome; an ambiguous base becomes N.

    Parameters
    ----------
    genome
        Read twice, a block at a time.
    path
        The ``.2bit`` to write. Its places in the file take 64 bits (version 1) where 32 are too few.

    Raises
    ------
    DnabilstmError
        If the place cannot be written, or a contig is not one that the format holds (``twobit_problems``).
    """
    twobit_problems(genome).raise_if_any()
    runs = [_runs_of_n(genome.sequence(contig.name)) for contig in genome.contigs]
    release(genome.codes)
    with atomic_file(Path(path)) as part, part.open("wb") as out:
        _write_index(out, genome.contigs, runs)
        for contig, found in zip(genome.contigs, runs, strict=True):
            out.write(struct.pack("<II", contig.length, len(found)))
            out.write(found.astype("<u4").T.tobytes())
            out.write(bytes(8))
            out.writelines(_packed(genome.sequence(contig.name)))
            if contig.length > BLOCK:
                release(genome.codes)


def twobit_problems(genome: Genome) -> Problems:
    """What of a genome the format cannot hold: names over 255 bytes, contigs over 4,294,967,295 bases."""
    problems = Problems()
    for contig in genome.contigs:
        size = len(_name(contig))
        if size > LONGEST_NAME:
            problems.add(
                f"contig {contig.name[:20]!r}...: has a name of {size} bytes; 2bit ends at {LONGEST_NAME};"
                " rename it in the FASTA",
                "2bit",
            )
        if contig.length > LONGEST:
            problems.add(f"contig {contig.name!r}: has {contig.length} bases; 2bit ends at {LONGEST}", "2bit")
    return problems


def _name(contig: Contig) -> bytes:
    return contig.name.encode("utf-8", "surrogateescape")


def _write_index(out: IO[bytes], contigs: tuple[Contig, ...], runs: list[np.ndarray]) -> None:
    """The header, and of each contig its name and where its record begins."""
    names = [_name(contig) for contig in contigs]
    sizes = [
        _RECORD_BYTES + 8 * len(found) + -(-contig.length // 4)
        for contig, found in zip(contigs, runs, strict=True)
    ]
    before = np.cumsum([0, *sizes], dtype=np.int64)
    version, place = 0, "<I"
    start = _HEADER.size + sum(1 + len(name) + 4 for name in names)
    if start + int(before[-1]) > LONGEST:
        version, place = 1, "<Q"
        start += 4 * len(names)
    out.write(_HEADER.pack(MAGIC, version, len(contigs), 0))
    for name, offset in zip(names, before.tolist(), strict=False):
        out.write(bytes([len(name)]) + name + struct.pack(place, start + offset))


def _runs_of_n(codes: np.ndarray) -> np.ndarray:
    """Runs of what is not A, C, G or T: int64 (runs, 2), start and size."""
    edges, last = [], 0
    for start, values in _blocks(codes):
        other = np.concatenate([[last], values == _OTHER]).astype(np.int8)
        edges.append(start + np.flatnonzero(np.diff(other)))
        last = other[-1]
    edges.append([len(codes)] * int(last))
    starts, ends = np.concatenate(edges).astype(np.int64).reshape(-1, 2).T
    return np.stack([starts, ends - starts], axis=1)


def _packed(codes: np.ndarray) -> Iterator[bytes]:
    """The bases, four a byte, the first in the highest bits; N as T, and the last byte filled up with T."""
    for _, values in _blocks(codes):
        fours = np.zeros(-(-len(values) // 4) * 4, np.uint8)
        fours[: len(values)] = np.where(values == _OTHER, 0, values)
        first, second, third, fourth = fours.reshape(-1, 4).T
        yield (first << 6 | second << 4 | third << 2 | fourth).tobytes()


def _blocks(codes: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, len(codes), BLOCK):
        yield start, _TWO_BITS[codes[start : start + BLOCK]]
