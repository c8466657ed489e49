"""Files, texts and records to a set of sequences; and a set to a FASTA."""

import gzip
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import atomic_file, is_folder, open_text
from dnabilstm.genome import Genome, read_fasta
from dnabilstm.sequences.classes import join_sets
from dnabilstm.sequences.regions import RegionSettings, read_regions
from dnabilstm.sequences.store import UNKNOWN, SequenceSet, make_set
from dnabilstm.sequences.table import TableColumns, header_cells, read_table
from dnabilstm.sequences.texts import encode_texts

FASTA_SUFFIXES = (".fa", ".fasta", ".fna", ".ffn", ".fas")
TABLE_SUFFIXES = (".csv", ".tsv", ".tab")
REGION_SUFFIXES = (".bed", ".narrowpeak", ".broadpeak", ".gappedpeak", ".gff", ".gff3", ".gtf")
PACKED_SUFFIXES = (".gz", ".bgz")


def _silent(_: str) -> None:
    pass


def read_sequences(
    files: Sequence[str],
    *,
    classes: Sequence[str] = (),
    genome: Genome | None = None,
    columns: TableColumns | None = None,
    regions: RegionSettings | None = None,
    note: Callable[[str], None] = _silent,
) -> SequenceSet:
    """Read files of sequences into one set, gzipped or not.

    Parameters
    ----------
    files
        ``CLASS=FILE``, which gives all sequences of a file their class, or ``FILE``. A FASTA; a table
        (csv, tsv; see ``TableColumns``), which may have a column with the classes; or regions (BED,
        narrowPeak, GFF3) of ``genome``. What a file is, its content says; only where that is not
        clear, its name.
    classes
        The classes in their order, such as those of a model; without them, all that there are, sorted.
    genome
        Whose bases the regions are.
    columns, regions
        How tables and regions are read.
    note
        Takes a line for what was left out because ``regions`` says so.

    Raises
    ------
    DnabilstmError
        With all that is wrong with all files: empty, damaged, of no known kind, sequences without a
        base or with a byte that is not IUPAC, a class that is not in ``classes``, a file given twice
        or with two classes, regions without genome.
    """
    problems = Problems()
    sets: list[SequenceSet] = []
    for name, path in _named(files, problems):
        with problems.collect():
            kind = _kind(path, columns or TableColumns())
            if kind == "fasta":
                one = _read_fasta(path)
            elif kind == "table":
                one = read_table(path, columns or TableColumns())
            else:
                one = read_regions(path, _needed(genome, path), regions or RegionSettings(), name, note)
            sets.append(_of_class(one, name))
    problems.raise_if_any()
    return join_sets(sets, classes)


def _named(files: Sequence[str], problems: Problems) -> list[tuple[str, Path]]:
    """Class (empty if none) and path of each file."""
    pairs: list[tuple[str, Path]] = []
    given: dict[Path, str] = {}
    for text in files:
        name, equals, rest = text.partition("=")
        # A path may hold '=', but no class a '/'.
        name, path = (name.strip(), Path(rest)) if equals and "/" not in name else ("", Path(text))
        if equals and not (rest and (name or "/" in text.partition("=")[0])):
            problems.add(f"{text}: wanted CLASS=FILE or FILE")
        elif path in given:
            both = f" as {given[path]!r} and as {name!r}" if given[path] != name else ""
            problems.add(f"{path}: is given twice{both}; leave one out")
        else:
            pairs.append((name, path))
            given[path] = name
    if not files:
        problems.add("no file of sequences; wanted one at least")
    return pairs


def _needed(genome: Genome | None, path: Path) -> Genome:
    if genome is None:
        raise DnabilstmError(f"{path}: holds regions; wanted the genome that they lie on too (--genome)")
    return genome


def _kind(path: Path, columns: TableColumns) -> str:
    """``fasta``, ``table`` or ``regions``: as the first line says, else the file's name."""
    if is_folder(path):
        raise DnabilstmError(f"{path}: is a folder; wanted a file of sequences")
    with open_text(path) as handle:
        first = next((line for line in handle if line.strip()), "")
    name = path.name.lower()
    for packed in PACKED_SUFFIXES:
        name = name.removesuffix(packed)
    if not first:
        raise DnabilstmError(f"{path}: is empty: no sequence in it")
    if first.startswith(">") or name.endswith(FASTA_SUFFIXES):
        return "fasta"
    if columns.sequence in header_cells(first) or name.endswith(TABLE_SUFFIXES):
        return "table"
    cells = first.split()
    if name.endswith(REGION_SUFFIXES) or (len(cells) > 2 and cells[1].isdigit() and cells[2].isdigit()):
        return "regions"
    raise DnabilstmError(
        f"{path}:1: begins with {first.strip()[:20]!r}; wanted a FASTA (>name), a table with a column"
        f" {columns.sequence!r}, or regions (BED, GFF3)"
    )


def _read_fasta(path: Path) -> SequenceSet:
    records = list(read_fasta(path, unique=False))
    one = make_set([name for name, _ in records], [codes for _, codes in records], source=str(path))
    if not one.lengths.all():
        raise _empty_records(path, np.flatnonzero(one.lengths == 0))
    return one


def _empty_records(path: Path, records: np.ndarray) -> DnabilstmError:
    """Read again to name the lines of records without a base."""
    problems, wanted, record = Problems(), set(records.tolist()), -1
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if line.startswith(">"):
                record += 1
                if record in wanted:
                    name = line[1:].split(maxsplit=1)[0]
                    problems.add(
                        f"{path}:{number}: record {name!r} has no base (length 0); leave it out", str(path)
                    )
    return problems.error()


def _of_class(one: SequenceSet, name: str) -> SequenceSet:
    if not name:
        return one
    if one.classes:
        raise DnabilstmError(
            f"{one.source}: is given as {name!r} but has a column with classes; give it without '{name}='"
        )
    return replace(one, labels=np.zeros(len(one), np.int64), classes=(name,))


def from_texts(
    texts: Iterable[str],
    names: Iterable[str] | None = None,
    labels: np.ndarray | None = None,
    classes: Iterable[str] = (),
    source: str = "X",
) -> SequenceSet:
    """A set of texts that are in memory.

    Parameters
    ----------
    texts
        Letters of either case, one text a sequence.
    names
        One a sequence; without them ``X[0]``, ``X[1]``, ...
    labels
        int64 (sequences,): index into ``classes``, or ``UNKNOWN``; see ``number_classes``.
    classes
        Names of the classes.
    source
        What to call the texts in a message.

    Raises
    ------
    DnabilstmError
        With the index of each that is not a text, is empty, or has a byte that is not IUPAC.
    """
    texts = list(texts)
    named = [f"{source}[{index}]" for index in range(len(texts))]
    problems = Problems()
    for name, text in zip(named, texts, strict=True):
        if not isinstance(text, str):
            problems.add(f"{name}: is of type {type(text).__name__}; wanted a str of nucleotides", source)
    problems.raise_if_any()
    own = named if names is None else list(names)
    codes, borders = encode_texts(texts, lambda i: (named[i], f"record {own[i]!r}"), problems)
    problems.raise_if_any()
    known = np.full(len(texts), UNKNOWN) if labels is None else np.asarray(labels)
    return SequenceSet(tuple(own), codes, borders, known.astype(np.int64), tuple(classes), source=source)


def from_records(
    records: Iterable[Any], labels: np.ndarray | None = None, classes: Iterable[str] = (), source: str = "X"
) -> SequenceSet:
    """A set of Biopython ``SeqRecord``; names are their ``id``; else like ``from_texts``."""
    from Bio.Seq import UndefinedSequenceError

    texts, names, problems = [], [], Problems()
    for index, record in enumerate(records):
        try:
            texts.append(str(record.seq))
            names.append(str(record.id))
        except AttributeError:
            problems.add(
                f"{source}[{index}]: is of type {type(record).__name__}; wanted a SeqRecord as the others",
                source,
            )
        except UndefinedSequenceError:
            problems.add(f"{source}[{index}]: record {record.id!r} has a length but no bases", source)
    problems.raise_if_any()
    return from_texts(texts, names, labels, classes, source)


def write_fasta(sequences: SequenceSet, path: Path) -> None:
    """Write a FASTA, one line a sequence; gzipped if the name ends in ``.gz``; the same set, the same bytes."""
    lines = []
    for index, name in enumerate(sequences.names):
        lines.append(f">{' '.join(name.split())}\n{sequences.text(index)}\n")
    raw = "".join(lines).encode("utf-8", "surrogateescape")
    with atomic_file(path) as part:
        part.write_bytes(gzip.compress(raw, mtime=0) if Path(path).suffix == ".gz" else raw)
