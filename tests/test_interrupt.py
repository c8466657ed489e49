"""Runs that end in the middle: killed, interrupted, terminated, or with no room left on the disk.

Real processes, on a small demo genome. What a run leaves behind never looks finished, the same command
again gives what an undisturbed run gives, and what a killed run left is cleaned up.
"""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch

from dnabilstm.model.bundle import Model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.score.unfinished import ARRAY, FOLDER
from dnabilstm.simulate import simulate

pytestmark = pytest.mark.slow
PROMPT = 5  # seconds until an interrupted run is gone
LONG = 120

TINY = ["model.hidden=4", "model.filters=4", "model.layers=1", "train.window=200", "train.batch=4"]
STEPS = ["train.steps=90", "train.evaluate_every=15", "train.patience=9"]
# A thousand little windows, one after the other: slow enough to be met in the middle.
CRUMBS = ("--chunk", 50, "--batch", 1, "--workers", 1)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The demo genome and two untrained models: one small, one slow."""
    folder = tmp_path_factory.mktemp("interrupt")
    simulate(folder / "demo", bases=50_000)
    torch.manual_seed(0)
    for name, more in (
        ("small", {"hidden": 4, "filters": 4, "layers": 1}),
        ("slow", {"hidden": 256, "filters": 4, "layers": 4, "pool": 1}),
    ):
        network = build(BiLSTMConfig(tasks=("promoter", "enhancer"), **more)).eval()
        save_model(Model(network, {}), folder / f"{name}.safetensors")
    return folder


def train(place, output):
    settings = [word for setting in TINY + STEPS for word in ("--set", setting)]
    labels = ["--labels", f"promoter={place / 'demo/promoter.bed'}"]
    return [
        "train",
        "--genome",
        place / "demo/genome.fa",
        *labels,
        "--device",
        "cpu",
        "--output",
        output,
        *settings,
    ]


def score(place, output, *more, model="small"):
    model = place / f"{model}.safetensors"
    return [
        "score",
        "--genome",
        place / "demo/genome.fa",
        "--model",
        model,
        "--device",
        "cpu",
        "--output",
        output,
        *more,
    ]


def start(words, folder, **more):
    """The command as a process whose temporary files lie in ``folder/tmp``."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "dnabilstm", *map(str, words)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
        **more,
    )


def finish(process):
    """Exit status and what was said."""
    _, err = process.communicate(timeout=LONG)
    return process.returncode, err


def run(words, folder, **more):
    return finish(start(words, folder, **more))


def wait_for(process, found):
    """Until ``found()`` is true of the running process."""
    until = time.monotonic() + LONG
    while not found():
        assert process.poll() is None, f"it ended before: {process.stderr.read()}"
        assert time.monotonic() < until
        time.sleep(0.005)


def parts(folder):
    return [path for path in folder.rglob("*.part") if path.parent.suffix != ".part"]


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextlib.contextmanager
def disk(folder, size):
    """A file system of ``size`` bytes at ``folder``; the test is skipped where we may not make one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("may not mount a small file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_killed_training_goes_on_and_ends_with_the_same_model(place, tmp_path):
    out, state = tmp_path / "out", tmp_path / "out/m.state"
    process = start(train(place, out / "m.safetensors"), tmp_path)
    wait_for(process, state.exists)
    process.kill()
    assert finish(process)[0] == -signal.SIGKILL
    assert not (out / "m.safetensors").exists()
    assert state.exists()
    status, err = run(train(place, out / "m.safetensors"), tmp_path)
    assert status == 0, err
    assert f"from {state}" in err
    status, whole = run(train(place, tmp_path / "whole/m.safetensors"), tmp_path)
    assert status == 0
    assert "resumed" not in whole
    # The picture and the log too: the history is kept in the state.
    assert files(out) == files(tmp_path / "whole")
    assert sorted(files(out)) == [
        *(f"m.audit/audit.{suffix}" for suffix in ("json", "png", "svg", "tsv")),
        "m.learning_curve.png", "m.learning_curve.svg", "m.safetensors", "m.split.bed", "m.training.csv",
        "m.training.json",
    ]  # fmt: skip
    assert parts(tmp_path) == []


def test_a_killed_scoring_leaves_nothing_that_looks_finished(place, tmp_path):
    out = tmp_path / "out"
    process = start(score(place, out, *CRUMBS), tmp_path)
    wait_for(process, (out / FOLDER / ARRAY).exists)
    time.sleep(0.3)
    process.kill()
    assert finish(process)[0] == -signal.SIGKILL
    assert [path.name for path in out.iterdir()] == [FOLDER]
    assert [path.name.split(".")[1] for path in parts(tmp_path)] == ["dnabilstm"]
    refused, err = run(["tracks", "--scores", out, "--output", tmp_path / "tracks"], tmp_path)
    assert refused == 2
    assert "has no finished scores" in err
    assert run(score(place, out, *CRUMBS), tmp_path)[0] == 0
    assert run(score(place, tmp_path / "whole", *CRUMBS), tmp_path)[0] == 0
    assert files(out) == files(tmp_path / "whole")
    assert parts(tmp_path) == []


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["interrupted", "terminated"]
)
@pytest.mark.parametrize("what", ["train", "score"])
def test_an_interrupt_ends_a_run_soon_with_one_line(place, tmp_path, what, sent, status):
    out = tmp_path / "out"
    if what == "train":
        process = start(train(place, out / "m.safetensors"), tmp_path)
        wait_for(process, (out / "m.state").exists)
    else:  # one long sweep on each of two threads
        process = start(score(place, out, "--exact", model="slow"), tmp_path)
        wait_for(process, (out / FOLDER / ARRAY).exists)
        time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(sent)
    at = time.monotonic()
    found, err = finish(process)
    assert time.monotonic() - at < PROMPT
    assert found == status
    assert err.splitlines()[-1] == "interrupted; nothing half-written is left under a finished name"
    assert "Traceback" not in err
    assert parts(tmp_path) == []
    assert not any(out.glob("*.safetensors")) if out.exists() else True
    # Of scoring, no more than what the next run goes on from.
    assert what == "train" or not out.exists() or [path.name for path in out.iterdir()] == [FOLDER]


def test_a_limit_on_file_sizes_is_one_line(place, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    out = tmp_path / "out"
    status, err = run(score(place, out), tmp_path, preexec_fn=limit)
    assert status == 2
    assert err.splitlines()[-1] == f"error: {out}: cannot be written: File too large"
    assert not out.exists()
    assert parts(tmp_path) == []


@pytest.mark.parametrize("size", [100_000, 300_000])
def test_a_full_disk_ends_scoring_with_one_line(place, tmp_path, size):
    with disk(tmp_path / "disk", size):
        out = tmp_path / "disk/out"
        status, err = run(score(place, out), tmp_path)
        assert status == 2
        assert err.splitlines()[-1] == f"error: {out}: cannot be written: No space left on device"
        assert "Traceback" not in err
        assert list((tmp_path / "disk").iterdir()) == []


def test_a_full_disk_ends_tracks_and_training_with_one_line(place, tmp_path):
    assert run(score(place, tmp_path / "scores"), tmp_path)[0] == 0
    tracks = ["tracks", "--scores", tmp_path / "scores", "--digits", 6, "--output"]
    # Sizes at which the bedGraph, its index and the bigWig find no room; then the state of a training.
    for size in (40, 80, 100, 200):
        folder = tmp_path / f"disk{size}"
        with disk(folder, size << 10):
            status, err = run([*tracks, folder / "out"], tmp_path)
            assert status == 2, err
            assert "cannot be written: " in err.splitlines()[-1]
            assert "Traceback" not in err
            assert not (folder / "out/tracks.json").exists()
            assert parts(folder) == []
    with disk(tmp_path / "small", 8 << 10):
        status, err = run(train(place, tmp_path / "small/m.safetensors"), tmp_path)
        assert status == 2, err
        assert err.splitlines()[-1].startswith("error: ")
        assert "cannot be written: No space left on device" in err
        assert not (tmp_path / "small/m.safetensors").exists()


def test_a_full_temporary_folder_is_one_line(place, tmp_path):
    with disk(tmp_path / "tmp", 20_000):
        status, err = run(score(place, tmp_path / "out"), tmp_path)
        assert status == 2
        assert err.count("\n") == 1
        assert f"{tmp_path / 'tmp'}/" in err
        assert "No space left on device" in err
        assert not (tmp_path / "out").exists()
        assert parts(tmp_path) == []
