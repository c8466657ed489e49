import gzip
import struct

import numpy as np
import pysam
import pytest

from dnabilstm.tracks import tabix
from dnabilstm.tracks.bedgraph import write_bedgraph
from dnabilstm.tracks.tabix import bins_of

WHOLE = 37450


def parsed(path):
    """Columns, and per contig the chunks of each bin and the windows' offsets."""
    data = gzip.decompress(path.read_bytes())
    assert data[:4] == b"TBI\1"
    number, *columns, letters = struct.unpack_from("<8i", data, 4)
    names, at, table = data[36 : 36 + letters].split(b"\0")[:-1], 36 + letters, {}

    def take(kind, count=1):
        nonlocal at
        values = struct.unpack_from(f"<{count}{kind}", data, at)
        at += struct.calcsize(f"<{count}{kind}")
        return values

    assert number == len(names)
    for name in names:
        bins = {}
        for _ in range(take("i")[0]):
            bin_number, chunks = take("I")[0], take("i")[0]
            offsets = take("Q", 2 * chunks)
            bins[bin_number] = list(zip(offsets[::2], offsets[1::2], strict=True))
        table[name] = bins, take("Q", take("i")[0])
    assert data[at:] == bytes(8)
    return columns, table


@pytest.mark.parametrize("block", [700, 1 << 19])
def test_the_index_is_that_of_tabix(make_scores, assemblies, small_batches, tmp_path, block):
    small_batches(block)
    rng = np.random.default_rng(5)
    far = {"far": np.repeat(rng.random(30), rng.integers(1, 60_000, 30)), "b": np.full(300_000, 0.5)}
    for tracks in [*assemblies.values(), far]:
        path = tmp_path / "p.bedgraph.gz"
        index = write_bedgraph(make_scores(tracks), "promoter", path)
        other = tmp_path / "other.tbi"
        pysam.tabix_index(
            str(path), index=str(other), seq_col=0, start_col=1, end_col=2, zerobased=True, force=True
        )
        columns, ours = parsed(index)
        columns_of_tabix, theirs = parsed(other)
        assert columns == columns_of_tabix
        assert list(ours) == list(theirs)
        for name, (bins, windows) in theirs.items():
            assert ours[name][0].pop(WHOLE) == bins.pop(WHOLE)
            assert ours[name][1] == windows
            # tabix puts bins of little text into larger ones; together they cover the same.
            covered = [
                [chunk for each in table.values() for chunk in each] for table in (ours[name][0], bins)
            ]
            for which in (0, 1):
                found, wanted = ((min, max)[which](chunk[which] for chunk in chunks) for chunks in covered)
                assert found == wanted
            # pysam takes names that are UTF-8 only.
            if b"\xff" not in name and (len(theirs) < 100 or name.endswith(b"0")):
                rows = both(path, index, other, name.decode(), len(windows), rng)
                assert rows[0] == rows[1]


def both(path, index, other, name, windows, rng):
    """What pysam finds in some places with one index and with the other."""
    starts = rng.integers(0, 16_384 * windows, 20).tolist()
    found = []
    for which in (index, other):
        with pysam.TabixFile(str(path), index=str(which), encoding="utf-8") as file:
            found.append([list(file.fetch(name, start, start + 3000)) for start in starts])
    return found


def test_all_lines_are_found_without_a_place(make_scores, assemblies, tmp_path):
    path = tmp_path / "p.bedgraph.gz"
    write_bedgraph(make_scores(assemblies["mixed"]), "promoter", path)
    with pysam.TabixFile(str(path)) as file:
        assert "\n".join([*file.fetch(), ""]) == gzip.decompress(path.read_bytes()).decode()


def test_bins_are_those_of_the_specification():
    rng = np.random.default_rng(1)
    start = rng.integers(0, 1 << 29, 2000)
    end = np.minimum(1 << 29, start + 1 + (2 ** rng.uniform(0, 29, 2000)).astype(np.int64))

    def one(start, end):
        for first, shift in ((4681, 14), (585, 17), (73, 20), (9, 23), (1, 26)):
            if start >> shift == (end - 1) >> shift:
                return first + (start >> shift)
        return 0

    wanted = [one(*pair) for pair in zip(start.tolist(), end.tolist(), strict=True)]
    assert bins_of(start, end).tolist() == wanted
    assert len({int(np.log2(1 + number) // 3) for number in wanted}) > 4


def test_windows_without_a_first_line_have_the_offset_of_the_next():
    windows = np.array([(0, 2, 10), (0, 3, 20), (4, 0, 30)], tabix.WINDOW)
    filled = tabix._filled(np.array([0, 0, 1]), windows, np.array([4, 1]))
    assert filled.tolist() == [10, 10, 10, 20, 30]
