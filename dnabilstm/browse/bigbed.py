"""bigBed: intervals with names, at random access.

Written here, as the bigWigs are: pybigtools cannot write a file without intervals, and would be needed at
run time for this alone. There are no zoom levels: a browser then counts the intervals themselves, of which
there are thousands and not billions.

Format: Kent et al. 2010, Bioinformatics 26:2204, with its supplement; little-endian.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dnabilstm.files import atomic_file
from dnabilstm.genome import Contig
from dnabilstm.tracks.batches import Layout
from dnabilstm.tracks.bbi import SECTION, Sections, contig_tree, section_tree
from dnabilstm.tracks.deflate import pack

MAGIC = 0x8789F2EB
VERSION = 4
ITEMS_PER_SECTION = 512
BED_COLUMNS = 6

_HEADER = struct.Struct("<IHHQQQHHQQIQ")
_TOTALS = struct.Struct("<Qdddd")
_ITEM = struct.Struct("<III")


@dataclass(frozen=True)
class Column:
    """A column beside those of BED6: its type in autoSql, name and meaning."""

    kind: str
    name: str
    meaning: str


@dataclass(frozen=True)
class Features:
    """Intervals with names, in the order of contig and start.

    Attributes
    ----------
    contig : numpy.ndarray
        int64 (features,), its place in the FASTA.
    start, end : numpy.ndarray
        int64 (features,), 0-based, half-open.
    rest : list of str
        What follows contig, start and end in BED: name, score, strand, then ``columns``; tabs between.
    columns : tuple of Column
        Those beside BED6.
    """

    contig: np.ndarray
    start: np.ndarray
    end: np.ndarray
    rest: list[str]
    columns: tuple[Column, ...] = ()

    def __len__(self) -> int:
        return len(self.rest)


def auto_sql(columns: Sequence[Column]) -> str:
    """The table's description in autoSql (https://genome.ucsc.edu/goldenPath/help/bigBed.html), BED6 first."""
    bed = [
        Column("string", "chrom", "Contig"),
        Column("uint", "chromStart", "Start, 0-based"),
        Column("uint", "chromEnd", "End, half-open"),
        Column("string", "name", "Name"),
        Column("uint", "score", "0 to 1000"),
        Column("char[1]", "strand", "+, - or ."),
    ]
    rows = "".join(f'    {row.kind} {row.name}; "{row.meaning}"\n' for row in (*bed, *columns))
    return f'table regions\n"Intervals on a genome"\n    (\n{rows}    )\n'


def write_bigbed(features: Features, contigs: tuple[Contig, ...], path: Path) -> None:
    """Write intervals with the table of all contigs.

    Parameters
    ----------
    features
        At least one: with none, some readers stumble.
    contigs
        Of the genome, in the order of the FASTA.
    path
        The ``.bb`` to write.
    """
    if not len(features):
        raise ValueError("a bigBed without intervals")
    sql = auto_sql(features.columns).encode("ascii") + b"\0"
    totals_at = _HEADER.size + len(sql)
    contigs_at = totals_at + _TOTALS.size
    tree = contig_tree(Layout(contigs), contigs_at)
    data_at = contigs_at + len(tree)
    with atomic_file(Path(path)) as part, part.open("w+b") as out:
        out.write(bytes(_HEADER.size) + sql + _coverage(features) + tree + struct.pack("<Q", len(features)))
        sections = Sections(out, data_at + 8)
        longest = _write_sections(features, sections)
        index = sections.end
        out.write(
            section_tree(sections.table(), index, data_end=index, per_section=ITEMS_PER_SECTION)
            + struct.pack("<I", MAGIC)
        )
        out.seek(0)
        places = (contigs_at, data_at, index, BED_COLUMNS + len(features.columns), BED_COLUMNS)
        out.write(_HEADER.pack(MAGIC, VERSION, 0, *places, _HEADER.size, totals_at, longest, 0))


def _write_sections(features: Features, sections: Sections) -> int:
    """Write the intervals, those of one contig in sections of their own; gives the bytes of the longest."""
    firsts = np.flatnonzero(np.diff(features.contig, prepend=-1))
    cuts = [
        np.arange(a, b, ITEMS_PER_SECTION) for a, b in zip(firsts, [*firsts[1:], len(features)], strict=True)
    ]
    starts = np.concatenate(cuts)
    ends = np.append(starts[1:], len(features))
    longest = 0
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        some = slice(first, last)
        text = b"".join(_items(features, some))
        longest = max(longest, len(text))
        row = np.zeros(1, SECTION)
        row["contig"] = row["end_contig"] = features.contig[first]
        row["start"], row["end"] = features.start[first], features.end[some].max()
        packed = pack(text)
        row["size"] = len(packed)
        sections.add(row, [packed])
    return longest


def _items(features: Features, some: slice) -> list[bytes]:
    columns = (features.contig[some], features.start[some], features.end[some])
    places = zip(*(column.tolist() for column in columns), strict=True)
    return [
        _ITEM.pack(*place) + rest.encode("utf-8", "surrogateescape") + b"\0"
        for place, rest in zip(places, features.rest[some], strict=True)
    ]


def _coverage(features: Features) -> bytes:
    """Statistics over the bases under intervals, each counted as often as intervals cover it."""
    shift = features.contig * (int(features.end.max()) + 1)
    place = np.concatenate([features.start + shift, features.end + shift])
    step = np.repeat([1, -1], len(features))
    order = np.argsort(place, kind="stable")
    depth, size = np.cumsum(step[order])[:-1], np.diff(place[order])
    depth, size = depth[(depth > 0) & (size > 0)], size[(depth > 0) & (size > 0)]
    bounds = depth.min(), depth.max()
    return _TOTALS.pack(int(size.sum()), *bounds, float((size * depth).sum()), float((size * depth**2).sum()))
