"""``dnabilstm train --sequences`` from files to a model, its audit and its test."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from dnabilstm.audit import report
from dnabilstm.cli import cli, train_members
from dnabilstm.errors import DnabilstmError
from dnabilstm.model.bundle import load_model, read_card
from dnabilstm.model.ensemble import members_of
from dnabilstm.sequences.read import read_sequences
from dnabilstm.train import loop
from tests.classify.planted import MOTIFS, texts_of, write_fasta

TINY = ("hidden=8", "filters=8", "layers=1", "filter_width=11", "strand=symmetric", "aligned=0")
SHORT = ("min_steps=40", "epochs=1", "average=0.9", "warmup=5", "learning_rate=0.02", "shards=1", "members=1")
INSTANT = ("min_steps=2", "epochs=1", "shards=1", "members=1")
MOTIF = 2 * MOTIFS[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Training and test sequences; five of the test sequences are copies of training ones."""
    place = tmp_path_factory.mktemp("train_sequences")
    plain, planted = texts_of(80, seed=1), texts_of(80, MOTIF, seed=2)
    write_fasta(place / "no.fa", plain)
    write_fasta(place / "yes.fa", planted)
    write_fasta(place / "test_no.fa", [*texts_of(20, seed=3), *plain[:2]])
    write_fasta(place / "test_yes.fa", [*texts_of(20, MOTIF, seed=4), *planted[5:8]])
    rng = np.random.default_rng(9)
    genome = {name: "".join(rng.choice(list("ACGT"), 8_000)) for name in ("chrA", "chrB")}
    (place / "g.fa").write_text("".join(f">{name}\n{text}\n" for name, text in genome.items()))
    rows = [f"{name}\t{start}\t{start + 70}\n" for name in genome for start in range(100, 7_000, 200)]
    (place / "peaks.bed").write_text("".join(rows))
    return place


PAIR = ("--sequences", "no={f}/no.fa", "--sequences", "yes={f}/yes.fa")
TEST = ("--test-sequences", "no={f}/test_no.fa", "--test-sequences", "yes={f}/test_yes.fa")


def run(folder, output, *words, model=TINY, train=SHORT):
    settings = [f"model.{text}" for text in model] + [f"train.{text}" for text in train]
    words = [word.format(f=folder) for word in words] + [x for text in settings for x in ("--set", text)]
    done = CliRunner().invoke(cli, ["train", "--device", "cpu", "--output", str(output), *words])
    if isinstance(done.exception, DnabilstmError):
        return done.exception.problems
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stderr


def read(path):
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture
def undrawn(monkeypatch):
    """No pictures, which take longer than these trainings."""
    monkeypatch.setattr(train_members, "draw_learning_curve", lambda *_: None)
    monkeypatch.setattr(report, "draw_audit", lambda *_: [])


@pytest.fixture(scope="module")
def trained(folder):
    return run(folder, folder / "m.safetensors", *PAIR, *TEST)


def test_a_planted_motif_is_learned(folder, trained):
    card = read_card(folder / "m.safetensors")
    assert card["metrics"]["auroc"] > 0.9
    assert "train: 144 sequences (no 72, yes 72)" in trained
    assert "valid: 16 sequences (no 8, yes 8)" in trained
    assert "validation: 16 sequences, accuracy" in trained
    for name in ("training.csv", "training.json", "learning_curve.png", "learning_curve.svg"):
        assert (folder / f"m.{name}").exists()
    assert not (folder / "m.state").exists()


def test_the_audit_finds_exactly_the_copies(folder, trained):
    found = json.loads((folder / "m.audit" / "audit.json").read_text())
    assert found["leaked"] == {"train": 0, "valid": 0, "test": 5}
    assert len(found["leaks"]) == 1
    assert f"warning: {found['leaks'][0]}" in trained
    assert "train.leaks: drop leaves such sequences out of training" in trained
    assert {path.name for path in (folder / "m.audit").iterdir()} == {
        "audit.json", "audit.tsv", "audit.png", "audit.svg",
    }  # fmt: skip


def test_raw_and_leak_free_figures_stand_side_by_side(folder, trained):
    rows, found = read(folder / "m.test.tsv"), json.loads((folder / "m.test.json").read_text())
    assert sum(row["leak"] == "exact" for row in rows) == found["leaked"] == 5
    assert (found["raw"]["sequences"], found["leak_free"]["sequences"]) == (45, 40)
    for name, kept in (("raw", rows), ("leak_free", [row for row in rows if row["leak"] == "."])):
        assert found[name]["accuracy"] == sum(row["label"] == row["called"] for row in kept) / len(kept)
        assert f"{found[name]['accuracy']:.3f} [" in trained
    interval = found["leak_free"]["intervals"]["auroc"]
    assert interval["low"] <= found["leak_free"]["auroc"] <= interval["high"]
    assert found["model"]["digest"] == load_model(folder / "m.safetensors").digest


def test_classify_writes_the_same_table(folder, trained, tmp_path):
    words = [word.format(f=folder).replace("--test-", "--") for word in TEST]
    words += ["--against", f"{folder}/no.fa", "--against", f"{folder}/yes.fa"]
    model = ["--model", str(folder / "m.safetensors")]
    done = CliRunner().invoke(cli, ["classify", *model, *words, "--output", str(tmp_path / "s.tsv")])
    assert done.exit_code == 0
    assert (tmp_path / "s.tsv").read_bytes() == (folder / "m.test.tsv").read_bytes()
    figures = [json.loads(path.read_text()) for path in (tmp_path / "s.json", folder / "m.test.json")]
    assert figures[0]["leak_free"] == figures[1]["leak_free"]


def test_the_same_training_gives_the_same_bytes_whatever_it_is_tested_on(folder, trained, undrawn):
    run(folder, folder / "n.safetensors", *PAIR)
    assert (folder / "n.safetensors").read_bytes() == (folder / "m.safetensors").read_bytes()
    card = read_card(folder / "n.safetensors")
    assert card["metrics"]["part"] == "valid"
    assert {row["of"] for row in card["audit"]["repeats"]} == {"train", "valid"}
    assert card["composition"]["bases"] == 144 * 60


def test_what_the_test_repeats_can_be_left_out_of_training(folder, undrawn):
    said = run(folder, folder / "d.safetensors", *PAIR, *TEST, train=[*INSTANT, "leaks=drop"])
    found = json.loads((folder / "d.test.json").read_text())
    assert found["leaked"] == 0
    assert found["leak_free"] == found["raw"]
    assert {row["leak"] for row in read(folder / "d.test.tsv")} == {"."}
    assert "test: training has seen none of them" in said
    card = read_card(folder / "d.safetensors")
    left = card["audit"]["left_out"]
    assert sum(left.values()) == 5
    counts = card["sequences"]
    assert sum(sum(counts[part]["classes"].values()) for part in ("train", "valid")) == 155
    for part, count in left.items():
        assert f"{count} {part} sequences that held-out ones repeat are left out" in said


def test_a_model_with_the_leaks_and_one_without_stand_side_by_side(folder, undrawn):
    said = run(folder, folder / "c.safetensors", *PAIR, *TEST, train=[*INSTANT, "leaks=compare"])
    run(folder, folder / "k.safetensors", *PAIR, *TEST, train=[*INSTANT, "leaks=keep"])
    run(folder, folder / "x.safetensors", *PAIR, *TEST, train=[*INSTANT, "leaks=drop"])
    compared, kept, dropped = (json.loads((folder / f"{name}.test.json").read_text()) for name in "ckx")
    assert compared["raw"] == kept["raw"]
    assert compared["leak_free"] == dropped["leak_free"]
    assert compared["raw_model"]["file"] == "c.with_leaks.safetensors"
    raw = load_model(folder / "c.with_leaks.safetensors")
    assert raw.digest == compared["raw_model"]["digest"]
    assert raw.card["audit"]["left_out"] == {}
    assert "test: raw, trained with what they repeat: accuracy" in said
    assert "test: leak-free, trained without: accuracy" in said
    # Where nothing leaks there is nothing to compare.
    run(folder, folder / "y.safetensors", *PAIR, train=[*INSTANT, "leaks=compare"])
    assert not (folder / "y.with_leaks.safetensors").exists()


def test_an_interrupted_comparison_trains_no_network_again(folder, undrawn, monkeypatch):
    begun, step = [], loop._update

    def update(state, run):
        begun.append(run.train.seed)
        if len(begun) == 7:  # two networks of three steps each are done
            raise DnabilstmError("killed")
        step(state, run)

    monkeypatch.setattr(loop, "_update", update)
    wanted = folder / "i.safetensors", *PAIR, *TEST
    settings = [*INSTANT[:-1], "members=2", "leaks=compare"]
    assert run(folder, *wanted, train=settings) == ("killed",)
    first = (folder / "i.with_leaks.safetensors").read_bytes()
    run(folder, *wanted, train=settings)
    assert begun[6:] == [1, 1, 1, 1, 2, 2, 2]
    assert (folder / "i.with_leaks.safetensors").read_bytes() == first
    assert not list(folder.glob("i*.state"))


def test_members_and_folds_become_ensembles(folder, undrawn):
    run(folder, folder / "e.safetensors", *PAIR, *TEST, train=[*INSTANT, "members=2"])
    assert {"spread", "leak"} <= set(read(folder / "e.test.tsv")[0])
    assert len(members_of(load_model(folder / "e.safetensors").network)) == 2
    said = run(folder, folder / "k.safetensors", *PAIR, train=[*INSTANT, "folds=2"])
    cards = read_card(folder / "k.safetensors")["members"]
    assert [card["train"]["seed"] for card in cards] == [1, 2]
    assert [card["sequences"]["valid"]["classes"] for card in cards] == [{"no": 40, "yes": 40}] * 2
    assert "train: 160 sequences (no 80, yes 80)" in said


def test_regions_of_a_genome_get_windows_as_negatives(folder, undrawn):
    words = ["--sequences", "peak={f}/peaks.bed", "--genome", "{f}/g.fa", "--width", "60"]
    said = run(
        folder, folder / "g.safetensors", *words, "--negatives", "random", train=[*INSTANT, "fold_by=contig"]
    )
    assert "train: 70 sequences (negative " in said
    card = read_card(folder / "g.safetensors")
    assert card["channels"] == ["negative", "peak"]
    counts = [card["sequences"][part]["classes"] for part in ("train", "valid")]
    assert sum(sum(row.values()) for row in counts) == 140
    assert all(min(row.values()) for row in counts)


def odd(name, tmp_path):
    """Files of odd sequences, as words of the command line."""
    if name == "ten classes":
        texts = [(text, label) for label in range(10) for text in texts_of(6, MOTIFS[label % 3], seed=label)]
    elif name == "1 to 500":
        texts = [(text, 0) for text in texts_of(1_000, length=20, seed=1)]
        texts += [(text, 1) for text in texts_of(2, length=20, seed=2)]
    elif name == "7 to 20,000 bases":
        sizes = (7, 60, 300, 2_000, 20_000)
        texts = [(text, label) for label in (0, 1) for text in texts_of(10, length=sizes, seed=label)]
    elif name == "all N":
        texts = [("N" * (20 + number), number % 2) for number in range(20)]
    else:  # contradictory
        texts = [(text, label) for label in (0, 1) for text in texts_of(20, seed=5)]
        texts += [(text, label) for label in (0, 1) for text in texts_of(20, seed=6 + label)]
    (tmp_path / "t.csv").write_text(
        "sequence,label\n" + "".join(f"{text},{label}\n" for text, label in texts)
    )
    return ["--sequences", f"{tmp_path}/t.csv", "--test-sequences", f"{tmp_path}/t.csv"]


@pytest.mark.parametrize("name", ["ten classes", "1 to 500", "7 to 20,000 bases", "all N", "contradictory"])
def test_odd_sequences_work(tmp_path, undrawn, name):
    said = run(tmp_path, tmp_path / "m.safetensors", *odd(name, tmp_path), train=INSTANT)
    rows, classes = read(tmp_path / "m.test.tsv"), read_card(tmp_path / "m.safetensors")["channels"]
    assert len(rows) == len(read_sequences([f"{tmp_path}/t.csv"]))
    assert len(classes) == (10 if name == "ten classes" else 2)
    for row in rows:
        assert sum(float(row[f"p_{label}"]) for label in classes) == pytest.approx(1, abs=1e-4)
    audit = json.loads((tmp_path / "m.audit" / "audit.json").read_text())
    assert audit["contradictory"]["across"] == (20 if name == "contradictory" else 0)
    assert all(f"warning: {warning}" in said for warning in audit["warnings"])


def test_validation_may_lack_a_class(tmp_path, undrawn):
    for name, labels in (("t", "abc"), ("v", "ab")):
        rows = [f"{text},{label}\n" for label in labels for text in texts_of(8, seed=ord(label) + ord(name))]
        (tmp_path / f"{name}.csv").write_text("sequence,label\n" + "".join(rows))
    words = ["--sequences", "{f}/t.csv", "--valid-sequences", "{f}/v.csv"]
    run(tmp_path, tmp_path / "m.safetensors", *words, train=INSTANT)
    figures = read_card(tmp_path / "m.safetensors")["metrics"]
    assert figures["classes"]["c"]["auroc"] is None  # and not NaN, which JSON does not have
    both = [figures["classes"][name]["auroc"] for name in "ab"]
    assert figures["auroc"] == pytest.approx(sum(both) / 2)


FILES = {
    "a": ">a\nACGTACGT\n>b\nACGGACGA\n>c\nTTGACCAGA\n",
    "b": ">a\nGGGTACGT\n>b\nACGGCCCA\n>c\nTTGATCAGATT\n",
    "one": ">a\nGATTACA\n",
    "empty": "",
    "hollow": ">a\nACGT\n>b\n",
    "protein": ">a\nMELQVSIKTP\n",
    "single": "sequence,label\nACGT,x\nGGTA,x\n",
    "unlabelled": "sequence\nACGT\nGGTA\n",
    "ragged": "sequence,label\nACGT,x\nACGT\n",
    "copies": "sequence,label\nACGT,x\nACGT,y\nACGT,x\n",
}
BOTH = "--sequences a={a} --sequences b={b}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--sequences a={a}", ["{a}: has one class only, 'a'"]),
        ("--sequences {single}", ["{single}: has one class only, 'x'; wanted two or more"]),
        ("--sequences {a}", ["{a}: has no classes; wanted CLASS=FILE"]),
        ("--sequences a={a} --sequences {b}", ["3 of 6 sequences have no class (a, b, c)"]),
        ("--sequences {unlabelled}", ["{unlabelled}: has no classes"]),
        ("--sequences a={a} --sequences b={empty}", ["{empty}: is empty: no sequence in it"]),
        ("--sequences a={a} --sequences b={hollow}", ["{hollow}:3: record 'b' has no base (length 0)"]),
        ("--sequences a={a} --sequences b={protein}", ["{protein}:2: ", "a protein sequence?"]),
        ("--sequences {ragged}", ["{ragged}:3: found 1 cell; wanted 2"]),
        ("--sequences a={a} --sequences b={a}", ["{a}: is given twice as 'a' and as 'b'"]),
        ("--sequences a={a} --sequences b={one}", ["class 'b': 1 sequences in 1 groups of like sequences; wanted"]),
        ("--sequences {copies}", ["class 'x': 2 sequences in 1 groups", "class 'y': 1 sequences in 1 groups"]),
        (BOTH + " --test-sequences c={one}", ["{one}: has the class 'c'; wanted 'a', 'b'"]),
        (BOTH + " --test-sequences {one}", ["{one}: has no classes", "'dnabilstm classify'"]),
        (BOTH + " --valid-sequences a={one}", ["{one}: has one class only, 'a'"]),
        (
            BOTH + " --test-sequences a={a} --set train.leaks=drop",
            ["held-out sequences repeat all that are of class 'a'", "none is left in the 'valid' part"],
        ),
        ("--sequences a={a} --negatives random --ratio -1", ["negatives.ratio: -1.0: Input should be greater"]),
        ("--sequences a={a} --negatives random --ratio nan", ["negatives.ratio: nan: Input should be"]),
        (BOTH + " --negatives random", ["has the classes 'a', 'b'; --negatives is for positives only"]),
        (BOTH + " --set train.fold_by=contig", ["has no places on contigs"]),
        (BOTH + " --set train.folds=9", ["class 'a': 3 sequences in 3 groups", "class 'b': 3 sequences in 3 groups"]),
        (BOTH + " --valid-sequences a={a} --set train.folds=2", ["one class only", "train.folds: 2 with"]),
        (
            BOTH + " --set train.reverse_complement=true --set model.hidden=x --set train.folds=1",
            ["model.hidden: 'x'", "train.folds: 1 holds nothing out"],
        ),
        (BOTH + " --set train.reverse_complement=true", ["train.reverse_complement: true with model.strand"]),
        (BOTH + " --set model.tasks=[x]", ["model.tasks: are the classes of --sequences"]),
        (BOTH + " --set model.skip=true", ["model.skip: is for head: position"]),
        (BOTH + " --labels p={a}", ["--labels: go with --genome and --labels"]),
        ("--negatives gc --labels p={a} --genome {a}", ["--negatives: goes with --sequences"]),
        ("--sequences {a} --sequences none.fa --set train.steps=3", ["train.steps: is not a setting", "none.fa: "]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_clear_line_each(tmp_path, words, said):
    paths = {}
    for name, text in FILES.items():
        paths[name] = tmp_path / f"{name}.{'csv' if text.startswith('seq') else 'fa'}"
        paths[name].write_text(text)
    found = run(
        tmp_path, tmp_path / "out" / "m.safetensors", *words.format(**paths).split(), model=(), train=()
    )
    assert not isinstance(found, str), "it worked"
    message = "\n".join(found)
    assert all(text.format(**paths) in message for text in said), message
    assert len(found) <= len(said)
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_told_before_training(folder, tmp_path):
    (tmp_path / "m.test.tsv").mkdir()
    (tmp_path / "m.audit").write_text("")
    found = run(folder, tmp_path / "m.safetensors", *PAIR)
    assert [line.partition(": ")[2].split(";")[0] for line in found] == ["is a file", "is a folder"]


@pytest.mark.slow
def test_the_leaks_of_a_published_benchmark_are_found(data, tmp_path):
    place = data / "benchmarks/ienhancer2l/layer1"
    words = [f"--{part}sequences {name}={place}/{file}_{name}s.fa"
             for part, file in (("", "train"), ("test-", "test")) for name in ("enhancer", "nonenhancer")]  # fmt: skip
    said = run(
        tmp_path,
        tmp_path / "m.safetensors",
        *" ".join(words).split(),
        model=["hidden=8", "filters=24", "strand=symmetric", "aligned=0"],
        train=["epochs=1", "min_steps=400", "shards=1", "members=1"],
    )
    found = json.loads((tmp_path / "m.test.json").read_text())
    assert (found["raw"]["sequences"], found["leaked"], found["leak_free"]["sequences"]) == (400, 100, 300)
    assert "warning: test " in said
    assert "100 of its 400 sequences" in said
    assert found["leak_free"]["auroc"] > 0.6
    leaks = [row for row in read(tmp_path / "m.test.tsv") if row["leak"] != "."]
    assert {(row["label"], row["leak"]) for row in leaks} == {("enhancer", "exact")}
