import json

import numpy as np
import pytest
from click.testing import CliRunner

from dnabilstm.cli import cli
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig, Genome
from dnabilstm.score.store import create_scores


@pytest.fixture
def folder(tmp_path):
    genome = Genome((Contig("chr1", 100, 0, ""),), np.ones(100, np.uint8), "made")
    with create_scores(tmp_path / "scores", genome.contigs, ("promoter",)) as scores:
        scores.values[0] = 0.0625
        scores.values[0, 50:70] = 0.25
        scores.values[0, 55:65] = 0.75
        scores.info["thresholds"] = {"promoter": 0.5}
    return tmp_path


def run(folder, *more):
    arguments = ["call", "--scores", str(folder / "scores"), "--output", str(folder / "out"), *more]
    return CliRunner().invoke(cli, arguments)


def test_regions_are_written_and_summed_up(folder):
    result = run(folder)
    assert result.exit_code == 0, result.output
    path = folder / "out" / "promoter.regions.bed"
    assert path.read_text() == "chr1\t50\t70\tpromoter_1\t750\t.\t0.5000\t0.7500\t9\n"
    assert f"promoter: 1 regions, 20 bases, that reach 0.5 and stay at 0.25 or above: {path}" in result.stderr


def test_options_override_the_model(folder):
    assert run(folder, "--threshold", "0.7", "--extend", "0.7").exit_code == 0
    assert "\t55\t65\t" in (folder / "out" / "promoter.regions.bed").read_text()
    assert run(folder, "--threshold", "0.8").exit_code == 0
    assert (folder / "out" / "promoter.regions.bed").read_text() == ""


def test_extend_above_the_threshold_is_refused(folder):
    result = run(folder, "--threshold", "0.2", "--extend", "0.4")
    assert isinstance(result.exception, DnabilstmError)
    assert not (folder / "out").exists()


def test_unfinished_scores_are_refused(folder):
    (folder / "scores" / "scores.json").unlink()
    assert "no finished scores" in str(run(folder).exception)


def with_labels(folder, text, *more):
    (folder / "g.fa").write_text(">chr1\n" + "A" * 100 + "\n")
    (folder / "l.bed").write_text(text)
    return run(folder, "--genome", f"{folder}/g.fa", "--labels", f"promoter={folder}/l.bed", *more)


@pytest.mark.parametrize(
    ("labels", "more", "hard"),
    [
        ("chr1\t49\t50\nchr1\t70\t99\n", (), True),
        ("chr1\t69\t70\n", (), False),
        ("chr1\t0\t9\n", ("--exclude", "{f}/x.bed"), False),
    ],
)
def test_called_regions_without_a_label_are_hard(folder, labels, more, hard):
    (folder / "x.bed").write_text("chr1\t60\t61\n")
    result = with_labels(folder, labels, *(word.format(f=folder) for word in more))
    assert result.exit_code == 0, result.output
    called = (folder / "out" / "promoter.regions.bed").read_text()
    assert (folder / "out" / "promoter.hard.bed").read_text() == (called if hard else "")
    assert f"promoter: {int(hard)} of them overlap no label" in result.stderr


def test_false_calls_need_the_labels_of_the_genome_that_was_scored(folder):
    assert "wanted both or neither" in str(run(folder, "--genome", f"{folder}/g.fa").exception)
    assert "wanted both or neither" in str(run(folder, "--labels", "promoter=x.bed").exception)
    table = json.loads((folder / "scores" / "scores.json").read_text())
    table["genome"] = {"digest": "other"}
    (folder / "scores" / "scores.json").write_text(json.dumps(table))
    assert "is not the genome that was scored" in str(with_labels(folder, "chr1\t0\t1\n").exception)
    assert not (folder / "out").exists()


def test_labels_of_other_tasks_are_refused(folder):
    (folder / "g.fa").write_text(">chr1\n" + "A" * 100 + "\n")
    (folder / "l.bed").write_text("chr1\t0\t1\n")
    result = run(folder, "--genome", f"{folder}/g.fa", "--labels", f"gene={folder}/l.bed")
    assert "the labels have the channels gene, the scores promoter" in str(result.exception)
    assert not (folder / "out").exists()
