"""The example package of the docs, installed as a user would, brings an architecture to the command line."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from dnabilstm.alphabet import COMPLEMENT
from dnabilstm.model.bundle import read_card
from dnabilstm.score.store import open_scores
from dnabilstm.simulate import simulate
from tests.conftest import ROOT
from tests.test_cli import ends

pytestmark = pytest.mark.slow
EXAMPLE = ROOT / "docs/plugin"
SETTINGS = ["train.steps=6", "train.evaluate_every=3", "train.window=300", "train.batch=4", "train.shards=1"]
CHOSEN = ["model.architecture=dilated", "model.pool=1", "model.options={depth: 3, width: 8}"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The demo genome, and a folder ``site`` into which the example was installed."""
    place = tmp_path_factory.mktemp("plugins")
    simulate(place / "demo", bases=50_000)
    # A copy, since pip leaves what it builds beside the source.
    shutil.copytree(EXAMPLE, place / "plugin")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    how = ["--no-deps", "--no-build-isolation", "--target", place / "site"]
    done = subprocess.run([*pip, *how, place / "plugin"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return place


def program(folder, *words, with_plugin=True):
    """Exit status and what the command line said."""
    path = [str(folder / "site")] if with_plugin else []
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([*path, str(ROOT)])}
    command = [sys.executable, "-m", "dnabilstm", *map(str, words)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, cwd=folder, env=environment, check=False
    )
    return done.returncode, done.stderr


def training(output, *settings):
    """The words of a training."""
    labels = ["--labels", "promoter=demo/promoter.bed"]
    chosen = [word for setting in (*SETTINGS, *settings) for word in ("--set", setting)]
    return ["train", "--genome", "demo/genome.fa", *labels, "--device", "cpu", "--output", output, *chosen]


def score(folder, output, **more):
    words = ["--genome", "demo/genome.fa", "--model", "m.safetensors", "--device", "cpu", "--output", output]
    return program(folder, "score", *words, **more)


@pytest.fixture(scope="module")
def trained(folder):
    status, said = program(folder, *training("m.safetensors", *CHOSEN))
    assert status == 0, said
    return folder


def test_it_trains_and_scores_every_base(trained):
    card = read_card(trained / "m.safetensors")
    assert card["config"]["architecture"] == "dilated"
    assert card["config"]["options"] == {"depth": 3, "width": 8}
    assert card["context"]["within"]
    status, said = score(trained, "scores")
    assert status == 0, said
    scores = open_scores(trained / "scores")
    bases = scores.info["bases"]
    assert bases["in"] == bases["scored"] + bases["no_call"] == 50_000
    values = np.asarray(scores.values)
    assert np.isfinite(values).sum() == bases["scored"]
    assert np.nanstd(values) > 0


def test_its_file_says_what_is_missing_where_it_is_not_installed(trained):
    status, said = score(trained, "without", with_plugin=False)
    assert status == 2
    assert said.splitlines()[-1] == (
        "error: m.safetensors: model.architecture: 'dilated' is not known; wanted one of bilstm, or install the"
        " package that has it"
    )
    assert not (trained / "without").exists()


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("model.architecture=dilatd", "'dilatd' is not known; wanted one of bilstm, dilated, or install"),
        ("model.options={deep: 3}", "model.options: deep; wanted depth or width"),
        ("model.strand=none", "model.strand: none; dilated wants strand: symmetric"),
    ],
)
def test_what_it_cannot_do_is_one_line(folder, monkeypatch, capsys, setting, line):
    monkeypatch.syspath_prepend(folder / "site")
    monkeypatch.chdir(folder)
    assert ends(monkeypatch, *training("wrong.safetensors", *CHOSEN, setting)) == 2
    assert line in capsys.readouterr().err.splitlines()[-1]
    assert not (folder / "wrong.safetensors").exists()


def test_its_scores_are_those_of_both_strands(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder / "site")
    from dnabilstm.model.config import BiLSTMConfig
    from dnabilstm.model.registry import build

    torch.manual_seed(0)
    network = build(BiLSTMConfig(tasks=("a", "b"), architecture="dilated", pool=1))
    codes = torch.tensor([1, 2, 4, 8, 15], dtype=torch.uint8)[torch.randint(5, (2, 100))]
    scores = network.forward_bins(codes)
    other = network.forward_bins(torch.from_numpy(COMPLEMENT)[codes.int()].flip(1)).flip(1)
    torch.testing.assert_close(other, scores, rtol=0, atol=1e-6)
    assert scores.std() > 1e-3


def test_the_page_shows_the_package_as_it_is():
    page = (ROOT / "docs/plugins.md").read_text()
    shown = dict(re.findall(r"^`docs/plugin/([\w.]+)`:\n```\w+\n(.*?)^```$", page, re.M | re.S))
    assert shown == {
        path.name: path.read_text() for path in EXAMPLE.iterdir() if path.suffix in (".py", ".toml")
    }
    assert len(shown) == 2
