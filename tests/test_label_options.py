"""The shared label options: what they become, and labels that are made already."""

from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from dnabilstm.cli.label_options import NAMES, label_options, read_label_options
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import encode_fasta
from dnabilstm.labels import LabelSpec


def parsed(*words):
    @click.command()
    @label_options
    def command(**options):
        assert set(options) == set(NAMES)
        found.append(read_label_options(options))

    found = []
    result = CliRunner().invoke(command, list(words), catch_exceptions=True)
    if result.exception:
        raise result.exception
    return found[0]


def test_each_option_reaches_its_task():
    options = parsed(
        "--labels", "p=a=b.gff3", "--labels", "q=q.bed", "--strand", "q=use", "--feature", "p=gene",
        "--promoter", "p=200,50", "--slop", "q=25", "--exclude", "x.bed", "--exclude", "y.bed",
        "--alias", "alias.tsv", "--unknown-contigs", "skip",
    )  # fmt: skip
    assert options.specs == (
        LabelSpec("p", Path("a=b.gff3"), feature="gene", promoter=(200, 50)),
        LabelSpec("q", Path("q.bed"), strand="use", slop=(25, 25)),
    )
    assert options.exclude == (Path("x.bed"), Path("y.bed"))
    assert (options.alias, options.unknown, options.folder) == (Path("alias.tsv"), "skip", None)


def test_defaults_are_those_of_the_spec():
    options = parsed("--labels", "p=a.bed")
    assert options.specs == (LabelSpec("p", Path("a.bed")),)
    assert options.unknown == "refuse"


def test_everything_wrong_is_said_at_once():
    with pytest.raises(DnabilstmError) as caught:
        parsed(
            "--labels", "p=a.bed", "--slop", "p=x", "--strand", "q=use", "--promoter", "p", "--feature", "p="
        )
    assert len(caught.value.problems) == 4


@pytest.fixture
def genome(tmp_path):
    (tmp_path / "a.fa").write_text(">chr1\nACGTACGTAC\n")
    (tmp_path / "a.bed").write_text("chr1\t2\t5\n")
    return encode_fasta(tmp_path / "a.fa", tmp_path / "genome")


def test_labels_are_the_same_made_on_the_way_or_before(genome, tmp_path):
    on_the_way = parsed("--labels", f"p={tmp_path}/a.bed").open(genome)
    parsed("--labels", f"p={tmp_path}/a.bed").make(genome, tmp_path / "labels")
    before = parsed("--labels", f"{tmp_path}/labels").open(genome)
    assert np.array_equal(on_the_way.values, before.values)
    assert before.values[0].tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]
    holder = Path(on_the_way.values.filename).parent.parent
    assert holder.is_dir()
    del on_the_way
    assert not holder.exists()


def test_a_labels_folder_stands_alone(genome, tmp_path):
    parsed("--labels", f"p={tmp_path}/a.bed").make(genome, tmp_path / "labels")
    with pytest.raises(DnabilstmError) as caught:
        parsed("--labels", f"{tmp_path}/labels", "--labels", f"q={tmp_path}/a.bed", "--slop", "p=5")
    assert ["cannot be combined" in problem for problem in caught.value.problems] == [True, False]
    assert "--slop: has no effect" in caught.value.problems[1]
