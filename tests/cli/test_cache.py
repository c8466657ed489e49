"""``dnabilstm cache``, with ``score --cache`` and ``merge``."""

import pytest
from click.testing import CliRunner

from dnabilstm.cli import cli
from dnabilstm.errors import DnabilstmError
from dnabilstm.model.bundle import save_model
from tests.score.conftest import model_of


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "g.fa").write_text(f">c1\n{'ACGTTGCA' * 200}\n>c2\n{'GATTACA' * 100}\n")
    save_model(model_of(), tmp_path / "m.safetensors")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    done = CliRunner().invoke(cli, list(map(str, words)))
    if isinstance(done.exception, DnabilstmError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done


def score(output, *more):
    grid = ("--chunk", 300, "--halo", 50, "--precision", "fp32", "--device", "cpu")
    return run("score", "--genome", "g.fa", "--model", "m.safetensors", "--output", output, *grid, *more)


def test_scores_are_found_listed_and_deleted(folder):
    score("a", "--cache", "kept")
    assert "2,300 of them were scored before" in score("b", "--cache", "kept").stderr
    assert (folder / "a/scores.f32").read_bytes() == (folder / "b/scores.f32").read_bytes()
    done = run("cache", "kept")
    assert len(done.stdout.splitlines()) == 1
    assert "in a folder of scores too" in done.stdout
    assert "1 arrays of scores" in done.stderr
    assert run("cache", "kept", "--clean", "--unused-days", 1).stdout == ""
    assert len(run("cache", "kept", "--clean").stdout.splitlines()) == 1
    assert run("cache", "kept").stdout == ""
    assert "scored before" not in score("c", "--cache", "kept").stderr


def test_shards_are_merged(folder):
    score("whole")
    for shard in ("2/3", "1/3", "3/3"):
        said = score("parts", "--shard", shard).stderr
        assert f"shard {shard} of" in said
        assert "dnabilstm merge --output parts" in said
    assert (
        "2,300 bases in = 2,300 scored + 0 no-call"
        in run("merge", "--output", "parts", "--cache", "kept").stderr
    )
    assert sorted(path.name for path in (folder / "parts").iterdir()) == [
        "nocall.bed",
        "scores.f32",
        "scores.json",
    ]
    assert len(run("cache", "kept").stdout.splitlines()) == 1
    with pytest.raises(DnabilstmError, match="has no finished shards"):
        run("merge", "--output", "parts")


def test_a_cache_that_cannot_be_is_noticed_before_any_work(folder):
    (folder / "file").write_text("x")
    with pytest.raises(DnabilstmError, match="file"):
        score("a", "--cache", "file/cache")
    assert not (folder / "a").exists()


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "x"])
def test_what_is_no_number_cleans_nothing(folder, value):
    done = CliRunner().invoke(cli, ["cache", ".", "--clean", "--keep-gb", value])
    assert done.exit_code == 2
    assert "Invalid value for '--keep-gb'" in done.stderr


def test_a_folder_that_is_no_cache_is_not_cleaned(folder):
    with pytest.raises(DnabilstmError, match="is not a folder"):
        run("cache", "nowhere", "--clean")
    run("cache", ".", "--clean")
    assert (folder / "m.safetensors").exists()
