import struct
import zlib

import numpy as np
import pybigtools
import pyBigWig
import pytest

from dnabilstm.browse import bigbed
from dnabilstm.browse.bigbed import Column, Features, auto_sql, write_bigbed
from dnabilstm.genome import Contig

CONTIGS = tuple(Contig(name, 50_000, 0, "") for name in ("chr2", "chr10", "x" * 300, "a b", "\udcff"))
MEAN = (Column("float", "mean", "Mean of the probability"),)


def random_features(number, seed, columns=()):
    rng = np.random.default_rng(seed)
    contig = np.sort(rng.integers(0, 4, number))
    start = rng.integers(0, 49_000, number)
    order = np.lexsort([start, contig])
    start = start[order]
    end = start + rng.integers(1, 900, number)
    end[0] = 50_000
    rest = [f"n{i}\t{i % 1001}\t{'+-.'[i % 3]}" + "\t0.5" * len(columns) for i in range(number)]
    return Features(contig, start, end, rest, columns)


def rows_of(features, contig):
    chosen = np.flatnonzero(features.contig == contig)
    return [(int(features.start[i]), int(features.end[i]), features.rest[i]) for i in chosen]


@pytest.mark.parametrize("number", [1, 2, 700, 5000])
@pytest.mark.parametrize("per_section", [1, 3, 512])
def test_pybigwig_finds_what_overlaps_a_range(tmp_path, monkeypatch, number, per_section):
    monkeypatch.setattr(bigbed, "ITEMS_PER_SECTION", per_section)
    features = random_features(number, number, MEAN)
    write_bigbed(features, CONTIGS, tmp_path / "f.bb")
    with pyBigWig.open(str(tmp_path / "f.bb")) as found:
        assert found.isBigBed()
        assert found.SQL().decode() == auto_sql(MEAN)
        for index, contig in enumerate(CONTIGS[:4]):
            rows = rows_of(features, index)
            assert (found.entries(contig.name, 0, 50_000) or []) == rows
            for start in (0, 777, 30_000, 49_999):
                wanted = [row for row in rows if row[0] < start + 1 and row[1] > start]
                assert sorted(found.entries(contig.name, start, start + 1) or []) == sorted(wanted)


def test_pybigtools_finds_the_same(tmp_path):
    features = random_features(3000, 5)
    # Its names are UTF-8.
    write_bigbed(features, CONTIGS[:4], tmp_path / "f.bb")
    found = pybigtools.open(str(tmp_path / "f.bb"))
    assert found.is_bigbed
    assert found.sql() == auto_sql(())
    for index, contig in enumerate(CONTIGS[:4]):
        rows = [(start, end, *rest.split("\t")) for start, end, rest in rows_of(features, index)]
        assert [tuple(row) for row in found.records(contig.name, 0, 50_000)] == rows
    assert found.chroms()["x" * 300] == 50_000


def test_the_totals_count_a_base_as_often_as_it_is_covered(tmp_path):
    features = Features(np.array([0, 0, 1]), np.array([0, 5, 0]), np.array([10, 8, 4]), ["a", "b", "c"])
    write_bigbed(features, CONTIGS[:4], tmp_path / "f.bb")
    found = pybigtools.open(str(tmp_path / "f.bb")).info()["summary"]
    # 7 bases once and 3 twice on the first contig, 4 once on the second.
    assert (found["basesCovered"], found["min"], found["max"], found["sum"]) == (14, 1, 2, 17)


def test_names_and_contigs_are_kept_byte_for_byte(tmp_path):
    rest = "<script> \N{GREEK SMALL LETTER ALPHA} '\"\udcff\t0\t+"
    features = Features(np.array([4]), np.array([3]), np.array([9]), [rest])
    write_bigbed(features, CONTIGS, tmp_path / "f.bb")
    assert rest.encode("utf-8", "surrogateescape") in bigbed_text(tmp_path / "f.bb")
    assert b"\xff" in (tmp_path / "f.bb").read_bytes()


def bigbed_text(path):
    """What the one section of a file holds, unpacked."""
    data = path.read_bytes()
    (start, index) = struct.unpack_from("<QQ", data, 16)
    return zlib.decompress(data[start + 8 : index])


def test_no_intervals_are_refused(tmp_path):
    empty = Features(np.empty(0, int), np.empty(0, int), np.empty(0, int), [])
    with pytest.raises(ValueError, match="without intervals"):
        write_bigbed(empty, CONTIGS, tmp_path / "f.bb")
