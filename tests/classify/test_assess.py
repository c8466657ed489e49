"""Figures of all sequences, and of those that training has not seen."""

import json

import numpy as np

from dnabilstm.classify.assess import assess, summary
from dnabilstm.classify.config import ClassifyConfig

LABELS = np.array([0, 0, 0, 1, 1, 1, -1])
PROBABILITIES = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])
LEAKED = np.array([1, 1, 0, 0, 1, 0, 1], bool)
PLAIN = ClassifyConfig(bootstrap=0)


def test_leaked_sequences_count_in_the_raw_figures_only():
    found = assess(LABELS, PROBABILITIES, ("a", "b"), LEAKED, PLAIN)
    assert (found["raw"]["sequences"], found["leak_free"]["sequences"], found["leaked"]) == (6, 3, 3)
    assert found["raw"]["accuracy"] == 4 / 6
    assert found["leak_free"]["accuracy"] == 1 / 3
    assert found["leak_free"]["confusion"] == [[0, 1], [1, 1]]
    lines = summary(found)
    assert lines[0] == "all 6 sequences: accuracy 0.667, MCC 0.333, AUROC 0.889, AUPRC 0.917"
    assert lines[1].startswith(
        "without the 3 that training has seen: accuracy 0.333, MCC -0.500, AUROC 0.500"
    )


def test_without_a_look_for_leaks_nothing_is_said_of_them():
    found = assess(LABELS, PROBABILITIES, ("a", "b"), None, PLAIN)
    assert not {"leak_free", "leaked"} & set(found)
    assert len(summary(found)) == 1


def test_none_leaked_and_all_leaked():
    none = assess(LABELS, PROBABILITIES, ("a", "b"), np.zeros(7, bool), PLAIN)
    assert none["raw"] == none["leak_free"]
    assert summary(none)[1:] == ["training has seen none of them"]
    every = assess(LABELS, PROBABILITIES, ("a", "b"), np.ones(7, bool), PLAIN)
    assert every["leak_free"]["sequences"] == 0
    assert every["leak_free"]["accuracy"] is None
    assert summary(every)[1] == "without the 6 that training has seen: none is left, so there is no figure"
    json.loads(json.dumps(every, allow_nan=False))


def test_one_class_has_an_accuracy_with_an_interval_and_no_ranking():
    rows = LABELS == 0
    found = assess(LABELS[rows], PROBABILITIES[rows], ("a", "b"), None, ClassifyConfig(bootstrap=100))
    assert found["raw"]["auroc"] is None
    assert summary(found)[0] == "all 3 sequences: accuracy 0.667 [0.000, 1.000], MCC -, AUROC -, AUPRC -"
    assert found["settings"] == {"bootstrap": 100, "level": 0.95, "seed": 1}
