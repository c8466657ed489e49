"""The table of classified sequences, read back with another reader."""

import csv
import gzip

import numpy as np

from dnabilstm.audit.leaks import find_leaks
from dnabilstm.classify.table import Classified, leaks_of, write_table
from dnabilstm.sequences.read import from_texts
from dnabilstm.sequences.store import Place, SequenceSet

P = np.array([[0.25, 0.75], [1 - 1e-9, 1e-9]], np.float32)
SPREAD = np.array([[0.125, 0.5], [0.0625, 0.25]], np.float32)


def two(labels, **more):
    return from_texts(["ACGTA", "TTG"], ["one", "a\tb\nc"], np.array(labels), ("x", "y"), **more)


def read(path):
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def test_a_row_a_sequence(tmp_path):
    write_table(Classified(two([1, -1]), P, SPREAD, ("exact", ".")), tmp_path / "t.tsv")
    assert read(tmp_path / "t.tsv") == [
        {
            "name": "one", "length": "5", "label": "y", "leak": "exact", "called": "y", "p_x": "0.25",
            "p_y": "0.75", "spread": "0.5",
        },
        {
            "name": "a b c", "length": "3", "label": ".", "leak": ".", "called": "x", "p_x": "1",
            "p_y": "1e-09", "spread": "0.0625",
        },
    ]  # fmt: skip


def test_columns_of_what_nobody_knows_are_left_out(tmp_path):
    write_table(Classified(two([-1, -1]), P, None), tmp_path / "t.tsv")
    assert list(read(tmp_path / "t.tsv")[0]) == ["name", "length", "called", "p_x", "p_y"]


def test_places_are_told(tmp_path):
    one = two([-1, -1])
    places = (Place("chr1", 5, 10, -1), Place("chr\udcff", 0, 3))
    placed = SequenceSet(one.names, one.codes, one.borders, one.labels, one.classes, places)
    write_table(Classified(placed, P, None), tmp_path / "t.tsv")
    raw = (tmp_path / "t.tsv").read_bytes().splitlines()
    assert raw[1].split(b"\t")[2:6] == [b"chr1", b"5", b"10", b"-"]
    assert raw[2].split(b"\t")[2:6] == [b"chr\xff", b"0", b"3", b"."]


def test_a_class_with_a_tab_is_one_cell(tmp_path):
    one = from_texts(["ACGTA", "TTG"], labels=np.array([1, 0]), classes=("x\ty", "z"))
    write_table(Classified(one, P, None), tmp_path / "t.tsv")
    assert read(tmp_path / "t.tsv")[1] == {
        "name": "X[1]", "length": "3", "label": "x y", "called": "x y", "p_x y": "1", "p_z": "1e-09",
    }  # fmt: skip


def test_a_packed_table_is_the_same_and_repeats_to_the_byte(tmp_path):
    found = Classified(two([0, 1]), P, SPREAD)
    write_table(found, tmp_path / "t.tsv")
    write_table(found, tmp_path / "t.tsv.gz")
    first = (tmp_path / "t.tsv.gz").read_bytes()
    assert gzip.decompress(first) == (tmp_path / "t.tsv").read_bytes()
    write_table(found, tmp_path / "u.tsv.gz")
    assert (tmp_path / "u.tsv.gz").read_bytes() == first


def test_the_strongest_leak_is_named():
    text = "GATTACACCGTAAGCCTTAGACCGATACGT"
    turned = text[::-1].translate(str.maketrans("ACGT", "TGCA"))
    sets = {
        "train": from_texts([text]),
        "valid": from_texts([turned]),
        "test": from_texts([text, turned, "ACGTTT", text[:-1] + "A"]),
    }
    report = find_leaks(sets)
    near = leaks_of(report, "test", ("train",))[3]
    assert leaks_of(report, "test", ("train",)) == ("exact", "reverse_complement", ".", near)
    assert leaks_of(report, "test", ("train", "valid")) == ("exact", "exact", ".", near)
    assert leaks_of(report, "test", ()) == (".",) * 4
