"""Sets of sequences that are unlike the usual: each works, or is refused in clear words."""

import warnings

import numpy as np
import pandas as pd
import pytest
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord
from sklearn.exceptions import NotFittedError

from dnabilstm.estimator import repeat_groups
from tests.estimator.small import named, quick, texts_of

X, RICH = texts_of(20)
Y = named(RICH)
BASES = np.random.default_rng(7)


def random_texts(lengths):
    return ["".join(BASES.choice(list("ACGT"), length)) for length in lengths]


def imbalanced(rare):
    """So many sequences of a rare class in 1,002."""
    texts = random_texts([12] * 1_002)
    return texts, [1] * rare + [0] * (1_002 - rare)


WORKS = {
    "twenty_sequences": (X, Y),
    "two_of_each_class": (X[:4], Y[:4]),
    "ten_classes": (random_texts([30] * 60), [i % 10 for i in range(60)]),
    "one_to_500": imbalanced(2),
    "unequal_lengths": (random_texts([1, 2, 3, 700, 30, 31, 1, 80, 5, 300]), list("ab" * 5)),
    "contradictory_labels": ([*X, *X[:6]], [*Y, *(named([not one for one in RICH[:6]]))]),
    "one_all_n": (["N" * 30, *X[1:]], Y),
    "iupac_and_lower_case": (["acgtRYKMSWBDHVNnryk", *X[1:]], Y),
    "rna": ([text.replace("T", "U") for text in X], Y),
    "class_names_of_any_kind": (X, ["a\tb" if one else "é, 'x'" for one in RICH]),
    "column_of_objects": (np.array(X, object), np.array(Y, object)),
}


@pytest.mark.parametrize("case", WORKS)
def test_works(case):
    texts, labels = WORKS[case]
    model = quick(min_steps=5).fit(texts, labels)
    assert model.classes_.tolist() == sorted(set(np.array(labels).tolist()))
    found = model.predict_proba(texts)
    assert found.shape == (len(texts), len(set(labels)))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    parts = model.model_.card["sequences"]
    for part in ("train", "valid"):
        assert min(parts[part]["classes"].values()) >= 1
    assert sum(sum(parts[part]["classes"].values()) for part in parts) == len(texts)


def test_an_unused_category_is_no_class():
    labels = pd.Series(Y).astype(pd.CategoricalDtype(["poor", "none", "rich"]))
    assert quick(min_steps=5).fit(pd.Series(X), labels).classes_.tolist() == ["poor", "rich"]


def test_a_rare_class_is_learned_if_classes_weigh_the_same():
    texts, rich = texts_of(400)
    kept = [i for i in range(400) if not rich[i]] + [i for i in range(400) if rich[i]][:8]
    texts, labels = [texts[i] for i in kept], [rich[i] for i in kept]
    model = quick(class_weight="balanced", min_steps=60).fit(texts, labels)
    new, truth = texts_of(40, seed=5)
    found = model.predict_proba(new)[:, 1]
    assert np.mean(found[truth]) > 3 * np.mean(found[np.logical_not(truth)])


REFUSED = {
    "one_class": (X, ["rich"] * 20, "y: has one class only (rich); wanted two classes or more"),
    "one_sequence_of_a_class": (X, ["odd", *Y[1:]], "y: class 'odd' has 1; wanted at least 2 sequences"),
    "length_zero": (["", *X[1:]], Y, "X[0]: record 'X[0]' has no base (length 0)"),
    "no_base": (["ACGJ", *X[1:]], Y, "X[0]: "),
    "not_ascii": (["ACGÄ", *X[1:]], Y, "X[0]: "),
    "blank": (["AC GT", *X[1:]], Y, "X[0]: "),
    "fewer_labels": (X, Y[1:], "X has 20 sequences and y 19 labels"),
    "nan_in_x": ([np.nan, *X[1:]], Y, "X[0]: is of type float; wanted a str of nucleotides"),
    "missing_in_series": (pd.Series([None, *X[1:]]), Y, "X[0]: is of type"),
    "bytes_in_x": ([b"ACGT", *X[1:]], Y, "X[0]: is of type bytes; wanted a str"),
    "mixed_records": (
        [SeqRecord(Seq("ACGT"), id="a"), *X[1:]],
        Y,
        "X[1]: is of type str; wanted a SeqRecord",
    ),
    "no_sequence": ([], [], "X: has no sequence"),
    "one_str": ("ACGTACGT", Y, "X: is of type str; wanted a list"),
    "one_record": (SeqRecord(Seq("ACGT"), id="a"), Y, "X: is of type SeqRecord; wanted a list"),
    "a_set": (set(X), Y, "X: is of type set; wanted a list"),
    "a_table": (pd.DataFrame({"sequence": X}), Y, "X: is of type DataFrame and shape (20, 1); wanted a list"),
    "numbers": (np.zeros((20, 3)), Y, "X: is of type ndarray and shape (20, 3); wanted a list"),
    "no_such_file": ("none.fa", Y, "none.fa"),
    "no_y": (X, None, "requires y to be passed, but the target y is None"),
    "nan_in_y": (X, [np.nan] + [1.0, 0.0] * 9 + [1.0], "Input y contains NaN"),
    "none_in_y": (X, [None, *Y[1:]], "y: Unknown label type: NoneType, str; wanted labels of one type"),
    "mixed_y": (X, [1, *Y[1:]], "Unknown label type: int, str"),
    "bytes_in_y": (X, np.array(Y, "S4"), "Unknown label type: bytes"),
    "continuous_y": (X, np.linspace(0, 1, 20), "Unknown label type: continuous"),
    "two_columns_of_y": (X, np.zeros((20, 2)), "y should be a 1d array"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused(case):
    texts, labels, message = REFUSED[case]
    if case == "mixed_y":
        labels = np.array(labels, object)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError) as raised:
            quick().fit(texts, labels)
    assert message in str(raised.value)
    if case not in ("mixed_records", "continuous_y", "two_columns_of_y", "nan_in_y"):
        assert len(str(raised.value).splitlines()) == 1


def test_every_wrong_sequence_is_named():
    with pytest.raises(ValueError) as raised:
        quick().fit(["", "ACGT", "AXGT", "AC"], list("abab"))
    assert [line.partition(":")[0] for line in str(raised.value).splitlines()] == ["X[0]", "X[2]"]


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_spread", "save"])
def test_what_is_not_fitted_says_so(method):
    with pytest.raises(NotFittedError, match="This DNABiLSTMClassifier instance is not fitted yet"):
        getattr(quick(), method)(X)


def test_what_cannot_be_predicted_is_refused():
    model = quick(min_steps=2).fit(X, Y)
    for given, message in (([], "has no sequence"), (["ACGJ"], r"X\[0\]"), ("ACGT", "is of type str")):
        with pytest.raises(ValueError, match=message):
            model.predict(given)
    assert model.predict(["N", "A" * 3_000]).shape == (2,)


def test_copies_validate_with_copies():
    """Each sequence five times, the third and fourth on the other strand: of every one all copies or none."""
    texts = random_texts([60] * 12)
    turned = [str(Seq(text).reverse_complement()) for text in texts]
    copies = [*texts, *texts, *turned, *turned, *texts]
    labels = [i % 2 for i in range(12)] * 5
    groups = repeat_groups(copies)
    assert groups.tolist() == list(range(12)) * 5
    card = quick(min_steps=2).fit(copies, labels).model_.card["sequences"]
    assert all(count % 5 == 0 for part in card.values() for count in part["classes"].values())


@pytest.mark.parametrize("texts", [["N" * 30] * 20, ["ACGTTGCAGT" * 5] * 20], ids=["all_n", "copies"])
@pytest.mark.parametrize("more", [{}, {"folds": 2}], ids=["part", "folds"])
def test_where_all_are_alike_copies_are_parted_with_a_warning(texts, more):
    with pytest.warns(UserWarning, match="repeat each other .* drawn one by one"):
        model = quick(min_steps=2, **more).fit(texts, Y)
    np.testing.assert_allclose(model.predict_proba(texts)[0], 0.5, atol=0.2)


def test_without_validation_part_one_sequence_of_a_class_is_enough():
    model = quick(validation_fraction=0, min_steps=5).fit(X[:4], ["a", "b", "c", "a"])
    card = model.model_.card["sequences"]
    assert card["train"] == card["valid"]
    assert model.predict_proba(X).shape == (20, 3)


def test_each_fold_wants_every_class():
    with pytest.raises(ValueError, match="class 'odd' has 2; wanted at least 3 sequences of each class"):
        quick(folds=3).fit(X, ["odd", "odd", *Y[2:]])
