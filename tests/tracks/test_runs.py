import threading
import time

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig
from dnabilstm.tracks import runs
from dnabilstm.tracks.batches import Layout, batches
from dnabilstm.tracks.runs import NO_CALL, batch_runs, called_runs, in_order, round_scores, whole_runs


def test_scores_are_rounded_to_steps_and_no_calls_marked():
    scores = np.array([0, 1, 0.1234, 0.1236, 0.0004, 0.9996, np.nan], np.float32)
    assert round_scores(scores, 3).tolist() == [0, 1000, 123, 124, 0, 1000, NO_CALL]
    assert round_scores(scores, 1).tolist() == [0, 10, 1, 1, 0, 10, NO_CALL]


@pytest.mark.parametrize("wrong", [-0.001, 1.001, np.inf, -np.inf])
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(DnabilstmError, match="wanted probabilities"):
        round_scores(np.array([0.5, wrong], np.float32), 3)


def whole_runs_of(tracks, digits, block):
    """Contig, start, end and rounded score of every run that the batches give, and of the runs within them."""
    layout = Layout(tuple(Contig(name, len(track), 0, "") for name, track in tracks.items()))
    scores = np.concatenate([np.asarray(track, np.float32) for track in tracks.values()])
    whole, cut = [], []
    for batch in batches(layout, block):
        runs = batch_runs(scores, batch, digits)
        called = called_runs(runs)
        assert runs.first.tolist()[0] == 0
        assert runs.first[-1] == len(runs.start)
        for some, found in ((called, cut), (whole_runs(runs, called), whole)):
            contig = np.repeat(some.contig, some.count)
            found += zip(
                contig.tolist(), some.start.tolist(), some.end.tolist(), some.code.tolist(), strict=True
            )
    return whole, cut


@pytest.mark.parametrize("digits", [1, 3, 6])
@pytest.mark.parametrize("block", [31, 1000, 1 << 19])
def test_runs_are_those_found_base_by_base_whatever_the_block(assemblies, runs_by_base, digits, block):
    for tracks in assemblies.values():
        whole, cut = whole_runs_of(tracks, digits, block)
        wanted = [
            (i, start, end, round(score * 10**digits))
            for i, track in enumerate(tracks.values())
            for start, end, score in runs_by_base(track, digits)
        ]
        assert whole == wanted
        assert sum(end - start for _, start, end, _ in cut) == sum(end - start for _, start, end, _ in wanted)


def test_a_run_over_many_batches_belongs_to_the_first(monkeypatch):
    monkeypatch.setattr(runs, "_AHEAD", 3)
    track = np.array([0.1] * 5 + [0.5] * 30 + [np.nan] * 20 + [0.5] * 3, np.float32)
    whole, cut = whole_runs_of({"a": track}, 3, 8)
    assert whole == [(0, 0, 5, 100), (0, 5, 35, 500), (0, 55, 58, 500)]
    assert cut[1:3] == [(0, 5, 8, 500), (0, 8, 16, 500)]


def test_equal_scores_of_two_contigs_are_two_runs():
    whole, _ = whole_runs_of({"a": [0.5] * 3, "none": [], "b": [0.5] * 4}, 3, 64)
    assert whole == [(0, 0, 3, 500), (2, 0, 4, 500)]


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_order_and_few_are_held(workers):
    taken, started, lock = [0], [0], threading.Lock()

    def items():
        for item in range(30):
            taken[0] += 1
            yield item

    def slow(item):
        with lock:
            started[0] += 1
        time.sleep(0.001 * (item % 3))
        return item

    for number, result in enumerate(in_order(slow, items(), workers)):
        assert result == number
        assert taken[0] <= number + 1 + 2 * workers
    assert started[0] == 30
