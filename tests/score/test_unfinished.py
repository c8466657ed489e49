"""What an interrupted run leaves, whatever interrupted it."""

import contextlib
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import reserve
from dnabilstm.score import unfinished
from dnabilstm.score.unfinished import FOLDER, JOURNAL, unfinished_scores

SHAPE = (2, 100)


def interrupted(place, first=10, last=30, identity="one"):
    with contextlib.suppress(KeyboardInterrupt), unfinished_scores(place, SHAPE, {"of": identity}) as scores:
        scores.write(first, last, np.full((2, last - first), 7.0, np.float32), done=(first, last))
        raise KeyboardInterrupt


def test_what_is_done_is_found_again(tmp_path):
    interrupted(tmp_path)
    interrupted(tmp_path, 40, 50)
    with unfinished_scores(tmp_path, SHAPE, {"of": "one"}) as scores:
        assert scores.done == {10: 30, 40: 50}
        assert (scores.values[:, 10:30] == 7).all()
        assert (scores.values[:, 40:50] == 7).all()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("shape", "identity"), [(SHAPE, "two"), ((1, 100), "one"), ((2, 101), "one")])
def test_the_work_of_another_run_is_not_taken_up(tmp_path, shape, identity):
    interrupted(tmp_path)
    with unfinished_scores(tmp_path, shape, {"of": identity}) as scores:
        assert scores.done == {}
        assert scores.values.shape == shape


def test_nothing_is_left_where_nothing_was_done(tmp_path):
    with pytest.raises(KeyboardInterrupt), unfinished_scores(tmp_path, SHAPE, {}):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_half_a_line_of_the_journal_does_not_count(tmp_path):
    interrupted(tmp_path)
    with (tmp_path / FOLDER / JOURNAL).open("ab") as out:
        out.write(b"1234567")
    with unfinished_scores(tmp_path, SHAPE, {"of": "one"}) as scores:
        assert scores.done == {10: 30}


def test_two_runs_do_not_share_a_folder(tmp_path):
    with (
        unfinished_scores(tmp_path, SHAPE, {}),
        pytest.raises(DnabilstmError, match="another run is scoring into this folder"),
        unfinished_scores(tmp_path, SHAPE, {}),
    ):
        pass


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    def full(path, size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(unfinished, "reserve", full)
    with (
        pytest.raises(DnabilstmError, match="cannot be written: No space left on device"),
        unfinished_scores(tmp_path, SHAPE, {}),
    ):
        pass
    assert not list(tmp_path.rglob("*.f32"))
    monkeypatch.setattr(unfinished, "reserve", reserve)
    with unfinished_scores(tmp_path, SHAPE, {}) as scores:
        assert scores.done == {}


KILLED = """
import sys, time
import numpy as np
from pathlib import Path
from dnabilstm.score import unfinished
unfinished.CHECKPOINT = 0
with unfinished.unfinished_scores(Path(sys.argv[1]), (2, 100), {}) as scores:
    scores.write(0, 50, np.full((2, 50), 3.0, np.float32), done=(0, 50))
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_killed_run_is_taken_up(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        os.kill(child.pid, signal.SIGKILL)
    with unfinished_scores(tmp_path, SHAPE, {}) as scores:
        assert scores.done == {0: 50}
        assert (scores.values[:, :50] == 3).all()
