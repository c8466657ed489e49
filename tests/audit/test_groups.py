"""Groups against the transitive closure of every two compared."""

import numpy as np
import pytest

from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.groups import groups_of
from dnabilstm.sequences.parts import choose_parts
from tests.audit import oracle
from tests.audit.oracle import random_text, sequences, turned


def closed(count, pairs):
    """Groups of a union-find over pairs, numbered by their first members."""
    root = list(range(count))

    def find(i):
        while root[i] != i:
            i = root[i]
        return i

    for i, j in pairs:
        root[find(j)] = find(i)
    numbers = {}
    return [numbers.setdefault(find(i), len(numbers)) for i in range(count)]


def test_links_of_every_kind_join_a_group():
    rng = np.random.default_rng(0)
    a, b, c = (random_text(rng, 100) for _ in range(3))
    shifted = [a, a[20:] + random_text(rng, 20)]
    shifted.append(shifted[1][20:] + random_text(rng, 20))
    shifted.append(shifted[2][20:] + random_text(rng, 20))  # 40 bases are left of the first: not near that
    texts = [shifted[3], b, shifted[0], turned(shifted[2]), c, turned(b), shifted[1], b]
    assert groups_of(sequences(texts)).tolist() == [0, 1, 0, 0, 2, 1, 0, 1]


def test_overlapping_places_join_a_group():
    rng = np.random.default_rng(1)
    places = [("c", 50, 60), ("c", 0, 20), ("d", 0, 20), ("c", 19, 51), ("c", 60, 70)]
    texts = [random_text(rng, end - start) for _, start, end in places]
    assert groups_of(sequences(texts, places=places)).tolist() == [0, 0, 1, 0, 2]


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_the_closure_of_the_pairs(seed):
    rng = np.random.default_rng(seed)
    texts = oracle.family(rng)
    texts += [texts[i] for i in rng.choice(len(texts), 8)]
    places = [("c", start, start + 40) for start in rng.integers(0, 4_000, len(texts)).tolist()]
    pairs = list(oracle.near(texts, 16, 0.6, 16))
    for i, one in enumerate(texts):
        for j in range(i):
            same = texts[j] in (one, turned(one)) or abs(places[i][1] - places[j][1]) < 40
            pairs += [(j, i)] if same else []
    wanted = closed(len(texts), pairs)
    assert groups_of(sequences(texts, places=places), AuditConfig()).tolist() == wanted
    assert 1 < len(set(wanted)) < len(texts)


def test_the_order_of_the_sequences_does_not_matter():
    texts = oracle.family(np.random.default_rng(8))
    order = np.random.default_rng(9).permutation(len(texts))
    one, other = groups_of(sequences(texts))[order], groups_of(sequences([texts[i] for i in order]))
    assert len(set(zip(one.tolist(), other.tolist(), strict=True))) == len(set(one.tolist()))


def test_no_sequence_and_one():
    assert groups_of(sequences([])).tolist() == []
    assert groups_of(sequences(["ACGT"])).tolist() == [0]


def test_a_chain_of_shifts_is_one_group():
    text = random_text(np.random.default_rng(2), 3_060)
    chain = sequences([text[start : start + 60] for start in range(0, 3_000, 6)])
    assert groups_of(chain).tolist() == [0] * 500


def test_a_split_by_groups_leaks_nothing():
    from dnabilstm.audit.leaks import find_leaks

    rng = np.random.default_rng(3)
    texts = [text for seed in range(12) for text in oracle.family(np.random.default_rng(seed))]
    one = sequences(texts, rng.integers(0, 2, len(texts)), ("no", "yes"))
    parts = choose_parts(one, valid=0.2, test=0.2, groups=groups_of(one), seed=1)
    assert find_leaks({part: one.subset(rows) for part, rows in parts.items()}).leaks == 0
    parts = choose_parts(one, valid=0.2, test=0.2, seed=1)
    assert find_leaks({part: one.subset(rows) for part, rows in parts.items()}).leaks > 0
