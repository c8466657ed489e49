"""Parts without copies between them, members with seeds and folds of their own, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dnabilstm.audit.leaks import find_leaks
from dnabilstm.classify.parts import balance_of, check_parts, make_runs, with_validation, without_leaks
from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.sequences.classes import join_sets
from dnabilstm.sequences.read import from_texts
from dnabilstm.sequences.store import Place
from dnabilstm.train.config import SequenceTrainConfig
from tests.classify.planted import set_of

PLAN = SequenceTrainConfig()
NETWORK = BiLSTMConfig(tasks=("any", "other"), head="sequence", hidden=4, filters=4)
CPU = torch.device("cpu")


def texts(sequences):
    return [sequences.text(index) for index in range(len(sequences))]


def doubled(sequences, turned=()):
    """Every sequence twice, some of the copies as reverse complement."""
    other = sequences.subset(np.arange(len(sequences)))
    codes = other.codes.copy()
    for index in turned:
        rows = slice(other.borders[index], other.borders[index + 1])
        codes[rows] = from_texts([reverse(other.text(index))]).codes
    return join_sets([sequences, replace(other, codes=codes)])


def reverse(text):
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def on_contigs(sequences, contigs, step=1_000):
    """The same sequences on contigs in turn, ``step`` bases apart."""
    places = [
        Place(f"chr{number % contigs}", step * number, step * number + 60, 1)
        for number in range(len(sequences))
    ]
    return replace(sequences, places=tuple(places))


def test_a_tenth_of_each_class_validates_and_copies_stay_together():
    given = doubled(set_of([50, 30]), turned=range(0, 80, 3))
    parts = with_validation({"train": given, "test": set_of([3, 3], seed=9)}, PLAN)
    assert list(parts) == ["train", "valid", "test"]
    assert np.bincount(parts["valid"].labels).tolist() == [10, 6]
    assert sorted(texts(parts["train"]) + texts(parts["valid"])) == sorted(texts(given))
    assert not len(find_leaks(parts).found["valid", "train"].rows)


def test_overlapping_regions_stay_together():
    given = on_contigs(set_of([40, 40]), 1, step=55)  # each one shares five bases with the next
    apart = on_contigs(set_of([40, 40]), 1, step=60)
    with pytest.raises(DnabilstmError, match="wanted at least 2 groups of like sequences"):
        with_validation({"train": given}, PLAN)
    assert len(with_validation({"train": apart}, PLAN)["valid"]) == 8


def test_contigs_stay_whole():
    given = on_contigs(set_of([40, 40]), 8)
    parts = with_validation({"train": given}, replace(PLAN, fold_by="contig"))
    contigs = [{place.contig for place in parts[part].places} for part in ("train", "valid")]
    assert len(contigs[1]) >= 1
    assert not contigs[0] & contigs[1]


def test_a_given_validation_part_is_taken_as_it_is():
    parts = {"test": set_of([2, 2], seed=7), "valid": set_of([3, 3], seed=8), "train": set_of([9, 9])}
    assert {part: one.digest for part, one in with_validation(parts, PLAN).items()} == {
        part: parts[part].digest for part in ("train", "valid", "test")
    }


def test_what_held_out_sequences_repeat_is_left_out():
    train, test = set_of([20, 20]), set_of([5, 5], seed=5)
    copies = train.subset(np.array([3, 33]))
    turned = from_texts([reverse(train.text(7))], labels=np.array([0]), classes=("a", "b"))
    parts = {
        "train": train,
        "valid": join_sets([set_of([4, 4], seed=4), copies]),
        "test": join_sets([test, turned]),
    }
    kept = without_leaks(parts, find_leaks(parts))
    gone = {train.text(index) for index in (3, 7, 33)}
    assert [len(kept[part]) for part in parts] == [37, 10, 11]
    assert set(texts(train)) - set(texts(kept["train"])) == gone
    assert not find_leaks(kept).leaks


def test_a_class_that_no_longer_validates_is_an_error():
    parts = {"train": set_of([9, 9, 9]), "valid": set_of([4, 4, 3], seed=3)}
    parts["test"] = parts["valid"].subset(np.arange(8, 11))
    with pytest.raises(
        DnabilstmError, match=r"class 'c'; with train\.leaks: drop none is left in the 'valid' part"
    ):
        without_leaks(parts, find_leaks(parts))
    # What did not validate before either is no fault of the leaks.
    parts = {"train": set_of([9, 9, 9]), "valid": parts["valid"].subset(np.arange(8))}
    parts["test"] = parts["valid"].subset(np.arange(2))
    assert len(without_leaks(parts, find_leaks(parts))["valid"]) == 6


@pytest.mark.parametrize("part", ["valid", "train"])
def test_what_is_left_out_changes_no_share_of_a_class(part):
    given = {"train": set_of([20, 20]), "valid": set_of([20, 20], seed=4)}
    plan = replace(PLAN, members=2)
    if part == "train":  # whose folds validate
        given.pop("valid")
        plan = replace(PLAN, folds=2)
    parts = given | {"test": join_sets([set_of([4, 4], seed=6), given[part].subset(np.arange(5))])}
    assert balance_of(parts, parts) == ()
    kept = without_leaks(parts, find_leaks(parts))
    left = np.bincount(kept[part].labels)
    assert left.tolist() == [15, 20]
    weighed = left * balance_of(parts, kept)
    assert weighed == pytest.approx([17.5, 17.5])
    runs = make_runs(kept, NETWORK, plan, CPU, balance_of(parts, kept))
    assert {run.weights for run in runs} == {balance_of(parts, kept)}


def test_a_class_that_leaks_whole_is_an_error():
    train = set_of([8, 3])
    parts = {"train": train, "valid": set_of([3, 3], seed=3), "test": train.subset(np.arange(8, 11))}
    with pytest.raises(
        DnabilstmError, match=r"repeat all that are of class 'b'; with train\.leaks: drop none is left"
    ):
        without_leaks(parts, find_leaks(parts))


def test_members_differ_in_their_seed_alone():
    parts = with_validation({"train": set_of([20, 20])}, PLAN)
    runs = make_runs(parts, NETWORK, replace(PLAN, members=3, seed=5), CPU)
    assert [run.train.seed for run in runs] == [5, 6, 7]
    assert len({tuple(run.digests()) for run in runs}) == 1
    assert {run.model.tasks for run in runs} == {("a", "b")}


@pytest.mark.parametrize("by", ["sequence", "contig"])
def test_every_sequence_validates_one_fold(by):
    given = on_contigs(doubled(set_of([20, 20]), turned=[2, 9]), 10)
    plan = replace(PLAN, folds=4, fold_by=by)
    parts = with_validation({"train": given}, plan)
    assert list(parts) == ["train"]
    runs = make_runs(parts, NETWORK, plan, CPU)
    assert [run.train.seed for run in runs] == [1, 2, 3, 4]
    assert sorted(name for run in runs for name in texts(run.validation)) == sorted(texts(given))
    for run in runs:
        assert len(run.training) + len(run.validation) == len(given)
        if by == "sequence":
            assert not set(texts(run.training)) & set(texts(run.validation))
        else:
            contigs = [{place.contig for place in one.places} for one in (run.training, run.validation)]
            assert not contigs[0] & contigs[1]


def test_folds_over_contigs_can_drop_what_repeats_across_contigs():
    given = on_contigs(doubled(set_of([20, 20])), 10, step=1_001)
    crossing = replace(given, places=tuple(reversed(given.places)))
    plan = replace(PLAN, folds=2, fold_by="contig", leaks="drop")
    for run in make_runs({"train": crossing}, NETWORK, plan, CPU):
        assert not set(texts(run.training)) & set(texts(run.validation))
        assert len(run.validation)


BOTH = set_of([4, 4])
UNKNOWN = replace(BOTH, labels=np.full(8, -1), classes=(), source="x.fa")
SOME = replace(BOTH, labels=np.array([0, 0, 0, 1, 1, 1, -1, -1]), source="x.fa")
ONE = replace(set_of([4]), source="x.fa")


@pytest.mark.parametrize(
    ("parts", "plan", "said"),
    [
        ({"train": UNKNOWN}, PLAN, "x.fa: has no classes; wanted CLASS=FILE, or a table"),
        ({"train": SOME}, PLAN, "x.fa: 2 of 8 sequences have no class (X[6], X[7]); wanted one for each"),
        ({"train": ONE}, PLAN, "x.fa: has one class only, 'a'; wanted two or more: give the others too"),
        ({"train": BOTH, "valid": ONE}, PLAN, "x.fa: has one class only, 'a'; wanted two or more"),
        ({"train": BOTH, "valid": UNKNOWN}, PLAN, "x.fa: has no classes"),
        ({"train": BOTH, "test": UNKNOWN}, PLAN, "'dnabilstm classify' scores sequences without a class"),
        ({"train": BOTH, "valid": BOTH}, replace(PLAN, folds=3), "train.folds: 3 with --valid-sequences"),
    ],
)
def test_what_no_classifier_can_be_made_of_is_one_line(parts, plan, said):
    with pytest.raises(DnabilstmError) as caught:
        check_parts(parts, plan)
    assert len(caught.value.problems) == 1
    assert said in caught.value.problems[0]


def test_a_test_part_may_have_one_class_only():
    check_parts({"train": BOTH, "test": ONE}, PLAN)
