"""The shared options of sequences: what they become, and the sets that they open."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dnabilstm.cli.label_options import label_options
from dnabilstm.cli.sequence_options import PARTS, SequenceOptions, read_sequence_options, sequence_options
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import open_genome
from dnabilstm.sequences.regions import RegionSettings
from dnabilstm.sequences.table import TableColumns


def parsed(*words):
    @click.command()
    @sequence_options(*PARTS)
    def command(**options):
        found.append(read_sequence_options(options))

    found = []
    result = CliRunner().invoke(command, list(words), catch_exceptions=True)
    if result.exception:
        raise result.exception
    return found[0]


def test_each_option_reaches_its_place():
    options = parsed(
        "--sequences", "a=a.fa", "--sequences", "b.csv", "--valid-sequences", "v.csv", "--test-sequences", "t.csv",
        "--sequence-column", "dna", "--label-column", "y", "--name-column", "id", "--width", "200",
        "--feature", "a=gene", "--feature", "exon", "--alias", "alias.tsv", "--unknown-contigs", "skip",
    )  # fmt: skip
    assert options.files == {"train": ("a=a.fa", "b.csv"), "valid": ("v.csv",), "test": ("t.csv",)}
    assert options.columns == TableColumns("dna", "y", "id")
    assert options.regions == RegionSettings(200, {"a": "gene", "": "exon"}, Path("alias.tsv"), "skip")


def test_defaults_are_those_of_the_dataclasses():
    assert parsed("--sequences", "a.fa") == SequenceOptions({"train": ("a.fa",)})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--feature", "a=x", "--feature", "a=y"], ["there is one already: 'x'"]),
        (["--feature", "a="], ["wanted CLASS=TYPE or TYPE"]),
        (["--feature", "", "--feature", "x"], ["wanted CLASS=TYPE", "there is one already"]),
    ],
)
def test_everything_wrong_is_said_at_once(words, said):
    with pytest.raises(DnabilstmError) as caught:
        parsed("--sequences", "a.fa", *words)
    assert len(caught.value.problems) == len(said)
    assert all(text in line for text, line in zip(said, caught.value.problems, strict=True))


def test_a_command_with_labels_has_the_shared_options_once():
    @click.command()
    @label_options
    @sequence_options(*PARTS, required=False, shared=False)
    def command(**options):
        found.append(read_sequence_options(options))

    found = []
    flags = [flag for option in command.params for flag in option.opts]
    assert len(flags) == len(set(flags))
    words = ["--labels", "p=p.gff3", "--sequences", "q=q.gff3", "--feature", "q=exon"]
    CliRunner().invoke(command, words, catch_exceptions=False)
    assert found[0].regions.features == {"q": "exon"}


def test_held_out_sequences_need_others_to_be_held_out_from():
    @click.command()
    @sequence_options(*PARTS, required=False)
    def command(**options):
        read_sequence_options(options)

    result = CliRunner().invoke(command, ["--test-sequences", "t.fa"])
    assert str(result.exception).startswith("--test-sequences: goes with --sequences only")


def test_all_parts_have_the_classes_of_the_first(tmp_path):
    (tmp_path / "a.csv").write_text("sequence,label\nA,2\nC,10\n")
    (tmp_path / "b.csv").write_text("sequence,label\nG,10\n")
    options = parsed("--sequences", f"{tmp_path}/a.csv", "--test-sequences", f"{tmp_path}/b.csv")
    found = options.open_parts()
    assert list(found) == ["train", "test"]
    assert found["test"].classes == ("2", "10")
    assert found["test"].labels.tolist() == [1]
    assert options.open_parts(classes=("10", "2"))["test"].labels.tolist() == [0]
    assert options.open(part="test").classes == ("10",)


def test_what_is_wrong_with_all_parts_is_said_at_once(tmp_path, capsys):
    (tmp_path / "a.fa").write_text(">a\nA\n")
    (tmp_path / "b.fa").write_text(">a\nZ\n")
    options = parsed(
        "--sequences", f"x={tmp_path}/a.fa", "--valid-sequences", f"y={tmp_path}/a.fa",
        "--test-sequences", f"x={tmp_path}/b.fa",
    )  # fmt: skip
    with pytest.raises(DnabilstmError) as caught:
        options.open_parts()
    assert [line.rpartition("; wanted ")[0].partition(": ")[2] for line in caught.value.problems] == [
        "has the class 'y'",
        "record 'a' has the byte 'Z' at column 1",
    ]


def test_what_is_left_out_goes_to_stderr(tmp_path, capsys):
    (tmp_path / "g.fa").write_text(">c\nACGT\n")
    (tmp_path / "a.bed").write_text("c\t0\t2\nd\t0\t2\n")
    options = parsed("--sequences", f"{tmp_path}/a.bed", "--unknown-contigs", "skip", "--width", "1")
    assert options.open(open_genome(tmp_path / "g.fa")).text(0) == "A"
    assert "left out 1 on contigs that the genome lacks (d 1)" in capsys.readouterr().err
