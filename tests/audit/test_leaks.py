"""Repeats between the parts of a data set: worked out by hand, by letters, and on published sets."""

import time

import numpy as np
import pytest

from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.leaks import KINDS, find_leaks, leaked, repeated
from dnabilstm.sequences.read import read_sequences
from tests.audit import oracle
from tests.audit.oracle import mutated, random_text, sequences, turned

NONE = dict.fromkeys((*KINDS, "rows"), 0)


def rows_of(report, part, of):
    """Row to kind, other row and share."""
    found = report.found[part, of]
    lists = (found.rows.tolist(), found.kinds.tolist(), found.others.tolist(), found.shares.tolist())
    return [(row, KINDS[kind], other, share) for row, kind, other, share in zip(*lists, strict=True)]


@pytest.fixture
def planted():
    """Parts with one repeat of each kind."""
    rng = np.random.default_rng(0)
    a, b, c, d, e, f = (random_text(rng, 100) for _ in range(6))
    near = mutated(rng, c, 1)
    shifted = turned(d[20:] + random_text(rng, 20))
    return {
        "train": sequences([a, b, c, d]),
        "valid": sequences([e, a]),
        "test": sequences([f, turned(b), near, shifted, e, e]),
    }, near


def test_every_kind_is_found_once(planted):
    parts, near = planted
    report = find_leaks(parts)
    both, fewer = oracle.shared(parts["train"].text(2), near, 16)
    assert rows_of(report, "valid", "train") == [(1, "exact", 0, 1.0)]
    assert rows_of(report, "test", "train") == [
        (1, "reverse_complement", 1, 1.0),
        (2, "near", 2, both / fewer),
        (3, "near", 3, 65 / 85),
    ]
    assert rows_of(report, "test", "valid") == [(4, "exact", 0, 1.0), (5, "exact", 0, 1.0)]
    assert rows_of(report, "test", "test") == [(5, "exact", 4, 1.0)]
    assert report.found["test", "train"].counts() == NONE | {"reverse_complement": 1, "near": 2, "rows": 3}


def test_rows_to_leave_out_on_either_side(planted):
    report = find_leaks(planted[0])
    assert leaked(report, "test").tolist() == [False, True, True, True, True, True]
    assert leaked(report, "test", ("train",)).tolist() == [False, True, True, True, False, False]
    assert leaked(report, "valid").tolist() == [False, True]
    assert leaked(report, "train").tolist() == [False] * 4
    assert repeated(report).tolist() == [True] * 4
    assert repeated(report, "train", ("test",)).tolist() == [False, True, True, True]
    assert repeated(report, "valid").tolist() == [True, False]
    assert report.leaks == 6


def test_all_copies_in_training_are_repeated():
    rng = np.random.default_rng(1)
    text, other = random_text(rng, 100), random_text(rng, 100)
    train = sequences([text, other, turned(text), text, mutated(rng, text, 1)])
    report = find_leaks({"train": train, "test": sequences([text])})
    assert repeated(report).tolist() == [True, False, True, True, True]
    assert rows_of(report, "test", "train") == [(0, "exact", 0, 1.0)]
    assert [row[:3] for row in rows_of(report, "train", "train")] == [
        (2, "reverse_complement", 0),
        (3, "exact", 0),
        (4, "near", 0),
    ]


def test_the_best_near_duplicate_is_told():
    rng = np.random.default_rng(2)
    text = random_text(rng, 100)
    train = sequences([text[30:] + random_text(rng, 30), text[10:] + random_text(rng, 10)])
    report = find_leaks({"train": train, "test": sequences([text])})
    assert rows_of(report, "test", "train") == [(0, "near", 1, 75 / 85)]
    assert repeated(report).tolist() == [True, True]


def test_a_sequence_that_is_its_own_reverse_complement_is_exact():
    half = random_text(np.random.default_rng(3), 40)
    report = find_leaks({"train": sequences([half + turned(half)]), "test": sequences([half + turned(half)])})
    assert rows_of(report, "test", "train") == [(0, "exact", 0, 1.0)]


@pytest.mark.parametrize("seed", range(5))
def test_parts_of_a_family_are_as_letters_tell(seed):
    rng = np.random.default_rng(seed)
    texts = oracle.family(rng)
    texts += [texts[i] for i in rng.choice(len(texts), 10)]
    cut = len(texts) // 2
    train, test = texts[:cut], texts[cut:]
    report = find_leaks(
        {"train": sequences(train), "test": sequences(test)}, AuditConfig(k=12, containment=0.5)
    )
    for (part, own), (of, other) in (
        (("test", test), ("train", train)),
        (("train", train), ("test", test)),
    ):
        wanted = {}
        for row, text in enumerate(own):
            if text in other:
                wanted[row] = "exact", 1.0
            elif turned(text) in other:
                wanted[row] = "reverse_complement", 1.0
            else:
                shares = [oracle.shared(text, one, 12) for one in other]
                near = [both / fewer for both, fewer in shares if both >= max(16, 0.5 * fewer)]
                if near:
                    wanted[row] = "near", max(near)
        assert {row: (kind, share) for row, kind, _, share in rows_of(report, part, of)} == wanted
        assert wanted


def test_both_strands_of_a_part_give_the_same_rows():
    texts = oracle.family(np.random.default_rng(9))
    train, test = texts[:30], texts[30:]
    one = find_leaks({"train": sequences(train), "test": sequences(test)})
    other = find_leaks({"train": sequences(train), "test": sequences([turned(text) for text in test])})
    assert leaked(one, "test").tolist() == leaked(other, "test").tolist()
    assert repeated(one).tolist() == repeated(other).tolist()
    kinds = {"exact": "reverse_complement", "reverse_complement": "exact", "near": "near"}
    rows = [(row, kinds[kind], share) for row, kind, _, share in rows_of(one, "test", "train")]
    assert rows == [(row, kind, share) for row, kind, _, share in rows_of(other, "test", "train")]


def test_overlapping_places_are_counted_beside_the_other_kinds():
    rng = np.random.default_rng(4)
    genome = random_text(rng, 1000)
    train = [("chr1", 0, 100), ("chr1", 300, 400), ("chr2", 0, 100)]
    test = [("chr1", 100, 200), ("chr1", 310, 410), ("chr1", 390, 490), ("chr2", 99, 199)]
    cut = {"chr1": genome, "chr2": random_text(rng, 1000)}
    parts = {
        name: sequences([cut[contig][start:end] for contig, start, end in places], places=places)
        for name, places in (("train", train), ("test", test))
    }
    report = find_leaks(parts)
    assert rows_of(report, "test", "train") == [
        (1, "near", 1, 75 / 85),
        (1, "overlap", 1, 0.9),
        (2, "overlap", 1, 0.1),
        (3, "overlap", 2, 0.01),
    ]
    assert rows_of(report, "test", "test") == [(2, "overlap", 1, 0.2)]
    assert report.found["test", "train"].counts() == NONE | {"near": 1, "overlap": 3, "rows": 3}
    assert repeated(report).tolist() == [False, True, True]


def test_contradictory_classes_are_counted_within_and_across_parts():
    rng = np.random.default_rng(5)
    a, b, c, d, e = (random_text(rng, 50) for _ in range(5))
    train = sequences([a, a, b, b, c, d, e], [0, 1, 0, 0, 0, 1, -1], ("no", "yes"))
    # The classes of the second part stand in another order: they are compared by name.
    test = sequences([b, turned(c), turned(d), e, e], [1, 0, 1, 0, 0], ("yes", "no"))
    report = find_leaks({"train": train, "test": test})
    assert report.contradictions == {
        "within": {"train": 1, "test": 0},
        "across": 3,  # a in train, c and d between the strands
        "reverse_complement": 2,
    }
    assert report.contradictory["train"].tolist() == [True, True, False, False, True, True, False]
    assert report.contradictory["test"].tolist() == [False, True, True, False, False]


@pytest.mark.parametrize(
    "parts",
    [
        {"train": [], "test": []},
        {"train": ["ACGT" * 30], "test": []},
        {"train": [], "test": ["ACGT" * 30]},
        {"train": ["ACGT", "A"], "test": ["C", "ACG"]},
        {"train": ["N" * 40, "A" * 40], "test": ["N" * 41, "A" * 15 + "N" * 25]},
    ],
)
def test_where_there_is_nothing_to_find_nothing_is_found(parts):
    report = find_leaks({part: sequences(texts) for part, texts in parts.items()})
    assert report.leaks == 0
    assert all(found.counts() == NONE for found in report.found.values())


def test_short_empty_and_unknown_sequences_are_compared_as_letters():
    parts = {"train": sequences(["ACG", "", "NNN"]), "test": sequences(["CGT", "", "NNN", "NN", "GCA"])}
    assert rows_of(find_leaks(parts), "test", "train") == [
        (0, "reverse_complement", 0, 1.0),
        (1, "exact", 1, 1.0),
        (2, "exact", 2, 1.0),
    ]


def test_ten_thousand_copies_and_long_repeats_take_no_square_of_time():
    started = time.process_time()
    text = random_text(np.random.default_rng(6), 100)
    same = sequences([text] * 10_000)
    report = find_leaks({"train": same, "test": sequences([turned(text)] * 10)})
    assert report.found["train", "train"].counts() == NONE | {"exact": 9_999, "rows": 9_999}
    assert leaked(report, "test").all()
    assert repeated(report).all()
    tails = sequences(["A" * length for length in range(60, 560)])
    report = find_leaks({"train": tails, "test": sequences(["T" * 59])})
    assert leaked(report, "test").all()
    assert time.process_time() - started < 10


def test_random_sequences_repeat_nothing_and_fifty_thousand_take_seconds():
    letters = random_text(np.random.default_rng(7), 5_000_000)
    texts = [letters[start : start + 100] for start in range(0, len(letters), 100)]
    parts = {
        "train": sequences(texts[:40_000]),
        "valid": sequences(texts[40_000:45_000]),
        "test": sequences(texts[45_000:]),
    }
    started = time.process_time()
    report = find_leaks(parts)
    assert time.process_time() - started < 20
    assert all(found.counts() == NONE for found in report.found.values())


def ienhancer(data, layer, classes):
    folder = data / f"benchmarks/ienhancer2l/layer{layer}"
    return {
        part: read_sequences([f"{name}={folder}/{part}_{name}.fa" for name in classes])
        for part in ("train", "test")
    }


@pytest.mark.parametrize(
    ("layer", "classes", "name"),
    [
        (1, ("enhancers", "nonenhancers"), "enhancers"),
        (2, ("strong_enhancers", "weak_enhancers"), "strong_enhancers"),
    ],
)
def test_the_hundred_copies_of_ienhancer2l(data, layer, classes, name):
    parts = ienhancer(data, layer, classes)
    report = find_leaks(parts)
    assert report.found["test", "train"].counts() == NONE | {"exact": 100, "rows": 100}
    rows = leaked(report, "test")
    test, train = parts["test"], parts["train"]
    letters = {train.text(i) for i in range(len(train))}
    assert [test.text(i) in letters for i in range(len(test))] == rows.tolist()
    assert {test.classes[label] for label in test.labels[rows]} == {name}
    assert repeated(report).sum() == 100


def test_the_copies_in_gue_tf_4(data):
    folder = data / "benchmarks/gue/tf/4"
    files = {"train": "train", "valid": "dev", "test": "test"}
    parts = {part: read_sequences([f"{folder}/{file}.csv.gz"]) for part, file in files.items()}
    report = find_leaks(parts)
    train = [parts["train"].text(i) for i in range(len(parts["train"]))]
    assert len(train) - len(set(train)) == 3_789
    assert report.found["train", "train"].counts()["exact"] == 3_789
    assert report.found["valid", "train"].counts()["exact"] == 358
    assert report.found["test", "train"].counts()["exact"] == 0
    near = report.found["test", "train"]
    assert near.counts()["near"] == 24
    for row, other, share in zip(near.rows, near.others, near.shares, strict=True):
        both, fewer = oracle.shared(parts["test"].text(row), train[other], 16)
        assert share == both / fewer >= 0.6
