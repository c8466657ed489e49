import json

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.score.store import Scores
from dnabilstm.tracks.calling import call_regions
from dnabilstm.tracks.regions import strand_of, write_regions

NAN = np.nan


def reference(track, threshold, extend, min_length, merge_gap):
    """Regions, one base at a time."""
    stretches, open_since = [], None
    for place, score in enumerate([*track, NAN]):
        if score >= np.float32(extend):
            open_since = place if open_since is None else open_since
        elif open_since is not None:
            stretches.append((open_since, place))
            open_since = None
    regions = []
    for start, end in stretches:
        if not any(score >= np.float32(threshold) for score in track[start:end]):
            continue
        gap = track[regions[-1][1] : start] if regions else None
        if regions and len(gap) < merge_gap and not any(score != score for score in gap):
            regions[-1] = (regions[-1][0], end)
        else:
            regions.append((start, end))
    return [(start, end) for start, end in regions if end - start >= min_length]


def test_regions_by_hand():
    track = np.array([0, 0.3, 0.6, 0.6, 0.6, 0.3, 0.2, 0.3, 0.4, NAN, 0.5, 0.1, 0.9, 0.3], np.float32)
    regions = call_regions(track, threshold=0.5, extend=0.25, min_length=1, merge_gap=2)
    assert list(zip(regions.start.tolist(), regions.end.tolist(), strict=True)) == [(1, 6), (10, 14)]
    np.testing.assert_allclose(regions.mean, [0.48, 0.45], rtol=1e-6)
    np.testing.assert_allclose(regions.max, [0.6, 0.9], rtol=1e-6)
    assert regions.summit.tolist() == [2, 2]


@pytest.mark.parametrize("seed", range(60))
def test_regions_are_those_found_base_by_base(random_track, seed):
    rng = np.random.default_rng(seed)
    track = random_track(int(rng.integers(1, 400)), seed)
    extend, threshold = np.sort(rng.random(2) * 0.98 + 0.01)
    settings = {"min_length": int(rng.integers(1, 20)), "merge_gap": int(rng.integers(0, 30))}
    found = call_regions(track, threshold=threshold, extend=extend, **settings)
    wanted = reference(track.tolist(), threshold, extend, **settings)
    assert list(zip(found.start.tolist(), found.end.tolist(), strict=True)) == wanted
    for start, end, mean, top, summit in zip(
        found.start, found.end, found.mean, found.max, found.summit, strict=True
    ):
        assert top == track[start:end].max() == track[start + summit]
        assert mean == pytest.approx(track[start:end].mean(dtype=float))
        assert not np.isnan(track[start:end]).any()


@pytest.mark.parametrize("seed", range(10))
def test_a_flipped_track_has_flipped_regions(random_track, seed):
    track = random_track(500, seed)
    forward = call_regions(track, threshold=0.6, extend=0.3, min_length=3, merge_gap=5)
    reverse = call_regions(track[::-1], threshold=0.6, extend=0.3, min_length=3, merge_gap=5)
    assert len(forward)
    assert (500 - reverse.end[::-1]).tolist() == forward.start.tolist()
    assert (500 - reverse.start[::-1]).tolist() == forward.end.tolist()
    np.testing.assert_allclose(reverse.mean[::-1], forward.mean)


def test_a_no_call_is_never_bridged():
    apart = np.array([0.9, 0.1, 0.9], np.float32)
    gap = np.array([0.9, NAN, 0.9], np.float32)
    settings = {"threshold": 0.5, "extend": 0.5, "min_length": 1, "merge_gap": 100}
    assert len(call_regions(apart, **settings)) == 1
    assert len(call_regions(gap, **settings)) == 2


def test_the_summit_is_the_middle_of_the_longest_top():
    track = np.array([0.6, 0.9, 0.6, 0.9, 0.9, 0.9, 0.6, 0.9, 0.9], np.float32)
    assert call_regions(track, threshold=0.5, extend=0.5, min_length=1).summit.tolist() == [4]


@pytest.mark.parametrize("track", [[], [NAN, NAN], [0.1, 0.2]])
def test_there_may_be_no_region(track):
    regions = call_regions(np.array(track, np.float32), threshold=0.5, extend=0.25)
    assert len(regions) == 0
    assert regions.summit.dtype == np.int64


def test_strands_of_channels():
    assert [strand_of(name) for name in ("p", "p.plus", "p.minus", "plus")] == [".", "+", "-", "."]


def test_the_bed_holds_sorted_unique_regions(make_scores, tmp_path):
    bump = [0.1] * 5 + [0.8] * 12 + [0.1] * 40 + [1.0] * 11
    scores = make_scores({"chr2": bump, "empty": [], "gap": [NAN] * 30, "chr1": bump}, "p.minus")
    table = write_regions(scores, tmp_path, threshold=0.5)
    assert (tmp_path / "p.minus.regions.bed").read_text() == (
        "chr2\t5\t17\tp.minus_1\t800\t-\t0.8000\t0.8000\t5\n"
        "chr2\t57\t68\tp.minus_2\t1000\t-\t1.0000\t1.0000\t5\n"
        "chr1\t5\t17\tp.minus_3\t800\t-\t0.8000\t0.8000\t5\n"
        "chr1\t57\t68\tp.minus_4\t1000\t-\t1.0000\t1.0000\t5\n"
    )
    assert table["channels"]["p.minus"] == {
        "file": "p.minus.regions.bed",
        "threshold": 0.5,
        "extend": 0.25,
        "regions": 4,
        "bases": 46,
    }
    assert json.loads((tmp_path / "regions.json").read_text()) == table


def test_thresholds_come_from_the_model_unless_given(make_scores, tmp_path):
    track = {"a": [0.1] * 20 + [0.3] * 20 + [0.1] * 20 + [0.6] * 20}
    with_own = make_scores(track, thresholds={"promoter": 0.25})
    assert write_regions(with_own, tmp_path)["channels"]["promoter"]["regions"] == 2
    assert write_regions(with_own, tmp_path, threshold=0.4)["channels"]["promoter"]["regions"] == 1
    assert write_regions(make_scores(track), tmp_path)["channels"]["promoter"]["threshold"] == 0.5


def test_the_spread_of_an_ensemble_calls_nothing(make_scores, tmp_path):
    one = make_scores({"a": [0.1] * 20 + [0.9] * 20})
    both = Scores(one.contigs, ("promoter", "promoter.spread"), np.repeat(one.values, 2, axis=0), {})
    assert set(write_regions(both, tmp_path)["channels"]) == {"promoter", "promoter.spread"}
    both.info["spread"] = {"promoter": "promoter.spread"}
    assert set(write_regions(both, tmp_path / "b")["channels"]) == {"promoter"}
    assert [path.name for path in sorted((tmp_path / "b").iterdir())] == [
        "promoter.regions.bed",
        "regions.json",
    ]


def test_extending_above_the_threshold_is_refused(make_scores, tmp_path):
    scores = make_scores({"a": [0.5]}, thresholds={"promoter": 0.2})
    with pytest.raises(DnabilstmError, match=r"promoter: extend is 0\.3 and the threshold 0\.2"):
        write_regions(scores, tmp_path, extend=0.3)
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_an_error(make_scores, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DnabilstmError, match="cannot be written"):
        write_regions(make_scores({"a": [0.5]}), tmp_path / "file")
