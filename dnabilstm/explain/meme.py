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
    """Read motifs of a MEME file.

    Raises
    ------
    DnabilstmError
        If it is no such file, or has no motif of DNA.
    """
    from Bio import motifs

    try:
        with open_text(path) as handle:
            found = motifs.parse(handle, "minimal")
    except (ValueError, AttributeError, IndexError, KeyError, AssertionError, UnicodeDecodeError) as error:
        raise DnabilstmError(
            f"{path}: is not a MEME motif file ({str(error) or type(error).__name__}); wanted 'MEME version 4',"
            " ALPHABET= ACGT, and a letter-probability matrix for each MOTIF"
        ) from None
    known = [Known(motif.name, np.array([motif.pwm[letter] for letter in "ACGT"]).T) for motif in found]
    if not known:
        raise DnabilstmError(f"{path}: has no motif; wanted MEME text with at least one MOTIF")
    return known
