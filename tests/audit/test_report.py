"""Audits on disk and as a table to read."""

import csv
import json

import numpy as np
import pytest

from dnabilstm.audit.assess import audit_genome, audit_other_genome, audit_sequences
from dnabilstm.audit.composition import composition_of
from dnabilstm.audit.report import summary, write_audit
from dnabilstm.intervals.algebra import make_intervals
from dnabilstm.sequences.store import SequenceSet
from dnabilstm.windows import Stretch
from tests.audit.oracle import random_text, sequences
from tests.audit.test_genomes import SPLIT, genome_of


@pytest.fixture
def genome():
    rng = np.random.default_rng(0)
    return genome_of(
        {"train": random_text(rng, 40_000), "valid": random_text(rng, 10_000), "test": "A" * 10_000}
    )


def of_sequences():
    rng = np.random.default_rng(1)
    texts = [random_text(rng, 80) for _ in range(30)]
    return audit_sequences({"train": sequences(texts), "test": sequences(texts[:3])})


def written(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_table_has_every_repeat(tmp_path):
    audit = of_sequences()
    paths = write_audit(audit, tmp_path / "out")
    assert [path.name for path in paths] == ["audit.png", "audit.svg", "audit.tsv", "audit.json"]
    with (tmp_path / "out/audit.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert [(row["part"], row["row"], row["kind"], row["of_name"], row["share"]) for row in rows] == [
        ("test", str(n), "exact", f"s{n - 1}", "1") for n in (1, 2, 3)
    ]
    assert json.loads((tmp_path / "out/audit.json").read_text()) == audit.result


def test_the_same_audit_gives_the_same_bytes(tmp_path):
    write_audit(of_sequences(), tmp_path / "a")
    write_audit(of_sequences(), tmp_path / "b")
    assert written(tmp_path / "a") == written(tmp_path / "b")


def test_names_are_kept_byte_for_byte(tmp_path):
    text = random_text(np.random.default_rng(2), 50)
    one = sequences([text])
    odd = SequenceSet(("a\udcff\tb",), one.codes, one.borders, one.labels)
    write_audit(audit_sequences({"train": odd, "test": odd}), tmp_path)
    line = (tmp_path / "audit.tsv").read_bytes().splitlines()[1]
    assert line == b"test\t1\ta\xff b\t\texact\t1\ttrain\t1\ta\xff b\t"


def test_sequences_as_a_table_to_read():
    assert summary(of_sequences().result).splitlines() == [
        "part   sequences  repeat      exact  reverse complement  near  overlap  any",
        "train  30         themselves  0      0                   0     0        0",
        "test   3          train       3      0                   0     0        3",
        "test   3          themselves  0      0                   0     0        0",
    ]


def test_a_genome_as_a_table_to_read(genome, tmp_path):
    split = (*SPLIT, Stretch("train", 0, 400, "test"))
    audit = audit_genome(
        genome, split, regions={"promoter": make_intervals(0, np.array([500]), np.array([600]))}
    )
    assert summary(audit.result).splitlines() == [
        "part   bases   of     repeated bases         overlapping bases",
        "valid  10,000  train  0               0.00%  0",
        "test   10,400  train  400             3.85%  400",
        "test   10,400  valid  0               0.00%  0",
        "promoter: 0 regions in two parts",
    ]
    write_audit(audit, tmp_path)
    assert (tmp_path / "audit.tsv").read_text().splitlines() == [
        "contig\tstart\tend\tkind\tpart\tof\tchannel",
        "train\t0\t400\ttile\ttest\ttrain\t",
        "train\t0\t400\toverlap\ttest\ttrain\t",
    ]


def test_another_genome_has_no_table(genome, tmp_path):
    audit = audit_other_genome(genome, composition_of(genome))
    write_audit(audit, tmp_path)
    assert sorted(written(tmp_path)) == ["audit.json", "audit.png", "audit.svg"]
    assert summary(audit.result).startswith("composition is alike: 0.0000 bits")


@pytest.mark.parametrize(
    "texts", [{"train": []}, {"train": [], "test": []}, {"train": ["NNN"], "test": ["A"]}]
)
def test_there_is_a_picture_of_nothing(texts, tmp_path):
    write_audit(audit_sequences({part: sequences(own) for part, own in texts.items()}), tmp_path)
    assert (tmp_path / "audit.png").stat().st_size > 5_000
    assert "no repeats" in (tmp_path / "audit.svg").read_text()


def test_the_picture_tells_kinds_and_counts(tmp_path):
    text = random_text(np.random.default_rng(3), 50)
    write_audit(audit_sequences({"train": sequences([text]), "test": sequences([text] * 7)}), tmp_path)
    drawn = (tmp_path / "audit.svg").read_text()
    for word in ("test repeats train", "within test", ">exact<", "> 7<", "> 6<", "test, median"):
        assert word in drawn
    assert ">near<" not in drawn
