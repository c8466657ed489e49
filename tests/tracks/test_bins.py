import numpy as np
import pytest

from dnabilstm.tracks.bins import Bins, Summary

NAN = np.nan


def test_bins_by_hand():
    values = np.array([0.5, 1, NAN, NAN, NAN, 0.25], np.float32)
    bins = Bins.of_bases(values, 2)
    assert bins.count.tolist() == [2, 0, 1]
    np.testing.assert_array_equal(bins.minimum, np.array([0.5, NAN, 0.25], np.float32))
    np.testing.assert_array_equal(bins.maximum, np.array([1, NAN, 0.25], np.float32))
    assert bins.total.tolist() == [1.5, 0, 0.25]
    assert bins.squares.tolist() == [1.25, 0, 0.0625]


def test_a_coarser_level_is_that_of_the_bases(random_track):
    values = random_track(1000, 1)
    once, twice = Bins.of_bases(values, 128), Bins.of_bases(values, 32).coarser(4)
    for name in ("count", "minimum", "maximum"):
        np.testing.assert_array_equal(getattr(once, name), getattr(twice, name))
    np.testing.assert_allclose(once.total, twice.total)
    np.testing.assert_allclose(once.squares, twice.squares)


def test_records_leave_out_empty_bins_and_end_with_the_contig():
    records = Bins.of_bases(np.array([1, 1, NAN, NAN, 0.5], np.float32), 2).records(3, 100, 2, 105)
    assert records[["contig", "start", "end", "count"]].tolist() == [(3, 100, 102, 2), (3, 104, 105, 1)]


def test_records_reach_the_last_base_of_a_huge_contig():
    last = 2**32 - 1
    assert Bins.of_bases(np.ones(2, np.float32), 32).records(0, last - 2, 32, last)["end"] == [last]


def test_a_summary_is_that_of_all_blocks(random_track):
    values, summary = random_track(1000, 2), Summary()
    for start in range(0, 1000, 100):
        summary.add(Bins.of_bases(values[start : start + 100], 32))
    assert summary.bases == np.isfinite(values).sum()
    assert (summary.minimum, summary.maximum) == (np.nanmin(values), np.nanmax(values))
    assert summary.total == pytest.approx(np.nansum(values.astype(float)))
    assert summary.squares == pytest.approx(np.nansum(values.astype(float) ** 2))


def test_a_summary_of_no_score_has_no_figures():
    summary = Summary()
    summary.add(Bins.of_bases(np.full(5, NAN, np.float32), 32))
    assert summary.bases == 0
    assert np.isnan([summary.minimum, summary.maximum]).all()
