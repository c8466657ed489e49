"""Sets of sequences: some of them, several as one, what stands for them."""

import numpy as np
import pytest

from dnabilstm.alphabet import encode
from dnabilstm.sequences.store import Place, joined, make_set


def few(texts, labels, places=()):
    codes = [encode(text.encode()) for text in texts]
    return make_set([f"s{i}" for i in range(len(texts))], codes, np.array(labels), ("no", "yes"), places)


def test_several_sets_are_one_in_order():
    one, other = few(["ACGT", "A"], [0, 1]), few(["GG", "TTTNA", "C"], [1, 1, -1])
    both = joined([one, other])
    assert [both.text(i) for i in range(5)] == ["ACGT", "A", "GG", "TTTNA", "C"]
    assert both.labels.tolist() == [0, 1, 1, 1, -1]
    assert (both.classes, both.names) == (("no", "yes"), ("s0", "s1", "s0", "s1", "s2"))
    assert both.digest == few(["ACGT", "A", "GG", "TTTNA", "C"], [0, 1, 1, 1, -1]).digest
    assert joined([both.subset(np.array([0, 1])), both.subset(np.array([2, 3, 4]))]).digest == both.digest


@pytest.mark.parametrize("second", [(), (Place("c", 5, 7),)])
def test_places_stay_where_all_have_them(second):
    first = Place("c", 0, 4, -1)
    both = joined([few(["ACGT"], [0], (first,)), few(["GG"], [1], second)])
    assert both.places == ((first, *second) if second else ())


def test_a_digest_is_of_sequences_and_classes_not_of_names():
    assert few(["ACGT", "A"], [0, 1]).digest != few(["ACGT", "A"], [1, 0]).digest
    assert few(["ACG", "TA"], [0, 1]).digest != few(["ACGT", "A"], [0, 1]).digest
    renamed = few(["ACGT", "A"], [0, 1])
    assert make_set(["x", "y"], [encode(b"ACGT"), encode(b"A")], renamed.labels, renamed.classes).digest == (
        renamed.digest
    )
