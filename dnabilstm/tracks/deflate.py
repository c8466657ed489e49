"""Compression of tracks: by libdeflate where the package ``deflate`` is installed, else by zlib.

libdeflate packs the text of a bedGraph three times as fast as zlib does at its fastest, and smaller. What
is written depends on which of them is there, and on nothing else. (ISA-L is faster still, but what it
writes may change from run to run: https://github.com/intel/isa-l/issues/140.)
"""

import struct
import zlib

import numpy as np

try:
    import deflate as _library
except ImportError:
    _library = None

# Level 4 of zlib takes 1.6 times as long for 15 % less, level 2 of libdeflate twice as long for nothing.
LEVEL = 1
# Bytes of text of a block of BGZF: the htslib's own.
_BLOCK = 65280
_HEAD = bytes.fromhex("1f8b08040000000000ff060042430200")
_SIZE, _TAIL = struct.Struct("<H"), struct.Struct("<II")


def pack(data: bytes | memoryview) -> bytes:
    """``data`` as a zlib stream."""
    if _library:
        return bytes(_library.zlib_compress(data, LEVEL))
    return zlib.compress(data, LEVEL)


def bgzf_blocks(text: bytes | memoryview) -> tuple[list[bytes], np.ndarray]:
    """``text`` as whole blocks of BGZF, without the empty one that ends a file.

    Returns
    -------
    tuple
        The blocks, and int64 (blocks + 1,): where each starts among them, and where the last ends.

    Notes
    -----
    Format: SAM specification, section 4.1.
    """
    text = memoryview(text)
    blocks = [_block(text[start : start + _BLOCK]) for start in range(0, len(text), _BLOCK)]
    return blocks, np.cumsum([0, *map(len, blocks)])


def virtual_offsets(places: np.ndarray, end: int, starts: np.ndarray) -> np.ndarray:
    """Places in a text as places in its blocks: block start, 48 bits, then place in its text, 16 bits; int64.

    Parameters
    ----------
    places
        int64 (places,).
    end
        The end of the text, which is the start of what follows.
    starts
        Of ``bgzf_blocks``.
    """
    block, inner = np.divmod(places, _BLOCK)
    return np.where(places == end, starts[-1] << 16, (starts[block] << 16) | inner)


def _block(text: memoryview) -> bytes:
    if _library:
        packed, check = _library.deflate_compress(text, LEVEL), _library.crc32(text)
    else:
        packed, check = zlib.compress(text, LEVEL, -zlib.MAX_WBITS), zlib.crc32(text)
    if len(packed) > len(text) + 5:
        # As it is: what cannot be packed would not fit into a block.
        packed = struct.pack("<BHH", 1, len(text), len(text) ^ 0xFFFF) + text
    size = len(_HEAD) + 2 + len(packed) + 8
    return b"".join([_HEAD, _SIZE.pack(size - 1), packed, _TAIL.pack(check, len(text))])
