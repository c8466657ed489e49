import numpy as np
import pytest

from dnabilstm.genome import Contig
from dnabilstm.tracks import calling
from dnabilstm.tracks.batches import Layout, batches
from dnabilstm.tracks.calling import call_regions, called_regions, complete, near_runs

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


@pytest.mark.parametrize("block", [50, 1000, 1 << 19])
def test_regions_of_many_contigs_do_not_depend_on_the_block(assemblies, random_track, block):
    rng = np.random.default_rng(block)
    assemblies["more"] = {f"c{i}": random_track(int(rng.integers(0, 300)), i) for i in range(100)}
    for tracks in assemblies.values():
        tracks = [np.asarray(track, np.float32) for track in tracks.values()]
        layout = Layout(tuple(Contig("", len(track), 0, "") for track in tracks))
        scores = np.concatenate(tracks)
        for merge_gap in (0, 6, 200):
            settings = {"threshold": 0.7, "extend": 0.4, "min_length": 4, "merge_gap": merge_gap}
            near = (near_runs(scores, batch, 0.4, merge_gap) for batch in batches(layout, block))
            parts = [called_regions(runs, **settings) for runs in complete(near)]
            found = [
                row for part in parts for row in zip(part.start.tolist(), part.end.tolist(), strict=True)
            ]
            wanted = [
                (offset + start, offset + end)
                for track, offset in zip(tracks, layout.offset.tolist(), strict=True)
                for start, end in reference(track.tolist(), **settings)
            ]
            assert found == wanted
            summits = np.concatenate([part.start + part.summit for part in parts])
            tops = np.concatenate([part.max for part in parts])
            assert (scores[summits] == tops).all()
            assert summits.tolist() == [summit_of(scores, start, end) for start, end in wanted]


def summit_of(scores, start, end):
    """The middle of the longest stretch at the maximum, a base at a time."""
    top, best, begin = max(scores[start:end]), (0, 0), None
    for place in range(start, end + 1):
        if place < end and scores[place] == top:
            begin = place if begin is None else begin
        elif begin is not None:
            best = max(best, (place - begin, -begin))
            begin = None
    return (2 * -best[1] + best[0] - 1) // 2


def test_only_what_a_region_may_hold_waits():
    track = np.zeros(10_000, np.float32)
    track[5000:5010] = 0.9
    near = near_runs(track, next(batches(Layout((Contig("a", 10_000, 0, ""),)))), 0.25, 20)
    assert (near.start.tolist(), near.end.tolist(), near.cut) == ([5000], [5010], True)
    assert tuple(calling.Regions.__dataclass_fields__) == calling.REGION_FIELDS


@pytest.mark.parametrize("block", [1, 7])
def test_a_region_may_reach_over_many_batches(random_track, block):
    track = random_track(2000, 5)
    layout = Layout((Contig("", 2000, 0, ""),))
    settings = {"threshold": 0.5, "extend": 0.1, "min_length": 4, "merge_gap": 30}
    near = (near_runs(track, batch, 0.1, 30) for batch in batches(layout, block))
    parts = [called_regions(runs, **settings) for runs in complete(near)]
    found = [row for part in parts for row in zip(part.start.tolist(), part.end.tolist(), strict=True)]
    assert found == reference(track.tolist(), **settings)
    assert max(end - start for start, end in found) > 5 * block
