"""The same command again, against what the engine itself would say."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from dnabilstm.genome import encode_fasta
from dnabilstm.model.bundle import load_model, save_model
from dnabilstm.score import again
from dnabilstm.score.again import scored_before
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import score_genome
from tests.score.conftest import model_of

CONFIG = ScoreConfig(halo=50, chunk=300)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(again, "has_gpu_driver", lambda: False)
    (tmp_path / "g.fa").write_text(f">c1\n{'ACGTTGCA' * 200}\n")
    save_model(model_of(), tmp_path / "m.safetensors")
    genome = encode_fasta(tmp_path / "g.fa", tmp_path / "codes")
    score_genome(genome, load_model(tmp_path / "m.safetensors"), tmp_path / "out", CONFIG)
    return tmp_path, genome


def ask(place, config=CONFIG, device="cpu"):
    return scored_before(place[1], place[0] / "m.safetensors", place[0] / "out", config, device)


def test_the_same_again_is_noticed(place):
    for device in ("cpu", "auto"):
        found = ask(place, device=device)
        assert found.reused == 1600
        assert found.info["bases"]["in"] == 1600


@pytest.mark.parametrize(
    "change", [{"halo": 55}, {"chunk": 400}, {"exact": True}, {"no_call_run": 11}, {"min_contig": 5}]
)
def test_other_settings_are_not_the_same(place, change):
    assert ask(place, replace(CONFIG, **change)) is None


def test_what_changes_no_score_is(place):
    assert ask(place, replace(CONFIG, workers=7, batch=3, memory=99)) is not None


def test_doubts_are_left_to_the_engine(place, monkeypatch):
    folder = place[0]
    assert ask(place, device="cuda") is None
    monkeypatch.setattr(again, "has_gpu_driver", lambda: True)
    assert ask(place, device="auto") is None
    (folder / "m.safetensors").write_bytes(b"junk")
    assert ask(place) is None
    save_model(model_of({"note": 1}), folder / "m.safetensors")
    assert ask(place) is None
    (folder / "m.safetensors").unlink()
    assert ask(place) is None


def test_scores_that_are_not_whole_do_not_count(place):
    (place[0] / "out/nocall.bed").unlink()
    assert ask(place) is None


def test_it_agrees_with_the_engine(place):
    table = json.loads((place[0] / "out/scores.json").read_text())
    assert ask(place).info["identity"] == table["identity"]


def test_the_command_does_without_pytorch(place):
    folder = place[0]
    words = [
        "score", "--genome", folder / "codes", "--model", folder / "m.safetensors", "--output", folder / "out",
        "--halo", 50, "--chunk", 300, "--device", "cpu",
    ]  # fmt: skip
    code = (
        "import sys; from dnabilstm.cli import cli; cli.main(sys.argv[1:], standalone_mode=False);"
        " sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "1,600 of them were scored before" in done.stderr
