"""Memory of mapped arrays that is given back."""

from pathlib import Path

import numpy as np
import pytest

from dnabilstm.files import release


def resident() -> int:
    """Bytes of files that are mapped and in memory."""
    with Path("/proc/self/status").open() as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("RssFile"))


def mapped(path, mode: str) -> np.memmap:
    np.ones(1 << 24, np.uint8).tofile(path)
    return np.memmap(path, np.uint8, mode)


@pytest.mark.parametrize("mode", ["r", "r+"])
def test_pages_go_and_the_content_stays(tmp_path, mode):
    array = mapped(tmp_path / "a", mode)
    view = array[5:].reshape(-1, 1)
    if mode == "r+":
        array[10] = 9
    assert array.sum() >= 1 << 24
    before = resident()
    release(view)
    assert before - resident() > 1 << 23
    assert array[10] == (9 if mode == "r+" else 1)


def test_private_changes_are_kept(tmp_path):
    array = mapped(tmp_path / "a", "c")
    array[3] = 7
    release(array)
    assert array[3] == 7


def test_other_arrays_are_left_alone():
    array = np.arange(10)
    release(array[2:])
    assert array.sum() == 45
