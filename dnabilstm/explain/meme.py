"""Motifs as MEME text (format 4), written and read.

Format: https://meme-suite.org/meme/doc/meme-format.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.motifs import Motif
from dnabilstm.files import atomic_file, open_text

_HEAD = """MEME version 4

ALPHABET= ACGT

strands: + -

Background letter frequencies
"""


@dataclass(frozen=True)
class Known:
    """A motif of a file: its name, and float64 (width, 4), rows of shares of A, C, G, T."""

    name: str
    shares: np.ndarray


def write_meme(motifs: Iterable[Motif], background: np.ndarray, path: Path) -> None:
    """Write position frequency matrices, each named and with its consensus as alternate name.

    Parameters
    ----------
    motifs
        With at least one seqlet each.
    background
        float (4,): shares of A, C, G, T.
    path
        The file.
    """
    letters = " ".join(f"{letter} {share:.4f}" for letter, share in zip("ACGT", background, strict=True))
    text = [_HEAD, letters, "\n"]
    for motif in motifs:
        shares = motif.shares
        text.append(f"\nMOTIF {motif.name} {motif.consensus}\n")
        text.append(
            f"letter-probability matrix: alength= 4 w= {len(shares)} nsites= {len(motif.hits)} E= 0\n"
        )
        text += ["".join(f" {share:.6f}" for share in row) + "\n" for row in shares.tolist()]
    with atomic_file(path) as part:
        part.write_text("".join(text))


def read_meme(path: Path) -> list[Known]:
    """Read motifs of a MEME file; lines that the format leaves to choice, such as the background's, may lack.

    Raises
    ------
    DnabilstmError
        With the line, if it is no such file, or not of DNA; or if it has no motif.
    """
    known: list[Known] = []
    name, rows = "", 0
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            words = line.split()
            if number == 1 and words[:2] != ["MEME", "version"]:
                raise DnabilstmError(
                    f"{path}:1: found {line.strip()[:20]!r}; wanted MEME text ('MEME version 4')"
                )
            if words[:1] == ["MOTIF"] and len(words) > 1:
                name = words[1]
            elif words[:2] == ["letter-probability", "matrix:"]:
                rows = _width(words, f"{path}:{number}")
                known.append(Known(name, np.empty((0, 4))))
            elif rows and words:
                shares = _shares(words, f"{path}:{number}")
                known[-1] = Known(name, np.vstack([known[-1].shares, shares]))
                rows -= 1
    if rows or not known:
        found = f"motif {name!r} ends {rows} rows too early" if rows else "has no motif"
        raise DnabilstmError(f"{path}: {found}; wanted MEME text with at least one whole MOTIF")
    return known


def _width(words: list[str], place: str) -> int:
    """Rows of a matrix, as its first line says."""
    if "w=" in words[:-1] and (width := words[words.index("w=") + 1]).isdigit() and int(width):
        return int(width)
    raise DnabilstmError(f"{place}: has no width; wanted 'letter-probability matrix: alength= 4 w= WIDTH'")


def _shares(words: list[str], place: str) -> np.ndarray:
    """A row of a matrix."""
    try:
        shares = np.array(words, float)
    except ValueError:
        shares = np.empty(0)
    if shares.shape != (4,) or not (shares >= 0).all() or not 0.9 < shares.sum() < 1.1:
        raise DnabilstmError(
            f"{place}: found {' '.join(words)[:40]!r}; wanted shares of A, C, G and T, which sum to 1"
        )
    return shares / shares.sum()
