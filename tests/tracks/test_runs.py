import itertools
import threading
import time

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.tracks.runs import NO_CALL, blocks, in_order, joined_runs, round_scores


def reference_runs(track, digits):
    """Joined runs, one base at a time."""
    place, runs = 0, []
    for value, same in itertools.groupby(np.round(track.astype(float), digits).astype(str)):
        length = len(list(same))
        if value != "nan":
            runs.append((place, place + length, round(float(value) * 10**digits)))
        place += length
    return runs


def test_scores_are_rounded_to_steps_and_no_calls_marked():
    scores = np.array([0, 1, 0.1234, 0.1236, 0.0004, 0.9996, np.nan], np.float32)
    assert round_scores(scores, 3).tolist() == [0, 1000, 123, 124, 0, 1000, NO_CALL]
    assert round_scores(scores, 1).tolist() == [0, 10, 1, 1, 0, 10, NO_CALL]


@pytest.mark.parametrize("wrong", [-0.001, 1.001, np.inf, -np.inf])
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(DnabilstmError, match="wanted probabilities"):
        round_scores(np.array([0.5, wrong], np.float32), 3)


@pytest.mark.parametrize("digits", [1, 3, 6])
@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_runs_do_not_depend_on_the_block(random_track, digits, size):
    for seed in range(10):
        track = random_track(1 + 37 * seed, seed)
        found = [row for rows in joined_runs(track, digits, size) for row in zip(*rows, strict=True)]
        assert [tuple(map(int, row)) for row in found] == reference_runs(track, digits)


def test_a_contig_without_bases_or_without_calls_has_no_run():
    for track in (np.empty(0, np.float32), np.full(20, np.nan, np.float32)):
        assert sum(len(start) for start, _, _ in joined_runs(track, 3, 8)) == 0


def test_blocks_cover_a_track_once():
    track = np.arange(10, dtype=np.float32)
    assert [(start, list(some)) for start, some in blocks(track, 4)] == [
        (0, [0, 1, 2, 3]),
        (4, [4, 5, 6, 7]),
        (8, [8, 9]),
    ]


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
