"""Canonical k-mers as numbers: every k-mer and its reverse complement are one.

A k-mer is written in base 4 (A=0, C=1, G=2, T=3); the smaller of the two strands' numbers stands for both.
"""

from collections.abc import Iterator

import numpy as np

LONGEST = 31
"""Longest k; a k-mer fits into 62 bits."""

_BLOCK = 1 << 17  # positions at a time: the intermediate arrays stay in the cache
_NO_BASE = np.uint64(4)
_BASE_OF_CODE = np.full(16, _NO_BASE, np.uint64)
_BASE_OF_CODE[[1, 2, 4, 8]] = np.arange(4)


def canonical_kmers(codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Number of the canonical k-mer that starts at each base.

    Returns
    -------
    kmers : numpy.ndarray
        uint64 (max(length - k + 1, 0),).
    whole : numpy.ndarray
        bool, the same shape: False where a base of the k-mer is not A, C, G or T; its number means nothing.
    """
    count = max(len(codes) - k + 1, 0)
    base = _BASE_OF_CODE[codes]
    unknown = np.concatenate([[0], np.cumsum(base == _NO_BASE)])
    whole = unknown[k : k + count] == unknown[:count]
    base &= np.uint64(3)
    ahead, back, size = base, base ^ np.uint64(3), 1
    # The numbers of k-mers of twice the size are put together of two; then one base at a time, k in binary.
    for bit in bin(k)[3:]:
        ahead, back, size = _joined(ahead, back, size, ahead, back, size)
        if bit == "1":
            ahead, back, size = _joined(ahead, back, size, base, base ^ np.uint64(3), 1)
    return np.minimum(ahead[:count], back[:count]), whole


def _joined(
    ahead: np.ndarray, back: np.ndarray, size: int, ahead2: np.ndarray, back2: np.ndarray, size2: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Numbers, on both strands, of k-mers made of one of ``size`` bases and the one of ``size2`` after it."""
    count = max(len(ahead2) - size, 0)
    both = (ahead[:count] << np.uint64(2 * size2)) | ahead2[size : size + count]
    other = (back2[size : size + count] << np.uint64(2 * size)) | back[:count]
    return both, other, size + size2


def mixed(numbers: np.ndarray) -> np.ndarray:
    """Numbers that look random and are as distinct: uint64, the same shape (finalizer of SplitMix64).

    Steele, Lea & Flood 2014, https://doi.org/10.1145/2714064.2660195
    """
    out = numbers + np.uint64(0x9E3779B97F4A7C15)
    out ^= out >> np.uint64(30)
    out *= np.uint64(0xBF58476D1CE4E5B9)
    out ^= out >> np.uint64(27)
    out *= np.uint64(0x94D049BB133111EB)
    out ^= out >> np.uint64(31)
    return out


def hashes(codes: np.ndarray, k: int, scale: int = 1) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Hashes of the canonical k-mers of a sequence, block by block.

    Parameters
    ----------
    codes
        uint8 (length,).
    k
        Bases of a k-mer.
    scale
        Keeps the k-mers whose hash lies in the lowest of ``scale`` parts: the same ones in every
        sequence (FracMinHash; Brown & Irber 2016, https://doi.org/10.21105/joss.00027).

    Yields
    ------
    positions : numpy.ndarray
        int64: first base of each k-mer that is whole and kept.
    values : numpy.ndarray
        uint64, the same shape.
    """
    most = np.uint64((1 << 64) // scale - 1)
    for start in range(0, len(codes) - k + 1, _BLOCK):
        kmers, whole = canonical_kmers(codes[start : start + _BLOCK + k - 1], k)
        values = mixed(kmers)
        kept = np.flatnonzero(whole & (values <= most) if scale > 1 else whole)
        yield start + kept, values[kept]


def is_new(ascending: np.ndarray) -> np.ndarray:
    """Which of some ascending values differ from the one before them: bool (values,)."""
    out = np.ones(len(ascending), bool)
    out[1:] = ascending[1:] != ascending[:-1]
    return out


def canonical_columns(k: int) -> tuple[np.ndarray, int]:
    """The column of each k-mer's number in a table of canonical ones, int64 (4**k,), and their number."""
    numbers, turned = np.arange(4**k), np.zeros(4**k, np.int64)
    for place in range(k):
        turned = turned * 4 + 3 - (numbers >> (2 * place)) % 4
    distinct, columns = np.unique(np.minimum(numbers, turned), return_inverse=True)
    return columns, len(distinct)
