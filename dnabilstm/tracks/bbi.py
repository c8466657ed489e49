"""The frame of a bigWig or bigBed file: compressed sections, and its two indexes.

The B+ tree leads from the name of a contig to its number, the R tree from bases to sections.

Format: Kent et al. 2010, Bioinformatics 26:2204, with its supplement; little-endian.
"""

import struct
from collections.abc import Callable
from typing import IO

import numpy as np

from dnabilstm.tracks.batches import Layout

CONTIG_TREE_MAGIC = 0x78CA8C91
SECTION_TREE_MAGIC = 0x2468ACE0
FANOUT = 256

# A run of compressed data: from a base of one contig to a base of the same or a later one.
SECTION = np.dtype(
    [
        ("contig", "<u4"),
        ("start", "<u4"),
        ("end_contig", "<u4"),
        ("end", "<u4"),
        ("offset", "<u8"),
        ("size", "<u8"),
    ]
)
_NODE = np.dtype([(name, SECTION[name]) for name in SECTION.names if name != "size"])


def contig_tree(layout: Layout, at: int) -> bytes:
    """The tree from a contig's name to its number and length.

    Parameters
    ----------
    layout
        Of the contigs, in the order of the FASTA: a contig's number is its place in it. The tree itself
        is sorted by name, as its readers search it.
    at
        Where in the file the tree will stand.
    """
    names = np.array(layout.names)
    width = names.dtype.itemsize
    order = np.argsort(names, kind="stable")
    leaf = np.dtype([("key", f"S{width}"), ("number", "<u4"), ("length", "<u4")])
    items = np.zeros(len(names), leaf)
    items["key"] = names[order]
    items["number"] = order
    items["length"] = layout.length[order]
    fanout = min(FANOUT, len(names))
    header = struct.pack("<IIIIQQ", CONTIG_TREE_MAGIC, fanout, width, 8, len(names), 0)
    inner = np.dtype([("key", f"S{width}"), ("offset", "<u8")])

    def parents(nodes: list[np.ndarray]) -> np.ndarray:
        rows = np.zeros(len(nodes), inner)
        rows["key"] = [node["key"][0] for node in nodes]
        return rows

    return header + _tree(items, parents, fanout, at + len(header))


def section_tree(sections: np.ndarray, at: int, *, data_end: int, per_section: int) -> bytes:
    """The tree from a range of bases to the sections that hold it.

    Parameters
    ----------
    sections
        ``SECTION`` (sections,), in the order of contig and start; may be empty. Where they overlap each
        holds one contig.
    at
        Where in the file the tree will stand.
    data_end
        Where the data end that it speaks of.
    per_section
        The most items of a section.
    """
    bounds = (0, 0, 0, 0)
    if len(sections):
        bounds = (*sections[0].item()[:2], *_reach(sections))
    header = struct.pack(
        "<IIQIIIIQII", SECTION_TREE_MAGIC, FANOUT, len(sections), *bounds, data_end, per_section, 0
    )

    def parents(nodes: list[np.ndarray]) -> np.ndarray:
        rows = np.zeros(len(nodes), _NODE)
        for name in ("contig", "start"):
            rows[name] = [node[name][0] for node in nodes]
        rows["end_contig"], rows["end"] = zip(*map(_reach, nodes), strict=True)
        return rows

    return header + _tree(sections, parents, FANOUT, at + len(header))


def _reach(rows: np.ndarray) -> tuple[int, int]:
    """The last contig of some neighbours, and how far they reach on it: the longest need not be the last."""
    contig = rows["end_contig"][-1]
    return int(contig), int(rows["end"][rows["end_contig"] == contig].max())


def _tree(
    leaves: np.ndarray, parents: Callable[[list[np.ndarray]], np.ndarray], fanout: int, at: int
) -> bytes:
    """Nodes of all levels, the root first; ``parents`` makes one row of each node, its offset left open."""
    levels = [_nodes(leaves, fanout)]
    while len(levels[0]) > 1:
        levels.insert(0, _nodes(parents(levels[0]), fanout))
    written = []
    for depth, level in enumerate(levels):
        below = at + sum(4 + node.nbytes for node in level)
        if depth + 1 < len(levels):
            sizes = np.array([4 + node.nbytes for node in levels[depth + 1]])
            offsets = below + np.cumsum(sizes) - sizes
        for number, node in enumerate(level):
            is_leaf = depth + 1 == len(levels)
            if not is_leaf:
                node["offset"] = offsets[number * fanout : number * fanout + len(node)]
            written.append(struct.pack("<BBH", is_leaf, 0, len(node)) + node.tobytes())
        at = below
    return b"".join(written)


def _nodes(rows: np.ndarray, fanout: int) -> list[np.ndarray]:
    return [rows[i : i + fanout] for i in range(0, max(1, len(rows)), fanout)]


class Sections:
    """Compressed sections, one after another in a file, and the table for their index."""

    def __init__(self, file: IO[bytes], start: int = 0) -> None:
        self.file = file
        self.end = start
        self._tables = [np.empty(0, SECTION)]

    def add(self, rows: np.ndarray, packed: list[bytes]) -> None:
        """Write sections: ``SECTION`` (sections,) without their offsets, and their bytes."""
        rows["offset"] = self.end + np.cumsum(rows["size"]) - rows["size"]
        self._tables.append(rows)
        self.end += int(rows["size"].sum())
        self.file.writelines(packed)

    def table(self) -> np.ndarray:
        """``SECTION`` (sections,)."""
        return np.concatenate(self._tables)
