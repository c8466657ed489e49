"""``dnabilstm plan``."""

import pytest
from click.testing import CliRunner

from dnabilstm.cli import cli
from dnabilstm.errors import DnabilstmError
from dnabilstm.forecast import rates
from dnabilstm.model.bundle import save_model
from tests.score.conftest import model_of


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(rates, "PROBE", 100_000)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, length in (("one", 3000), ("two", 500)):
        (tmp_path / f"{name}.fa").write_text(f">c1\n{'ACGT' * (length // 4)}\n>c2\nAC\n")
    (tmp_path / "sheet.tsv").write_text("name\tfasta\n# left out\tnone.fa\nfirst\t$PLACE/one.fa\n")
    monkeypatch.setenv("PLACE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    return CliRunner().invoke(cli, ["plan", "--seconds", "0.1", "--device", "cpu", *map(str, words)])


def test_a_table_of_the_sheet_and_of_single_genomes(folder):
    done = run(
        "--genomes", "sheet.tsv", "--genome", "second=two.fa", "--set", "model.hidden=4", "--tasks", "a,b"
    )
    assert done.exit_code == 0, done.output
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[:3] for row in rows[1:]] == [
        ["first", "3,002", "2"],
        ["second", "502", "2"],
        ["all", "3,504", "4"],
    ]
    assert "M bases/s" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["one.fa", "sheet.tsv", "two.fa"]


def test_a_model_that_is_there(folder):
    save_model(model_of(), folder / "m.safetensors")
    done = run("--model", "m.safetensors", "--genome", "two.fa", "--precision", "fp32")
    assert done.exit_code == 0, done.output
    assert "fp32" in done.stderr
    assert done.stdout.splitlines()[1].startswith("two.fa")


def test_all_that_is_wrong_is_said_at_once(folder):
    done = run("--genome", "none.fa", "--genome", "nor.fa", "--set", "model.speed=1", "--chunk", "-1")
    assert isinstance(done.exception, DnabilstmError)
    said = "\n".join(done.exception.problems)
    for word in ("none.fa", "nor.fa", "speed", "score.chunk"):
        assert word in said
    assert "no genome" in str(run("--tasks", "a").exception)
