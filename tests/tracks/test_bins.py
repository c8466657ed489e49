import numpy as np
import pytest

from dnabilstm.genome import Contig
from dnabilstm.tracks.batches import Layout, batches
from dnabilstm.tracks.bins import Bins, Totals
from dnabilstm.tracks.runs import NO_CALL, batch_runs

NAN = np.nan


def runs_of(*tracks, block=1 << 19):
    layout = Layout(tuple(Contig(f"c{i}", len(track), 0, "") for i, track in enumerate(tracks)))
    scores = np.concatenate([np.asarray(track, np.float32) for track in tracks])
    return [batch_runs(scores, batch, 3) for batch in batches(layout, block)]


def test_bins_by_hand():
    (runs,) = runs_of([0.5, 1, NAN, NAN, NAN, 0.25], [0.125])
    bins = Bins.of_runs(runs, 2)
    assert bins.number.tolist() == [3, 1]
    assert bins.count.tolist() == [2, 0, 1, 1]
    assert bins.minimum[[0, 2, 3]].tolist() == [500, 250, 125]
    assert bins.maximum.tolist() == [1000, NO_CALL, 250, 125]
    assert bins.total.tolist() == [1500, 0, 250, 125]
    assert bins.squares.tolist() == [1_250_000, 0, 62_500, 15_625]


@pytest.mark.parametrize("width", [1, 4, 32, 100, 5000])
def test_bins_are_those_of_the_bases(random_track, width):
    tracks = [random_track(length, length) for length in (1, 999, 32, 64, 400)]
    for calls_only in (False, True):
        some = [np.nan_to_num(track) for track in tracks] if calls_only else tracks
        (runs,) = runs_of(*some)
        bins, row = Bins.of_runs(runs, width), 0
        for track in some:
            codes = np.rint(track.astype(float) * 1000)
            for start in range(0, len(codes), width):
                part = codes[start : start + width]
                part = part[~np.isnan(part)].astype(int)
                assert bins.count[row] == len(part)
                assert bins.total[row] == part.sum()
                assert bins.squares[row] == (part**2).sum()
                if len(part):
                    assert (bins.minimum[row], bins.maximum[row]) == (part.min(), part.max())
                row += 1
        assert row == len(bins.count)


def test_a_coarser_level_is_that_of_the_bases(random_track):
    (runs,) = runs_of(*(random_track(length, length) for length in (1000, 1, 130, 31)))
    once, twice = Bins.of_runs(runs, 128), Bins.of_runs(runs, 32).coarser(4)
    for name in ("number", "count", "minimum", "maximum", "total", "squares"):
        np.testing.assert_array_equal(getattr(once, name), getattr(twice, name))


def test_records_leave_out_empty_bins_and_end_with_the_contig():
    (runs,) = runs_of([1, 1, NAN, NAN, 0.5], [0.25] * 2)
    records = Bins.of_runs(runs, 2).records(runs.batch, 2, 3)
    assert records[["contig", "start", "end", "count"]].tolist() == [(0, 0, 2, 2), (0, 4, 5, 1), (1, 0, 2, 2)]
    assert records["minimum"].tolist() == [1, 0.5, 0.25]
    assert records["squares"].tolist() == [2, 0.25, 0.125]


def test_records_of_a_later_batch_have_their_place():
    _, runs = runs_of([0.5] * 13, block=8)
    records = Bins.of_runs(runs, 4).records(runs.batch, 4, 3)
    assert records[["start", "end"]].tolist() == [(8, 12), (12, 13)]


def test_totals_are_those_of_all_batches(random_track):
    track, totals = random_track(1000, 2), Totals()
    for runs in runs_of(track, block=128):
        totals.add(Bins.of_runs(runs, 32))
    summary, rounded = totals.summary(3), np.round(track.astype(float), 3)
    assert summary.bases == np.isfinite(track).sum()
    assert (summary.minimum, summary.maximum) == (np.nanmin(rounded), np.nanmax(rounded))
    assert summary.total == pytest.approx(np.nansum(rounded))
    assert summary.squares == pytest.approx(np.nansum(rounded**2))


def test_a_summary_of_no_score_has_no_figures():
    totals = Totals()
    for runs in runs_of(np.full(5, NAN)):
        totals.add(Bins.of_runs(runs, 32))
    summary = totals.summary(3)
    assert summary.bases == 0
    assert np.isnan([summary.minimum, summary.maximum]).all()
