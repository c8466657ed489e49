"""Lines of a bedGraph as text: all columns of many lines at once, in rows of fixed width.

A row has a place for every letter that a line of its chunk may have; what stays empty is dropped at
the end. Numbers are looked up, four digits at a time.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np

# Bytes of rows formatted at a time: few enough to stay in the cache.
_CHUNK = 1 << 19
_POWERS = 10 ** np.arange(1, 19, dtype=np.int64)


def _fours(style: str) -> np.ndarray:
    texts = [style.format(number).encode().replace(b" ", b"\0") for number in range(10_000)]
    return np.frombuffer(b"".join(texts), np.uint32)


# Four digits in a uint32: inside a number, at its start (0 is nothing), at its start and end (0 is "0").
_FOUR, _LAST_FOUR = _fours("{:04d}"), _fours("{:4d}")
_FIRST_FOUR = np.concatenate([np.zeros(1, np.uint32), _LAST_FOUR[1:]])


@cache
def number_table(digits: int) -> np.ndarray:
    """The text of every rounded score: 8 bytes each as uint64 (10**digits + 1,), filled up with 0.

    As short as can be: ``0``, ``0.5``, ``0.123``, ``1``.
    """
    steps = 10**digits
    texts = [f"{step / steps:.{digits}f}".rstrip("0").rstrip(".") for step in range(steps + 1)]
    return np.array(texts, "S8").view(np.uint64)


@cache
def number_lengths(digits: int) -> np.ndarray:
    """Letters of every rounded score, int64 (10**digits + 1,)."""
    return np.char.str_len(number_table(digits).view("S8")).astype(np.int64)


def line_lengths(
    names: np.ndarray, start: np.ndarray, end: np.ndarray, code: np.ndarray, digits: int
) -> np.ndarray:
    """Bytes of each line, int64 (lines,); ``names`` is how many the name of each has."""
    return names + _places(start) + _places(end) + number_lengths(digits)[code] + 4


def _places(numbers: np.ndarray) -> np.ndarray | int:
    """Digits of each whole number; one number for all if they ascend and all have as many."""
    if not len(numbers):
        return 0
    low, high = len(str(numbers.min())), len(str(numbers.max()))
    return low if low == high else 1 + np.searchsorted(_POWERS, numbers, "right")


def format_lines(
    name: bytes | np.ndarray, start: np.ndarray, end: np.ndarray, numbers: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield the text of lines, uint8, many lines at a time.

    Parameters
    ----------
    name
        The contig: of all lines, or of each, as fixed-width bytes (lines,).
    start, end
        int64 (lines,).
    numbers
        uint64 (lines,): entries of ``number_table``.
    """
    width = 40 + (len(name) if isinstance(name, bytes) else name.dtype.itemsize)
    rows = max(1, _CHUNK // width)
    for first in range(0, len(start), rows):
        some = slice(first, first + rows)
        names = name if isinstance(name, bytes) else name[some]
        yield _rows(names, start[some], end[some], numbers[some])


def _rows(name: bytes | np.ndarray, start: np.ndarray, end: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    width = len(name) if isinstance(name, bytes) else name.dtype.itemsize
    groups = 1 + (len(str(end.max())) - 1) // 4
    places = [(f"{column}{group}", np.uint32) for column in "se" for group in range(groups)]
    row = [("name", f"V{width}"), ("tab1", "u1"), *places[:groups], ("tab2", "u1"), *places[groups:]]
    rows = np.empty(len(start), np.dtype([*row, ("tab3", "u1"), ("number", np.uint64), ("line", "u1")]))
    rows["name"] = np.void(name) if isinstance(name, bytes) else name.view(f"V{width}")
    for field, byte in (("tab1", 9), ("tab2", 9), ("tab3", 9), ("line", 10)):
        rows[field] = byte
    rows["number"] = numbers
    for column, values in (("s", start), ("e", end)):
        for group, letters in enumerate(_decimal(values, groups)):
            rows[f"{column}{group}"] = letters
    flat = rows.view(np.uint8)
    return flat[flat != 0]


def _decimal(numbers: np.ndarray, groups: int) -> list[np.ndarray]:
    """ASCII digits of whole numbers, four in a uint32; a place before the first digit is 0 (no letter)."""
    texts = []
    least = numbers.min()
    if numbers.max() < 2**32:
        numbers = numbers.astype(np.uint32)
    above: np.ndarray | bool = False
    for group in range(groups - 1, -1, -1):
        four = numbers
        if group:
            four = numbers // numbers.dtype.type(10_000**group)
            numbers = numbers - four * numbers.dtype.type(10_000**group)
        if least >= 10_000 ** (group + 1):
            texts.append(_FOUR[four])
            continue
        short = (_LAST_FOUR if group == 0 else _FIRST_FOUR)[four]
        texts.append(short if above is False else np.where(above, _FOUR[four], short))
        above = above | (four > 0)
    return texts
