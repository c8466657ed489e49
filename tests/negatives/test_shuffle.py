"""Shuffled sequences have the very same dinucleotides, and each such sequence is equally likely."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest

from dnabilstm.negatives import shuffle
from dnabilstm.negatives.shuffle import shuffle_dinucleotides
from dnabilstm.sequences.read import from_texts


def shuffled(texts, seed=0):
    made = from_texts(texts)
    codes = shuffle_dinucleotides(made.codes, made.borders, np.random.default_rng(seed))
    letters = np.frombuffer(b"=ACMGRSVTWYHKDBN", np.uint8)[codes].tobytes().decode()
    return [letters[a:b] for a, b in zip(made.borders[:-1], made.borders[1:], strict=True)]


def pairs(text):
    return Counter(text[i : i + 2] for i in range(len(text) - 1))


def check(texts, results):
    for text, result in zip(texts, results, strict=True):
        assert pairs(result) == pairs(text)
        assert (len(result), result[0], result[-1]) == (len(text), text[0], text[-1])


def test_the_smallest_and_the_plainest_keep_their_counts():
    texts = ["A", "AC", "AA", "ACA", "A" * 50, "AAAAC", "CAAAA", "ACACACAC", "N", "NA", "ACGTRYSWKMBDHVN"]
    for seed in range(50):
        check(texts, shuffled(texts, seed))


@pytest.mark.parametrize("letters", ["ACGT", "AC", "ACGTN", "ACGTRYSWKMBDHVN"])
def test_many_random_sequences_keep_their_counts_and_change(letters):
    rng = np.random.default_rng(1)
    texts = ["".join(rng.choice(list(letters), size)) for size in rng.integers(1, 200, 500)]
    results = shuffled(texts)
    check(texts, results)
    long = [(a, b) for a, b in zip(texts, results, strict=True) if len(a) > 30]
    assert all(a != b for a, b in long)


@pytest.mark.parametrize("text", ["ACGTACGGTCA", "AACAGATTACA", "ANCARCANRCA", "GATTAGATTC"])
def test_all_sequences_of_the_same_counts_are_equally_likely(text):
    inner = set(permutations(text[1:-1]))
    possible = {text[0] + "".join(middle) + text[-1] for middle in inner}
    possible = {other for other in possible if pairs(other) == pairs(text)}
    draws = 400 * len(possible)
    found = Counter(shuffled([text] * draws))
    assert set(found) == possible
    assert len(possible) > 3
    # Chi-squared: mean n - 1, variance 2 (n - 1); five standard deviations.
    freedom = len(possible) - 1
    chi = sum((count - 400) ** 2 / 400 for count in found.values())
    assert chi < freedom + 5 * (2 * freedom) ** 0.5


def test_what_is_shuffled_together_does_not_matter_to_the_counts(monkeypatch):
    rng = np.random.default_rng(2)
    texts = ["".join(rng.choice(list("ACGT"), size)) for size in rng.integers(1, 90, 50)]
    for block in (1, 64, 100, 1000):
        monkeypatch.setattr(shuffle, "BLOCK", block)
        check(texts, shuffled(texts))


def test_sequences_that_a_walk_hardly_leaves_are_shuffled_too():
    text = "A" * 3000 + "C" * 3000 + "AC" * 1000 + "G" * 3000 + "T"
    check([text], shuffled([text]))
