import io
import struct

import numpy as np
import pytest

from dnabilstm.genome import Contig
from dnabilstm.tracks.batches import Layout
from dnabilstm.tracks.bbi import FANOUT, SECTION, Sections, contig_tree, section_tree


def find_contig(file, at, name):
    """Look a name up as the specification says: in each node, the last key that is not above it."""
    magic, fanout, width, value, _, _ = struct.unpack_from("<IIIIQQ", file, at)
    assert (magic, value) == (0x78CA8C91, 8)
    assert fanout <= FANOUT
    key, at = name.ljust(width, b"\0"), at + 32
    while True:
        is_leaf, _, count = struct.unpack_from("<BBH", file, at)
        items = [
            (file[at + 4 + i * (width + 8) :][:width], file[at + 4 + i * (width + 8) + width :][:8])
            for i in range(count)
        ]
        assert items == sorted(items)
        below = [item for item in items if item[0] <= key]
        if not below:
            return None
        if is_leaf:
            return struct.unpack("<II", below[-1][1]) if below[-1][0] == key else None
        at = struct.unpack("<Q", below[-1][1])[0]


@pytest.mark.parametrize("number", [1, 3, FANOUT, FANOUT + 1, 70_000])
def test_every_contig_is_found_by_its_name(number):
    rng = np.random.default_rng(number)
    names = [f"c{i}" for i in rng.permutation(number)]
    contigs = tuple(Contig(name, 10 + i, 0, "") for i, name in enumerate(names))
    file = bytes(100) + contig_tree(Layout(contigs), 100)
    for i in {0, number // 2, number - 1}:
        assert find_contig(file, 100, names[i].encode()) == (i, 10 + i)
    assert find_contig(file, 100, b"c") is None
    assert find_contig(file, 100, b"zz") is None


def overlapping(file, at, contig, start, end):
    """Offsets of the sections that overlap a range, walking down from the root."""
    is_leaf, _, count = struct.unpack_from("<BBH", file, at)
    size, found = (32 if is_leaf else 24), []
    for i in range(count):
        c0, s, c1, e, offset = struct.unpack_from("<IIIIQ", file, at + 4 + i * size)
        if (c0, s) < (contig, end) and (c1, e) > (contig, start):
            found += [offset] if is_leaf else overlapping(file, offset, contig, start, end)
    return found


@pytest.mark.parametrize("number", [0, 1, FANOUT, FANOUT + 1, 70_000])
def test_every_section_is_found_by_its_bases(number):
    sections = np.zeros(number, SECTION)
    sections["contig"] = sections["end_contig"] = np.arange(number) // 1000
    sections["start"] = np.arange(number) % 1000 * 10
    sections["end"] = sections["start"] + 8
    sections["offset"] = np.arange(number) * 5 + 64
    file = bytes(48) + section_tree(sections, 48, data_end=999, per_section=1)
    assert struct.unpack_from("<IIQ", file, 48) == (0x2468ACE0, FANOUT, number)
    for i in {0, number // 2, number - 1} if number else ():
        contig, start = sections[i].item()[:2]
        assert overlapping(file, 96, contig, start + 3, start + 4) == [i * 5 + 64]
        assert overlapping(file, 96, contig, start + 8, start + 10) == []


@pytest.mark.parametrize("number", [2, FANOUT + 1, 70_000])
def test_a_section_that_reaches_over_the_next_ones_is_found_behind_them(number):
    sections = np.zeros(number, SECTION)
    sections["contig"] = sections["end_contig"] = np.arange(number) // 1000
    sections["start"] = np.arange(number) % 1000 * 10
    sections["end"] = sections["start"] + 8
    sections["end"][0] = 1_000_000
    sections["offset"] = np.arange(number) + 64
    file = bytes(48) + section_tree(sections, 48, data_end=999, per_section=1)
    assert overlapping(file, 96, 0, 999_990, 999_991) == [64]
    assert struct.unpack_from("<II", file, 48 + 24)[0] == (number - 1) // 1000
    assert 1 + 64 in overlapping(file, 96, 0, 12, 13)


def test_the_table_of_sections_is_where_they_were_written():
    file = io.BytesIO()
    sections = Sections(file, start=100)
    packed = [bytes([i % 251]) * (1 + i % 3) for i in range(5000)]
    for first in (0, 4096):
        some = packed[first : first + 4096]
        rows = np.zeros(len(some), SECTION)
        rows["start"], rows["size"] = first + np.arange(len(some)), [len(each) for each in some]
        sections.add(rows, some)
    table = sections.table()
    assert table["start"].tolist() == list(range(5000))
    assert sections.end == 100 + sum(map(len, packed))
    written = file.getvalue()
    for i, row in enumerate(table):
        assert written[row["offset"] - 100 :][: row["size"]] == packed[i]
