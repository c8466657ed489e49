"""The IUPAC code table: bytes to 4-bit codes, codes to one-hot, and the complement.

Codes are the 4-bit masks of the BAM format (SAM/BAM specification v1, section 4.2.4): bit 0 is A,
bit 1 C, bit 2 G, bit 3 T. An ambiguous code is the union of its bases; 0 is padding.
"""

import numpy as np

LETTERS = b"=ACMGRSVTWYHKDBN"
PAD = 0
N = 15
INVALID = 255


def _code_of_byte() -> np.ndarray:
    table = np.full(256, INVALID, np.uint8)
    for code, letter in enumerate(LETTERS[1:], start=1):
        table[letter] = table[ord(chr(letter).lower())] = code
    table[ord("U")] = table[ord("u")] = LETTERS.index(b"T")
    return table


CODE_OF_BYTE = _code_of_byte()
"""uint8 (256,): the code of each byte; ``INVALID`` where the byte is not IUPAC."""

_BITS = (np.arange(16)[:, None] >> np.arange(4)) & 1

ONE_HOT = (_BITS / np.maximum(_BITS.sum(1, keepdims=True), 1)).astype(np.float32)
"""float32 (16, 4): channels A, C, G, T; R = half A and half G, N = a quarter each, padding zero."""

COMPLEMENT = (_BITS[:, ::-1] << np.arange(4)).sum(1).astype(np.uint8)
"""uint8 (16,): the code of the complementary base; swaps the channels A-T and C-G."""

BASE_OF_CODE = np.full(16, -1, np.int64)
"""int64 (16,): 0 to 3 of the codes of A, C, G, T; -1 of everything else."""
BASE_OF_CODE[[1, 2, 4, 8]] = np.arange(4)

_LETTER_OF_CODE = np.frombuffer(LETTERS, np.uint8)


def encode(sequence: bytes) -> np.ndarray:
    """Codes of a sequence, uint8 (length,); ``INVALID`` where a byte is not IUPAC."""
    return CODE_OF_BYTE[np.frombuffer(sequence, np.uint8)]


def decode(codes: np.ndarray) -> bytes:
    """Upper-case letters of codes, with T for U; padding becomes ``=``."""
    return _LETTER_OF_CODE[codes].tobytes()


def reverse_complement(codes: np.ndarray) -> np.ndarray:
    """Codes of the other strand, read in its own direction; uint8 (length,)."""
    return COMPLEMENT[codes][::-1]


def complement_words(k: int) -> np.ndarray:
    """The reverse complement of each word of ``k`` bases, both as numbers of ``BASE_OF_CODE`` digits: int64 (4**k,)."""
    rest, turned = np.arange(4**k), np.zeros(4**k, np.int64)
    for _ in range(k):
        turned = turned * 4 + (3 - rest % 4)
        rest = rest // 4
    return turned
