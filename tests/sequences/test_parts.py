"""Parts and folds: disjoint, complete, stratified, groups whole, the same for the same seed."""

import time

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.sequences.parts import choose_parts, contig_groups, k_folds
from dnabilstm.sequences.store import Place, make_set

CLASSES = ("a", "b", "c")


def labelled(labels, contigs=()):
    labels = np.asarray(labels)
    places = [Place(contig, 0, 1) for contig in contigs]
    return make_set([f"s{i}" for i in range(len(labels))], [np.ones(1, np.uint8)] * len(labels), labels, CLASSES,
                    places, "x.fa")  # fmt: skip


def counts(sequences, part):
    return np.bincount(sequences.labels[part], minlength=3).tolist()


def problem(call):
    with pytest.raises(DnabilstmError) as caught:
        call()
    return caught.value.problems


def test_shares_are_those_of_each_class():
    sequences = labelled([0] * 500 + [1] * 50 + [2] * 10)
    parts = choose_parts(sequences, valid=0.1, test=0.2, seed=3)
    assert {name: counts(sequences, part) for name, part in parts.items()} == {
        "train": [350, 35, 7],
        "valid": [50, 5, 1],
        "test": [100, 10, 2],
    }


def test_three_sequences_of_a_class_are_enough_and_two_are_not():
    parts = choose_parts(labelled([0] * 1500 + [1] * 3))
    assert [int((part >= 1500).sum()) for part in parts.values()] == [1, 1, 1]
    said = problem(lambda: choose_parts(labelled([0] * 9 + [1] * 2 + [2])))
    assert len(said) == 2
    assert said[0].startswith(
        "x.fa: class 'b': 2 sequences; wanted at least 3 (train, valid, test); add sequences, or"
    )


def test_a_part_of_no_share_is_left_out():
    sequences = labelled([0] * 8 + [1] * 2)
    parts = choose_parts(sequences, valid=0.5, test=0)
    assert list(parts) == ["train", "valid"]
    assert counts(sequences, parts["valid"]) == [4, 1, 0]
    assert choose_parts(sequences, valid=0, test=0)["train"].tolist() == list(range(10))


def test_sequences_without_class_are_shared_out_too():
    parts = choose_parts(labelled([-1] * 20 + [0] * 10), valid=0.2, test=0.2)
    assert [int((part < 20).sum()) for part in parts.values()] == [12, 4, 4]


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_whole_and_classes_balanced(seed):
    rng = np.random.default_rng(seed)
    groups = rng.zipf(1.8, 3000).clip(max=900) * 7 - 3
    sequences = labelled((rng.random(3000) < 0.2 + 0.1 * (groups % 2)).astype(int))
    parts = choose_parts(sequences, valid=0.1, test=0.1, groups=groups, seed=seed)
    assert np.array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(3000))
    owner = {}
    for name, part in parts.items():
        assert (np.diff(part) > 0).all()
        for group in set(groups[part].tolist()):
            assert owner.setdefault(group, name) == name
    for one in (0, 1):
        total = (sequences.labels == one).sum()
        share = {name: (sequences.labels[part] == one).sum() / total for name, part in parts.items()}
        assert share["valid"] == pytest.approx(0.1, abs=0.02)
        assert share["test"] == pytest.approx(0.1, abs=0.02)


def test_a_large_group_trains():
    groups = np.r_[np.zeros(60, int), np.arange(1, 41)]
    parts = choose_parts(labelled([0] * 100), groups=groups, seed=1)
    assert set(range(60)) <= set(parts["train"].tolist())
    assert [len(part) for part in parts.values()] == [80, 10, 10]


@pytest.mark.parametrize("draw", [lambda s, seed: list(choose_parts(s, seed=seed).values()),
                                  lambda s, seed: k_folds(s, 4, seed=seed)])  # fmt: skip
def test_the_same_seed_gives_the_same_and_another_another(draw):
    sequences = labelled(np.arange(200) % 3)
    first, again, other = ([part.tolist() for part in draw(sequences, seed)] for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_every_sequence_of_a_class_may_be_drawn():
    sequences = labelled([0] * 12)
    tested = {int(i) for seed in range(200) for i in choose_parts(sequences, seed=seed)["test"]}
    assert tested == set(range(12))


def test_folds_are_stratified_and_hold_all():
    sequences = labelled([0] * 103 + [1] * 21 + [2] * 5)
    folds = k_folds(sequences, 5, seed=2)
    assert np.array_equal(np.sort(np.concatenate(folds)), np.arange(129))
    table = np.array([counts(sequences, fold) for fold in folds])
    assert (table.max(axis=0) - table.min(axis=0)).max() <= 1
    assert (table > 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_part_of_few_contigs_is_not_almost_empty(seed):
    sizes = {"chrA": 350, "chrB": 220, "chrC": 170, "chrD": 140, "chrE": 110, "scaffold": 6}
    contigs = [name for name, size in sizes.items() for _ in range(size)]
    parts = choose_parts(labelled(np.arange(len(contigs)) % 2, contigs), test=0, by="contig", seed=seed)
    held = {contigs[i] for i in parts["valid"]}
    # A tenth is wanted: chrE alone is nearest to it, 110 of 996.
    assert held == {"chrE"}


def test_folds_by_contig():
    contigs = [f"chr{1 + i % 6}" for i in range(60)]
    sequences = labelled(np.arange(60) // 6 % 2, contigs)
    folds = k_folds(sequences, 3, by="contig", groups=np.zeros(60, int))
    of_fold = [{contigs[i] for i in fold} for fold in folds]
    assert sorted(len(names) for names in of_fold) == [2, 2, 2]
    assert set.union(*of_fold) == set(contigs)
    assert len(set(contig_groups(sequences).tolist())) == 6
    said = problem(lambda: k_folds(sequences, 7, by="contig"))
    assert said[0].startswith(
        "x.fa: class 'a': 30 sequences in 6 contigs; wanted at least 7 contigs (7 folds); add"
    )
    assert len(said) == 2


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: choose_parts(labelled([0] * 9), valid=0.5, test=0.5), "together below 1"),
        (lambda: choose_parts(labelled([0] * 9), valid=-0.1), "together below 1"),
        (lambda: choose_parts(labelled([0] * 9), valid=float("nan")), "together below 1"),
        (lambda: k_folds(labelled([0] * 9), 1), "1 folds: wanted 2 at least"),
        (lambda: k_folds(labelled([0] * 9), 2, by="contig"), "x.fa: has no places on contigs"),
        (lambda: k_folds(labelled([]), 2), "x.fa: has no sequence"),
        (
            lambda: choose_parts(labelled([0] * 9), groups=np.arange(9) // 5),
            "9 sequences in 2 groups of like sequences; wanted at least 3 groups of like sequences (train,",
        ),
        (
            lambda: k_folds(labelled([0, 1, 2, 1, 2, 0]), 2, groups=np.array([0, 0, 1, 2, 2, 1])),
            "shares too many groups of like sequences with other classes",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_parted_is_one_clear_line(call, said):
    (line,) = problem(call)
    assert said in line


def test_many_sequences_are_parted_in_a_moment():
    sequences = labelled(np.arange(50_000) % 3)
    started = time.perf_counter()
    choose_parts(sequences, groups=np.arange(50_000) // 2)
    assert time.perf_counter() - started < 2
