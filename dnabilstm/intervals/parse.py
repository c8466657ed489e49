"""The lines of an interval file to columns, format by format.

BED: https://samtools.github.io/hts-specs/BEDv1.pdf, with narrowPeak and its kin
(https://genome.ucsc.edu/FAQ/FAQformat.html); GFF3: https://github.com/The-Sequence-Ontology/Specifications,
whose first eight columns are those of GTF.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO
from urllib.parse import unquote

import numpy as np

from dnabilstm.errors import Problems
from dnabilstm.files import open_text


@dataclass(frozen=True)
class Format:
    """Where a format keeps what is read of it: columns from 0; ``first`` is a contig's first position."""

    name: str
    start: int
    end: int
    strand: int
    kind: int | None
    first: int
    strands: dict[str, int]


BED = Format("BED", 1, 2, 5, None, 0, {"+": 1, "-": -1, ".": 0})
GFF = Format("GFF3", 3, 4, 6, 2, 1, {"+": 1, "-": -1, ".": 0, "?": 0})
GFF_SUFFIXES = (".gff", ".gff3", ".gtf")
GFF_COLUMNS = 9
PEAK_COLUMNS = {".narrowpeak": 10, ".broadpeak": 9, ".gappedpeak": 15}
BLOCK = 1 << 16
_INTEGER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Columns:
    """The records of a file, one row each, 0-based and half-open, not yet held against a genome.

    ``name`` and ``kind`` (the feature type of GFF3) index ``names`` and ``kinds``; ``line`` is 1-based.
    """

    format: Format
    names: list[str]
    kinds: list[str]
    name: np.ndarray  # int32
    kind: np.ndarray  # int32
    start: np.ndarray  # int64
    end: np.ndarray  # int64
    strand: np.ndarray  # int8
    line: np.ndarray  # int64

    def __len__(self) -> int:
        return len(self.line)

    def rows(self, chosen: np.ndarray) -> "Columns":
        """Some of the records."""
        columns = (self.name, self.kind, self.start, self.end, self.strand, self.line)
        return Columns(self.format, self.names, self.kinds, *(column[chosen] for column in columns))


def parse(path: Path, problems: Problems) -> Columns:
    """Read all records; lines that are not records of the format are noted in ``problems``."""
    form = _format(path)
    wanted = GFF_COLUMNS if form is GFF else PEAK_COLUMNS.get(_suffix(path), 0)
    names: dict[str, int] = {}
    kinds: dict[str, int] = {}
    blocks = [_empty_block()]
    with open_text(path) as handle:
        for numbers, lines in _blocks(handle):
            if len(blocks) == 1 and (foreign := _foreign(lines[0])):
                problems.add(f"{path}:{numbers[0]}: found {foreign}; wanted BED or GFF3", str(path))
                break
            wanted = wanted or Counter(len(_fields(line)) for line in lines).most_common(1)[0][0]
            table = _table(lines, wanted, form)
            if table is None:
                numbers, table = _sound_rows(path, numbers, lines, wanted, form, problems)
            blocks.append([*_arrays(table, form, names, kinds), np.array(numbers, np.int64)])
    name, kind, start, end, strand, line = (np.concatenate(column) for column in zip(*blocks, strict=True))
    spelled = [unquote(name, errors="surrogateescape") for name in names] if form is GFF else list(names)
    return Columns(form, spelled, list(kinds), name, kind, start - form.first, end, strand, line)


def _format(path: Path) -> Format:
    """GFF3 by the file's name, its first line, or its first record; else BED."""
    if _suffix(path) in GFF_SUFFIXES:
        return GFF
    with open_text(path) as handle:
        for line in handle:
            if line.startswith("##gff-version"):
                return GFF
            if not _is_header(line):
                fields = _fields(line)
                like_gff = len(fields) == GFF_COLUMNS and not _problem(fields, GFF)
                return GFF if like_gff and _problem(fields, BED) else BED
    return BED


def _suffix(path: Path) -> str:
    return Path(str(path).lower().removesuffix(".gz").removesuffix(".bgz")).suffix


def _blocks(handle: IO[str]) -> Iterator[tuple[list[int], list[str]]]:
    """Line numbers and lines of the records, some thousands at a time."""
    first = 1
    while lines := list(islice(handle, BLOCK)):
        numbers = list(range(first, first + len(lines)))
        first += len(lines)
        # The test of one letter spares most lines the slower one.
        headers = [k for k, line in enumerate(lines) if line[0] in "#tb \n\t" and _is_header(line)]
        end = next((k for k in headers if lines[k].startswith("##FASTA")), None)
        if headers:
            records = np.setdiff1d(np.arange(len(lines))[:end], headers).tolist()
            numbers, lines = [numbers[k] for k in records], [lines[k] for k in records]
        if lines:
            yield numbers, lines
        if end is not None:
            break


def _is_header(line: str) -> bool:
    words = line.split(maxsplit=2)
    if not words or line.startswith("#"):
        return True
    # A contig may bear one of these names.
    return words[0] in ("track", "browser") and not (len(words) > 1 and _INTEGER.fullmatch(words[1]))


def _fields(line: str) -> list[str]:
    return line.rstrip("\n").split("\t") if "\t" in line else line.split()


def _table(lines: list[str], wanted: int, form: Format) -> list[list[str]] | None:
    """The columns of tab-separated lines that are sound beyond doubt; None if each must be looked at."""
    if wanted < 3 or {line.count("\t") for line in lines} != {wanted - 1}:
        return None
    flat = "".join(lines).rstrip("\n").replace("\n", "\t").split("\t")
    if len(flat) != wanted * len(lines):
        return None
    table = [flat[column::wanted] for column in range(min(wanted, form.strand + 1))]
    for column in (form.start, form.end):
        digits = "".join(table[column])
        plain = digits.isascii() and digits.isdigit() and max(map(len, table[column])) < 19
        if not plain or not all(table[column]) or (form.first and min(map(int, table[column])) < form.first):
            return None
    strands = set(table[form.strand]) if wanted > form.strand else set()
    return table if all(table[0]) and strands <= form.strands.keys() else None


def _sound_rows(
    path: Path, numbers: list[int], lines: list[str], wanted: int, form: Format, problems: Problems
) -> tuple[list[int], list[list[str]]]:
    """Look at line by line: the numbers and columns of those without a fault; the others are noted."""
    kept = []
    for number, line in zip(numbers, lines, strict=True):
        fields = _fields(line)
        problem = _problem(fields, form)
        if not problem and len(fields) != wanted:
            problem = (
                f"found {len(fields)} columns; wanted {wanted}, as the other lines or the file's name say"
            )
        if problem:
            problems.add(f"{path}:{number}: {problem}", str(path))
        else:
            kept.append((number, fields))
    table = [[fields[column] for _, fields in kept] for column in range(min(wanted, form.strand + 1))]
    return [number for number, _ in kept], table


def _problem(fields: list[str], form: Format) -> str:
    """What is wrong with a record; empty if nothing is."""
    few = len(fields) != GFF_COLUMNS if form is GFF else len(fields) < 3
    if few or not fields[0]:
        wanted = "the 9 columns of GFF3" if form is GFF else "contig, start and end"
        text = "\t".join(fields)[:30]
        plural = "" if len(fields) == 1 else "s"
        return f"found {len(fields)} column{plural} ({text!r}); wanted {wanted}, separated by tabs"
    for word, text in (("start", fields[form.start]), ("end", fields[form.end])):
        if not _INTEGER.fullmatch(text):
            header = "; a header line begins with #" if text.isalpha() else ""
            return f"{word} is {text[:20]!r}; wanted a whole number{header}"
    if int(fields[form.start]) < form.first:
        return f"start is {fields[form.start]}; wanted at least {form.first}"
    if len(fields) > form.strand and fields[form.strand] not in form.strands:
        signs = " ".join(form.strands)
        return f"strand is {fields[form.strand][:20]!r}; wanted one of {signs} in column {form.strand + 1}"
    return ""


def _foreign(line: str) -> str:
    """What the first record looks like if it is of no interval file; empty otherwise."""
    if line.startswith(">"):
        return f"{line[:20].rstrip()!r}: a FASTA"
    if "\0" in line or any(not (letter.isprintable() or letter.isspace()) for letter in line[:20]):
        return f"{line[:10]!r}: no text (bigWig, bigBed and BAM are not read)"
    return "a table with commas; separate by tabs" if len(line.split()) == 1 and line.count(",") > 1 else ""


def _arrays(
    table: list[list[str]], form: Format, names: dict[str, int], kinds: dict[str, int]
) -> list[np.ndarray]:
    size = len(table[0]) if table else 0
    stranded = len(table) > form.strand
    return [
        _numbered(table[0], names) if size else np.zeros(0, np.int32),
        _numbered(table[form.kind], kinds) if size and form.kind else np.zeros(size, np.int32),
        np.array([int(text) for text in table[form.start]] if size else [], np.int64),
        np.array([int(text) for text in table[form.end]] if size else [], np.int64),
        np.array([form.strands[sign] for sign in table[form.strand]] if stranded else [0] * size, np.int8),
    ]


def _empty_block() -> list[np.ndarray]:
    return [np.empty(0, kind) for kind in (np.int32, np.int32, np.int64, np.int64, np.int8, np.int64)]


def _numbered(words: list[str], known: dict[str, int]) -> np.ndarray:
    """Each word's number; new words get the next one."""
    for word in dict.fromkeys(words):
        known.setdefault(word, len(known))
    return np.array([known[word] for word in words], np.int32)
