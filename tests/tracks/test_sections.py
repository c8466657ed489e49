import struct
import zlib

import numpy as np
import pytest

from dnabilstm.tracks import sections
from dnabilstm.tracks.runs import Called
from dnabilstm.tracks.sections import data_sections


def called(*contigs):
    """Runs as (size of the gap before, size, code) of each contig."""
    rows = [np.array(runs, np.int64).reshape(-1, 3) for runs in contigs]
    end = [np.cumsum(some[:, 0] + some[:, 1]) for some in rows]
    start = [last - some[:, 1] for last, some in zip(end, rows, strict=True)]
    code = np.concatenate([some[:, 2] for some in rows]).astype(np.int32)
    counts = np.array([len(some) for some in rows])
    return Called(np.arange(len(rows)), counts, np.concatenate(start), np.concatenate(end), code)


def read(rows, packed):
    """Kind, step and (contig, start, end, value) of each item, as the specification says."""
    found = []
    for row, text in zip(rows, packed, strict=True):
        text = zlib.decompress(text)
        contig, start, end, step, span, kind, _, items = struct.unpack_from("<IIIIIBBH", text)
        assert (row["contig"], row["end_contig"], row["start"], row["end"]) == (contig, contig, start, end)
        if kind == 3:
            assert len(text) == 24 + 4 * items
            values = struct.unpack_from(f"<{items}f", text, 24)
            places = [(start + i * step, start + i * step + span) for i in range(items)]
            assert places[-1][1] == end
        else:
            assert kind == 1
            assert len(text) == 24 + 12 * items
            each = list(struct.iter_unpack("<IIf", text[24:]))
            places, values = [some[:2] for some in each], [some[2] for some in each]
        found.append((kind, step, [(contig, *at, value) for at, value in zip(places, values, strict=True)]))
    return found


def bases(items, length):
    values = np.full(length, np.nan, np.float32)
    for _, start, end, value in items:
        assert np.isnan(values[start:end]).all()
        values[start:end] = value
    return values


@pytest.mark.parametrize(
    ("runs", "kind", "step"),
    [
        ([(0, 5, 1), (0, 10, 2), (0, 5, 3)], 3, 5),
        ([(5, 5, 1), (0, 10, 2), (0, 5, 3)], 3, 5),
        ([(0, 3, 1), (0, 5, 2), (0, 5, 3), (0, 2, 4)], 1, 0),
        ([(0, 1, 1), (0, 2, 2), (0, 5, 3)], 3, 1),
        ([(0, 5, 1), (5, 5, 2)], 1, 0),
        ([(0, 1, 1), (0, 500, 2)], 1, 0),
        ([(0, 500, 2)], 3, 500),
    ],
)
def test_the_step_is_found_from_the_runs(runs, kind, step):
    rows, packed, _ = data_sections(called(runs), 3)
    assert [some[:2] for some in read(rows, packed)] == [(kind, step)]


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
@pytest.mark.parametrize("unit", [1, 5])
def test_sections_hold_the_runs(size, unit, monkeypatch):
    monkeypatch.setattr(sections, "RUNS_PER_SECTION", size)
    rng = np.random.default_rng(size)
    contigs = []
    for number in range(30):
        count = int(rng.integers(0, 40))
        gaps = unit * rng.integers(0, 2, count) * (number % 3)
        contigs.append(np.stack([gaps, unit * rng.integers(1, 4, count), rng.integers(0, 1001, count)], 1))
    some = called(*contigs)
    rows, packed, longest = data_sections(some, 3)
    found = read(rows, packed)
    assert max(len(items) for _, _, items in found) <= 3 * size
    assert longest == max(len(zlib.decompress(text)) for text in packed)
    assert rows["size"].tolist() == [len(text) for text in packed]
    assert {kind for kind, _, _ in found} == ({1, 3} if size > 1 else {3})
    owners, length = np.repeat(some.contig, some.count), int(some.end.max())
    for number in range(30):
        mine = owners == number
        wanted = [
            (number, *row)
            for row in zip(
                some.start[mine].tolist(),
                some.end[mine].tolist(),
                (some.code[mine] / 1000).tolist(),
                strict=True,
            )
        ]
        items = [item for _, _, items in found for item in items if item[0] == number]
        np.testing.assert_array_equal(bases(items, length), bases(wanted, length))


def test_no_run_is_no_section():
    rows, packed, _ = data_sections(called([], []), 3)
    assert (len(rows), packed) == (0, [])
