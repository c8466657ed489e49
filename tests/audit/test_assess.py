"""Whole audits: what is told of planted repeats, and that clean data are met with silence."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from dnabilstm.audit.assess import (
    EXAMPLES,
    GENOME_COLUMNS,
    SEQUENCE_COLUMNS,
    audit_genome,
    audit_other_genome,
    audit_sequences,
)
from dnabilstm.audit.composition import composition_of
from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.leaks import leaked
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import open_genome
from dnabilstm.intervals.algebra import make_intervals
from dnabilstm.model.config import parse
from dnabilstm.windows import Stretch, choose_split
from tests.audit.oracle import random_text, sequences, turned
from tests.audit.test_composition import of_gc, with_gc
from tests.audit.test_genomes import genome_of


@pytest.fixture
def parts():
    rng = np.random.default_rng(0)
    texts = [random_text(rng, 100) for _ in range(60)]
    train, test = (
        texts[:40] + [texts[0], turned(texts[1])],
        [texts[2], texts[2], turned(texts[3]), *texts[40:]],
    )
    return {
        "train": sequences(train, [0, 1] * 21, ("no", "yes")),
        "valid": sequences([]),
        "test": sequences(test, [1, 1, 1] + [0, -1] * 10, ("no", "yes")),
    }


def test_what_is_found_is_told(parts):
    audit = audit_sequences(parts)
    assert audit.leaks == [
        "test shares 3 of its 23 sequences with train (2 exact, 1 reverse complement): figures on them are too good"
    ]
    assert audit.warnings == [
        *audit.leaks,
        "train repeats itself in 2 of its 42 sequences (1 exact, 1 reverse complement)",
        "test repeats itself in 1 of its 23 sequences (1 exact)",
        "different sequences with more than one class: 1 (rows: 1 in train, 2 in test)",
    ]
    result = audit.result
    assert result["leaked"] == {"train": 0, "valid": 0, "test": 3}
    assert result["repeated"] == {"train": 2, "valid": 0, "test": 0}
    assert result["parts"]["test"]["classes"] == {"no": 10, "yes": 3}
    assert result["parts"]["test"]["unknown"] == 10
    assert result["parts"]["valid"]["lengths"] == result["parts"]["valid"]["gc_quantiles"] == {}
    assert result["settings"] == asdict(AuditConfig())
    assert json.loads(json.dumps(result)) == result


def test_every_repeat_is_a_row(parts):
    audit = audit_sequences(parts)
    values = [tuple(row[column] for column in SEQUENCE_COLUMNS) for row in audit.rows]
    assert values == [
        ("train", 41, "s40", "no", "exact", 1.0, "train", 1, "s0", "no"),
        ("train", 42, "s41", "yes", "reverse_complement", 1.0, "train", 2, "s1", "yes"),
        ("test", 1, "s0", "yes", "exact", 1.0, "train", 3, "s2", "no"),
        ("test", 2, "s1", "yes", "exact", 1.0, "train", 3, "s2", "no"),
        ("test", 3, "s2", "yes", "reverse_complement", 1.0, "train", 4, "s3", "yes"),
        ("test", 2, "s1", "yes", "exact", 1.0, "test", 1, "s0", "yes"),
    ]
    assert audit.result["examples"] == audit.rows
    assert leaked(audit.report, "test").sum() == 3


def test_of_many_repeats_a_few_are_examples():
    text = random_text(np.random.default_rng(1), 50)
    audit = audit_sequences({"train": sequences([text] * 40), "test": sequences([text] * 30)})
    assert len(audit.rows) == 39 + 30 + 29
    assert len(audit.result["examples"]) == 3 * EXAMPLES


@pytest.mark.parametrize("seed", range(10))
def test_clean_sequences_are_met_with_silence(seed):
    rng = np.random.default_rng(seed)
    parts = {"train": of_gc(rng, 0.4, 300), "valid": of_gc(rng, 0.4, 40), "test": of_gc(rng, 0.4, 40)}
    audit = audit_sequences(parts)
    assert audit.warnings == audit.rows == []


@pytest.mark.parametrize("texts", [{"train": []}, {"train": ["ACGT"]}, {"train": ["NN"], "test": ["N"]}])
def test_little_and_nothing(texts):
    audit = audit_sequences({part: sequences(own) for part, own in texts.items()})
    assert audit.warnings == []


def test_classes_that_contradict_between_the_strands_are_told_apart():
    text = random_text(np.random.default_rng(2), 50)
    audit = audit_sequences({"train": sequences([text, turned(text)], [0, 1], ("no", "yes"))})
    assert audit.warnings[-1] == (
        "different sequences with more than one class: 1 (rows: 2 in train); between the strands only: 1"
    )


def test_a_shift_is_told():
    rng = np.random.default_rng(3)
    audit = audit_sequences({"train": of_gc(rng, 0.4, 300), "test": of_gc(rng, 0.5, 300)})
    (warning,) = audit.warnings
    assert warning.startswith("test differs from train in composition: 0.0")
    assert audit.leaks == []


def random_genome(rng):
    return genome_of({name: with_gc(rng, 0.4, 60_000) for name in "abcdefgh"})


@pytest.mark.parametrize("seed", range(3))
def test_a_clean_genome_is_met_with_silence(seed):
    genome = random_genome(np.random.default_rng(seed))
    audit = audit_genome(genome, choose_split(genome))
    assert audit.warnings == audit.rows == []


def test_a_bad_split_of_a_genome_is_told():
    genome = random_genome(np.random.default_rng(4))
    split = (*choose_split(genome, test=["h"], valid=["g"]), Stretch("a", 100, 1_100, "test"))
    regions = {"promoter": make_intervals(np.array([0, 1]), np.array([1_000, 5]), np.array([1_200, 50]))}
    audit = audit_genome(genome, split, regions=regions)
    assert audit.leaks == [
        "test shares 1,000 of its 61,000 bases (1.64%) with train (1,000 and 1,000 that the split gives to both):"
        " figures on them are too good"
    ]
    assert audit.warnings == [*audit.leaks, "promoter: labelled regions that lie on bases of two parts: 1"]
    assert audit.result["leaked"] == {"train": 0, "valid": 0, "test": 1_000}
    assert [tuple(row[column] for column in GENOME_COLUMNS) for row in audit.rows] == [
        ("a", 100, 1_100, "tile", "test", "train", ""),
        ("a", 100, 1_100, "overlap", "test", "train", ""),
        ("a", 1_000, 1_200, "straddling", "", "", "promoter"),
    ]
    assert json.loads(json.dumps(audit.result)) == audit.result


def test_another_genome_is_held_against_the_training_part():
    rng = np.random.default_rng(5)
    training = composition_of(random_genome(rng))
    assert audit_other_genome(random_genome(rng), training).warnings == []
    other = audit_other_genome(genome_of({"a": with_gc(rng, 0.6, 300_000)}), training)
    assert other.warnings[0].startswith("composition differs: 0.")
    assert other.leaks == other.rows == []
    assert json.loads(json.dumps(other.result)) == other.result


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"k": 40}, "audit.k: 40"),
        ({"containment": 0}, "audit.containment: 0"),
        ({"tile": 50, "tile_k": 30}, "audit.tile: 50 bases is too short for k-mers of 30"),
        ({"shingle": 3}, "audit.shingle: is not a setting"),
    ],
)
def test_settings_are_checked(settings, said):
    with pytest.raises(DnabilstmError, match=said):
        parse(AuditConfig, settings, "audit")


def test_repeats_of_a_real_genome_are_told(data):
    genome = open_genome(data / "human_chr1_3Mb/hg19_chr1_0-3004950.fa.gz")
    audit = audit_genome(genome, choose_split(genome))
    assert audit.leaks
    assert audit.result["leaked"]["test"] > 10_000
