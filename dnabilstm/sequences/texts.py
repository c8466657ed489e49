"""Many texts to codes at once, with a line for each that is no sequence."""

from collections.abc import Callable, Sequence

import numpy as np

from dnabilstm.alphabet import INVALID, encode
from dnabilstm.errors import Problems
from dnabilstm.genome import sequence_problem


def encode_texts(
    texts: Sequence[str], called: Callable[[int], tuple[str, str]], problems: Problems
) -> tuple[np.ndarray, np.ndarray]:
    """Codes of texts, end to end.

    Parameters
    ----------
    texts
        Letters of either case.
    called
        From an index to where that text stands (``table.csv:7``) and what to call it (``record 'x'``).
    problems
        Takes a line for each text that is empty or has a byte that is not IUPAC.

    Returns
    -------
    codes : numpy.ndarray
        uint8 (bases,).
    borders : numpy.ndarray
        int64 (texts + 1,): text *i* is ``codes[borders[i]:borders[i + 1]]``.
    """
    raw = [text.encode("utf-8", "replace") for text in texts]
    lengths = np.fromiter(map(len, raw), np.int64, len(raw))
    borders = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    codes = encode(b"".join(raw))
    foreign = np.searchsorted(borders, np.flatnonzero(codes == INVALID), side="right") - 1
    for index in np.union1d(foreign, np.flatnonzero(lengths == 0)).tolist():
        place, name = called(index)
        problem = sequence_problem(raw[index], name) or f"{name} has no base (length 0); leave it out"
        problems.add(f"{place}: {problem}", place.rpartition(":")[0])
    return codes, borders
