"""GC contents and canonical 4-mers of sequences and of the blocks of a genome, counted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dnabilstm.alphabet import PAD, decode
from dnabilstm.audit.kmers import canonical_columns, canonical_kmers
from dnabilstm.genome import Genome
from dnabilstm.sequences.store import SequenceSet

K = 4
WINDOW = 1_000
"""Bases of the windows of a genome whose GC content is taken."""
ROWS = 20_000
"""Sequences of a set whose 4-mers are counted; of more, so many, evenly spread."""
BLOCK = 50_000
"""Bases of a genome that are counted together: neighbours are alike."""
_LEAST_BLOCKS = 20
_POSITIONS = 1 << 20
_GAP = np.array([PAD], np.uint8)
_COLUMNS, _WIDTH = canonical_columns(K)
_IS_GC, _IS_KNOWN = np.isin(np.arange(16), (2, 4, 6)), np.isin(np.arange(16), (1, 2, 4, 6, 8, 9))
Span = tuple[str, int, int]


def count_sequences(sequences: SequenceSet) -> np.ndarray:
    """Counts of the canonical 4-mers, int64 (rows, 136), of sequences; of very many, of some evenly chosen."""
    if len(sequences) > ROWS:
        sequences = sequences.subset(np.linspace(0, len(sequences) - 1, ROWS).astype(np.int64))
    return count_kmers(sequences.codes, sequences.borders)


def count_kmers(codes: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """Counts of the canonical 4-mers of sequences that lie end to end: int64 (sequences, 136)."""
    rows = len(borders) - 1
    counts = np.zeros(rows * _WIDTH, np.int64)
    for start in range(0, len(codes) - K + 1, _POSITIONS):
        kmers, whole = canonical_kmers(codes[start : start + _POSITIONS + K - 1], K)
        position = start + np.arange(len(kmers))
        owner = np.searchsorted(borders, position, side="right") - 1
        whole &= position + K <= borders[owner + 1]
        cell = owner[whole] * _WIDTH + _COLUMNS[kmers[whole].astype(np.int64)]
        counts += np.bincount(cell, minlength=len(counts))
    return counts.reshape(rows, _WIDTH)


def gc_contents(codes: np.ndarray, borders: np.ndarray, least: int = 1) -> np.ndarray:
    """GC content of each sequence that has at least so many known bases: float64 (some of the sequences,)."""
    gc, known = (np.diff(np.concatenate([[0], np.cumsum(of[codes])])[borders]) for of in (_IS_GC, _IS_KNOWN))
    enough = known >= least
    return gc[enough] / known[enough]


def kmer_names() -> list[str]:
    """The canonical 4-mers as letters, in the order of the columns."""
    first = np.unique(_COLUMNS, return_index=True)[1]
    return [decode(np.uint8(1) << (number >> np.arange(2 * K - 2, -1, -2)) % 4).decode() for number in first]


@dataclass(frozen=True)
class Blocks:
    """Counts of the canonical 4-mers of each block of a genome, GC contents of its windows, known bases."""

    counts: np.ndarray
    gc: np.ndarray
    bases: int


def blocks_of(
    source: Genome | SequenceSet | np.ndarray, spans: Iterable[Span] | None = None, block: int | None = None
) -> Blocks:
    """Cut a genome, spans of it, sequences, or codes into blocks of so many bases; see ``composition_of``."""
    if isinstance(source, np.ndarray):
        pieces = [source]
    elif isinstance(source, SequenceSet):
        pieces = [source.sequence(index) for index in range(len(source))]
    elif spans is None:
        pieces = [source.sequence(name) for name in source.names]
    else:
        pieces = [source.sequence(name)[start:end] for name, start, end in spans]
    block = block or block_of(sum(map(len, pieces)))
    counts, gc, bases = [np.zeros((0, _WIDTH), np.int64)], [np.empty(0)], 0
    for codes in _cut(pieces, block):
        borders = np.unique(np.append(np.arange(0, len(codes), WINDOW), len(codes)))
        counts.append(count_kmers(codes, np.array([0, len(codes)])))
        gc.append(gc_contents(codes, borders, least=WINDOW // 2))
        bases += int(_IS_KNOWN[codes].sum())
    return Blocks(np.concatenate(counts), np.concatenate(gc), bases)


def block_of(bases: int) -> int:
    """Bases of a block of a genome of so many."""
    return min(BLOCK, bases // _LEAST_BLOCKS) // WINDOW * WINDOW or WINDOW


def _cut(pieces: Iterable[np.ndarray], block: int) -> Iterator[np.ndarray]:
    """Blocks of that many bases, the last one shorter; several small pieces are one, with padding between."""
    held: list[np.ndarray] = []
    room = block
    for piece in pieces:
        start = 0
        while start < len(piece):
            held.append(np.asarray(piece[start : start + room]))
            start += len(held[-1])
            room -= len(held[-1])
            if room <= 0:
                yield np.concatenate(held)
                held, room = [], block
        held.append(_GAP)
    if room < block:
        yield np.concatenate(held)
