"""The data of a figure: rows under named columns, which its picture is drawn from and its TSV holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """Rows under named columns; a value that is not there is None, an empty field in the TSV.

    Attributes
    ----------
    columns : tuple of str
        Their names.
    rows : list of tuple
        Text, numbers or None.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def groups(self, *names: str) -> Iterator[tuple[tuple[Any, ...], "Table"]]:
        """The rows that have the same values in some columns, in the order in which these first come."""
        places = [self.columns.index(name) for name in names]
        found: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
        for row in self.rows:
            found.setdefault(tuple(row[place] for place in places), []).append(row)
        for key, rows in found.items():
            yield key, Table(self.columns, rows)

    def tsv(self) -> str:
        """The names of the columns, then the rows: tabs between fields, 6 significant digits, no tab within one."""
        lines = [self.columns, *self.rows]
        return "".join("\t".join(map(_field, line)) + "\n" for line in lines)


def table_of(columns: Sequence[str], rows: Iterator[tuple[Any, ...]] | Sequence[tuple[Any, ...]]) -> Table:
    """A table of rows as they come."""
    return Table(tuple(columns), [tuple(row) for row in rows])


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(legible(str(value)).split())


def legible(name: str) -> str:
    """A name as text that any file can hold: bytes that are no UTF-8 become the sign for that."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
