"""FASTA to a genome of codes on disk: memory-mapped, with a contig table and digests.

A genome's folder holds ``codes.u8`` (one byte a base, all contigs end to end) and ``genome.json``
(names, lengths, digests). Digests are GA4GH refget sequence digests (``SQ.`` + sha512t24u of the
upper-case sequence), so that anyone can recompute them.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from Bio.SeqIO.FastaIO import SimpleFastaParser

from dnabilstm.alphabet import INVALID, N, decode, encode
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import atomic_folder, in_temporary_folder, is_folder, open_text, read_json

CODES_FILE = "codes.u8"
TABLE_FILE = "genome.json"
NO_CALL_RUN = 10
PROTEIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ*")
_DIGEST_BLOCK = 1 << 22


@dataclass(frozen=True)
class Contig:
    """One sequence of a genome: its name, length in bases, place among the codes, refget digest."""

    name: str
    length: int
    offset: int
    digest: str


class Genome:
    """The codes of all contigs, end to end, and their table.

    Attributes
    ----------
    contigs : tuple of Contig
        In the order of the FASTA.
    codes : numpy.ndarray
        uint8 (total bases,), read-only, memory-mapped where the genome lies on disk.
    source : str
        The FASTA that it was made from.
    """

    def __init__(self, contigs: tuple[Contig, ...], codes: np.ndarray, source: str) -> None:
        self.contigs = contigs
        self.codes = codes
        self.source = source
        self._by_name = {contig.name: contig for contig in contigs}

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def contig(self, name: str) -> Contig:
        """The table row of a contig; a ``DnabilstmError`` names the known ones if there is no such contig."""
        if name not in self._by_name:
            raise DnabilstmError(f"{self.source}: has no contig {name!r}; it has {shown_names(self.names)}")
        return self._by_name[name]

    def sequence(self, name: str) -> np.ndarray:
        """Codes of one contig: uint8 (length,), a view."""
        contig = self.contig(name)
        return self.codes[contig.offset : contig.offset + contig.length]

    @property
    def names(self) -> list[str]:
        """Contig names in the order of the FASTA."""
        return [contig.name for contig in self.contigs]

    @property
    def total(self) -> int:
        """Number of bases of all contigs."""
        return self.contigs[-1].offset + self.contigs[-1].length if self.contigs else 0

    @cached_property
    def digest(self) -> str:
        """sha512t24u over names, lengths and sequence digests, in order."""
        rows = "".join(f"{c.name}\t{c.length}\t{c.digest}\n" for c in self.contigs)
        return _sha512t24u(rows.encode("utf-8", "surrogateescape"))


def shown_names(names: list[str], most: int = 6) -> str:
    """A few names for a message: ``chr1, chr2, ... (16 in all)``."""
    text = ", ".join(names[:most])
    return text if len(names) <= most else f"{text}, ... ({len(names)} in all)"


def read_fasta(path: Path, *, unique: bool = True) -> Iterator[tuple[str, np.ndarray]]:
    """Yield ``(name, codes)`` of each record, one record in memory at a time.

    Reads plain, gzip and bgzip, any line width, CRLF, lower case, blank lines, no final newline,
    records without sequence. The name is the first word of the header.

    Parameters
    ----------
    path
        The FASTA.
    unique
        Whether the names must differ, as those of contigs must.

    Raises
    ------
    DnabilstmError
        With record and line: an empty file, text before the first ``>``, an empty or duplicate name,
        a byte that is not IUPAC, a damaged or truncated gzip.
    """
    path = Path(path)
    seen: set[str] = set()
    with open_text(path) as handle:
        _check_start(path)
        for title, sequence in SimpleFastaParser(handle):
            name = title.split(maxsplit=1)[0] if title.strip() else ""
            codes = encode(sequence.encode("utf-8", "surrogateescape"))
            if not name or name in seen or (codes == INVALID).any():
                raise _problems(path, unique)
            if unique:
                seen.add(name)
            yield name, codes


def _check_start(path: Path) -> None:
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if line.startswith(">"):
                return
            if line.strip():
                raise DnabilstmError(
                    f"{path}:{number}: {_quoted(line)} before the first '>'; wanted a FASTA (>name, sequence)"
                )
    raise DnabilstmError(f"{path}: is empty: no FASTA record in it")


def _problems(path: Path, unique: bool) -> DnabilstmError:
    """Read again, line by line, to name the lines that ``read_fasta`` stumbled over: all of them."""
    problems = Problems()
    seen: dict[str, int] = {}
    record, records = "", 0
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if not line.startswith(">"):
                letters = line.rstrip().replace(" ", "").encode("utf-8", "surrogateescape")
                problem = sequence_problem(letters, f"record {record!r}")
            else:
                records += 1
                record = next(iter(line[1:].split(maxsplit=1)), "")
                problem = _name_problem(record, records, seen)
                if unique:
                    seen.setdefault(record, number)
            if problem:
                problems.add(f"{path}:{number}: {problem}", str(path))
    if not problems:
        raise AssertionError("the file changed while it was read")
    return problems.error()


def _name_problem(name: str, record: int, seen: dict[str, int]) -> str:
    if not name:
        return f"record {record} has no name; wanted '>name'"
    return f"duplicate name {name!r}, first on line {seen[name]}; rename one" if name in seen else ""


def sequence_problem(letters: bytes, record: str) -> str:
    """What to say of the first byte that is not IUPAC, after the record's name; empty if all are."""
    wrong = np.flatnonzero(encode(letters) == INVALID)
    if not len(wrong):
        return ""
    found = repr(letters[wrong[0] : wrong[0] + 1].decode("latin-1"))
    hint = "; a protein sequence?" if set(letters.upper()) <= PROTEIN else ""
    return (
        f"{record} has the byte {found} at column {wrong[0] + 1};"
        f" wanted IUPAC nucleotides (ACGTU RYSWKM BDHV N){hint}"
    )


def _quoted(text: str) -> str:
    return repr(text.strip("\r\n")[:20])


def encode_fasta(fasta: Path, folder: Path) -> Genome:
    """Write the codes of a FASTA into ``folder`` (atomically) and open them.

    Parameters
    ----------
    fasta
        See ``read_fasta``, which also says what is refused.
    folder
        Where ``codes.u8`` and ``genome.json`` go; replaced if it is there.
    """
    contigs: list[Contig] = []
    offset = 0
    if is_folder(fasta):
        raise DnabilstmError(f"{fasta}: is a folder; wanted a FASTA file")
    with atomic_folder(folder, (CODES_FILE, TABLE_FILE)) as part:
        with (part / CODES_FILE).open("wb") as out:
            for name, codes in read_fasta(fasta):
                out.write(codes)
                contigs.append(Contig(name, len(codes), offset, sequence_digest(codes)))
                offset += len(codes)
        if not offset:
            raise DnabilstmError(f"{fasta}: has {len(contigs)} records but not one base")
        table = {"source": str(fasta), "contigs": [asdict(contig) for contig in contigs]}
        (part / TABLE_FILE).write_text(json.dumps(table) + "\n")
    return open_genome(folder)


def open_genome(path: Path) -> Genome:
    """Open a FASTA, or the folder that ``dnabilstm encode`` made of one.

    A FASTA is encoded into a temporary folder that goes when the genome is no longer used.
    """
    path = Path(path)
    if not is_folder(path):
        return in_temporary_folder(lambda folder: encode_fasta(path, folder / "genome"))
    if not (path / TABLE_FILE).exists():
        raise DnabilstmError(
            f"{path}: is not an encoded genome (no {TABLE_FILE}); give a FASTA or run 'dnabilstm encode'"
        )
    table = read_json(path / TABLE_FILE)
    try:
        contigs, source = tuple(Contig(**row) for row in table["contigs"]), table["source"]
    except (KeyError, TypeError):
        raise DnabilstmError(
            f"{path / TABLE_FILE}: is not a contig table; run 'dnabilstm encode' again"
        ) from None
    total = sum(contig.length for contig in contigs)
    size = (path / CODES_FILE).stat().st_size if (path / CODES_FILE).exists() else -1
    if size != total:
        raise DnabilstmError(
            f"{path / CODES_FILE}: has {size} bytes, its table says {total}; run 'dnabilstm encode' again"
        )
    return Genome(contigs, np.memmap(path / CODES_FILE, np.uint8, "r"), source)


def sequence_digest(codes: np.ndarray) -> str:
    """GA4GH refget digest of a sequence: ``SQ.`` and the sha512t24u of its upper-case letters."""
    digest = hashlib.sha512()
    for start in range(0, len(codes), _DIGEST_BLOCK):
        digest.update(decode(codes[start : start + _DIGEST_BLOCK]))
    return "SQ." + _truncated(digest.digest())


def _sha512t24u(data: bytes) -> str:
    return _truncated(hashlib.sha512(data).digest())


def _truncated(sha512: bytes) -> str:
    return base64.urlsafe_b64encode(sha512[:24]).decode("ascii")


def no_call_intervals(codes: np.ndarray, run: int = NO_CALL_RUN) -> np.ndarray:
    """Runs of N that get no score.

    Parameters
    ----------
    codes
        uint8 (length,) of one contig.
    run
        The shortest run of N, in bases, that is a no-call.

    Returns
    -------
    numpy.ndarray
        int64 (runs, 2): start and end of each, 0-based, half-open, ascending.
    """
    # Look only where a run can be: every run of at least `run` covers a multiple of `run`.
    if not len(codes) or not (codes[:: max(1, run)] == N).any():
        return np.empty((0, 2), np.int64)
    is_n = np.concatenate([[0], codes == N, [0]]).astype(np.int8)
    edges = np.diff(is_n)
    runs = np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)], axis=1)
    return runs[runs[:, 1] - runs[:, 0] >= run]
