"""How long the contigs of a genome are, without encoding it."""

from pathlib import Path

import numpy as np
from Bio.SeqIO.FastaIO import SimpleFastaParser

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import is_folder, open_text
from dnabilstm.genome import open_genome


def contig_lengths(path: Path) -> np.ndarray:
    """Lengths of the contigs of a FASTA or of a folder of codes, in bases: int64 (contigs,).

    A ``.fai`` beside the FASTA that is not older is read instead of it. What is not nucleotides is not
    noticed here.

    Raises
    ------
    DnabilstmError
        If there is no such file, or it has no sequence in it.
    """
    path = Path(path)
    if is_folder(path):
        return np.array([contig.length for contig in open_genome(path).contigs], np.int64)
    index = Path(f"{path}.fai")
    try:
        found = _of_index(index) if index.exists() and _age(index) >= _age(path) else None
    except (ValueError, IndexError, UnicodeDecodeError):
        found = None  # a damaged index; the FASTA itself knows
    if found is None:
        with open_text(path) as handle:
            try:
                found = [len(sequence) for _, sequence in SimpleFastaParser(handle)]
            except ValueError:
                found = []
    if not found:
        raise DnabilstmError(f"{path}: no FASTA record in it")
    return np.array(found, np.int64)


def _of_index(path: Path) -> list[int]:
    """The second column, as ``samtools faidx`` writes it."""
    return [int(line.split("\t")[1]) for line in path.read_text().splitlines()]


def _age(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else float("-inf")
