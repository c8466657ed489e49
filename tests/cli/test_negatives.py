"""``dnabilstm negatives`` from the command line to a FASTA that can be read back."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from dnabilstm.cli import cli
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import open_genome
from dnabilstm.model.bundle import Model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.score.sequences import class_probabilities
from dnabilstm.sequences.read import read_sequences


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "g.fa").write_text(">chr1\n" + "".join(rng.choice(list("ACGT"), 5_000)) + "\n")
    (tmp_path / "p.fa").write_text(">x\nACGGTACCATTA\n>y\nGATTACAGATTACAC\n")
    (tmp_path / "p.bed").write_text("chr1\t100\t160\nchr1\t900\t990\n")
    (tmp_path / "away.bed").write_text("chr1\t1000\t5000\n")
    return tmp_path


def run(folder, *words):
    done = CliRunner().invoke(cli, ["negatives", *(word.format(f=folder) for word in words)])
    if isinstance(done.exception, DnabilstmError):
        return done.exception.problems
    assert done.exit_code == 0, done.output
    return done.stderr


def test_shuffled_negatives_are_written_and_told(folder):
    words = ["--sequences", "positive={f}/p.fa", "--kind", "dinucleotide", "--ratio", "2", "--seed", "1"]
    said = run(folder, *words, "--output", "{f}/n.fa")
    made = read_sequences([f"negative={folder}/n.fa"])
    assert made.names == tuple(f"{name}_dinucleotide_{n}" for n, name in enumerate("xxyy", start=1))
    for text, index in [("ACGGTACCATTA", 0), ("ACGGTACCATTA", 1), ("GATTACAGATTACAC", 3)]:
        pairs = [Counter(pairwise(t)) for t in (text, made.text(index))]
        assert pairs[0] == pairs[1]
    assert said.startswith(f"{folder}/n.fa: 4 negatives (dinucleotide), 54 bases, mean GC content 0.")
    run(folder, *words, "--output", "{f}/again.fa")
    assert (folder / "again.fa").read_bytes() == (folder / "n.fa").read_bytes()


def test_windows_of_a_genome_keep_away(folder):
    regions = ["--sequences", "{f}/p.bed", "--genome", "{f}/g.fa", "--width", "50"]
    run(folder, *regions, "--kind", "gc", "--exclude", "{f}/away.bed", "--output", "{f}/n.fa.gz")
    made = read_sequences([f"{folder}/n.fa.gz"])
    assert made.lengths.tolist() == [50, 50]
    for name in made.names:
        end = int(name.partition("-")[2].partition("(")[0])
        assert end <= 1000


def test_windows_are_written_as_fasta_or_as_bed(folder):
    words = ["--sequences", "{f}/p.bed", "--genome", "{f}/g.fa", "--kind", "gc", "--ratio", "5", "--output"]
    for name in ("n.fa", "n.bed", "n.bed.gz"):
        run(folder, *words, f"{{f}}/{name}")
    genome = open_genome(folder / "g.fa")
    fasta, bed, packed = (
        read_sequences([f"{folder}/{name}"], genome=genome) for name in ("n.fa", "n.bed", "n.bed.gz")
    )
    assert len(bed) == 10
    assert {place.strand for place in bed.places} == {1, -1}
    assert fasta.names == bed.names == packed.names
    assert [fasta.text(i) for i in range(10)] == [bed.text(i) for i in range(10)]
    assert fasta.places == ()


def test_shuffled_sequences_have_no_places(folder):
    found = run(folder, "--sequences", "{f}/p.bed", "--genome", "{f}/g.fa", "--output", "{f}/n.bed")
    assert len(found) == 1
    assert found[0].startswith(f"--output {folder}/n.bed: only windows of a genome have places")


def model_of(*classes, head="sequence"):
    torch.manual_seed(0)
    config = BiLSTMConfig(tasks=classes, head=head, hidden=4, filters=8, layers=1)
    return Model(build(config).eval(), {"calibration": {"slope": 50.0, "bias": [0.0, 0.0]}})


def test_mined_negatives_are_those_that_the_model_is_surest_of(folder):
    model = model_of("negative", "peak")
    save_model(model, folder / "m.safetensors")
    words = [
        "--sequences",
        "{f}/p.bed",
        "--genome",
        "{f}/g.fa",
        "--width",
        "60",
        "--candidates",
        "15",
        "--seed",
        "4",
    ]
    said = run(folder, *words, "--kind", "mined", "--model", "{f}/m.safetensors", "--output", "{f}/n.fa")
    run(folder, *words, "--kind", "random", "--ratio", "15", "--output", "{f}/all.fa")
    mined, every = (read_sequences([f"{folder}/{name}.fa"]) for name in ("n", "all"))
    scores = class_probabilities(model, every)[0][:, 1]
    assert mined.names == tuple(every.names[index] for index in np.argsort(-scores)[:2])
    assert (
        f"the model gives them 'peak' with a probability of {np.sort(scores)[-2]:.3f} to {scores.max():.3f}"
        in said
    )
    assert "2 negatives (mined), 120 bases" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kind", "mined"], ["--kind mined: wanted --model"]),
        (["--kind", "gc", "--model", "{f}/x.safetensors"], ["--kind gc: takes no --model"]),
        (["--kind", "mined", "--model", "{f}/x.safetensors", "--ratio", "0"], ["no such file", "ratio: 0"]),
        (["--kind", "mined", "--model", "{f}/p.safetensors"], ["p.safetensors: scores every base of a genome"]),
        (["--kind", "mined", "--model", "{f}/m.safetensors"], ["say with --positive which of them"]),
        (["--kind", "mined", "--model", "{f}/m.safetensors", "--positive", "c"], ["--positive c: is no class"]),
        (["--kind", "mined", "--model", "{f}/m.safetensors", "--exclude", "{f}/away.bed"], ["is for windows"]),
    ],
)  # fmt: skip
def test_mining_needs_a_model_and_the_class_that_counts(folder, words, said):
    save_model(model_of("a", "b"), folder / "m.safetensors")
    save_model(model_of("a", head="position"), folder / "p.safetensors")
    found = run(folder, "--sequences", "{f}/p.fa", *words, "--output", "{f}/n.fa")
    assert len(found) == len(said)
    assert all(text in line for text, line in zip(said, found, strict=True))
    assert not (folder / "n.fa").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sequences", "{f}/p.bed"], ["p.bed: holds regions; wanted the genome"]),
        (["--sequences", "{f}/p.fa", "--kind", "gc", "--genome", "{f}/g.fa"], ["nobody can say where these lie"]),
        (["--sequences", "{f}/p.fa", "--exclude", "{f}/away.bed"], ["--exclude {f}/away.bed: is for windows"]),
        (
            ["--sequences", "{f}/p.bed", "--genome", "{f}/g.fa", "--kind", "random", "--ratio", "99"],
            ["has room for "],
        ),
        (
            ["--sequences", "{f}/p.fa", "--ratio", "0", "--kept", "1", "--feature", "x="],
            ["--feature x=: wanted", "negatives.ratio: 0.0: Input should be greater than 0", "negatives.kept: 1.0"],
        ),
        (
            ["--sequences", "{f}/p.bed", "--genome", "{f}/g.fa", "--kind", "gc", "--exclude", "{f}/p.fa"],
            ["found '>x': a FASTA; wanted BED or GFF3"],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_clear_line(folder, words, said):
    found = run(folder, *words, "--output", "{f}/n.fa")
    assert len(found) == len(said)
    assert all(text.format(f=folder) in line for text, line in zip(said, found, strict=True))
    assert not (folder / "n.fa").exists()
