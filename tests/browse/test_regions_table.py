import numpy as np
import pytest

from dnabilstm.browse.regions_table import Called, Truth, listed_rows, overlaps, rows_of
from dnabilstm.intervals import Intervals, merge


def places(*rows):
    contig, start, end = np.array(rows, np.int64).reshape(-1, 3).T
    return Intervals(contig.astype(np.int32), start, end, np.zeros(len(start), np.int8))


CALLED = Called(
    places((0, 100, 200), (0, 300, 400), (0, 500, 600), (1, 100, 200), (1, 300, 310)),
    np.array([0.7, 0.9, 0.6, 0.8, 0.75]),
    ["a", "b", "c", "d", "e"],
)
# b and d are labelled (d by one base), e lies on what nobody judges, a and c are false calls; two are missed.
TRUTH = Truth(places((0, 350, 420), (0, 700, 800), (1, 199, 250), (1, 900, 950)), places((1, 305, 306)))
TEST = places((1, 0, 1000))


def peaks(intervals):
    return np.array([{700: 0.2, 900: 0.125}[start] for start in intervals.start.tolist()])


def told(rows):
    """Rows without their channel."""
    return [
        (row.kind, row.name, row.contig, row.start, row.end, row.score, round(row.disagreement, 9), row.test)
        for row in rows
    ]


def test_the_best_the_missed_and_the_false_worked_out_by_hand():
    assert told(rows_of("p", CALLED, TRUTH, peaks, test=TEST)) == [
        ("best", "b", 0, 300, 400, 0.9, 0.1, False),
        ("best", "d", 1, 100, 200, 0.8, 0.2, True),
        ("missed", "p, labelled", 1, 900, 950, 0.125, 0.875, True),
        ("missed", "p, labelled", 0, 700, 800, 0.2, 0.8, False),
        ("false", "a", 0, 100, 200, 0.7, 0.7, False),
        ("false", "c", 0, 500, 600, 0.6, 0.6, False),
    ]


def test_the_most_telling_rows_of_a_kind_are_kept():
    assert [row.name for row in rows_of("p", CALLED, TRUTH, peaks, test=TEST, most=1)] == [
        "b",
        "p, labelled",
        "a",
    ]


def test_without_labels_the_highest_are_shown():
    rows = rows_of("p", CALLED, None, peaks, test=TEST, most=3)
    assert [(row.kind, row.name, row.test) for row in rows] == [
        ("called", "b", False), ("called", "d", True), ("called", "e", True),
    ]  # fmt: skip
    assert all(np.isnan(row.disagreement) for row in rows)


def test_a_labelled_region_without_a_score_comes_last():
    truth = Truth(places((0, 700, 800), (0, 900, 950)), places())
    nothing = Called(places(), np.empty(0), [])
    rows = rows_of("p", nothing, truth, lambda some: np.array([np.nan, 0.3]), test=places())
    assert [row.start for row in rows] == [900, 700]


def test_listed_regions_stay_in_their_order():
    listed = Called(places((1, 900, 920), (0, 10, 20)), np.array([0.25, 0.75]), ["x", "y"])
    assert told(listed_rows("p", listed, TRUTH, TEST)) == [
        ("listed", "x", 1, 900, 920, 0.25, 0.75, True),
        ("listed", "y", 0, 10, 20, 0.75, 0.75, False),
    ]
    assert all(np.isnan(row.disagreement) for row in listed_rows("p", listed, None, TEST))


@pytest.mark.parametrize("seed", range(20))
def test_overlaps_are_those_of_a_plain_comparison(seed):
    bases = np.random.default_rng(seed)

    def some(count):
        contig, start, length = (bases.integers(0, top, count) for top in (3, 60, 8))
        return Intervals(contig.astype(np.int32), start, start + length + 1, np.zeros(count, np.int8))

    ours, others = some(30), merge(some(int(bases.integers(0, 8))))
    wanted = [
        any(
            c == d and s < t and u < e
            for d, u, t in zip(others.contig, others.start, others.end, strict=True)
        )
        for c, s, e in zip(ours.contig, ours.start, ours.end, strict=True)
    ]
    assert overlaps(ours, others).tolist() == wanted
