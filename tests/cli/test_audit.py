"""``dnabilstm audit`` from the command line to its files and its exit status."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from dnabilstm.audit.composition import CARD_KEY, composition_of
from dnabilstm.cli import cli
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import open_genome
from dnabilstm.model.bundle import Model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from tests.audit.oracle import random_text, turned

FILES = ["audit.json", "audit.png", "audit.svg", "audit.tsv"]


def records(texts):
    return "".join(f">s{number}\n{text}\n" for number, text in enumerate(texts))


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    one, two, other = ([random_text(rng, 60) for _ in range(30)] for _ in range(3))
    (tmp_path / "train_a.fa").write_text(records(one))
    (tmp_path / "train_b.fa").write_text(records(two))
    (tmp_path / "test_a.fa").write_text(records([*other, one[0], turned(two[3])]))
    rows = "".join(f"{text},{'ab'[number % 2]}\n" for number, text in enumerate(other))
    (tmp_path / "clean.csv").write_text("sequence,label\n" + rows)
    contigs = {name: random_text(rng, 40_000) for name in ("c1", "c2", "c3")}
    contigs["c3"] = contigs["c3"][:20_000] + contigs["c1"][:400] + contigs["c3"][20_400:]
    (tmp_path / "g.fa").write_text("".join(f">{name}\n{text}\n" for name, text in contigs.items()))
    split = "c1\t0\t40000\ttrain\nc2\t0\t40000\tvalid\nc3\t0\t40000\ttest\n"
    (tmp_path / "split.bed").write_text(split)
    (tmp_path / "bad.bed").write_text(split + "c1\t100\t200\tvalid\n")
    (tmp_path / "p.bed").write_text("c1\t50\t150\nc2\t10\t90\n")
    return tmp_path


def save(folder, **card):
    torch.manual_seed(0)
    network = build(BiLSTMConfig(tasks=("promoter",), hidden=4, filters=4, layers=1)).eval()
    save_model(Model(network, card), folder / "m.safetensors")


def run(folder, *words):
    """Standard error, or the problems; and what audit.json says."""
    output = folder / "out"
    words = ["audit", *(str(word).format(f=folder) for word in words), "--output", str(output)]
    done = CliRunner().invoke(cli, words)
    if isinstance(done.exception, DnabilstmError):
        said = done.exception.problems
    else:
        assert done.exit_code == 0, done.output
        said = done.stderr
    assert done.stdout == ""
    file = output / "audit.json"
    return said, json.loads(file.read_text()) if file.exists() else None


TRAIN = ("--sequences", "a={f}/train_a.fa", "--sequences", "b={f}/train_b.fa")
LEAK = "test shares 2 of its 32 sequences with train (1 exact, 1 reverse complement): figures on them are too good"


def test_leaks_of_sequences_are_told_and_are_no_error(folder):
    said, result = run(folder, *TRAIN, "--test-sequences", "a={f}/test_a.fa")
    assert sorted(path.name for path in (folder / "out").iterdir()) == FILES
    assert f"warning: {LEAK}" in said
    assert "different sequences with more than one class: 1 (rows: 1 in train, 1 in test)" in said
    assert result["leaked"] == {"train": 0, "test": 2}


def test_leaks_are_an_error_where_that_is_asked_for(folder):
    said, result = run(folder, *TRAIN, "--test-sequences", "a={f}/test_a.fa", "--strict")
    assert said == (LEAK,)
    assert result["leaks"] == [LEAK]
    assert sorted(path.name for path in (folder / "out").iterdir()) == FILES


def test_clean_sequences_pass_even_the_strict(folder):
    said, result = run(folder, *TRAIN, "--valid-sequences", "{f}/clean.csv", "--strict")
    assert "warning" not in said
    assert result["warnings"] == []
    assert list(result["parts"]) == ["train", "valid"]


def test_settings_reach_the_audit(folder):
    _, result = run(
        folder, *TRAIN, "--k", "12", "--containment", "0.25", "--permutations", "30", "--seed", "5"
    )
    found = {name: result["settings"][name] for name in ("k", "containment", "permutations", "seed")}
    assert found == {"k": 12, "containment": 0.25, "permutations": 30, "seed": 5}


def test_regions_of_a_genome_may_overlap(folder):
    (folder / "q.bed").write_text("c1\t149\t300\n")
    words = ["--genome", "{f}/g.fa", "--sequences", "a={f}/p.bed", "--test-sequences", "a={f}/q.bed"]
    said, result = run(folder, *words)
    assert "test shares 1 of its 1 sequences with train (1 overlap)" in said
    assert result["repeats"][2]["overlap"] == 1


def test_a_split_of_a_genome(folder):
    genome = ["--genome", "{f}/g.fa", "--labels", "promoter={f}/p.bed"]
    said, result = run(folder, *genome, "--split", "{f}/split.bed")
    assert "warning: test shares 400 of its 40,000 bases (1.00%) with train (400)" in said
    assert result["straddling"] == {"promoter": 0}
    assert result["repeats"][1] == {"part": "test", "of": "train", "tile": 400, "overlap": 0}
    said, result = run(folder, *genome, "--split", "{f}/bad.bed", "--strict")
    assert "that the split gives to both" in said[0]
    assert result["straddling"] == {"promoter": 1}


def test_a_model_has_its_own_split(folder):
    digest = open_genome(folder / "g.fa").digest
    split = [["c1", 0, 40_000, "train"], ["c2", 0, 40_000, "test"]]
    save(folder, split=split, genome={"digest": digest})
    said, result = run(folder, "--genome", "{f}/g.fa", "--model", "{f}/m.safetensors", "--strict")
    assert "warning" not in said
    assert {part: row["bases"] for part, row in result["parts"].items()} == {
        "train": 40_000,
        "valid": 0,
        "test": 40_000,
    }


def test_another_genome_than_the_models(folder):
    training = composition_of(open_genome(folder / "g.fa"), [("c1", 0, 40_000)])
    save(folder, split=[], genome={"digest": "another"}, **{CARD_KEY: training})
    said, result = run(folder, "--genome", "{f}/g.fa", "--model", "{f}/m.safetensors")
    assert said.startswith("composition is alike")
    assert result["audited"] == "composition"
    assert not (folder / "out/audit.tsv").exists()
    rng = np.random.default_rng(1)
    text = random_text(rng, 100_000, p=[0.1, 0.4, 0.4, 0.1])
    (folder / "gc.fa").write_text(f">c\n{text}\n")
    said, _ = run(folder, "--genome", "{f}/gc.fa", "--model", "{f}/m.safetensors", "--strict")
    assert "warning: composition differs" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], ["wanted --sequences, or --genome with --split or --model"]),
        (["--genome", "{f}/g.fa"], ["wanted --sequences, or --genome with --split or --model"]),
        (["--split", "{f}/split.bed"], ["wanted --sequences, or --genome"]),
        (["--genome", "{f}/g.fa", "--split", "{f}/split.bed", "--model", "m"], ["wanted one of them"]),
        ([*TRAIN, "--split", "{f}/split.bed"], ["--split: go with --genome alone"]),
        ([*TRAIN, "--labels", "p={f}/p.bed", "--model", "m"], ["--model, --labels: go with --genome alone"]),
        (
            ["--genome", "{f}/g.fa", "--split", "{f}/split.bed", "--width", "9"],
            ["--width: goes with --sequences"],
        ),
        (["--test-sequences", "{f}/clean.csv"], ["--test-sequences: goes with --sequences only"]),
        ([*TRAIN, "--k", "3", "--tile", "9"], ["audit.k: 3", "audit.tile: 9"]),
        (["--sequences", "{f}/none.fa"], ["none.fa: cannot be read"]),
        (["--genome", "{f}/none.fa", "--split", "{f}/none.bed"], ["none.bed", "none.fa"]),
        (["--genome", "{f}/g.fa", "--split", "{f}/p.bed"], ["p.bed:1: wanted contig, start, end and one of"]),
    ],
)
def test_wrong_options_are_refused_and_leave_nothing(folder, words, said):
    problems, result = run(folder, *words)
    assert len(problems) == len(said)
    assert all(part in problem for part, problem in zip(said, problems, strict=True)), problems
    assert result is None
    assert not (folder / "out").exists()


def test_models_that_cannot_tell_are_refused(folder):
    words = ["--genome", "{f}/g.fa", "--model", "{f}/m.safetensors"]
    save(folder)
    assert "its card names no genome with a split" in run(folder, *words)[0][0]
    save(folder, split=[], genome={"digest": "another"})
    assert "does not tell the composition" in run(folder, *words)[0][0]
