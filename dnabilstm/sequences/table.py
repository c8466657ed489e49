"""A table of sequences (csv or tsv), gzipped or not: a header, then one sequence a row."""

import csv
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import open_text
from dnabilstm.genome import shown_names
from dnabilstm.sequences.classes import number_classes
from dnabilstm.sequences.store import UNKNOWN, SequenceSet
from dnabilstm.sequences.texts import encode_texts

# The longest cell; the csv module's own limit of 128 kB is less than a chromosome arm.
_CELL = (1 << 31) - 1


@dataclass(frozen=True)
class TableColumns:
    """Which columns of a table are read, by their names in the header.

    Attributes
    ----------
    sequence
        The sequences.
    label
        The classes; None: ``label`` if there is such a column, else the classes are not known.
    name
        The sequences' names; None: ``name`` if there is such a column, else ``row1``, ``row2``, ...
    """

    sequence: str = "sequence"
    label: str | None = None
    name: str | None = None


def separator(header: str) -> str:
    """What separates the columns of a table whose first line is ``header``."""
    return "\t" if "\t" in header else ","


def header_cells(line: str) -> list[str]:
    """The cells of a first line."""
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator(line)), [])]


def read_table(path: Path, columns: TableColumns) -> SequenceSet:
    """Read the sequences of a table, with classes and names where it has them.

    Raises
    ------
    DnabilstmError
        With all that is wrong: a column that is not there (the others are shown), rows with more or
        fewer cells than the header, a sequence that is empty or not IUPAC, a row without class.
    """
    problems = Problems()
    with open_text(path) as handle:
        header, lines, rows = _rows(path, handle, problems)
    texts, labels, names = _columns(path, header, rows, columns)
    names = names or [f"row{number}" for number in range(1, len(rows) + 1)]

    def called(index: int) -> tuple[str, str]:
        return f"{path}:{lines[index]}", f"record {names[index]!r}"

    codes, borders = encode_texts(texts, called, problems)
    for line, label in zip(lines, labels, strict=bool(labels)):
        if not label:
            problems.add(f"{path}:{line}: has no class; wanted one in each row", str(path))
    if not rows and not problems:
        problems.add(f"{path}: has a header but no row; wanted one sequence a row")
    problems.raise_if_any()
    numbers, classes = number_classes(labels) if labels else (np.full(len(rows), UNKNOWN), ())
    return SequenceSet(tuple(names), codes, borders, numbers, classes, source=str(path))


def _rows(path: Path, handle: IO[str], problems: Problems) -> tuple[list[str], list[int], list[list[str]]]:
    """Header, and line numbers and cells of the rows that have as many cells as it; the others are noted."""
    blank, first = 0, handle.readline()
    while first and not first.strip():
        blank, first = blank + 1, handle.readline()
    reader = csv.reader(chain([first], handle), delimiter=separator(first), strict=True)
    # A cell may hold a sequence longer than the module's own limit, 128 kB.
    limit = csv.field_size_limit(_CELL)
    header, lines, rows = header_cells(first), [], []
    try:
        next(reader)
        for row in reader:
            if len(row) == len(header):
                lines.append(reader.line_num + blank)
                rows.append(row)
            elif any(cell.strip() for cell in row):
                cells = f"{len(row)} cell" + "s" * (len(row) != 1)
                problems.add(
                    f"{path}:{reader.line_num + blank}: found {cells}; wanted {len(header)},"
                    f" as in the header ({shown_names(header)})",
                    str(path),
                )
    except csv.Error as error:
        raise DnabilstmError(
            f"{path}:{reader.line_num + blank}: is no row of a table ({error}); check the quotes"
        ) from None
    finally:
        csv.field_size_limit(limit)
    return header, lines, rows


def _columns(
    path: Path, header: list[str], rows: list[list[str]], columns: TableColumns
) -> tuple[list[str], list[str], list[str]]:
    """Sequences, classes and names; empty lists for columns that the table need not have."""
    problems = Problems()
    found: list[list[str]] = []
    for kind in ("sequence", "label", "name"):
        asked = getattr(columns, kind)
        wanted = asked or kind
        places = [place for place, cell in enumerate(header) if cell == wanted]
        if asked and not places:
            problems.add(
                f"{path}: has no column {wanted!r}; it has {shown_names([repr(cell) for cell in header])};"
                f" say which with --{kind}-column"
            )
        if len(places) > 1:
            problems.add(f"{path}: has {len(places)} columns {wanted!r}; wanted one; rename the others")
        found.append([row[places[0]].strip() for row in rows] if places else [])
    problems.raise_if_any()
    return found[0], found[1], found[2]
