"""Overlapping places against a comparison of every two."""

import numpy as np
import pytest

from dnabilstm.audit.overlaps import find_overlaps, find_own_overlaps, number_places
from dnabilstm.sequences.store import Place


def spans(*pairs):
    return np.array(pairs, np.int64).reshape(-1, 2)


def share_a_base(one, other):
    return min(one[1], other[1]) > max(one[0], other[0])


def test_what_touches_does_not_overlap():
    rows, found, shares = find_overlaps(
        spans((0, 100), (200, 300), (299, 310)), spans((100, 200), (290, 300))
    )
    assert rows.tolist() == [1, 2]
    assert found.tolist() == [1, 1]
    assert shares.tolist() == [1.0, 0.1]


def test_an_interval_far_back_that_reaches_over_all_others_is_found():
    rows, found, _ = find_overlaps(spans((900, 950)), spans((0, 1000), (10, 20), (30, 40)))
    assert (rows.tolist(), found.tolist()) == ([0], [0])


def test_contigs_are_apart_whatever_their_names():
    places = number_places([[Place("b", 0, 10), Place("a", 5, 9)], [Place("a", 8, 30), Place("c", 0, 9)], []])
    rows, found, shares = find_overlaps(places[0], places[1])
    assert (rows.tolist(), found.tolist(), shares.tolist()) == ([1], [0], [0.25])
    assert [len(rows) for rows in find_overlaps(places[0], places[2])] == [0, 0, 0]
    assert [len(rows) for rows in find_overlaps(places[2], places[0])] == [0, 0, 0]


@pytest.mark.parametrize("seed", range(20))
def test_every_two_compared_give_the_same(seed):
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 300, (2, 25))
    one, other = (np.stack([s, s + rng.integers(0, 12, 25)], axis=1) for s in start)
    rows, found, shares = find_overlaps(one, other)
    assert rows.tolist() == [i for i, a in enumerate(one) if any(share_a_base(a, b) for b in other)]
    for row, twin, share in zip(rows, found, shares, strict=True):
        both = min(one[row][1], other[twin][1]) - max(one[row][0], other[twin][0])
        assert share == both / min(np.diff(one[row])[0], np.diff(other[twin])[0]) > 0


@pytest.mark.parametrize("seed", range(20))
def test_within_a_set_all_but_the_first_of_a_cluster(seed):
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 200, 25)
    one = np.stack([start, start + rng.integers(0, 12, 25)], axis=1)
    begins = sorted(range(25), key=lambda i: (one[i][0], i))
    wanted = [i for n, i in enumerate(begins) if any(share_a_base(one[i], one[j]) for j in begins[:n])]
    rows, found, _ = find_own_overlaps(one)
    assert rows.tolist() == sorted(wanted)
    assert all(share_a_base(one[i], one[j]) for i, j in zip(rows, found, strict=True))
