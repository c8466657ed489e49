"""Negatives for each part of a set of positives, all away from each other."""

from dataclasses import replace

import numpy as np
import pytest

from dnabilstm.classify.negatives import add_negatives
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig, Genome
from dnabilstm.intervals import Intervals
from dnabilstm.sequences.read import from_texts
from dnabilstm.sequences.regions import cut_out
from tests.classify.planted import set_of, texts_of

GENOME = Genome(
    (Contig("c", 6_000, 0, ""),),
    np.array([1, 2, 4, 8], np.uint8)[np.random.default_rng(0).integers(4, size=6_000)],
    "g.fa",
)


def regions(starts):
    starts = np.array(starts)
    found = Intervals(np.zeros(len(starts), np.int32), starts, starts + 50, np.ones(len(starts), np.int8))
    return cut_out(GENOME, found, "p.bed")


def test_each_part_of_positives_gets_its_own_negatives():
    both = from_texts(["ACGT", "GGCC"], labels=np.array([0, 1]), classes=("negative", "peak"))
    train = replace(set_of([10]), classes=("peak",))
    parts = {"train": train, "valid": from_texts(texts_of(4, seed=5)), "test": both}
    found = add_negatives(parts, "dinucleotide", ratio=2, seed=1)
    assert {part: one.classes for part, one in found.items()} == dict.fromkeys(parts, ("negative", "peak"))
    assert np.bincount(found["train"].labels).tolist() == [20, 10]
    assert np.bincount(found["valid"].labels).tolist() == [8, 4]
    assert found["test"].digest == both.digest
    again = add_negatives(parts, "dinucleotide", ratio=2, seed=1)
    assert again["train"].digest == found["train"].digest


def test_windows_of_all_parts_are_away_from_all_positives_and_from_each_other():
    parts = {"train": regions(range(0, 3_000, 100)), "test": regions(range(3_000, 4_000, 100))}
    found = add_negatives(parts, "random", ratio=1, seed=1, genome=GENOME)
    assert {one.classes for one in found.values()} == {("negative", "positive")}
    held = np.zeros(6_000, int)
    for one in found.values():
        for place in one.places:
            held[place.start : place.end] += 1
    assert held.max() == 1
    assert held.sum() == 2 * 40 * 50


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (set_of([3, 3]), "has the classes 'a', 'b'; --negatives is for positives only, wanted one class"),
        (replace(set_of([3]), classes=("negative",)), "is of the class 'negative', which --negatives makes"),
    ],
)
def test_what_has_negatives_already_is_refused(train, said):
    with pytest.raises(DnabilstmError, match=said):
        add_negatives({"train": train}, "dinucleotide", ratio=1, seed=1)
