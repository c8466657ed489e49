"""Lines of a bedGraph as text, many at once, with numbers looked up four digits at a time.

Where a contig has many lines, rows of one width are written over each other, each from where the text
of the one before ends. Where contigs are short, the places of a number's digits change from line to
line: then a row has room for all that a line may have, and what stays empty is dropped in the end.
"""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np

from dnabilstm.tracks.runs import Called

# Lines a contig from which it is worth to look at each contig by itself.
_MANY = 2048
# Rows that are made at a time: few enough to stay in the cache.
_ROWS = 1 << 13
_POWERS = 10 ** np.arange(1, 19, dtype=np.int64)


def _fours(style: str) -> np.ndarray:
    texts = [style.format(number).encode().replace(b" ", b"\0") for number in range(10_000)]
    return np.frombuffer(b"".join(texts), np.uint32)


# Four digits in a uint32: inside a number, at its start (0 is nothing), at its start and end (0 is "0").
_FOUR, _LAST_FOUR = _fours("{:04d}"), _fours("{:4d}")
_FIRST_FOUR = np.concatenate([np.zeros(1, np.uint32), _LAST_FOUR[1:]])


def format_lines(names: list[bytes], lines: Called, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """The text of the lines of a batch.

    Parameters
    ----------
    names
        Of the contig of each stretch of the batch.
    lines
        The run of each line.
    digits
        Of which the scores are rounded.

    Returns
    -------
    tuple of numpy.ndarray
        uint8 (bytes,), and where each line starts and the last ends, int64 (lines + 1,).
    """
    if len(lines.start) < _MANY * len(names):
        text = np.frombuffer(b"".join(_sparse(names, lines, digits)), np.uint8)
        letters = np.repeat([len(name) for name in names], lines.count)
        lengths = letters + (_line_ends(digits)[1][lines.code] + 2)
        return text, np.append(0, np.cumsum(lengths + _digits(lines.start) + _digits(lines.end)))
    lengths, segments = _segments(names, lines, digits)
    places = np.append(0, np.cumsum(lengths))
    # A row may be longer than its line.
    text = np.empty(places[-1] + max(map(len, names)) + 64, np.uint8)
    for name, first, last in segments:
        for start in range(first, last, _ROWS):
            some = slice(start, min(last, start + _ROWS))
            _write_rows(
                text, places[some], name, lines.start[some], lines.end[some], lines.code[some], digits
            )
    return text[: places[-1]], places


@cache
def number_table(digits: int) -> np.ndarray:
    """The text of every rounded score: 8 bytes each as uint64 (10**digits + 1,), filled up with 0.

    As short as can be: ``0``, ``0.5``, ``0.123``, ``1``.
    """
    steps = 10**digits
    texts = [f"{step / steps:.{digits}f}".rstrip("0").rstrip(".") for step in range(steps + 1)]
    return np.array(texts, "S8").view(np.uint64)


@cache
def _line_ends(digits: int) -> tuple[np.ndarray, np.ndarray]:
    """What follows the end of a run of every rounded score, as uint64 or V16; and its bytes, int64."""
    texts = [b"\t%s\n" % number for number in number_table(digits).view("S8").tolist()]
    longest = digits + 4
    table = np.array(texts, "S8" if longest <= 8 else "S16")
    return table.view(np.uint64 if longest <= 8 else "V16"), np.array([len(text) for text in texts])


def _segments(
    names: list[bytes], lines: Called, digits: int
) -> tuple[np.ndarray, list[tuple[bytes, int, int]]]:
    """Bytes of each line; and stretches of lines of one contig, whose numbers have equally many digits."""
    lengths = _line_ends(digits)[1][lines.code]
    segments, last = [], 0
    for name, count in zip(names, lines.count.tolist(), strict=True):
        first, last = last, last + count
        start, end = lines.start[first:last], lines.end[first:last]
        bounds = np.concatenate([[0, count], np.searchsorted(start, _POWERS), np.searchsorted(end, _POWERS)])
        bounds = np.unique(bounds).tolist()
        for low, high in pairwise(bounds):
            prefix = len(name) + 2 + len(str(start[low])) + len(str(end[low]))
            lengths[first + low : first + high] += prefix
            segments.append((name, first + low, first + high))
    return lengths, segments


def _write_rows(
    text: np.ndarray,
    places: np.ndarray,
    name: bytes,
    start: np.ndarray,
    end: np.ndarray,
    code: np.ndarray,
    digits: int,
) -> None:
    """Write lines of a segment to their places; what a row has too much is written over by the next."""
    line_ends = _line_ends(digits)[0]
    # So much room before the name that the empty places before a number's first digit fit.
    head = b"\t\t" + name + b"\t"
    low, high = len(str(start[0])), len(str(end[0]))
    places_of = [len(head) + low, len(head) + low + 1 + high]
    fields = _fields("s", places_of[0], low) + _fields("e", places_of[1], high)
    fields.append(("rest", line_ends.dtype, places_of[1]))
    names, formats, offsets = zip(*fields, strict=True)
    width = places_of[1] + line_ends.dtype.itemsize
    kind = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": width})
    template = (head + bytes(low) + b"\t").ljust(width, b"\0")

    rows = np.full(len(start), np.void(template)).view(kind)
    rows["rest"] = line_ends[code]
    starts = _words(start, low)
    ends = _ends(starts, start, end, high) if low == high else _words(end, high)
    # The end first: its empty places may lie over the start, those of the start over the name only.
    for letter, place, count, words in (("e", places_of[1], high, ends), ("s", places_of[0], low, starts)):
        empty = -count % 4
        if empty:
            before = template[place - count - empty : place - count]
            words[-1] |= np.uint32(int.from_bytes(before, "little"))
        for group, values in enumerate(words):
            rows[f"{letter}{group}"] = values
    lines = np.ndarray(len(text) - width + 3, f"V{width - 2}", text, 0, (1,))
    lines[places] = np.ndarray(len(rows), f"V{width - 2}", rows, 2, (width,))


def _fields(letter: str, end: int, count: int) -> list[tuple[str, type, int]]:
    """Groups of four digits of a number of ``count`` digits that ends at a place in a row, the last first."""
    return [(f"{letter}{group}", np.uint32, end - 4 * (group + 1)) for group in range(-(-count // 4))]


def _words(numbers: np.ndarray, count: int) -> list[np.ndarray]:
    """Groups of four digits of numbers of ``count`` digits, the last first; 0 is an empty place."""
    if count < 10:
        numbers = numbers.astype(np.uint32)
    base, words = numbers.dtype.type(10_000), []
    for _ in range((count - 1) // 4):
        above = numbers // base
        words.append(_FOUR[numbers - above * base])
        numbers = above
    return [*words, _LAST_FOUR[numbers]]


def _ends(starts: list[np.ndarray], start: np.ndarray, end: np.ndarray, count: int) -> list[np.ndarray]:
    """Like ``_words`` of the ends; nearly all are where the next run starts."""
    other = np.append(np.flatnonzero(end[:-1] != start[1:]), len(end) - 1)
    words = [np.append(some[1:], some[:1]) for some in starts]
    for some, right in zip(words, _words(end[other], count), strict=True):
        some[other] = right
    return words


def _digits(numbers: np.ndarray) -> np.ndarray:
    """Digits of each whole number, int64."""
    counts = np.ones(len(numbers), np.int64)
    for power in _POWERS[numbers.max(initial=0) >= _POWERS]:
        counts += numbers >= power
    return counts


def _sparse(names: list[bytes], lines: Called, digits: int) -> Iterator[bytes]:
    """The text of lines of short contigs, many lines at a time."""
    width = max(map(len, names), default=1)
    # numpy copies 8 bytes faster than 7.
    width = -(-width // 8) * 8
    name = np.repeat(np.array(names, f"S{width}"), lines.count)
    rows = max(1, (_ROWS << 6) // (64 + width))
    numbers = number_table(digits)
    for first in range(0, len(name), rows):
        some = slice(first, first + rows)
        yield _dropped(name[some], lines.start[some], lines.end[some], numbers[lines.code[some]])


def _dropped(name: np.ndarray, start: np.ndarray, end: np.ndarray, numbers: np.ndarray) -> bytes:
    width = name.dtype.itemsize
    groups = 1 + (len(str(end.max())) - 1) // 4
    places = [(f"{column}{group}", np.uint32) for column in "se" for group in range(groups)]
    row = [("name", f"V{width}"), ("tab1", "u1"), *places[:groups], ("tab2", "u1"), *places[groups:]]
    rows = np.empty(len(start), np.dtype([*row, ("tab3", "u1"), ("number", np.uint64), ("line", "u1")]))
    rows["name"] = name.view(f"V{width}")
    for field, byte in (("tab1", 9), ("tab2", 9), ("tab3", 9), ("line", 10)):
        rows[field] = byte
    rows["number"] = numbers
    for column, values in (("s", start), ("e", end)):
        for group, letters in enumerate(_decimal(values, groups)):
            rows[f"{column}{group}"] = letters
    return rows.tobytes().translate(None, b"\0")


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
