import numpy as np
import pytest

from dnabilstm.tracks import one_pass
from dnabilstm.tracks.batches import Layout
from dnabilstm.tracks.one_pass import available_cores, write_in_one_pass


class Recorder:
    """A track that keeps what it is given."""

    def __init__(self):
        self.written = []

    def pack(self, runs, called):
        return runs.batch.start, called.start.tolist()

    def write(self, packed):
        self.written.append(packed)


@pytest.mark.parametrize("workers", [1, 3])
def test_all_tracks_get_all_batches_in_order(make_scores, random_track, small_batches, workers):
    small_batches(64)
    scores = make_scores({"a": random_track(1000, 1), "b": random_track(30, 2), "c": random_track(200, 3)})
    tracks, done = [Recorder(), Recorder()], []
    layout = Layout(scores.contigs)
    write_in_one_pass(scores, "promoter", tracks, layout, workers=workers, progress=done.append)
    assert tracks[0].written == tracks[1].written
    assert [start for start, _ in tracks[0].written] == sorted(start for start, _ in tracks[0].written)
    assert sum(done) == 2 * 1230
    assert len(tracks[0].written) > 15


def test_memory_of_mapped_scores_goes_back(make_scores, small_batches, monkeypatch):
    released = []
    monkeypatch.setattr(one_pass, "release", released.append)
    small_batches(1)
    scores = make_scores({"a": np.zeros(100)})
    write_in_one_pass(scores, "promoter", [Recorder()], Layout(scores.contigs))
    assert len(released) == 100 // one_pass.KEPT + 1


def test_there_is_a_core():
    assert available_cores() >= 1
