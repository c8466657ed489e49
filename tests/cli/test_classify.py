"""``dnabilstm classify`` from files to a table, with small untrained models."""

import csv
import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from dnabilstm.audit.composition import CARD_KEY, composition_of
from dnabilstm.cli import cli
from dnabilstm.errors import DnabilstmError
from dnabilstm.model.bundle import Model, join_models, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.score.sequences import class_probabilities
from dnabilstm.sequences.read import read_sequences
from tests.classify.planted import texts_of, write_fasta


def model_of(seed, **more):
    torch.manual_seed(seed)
    config = {"tasks": ("no", "yes"), "head": "sequence", "hidden": 4, "filters": 4, "layers": 1, **more}
    slope = {"slope": 20.0, "bias": [0.1, -0.1]}
    return Model(build(BiLSTMConfig(**config)).eval(), {"calibration": slope})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("classify")
    models = [model_of(seed) for seed in (1, 2, 3)]
    for number, model in enumerate(models, start=1):
        save_model(model, place / f"m{number}.safetensors")
    save_model(join_models(models, ["m1", "m2", "m3"]), place / "e.safetensors")
    position = BiLSTMConfig(tasks=("p",), hidden=4, filters=4, layers=1)
    save_model(Model(build(position).eval(), {}), place / "p.safetensors")
    texts = texts_of(9, length=(7, 60, 200))
    write_fasta(place / "yes.fa", texts[:5])
    write_fasta(place / "no.fa", texts[5:])
    write_fasta(place / "seen.fa", [texts[1], texts[7], *texts_of(3, seed=8)])
    write_fasta(place / "g.fa", texts_of(2, length=500, seed=4), prefix="chr")
    (place / "r.bed").write_text("chr0\t10\t60\tx\t0\t+\nchr1\t400\t500\ty\t0\t-\n")
    (place / "empty.fa").write_text("")
    (place / "hollow.fa").write_text(">a\n>b\nACGT\n")
    (place / "t.csv").write_text("sequence,label\nACGTAC,yes\nNNNNNN,no\nGGGGGG,yes\nACGTAC,no\n")
    return place


def run(folder, output, *words, model="m1"):
    words = [word.format(f=folder) for word in words]
    given = ["classify", "--model", str(folder / f"{model}.safetensors"), "--device", "cpu"]
    done = CliRunner().invoke(cli, [*given, "--output", str(output), *words])
    if isinstance(done.exception, DnabilstmError):
        return done.exception.problems
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stderr


def read(path):
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


PAIR = ("--sequences", "yes={f}/yes.fa", "--sequences", "no={f}/no.fa")


def test_probabilities_are_those_of_the_model(folder, tmp_path):
    said = run(folder, tmp_path / "s.tsv", *PAIR)
    rows, found = read(tmp_path / "s.tsv"), json.loads((tmp_path / "s.json").read_text())
    sequences = read_sequences([f"yes={folder}/yes.fa", f"no={folder}/no.fa"])
    wanted, spread = class_probabilities(model_of(1), sequences)
    assert spread is None
    np.testing.assert_allclose(
        [[float(row["p_no"]), float(row["p_yes"])] for row in rows], wanted, rtol=1e-5, atol=1e-30
    )
    assert [row["label"] for row in rows] == ["yes"] * 5 + ["no"] * 4
    assert [row["called"] for row in rows] == [("no", "yes")[best] for best in wanted.argmax(axis=1)]
    right = sum(row["label"] == row["called"] for row in rows)
    assert found["raw"]["accuracy"] == right / 9
    assert found["called"] == {name: sum(row["called"] == name for row in rows) for name in ("no", "yes")}
    assert f"all 9 sequences: accuracy {right / 9:.3f} [" in said
    assert found["sequences"]["digest"] == sequences.digest


def test_the_batch_does_not_matter_and_a_rerun_gives_the_same_bytes(folder, tmp_path):
    run(folder, tmp_path / "a.tsv", *PAIR)
    run(folder, tmp_path / "b.tsv", *PAIR)
    run(folder, tmp_path / "c.tsv", *PAIR, "--batch", "1")
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    one, other = ([float(row["p_no"]) for row in read(tmp_path / name)] for name in ("a.tsv", "c.tsv"))
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_an_ensemble_is_the_mean_of_its_members_and_its_spread_their_deviation(folder, tmp_path):
    for name in ("m1", "m2", "m3", "e"):
        run(folder, tmp_path / f"{name}.tsv", "--sequences", "{f}/yes.fa", model=name)
    single = np.array(
        [
            [[float(row["p_no"]), float(row["p_yes"])] for row in read(tmp_path / f"m{n}.tsv")]
            for n in (1, 2, 3)
        ]
    )
    rows = read(tmp_path / "e.tsv")
    joined = np.array([[float(row["p_no"]), float(row["p_yes"])] for row in rows])
    np.testing.assert_allclose(joined, single.mean(axis=0), atol=2e-6)
    deviation = single.std(axis=0)[np.arange(5), joined.argmax(axis=1)]
    np.testing.assert_allclose([float(row["spread"]) for row in rows], deviation, atol=2e-6)
    assert deviation.max() > 0.01


def test_sequences_that_training_has_seen_are_marked_and_left_out_of_the_second_figures(folder, tmp_path):
    said = run(folder, tmp_path / "s.tsv", *PAIR, "--against", "{f}/seen.fa")
    rows, found = read(tmp_path / "s.tsv"), json.loads((tmp_path / "s.json").read_text())
    assert [number for number, row in enumerate(rows) if row["leak"] == "exact"] == [1, 7]
    assert {row["leak"] for row in rows} == {"exact", "."}
    clean = [row for row in rows if row["leak"] == "."]
    assert found["leak_free"]["accuracy"] == sum(row["label"] == row["called"] for row in clean) / 7
    assert "warning: scored " in said
    assert "without the 2 that training has seen: accuracy" in said


def test_without_classes_there_are_no_figures_but_leaks_are_counted(folder, tmp_path):
    said = run(folder, tmp_path / "s.tsv", "--sequences", "{f}/yes.fa", "--against", "{f}/seen.fa")
    found = json.loads((tmp_path / "s.json").read_text())
    assert found["leaked"] == 1
    assert not {"raw", "leak_free"} & set(found)
    assert "accuracy" not in said


def test_regions_have_their_places(folder, tmp_path):
    run(folder, tmp_path / "s.tsv", "--sequences", "{f}/r.bed", "--genome", "{f}/g.fa")
    rows = read(tmp_path / "s.tsv")
    assert [(row["contig"], row["start"], row["end"], row["strand"], row["length"]) for row in rows] == [
        ("chr0", "10", "60", "+", "50"),
        ("chr1", "400", "500", "-", "100"),
    ]


def test_contradictory_all_n_and_few_sequences_are_classified(folder, tmp_path):
    run(folder, tmp_path / "s.tsv", "--sequences", "{f}/t.csv")
    rows = read(tmp_path / "s.tsv")
    assert [row["label"] for row in rows] == ["yes", "no", "yes", "no"]
    assert rows[0]["p_no"] == rows[3]["p_no"]
    for row in rows:
        assert float(row["p_no"]) + float(row["p_yes"]) == pytest.approx(1, abs=1e-5)


def test_sequences_unlike_those_of_the_training_are_told(folder, tmp_path):
    alike = np.random.default_rng(0).integers(4, size=200_000)
    model = model_of(1)
    model.card[CARD_KEY] = composition_of(np.array([1, 2, 4, 8], np.uint8)[alike])
    save_model(model, folder / "c.safetensors")
    write_fasta(folder / "at.fa", ["AATTATTATAAATAATATTA" * 50] * 100)
    write_fasta(folder / "any.fa", texts_of(100, length=1_000, seed=3))
    said = run(folder, tmp_path / "s.tsv", "--sequences", "{f}/at.fa", model="c")
    assert "warning: these sequences and those of the training: composition differs" in said
    said = run(folder, tmp_path / "s.tsv", "--sequences", "{f}/any.fa", model="c")
    assert "warning" not in said


@pytest.mark.parametrize(
    ("words", "model", "said"),
    [
        (["--sequences", "maybe={f}/yes.fa"], "m1", ["has the class 'maybe'; wanted 'no', 'yes'"]),
        (["--sequences", "{f}/yes.fa"], "p", ["p.safetensors: scores every base of a genome (head: position)"]),
        (["--sequences", "{f}/yes.fa"], "none", ["none.safetensors: no such file"]),
        (["--sequences", "{f}/empty.fa"], "m1", ["empty.fa: is empty: no sequence in it"]),
        (["--sequences", "{f}/hollow.fa"], "m1", ["hollow.fa:1: record 'a' has no base (length 0)"]),
        (["--sequences", "{f}/r.bed"], "m1", ["r.bed: holds regions; wanted the genome"]),
        (["--sequences", "{f}/yes.fa", "--level", "2"], "m1", ["classify.level: 2.0"]),
        (["--sequences", "{f}/yes.fa", "--batch", "0"], "p", ["classify.batch: 0", "head: position"]),
        (
            ["--sequences", "{f}/empty.fa", "--against", "{f}/hollow.fa"],
            "m1",
            ["empty.fa: is empty", "hollow.fa:1: record 'a'"],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_clear_line(folder, tmp_path, words, model, said):
    found = run(folder, tmp_path / "s.tsv", *words, model=model)
    assert len(found) == len(said)
    assert all(text in line for text, line in zip(said, found, strict=True))
    assert not list(tmp_path.iterdir())


def test_a_place_where_the_figures_would_go_is_refused(folder, tmp_path):
    assert "is where the figures go" in run(folder, tmp_path / "s.json", *PAIR)[0]
    (tmp_path / "t.json").mkdir()
    assert "t.json: is a folder" in run(folder, tmp_path / "t.tsv", *PAIR)[0]
    run(folder, tmp_path / "u.tsv.gz", *PAIR)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.json", "u.json", "u.tsv.gz"]


@pytest.mark.parametrize("command", ["score", "evaluate"])
def test_commands_for_genomes_name_this_one(folder, tmp_path, command):
    words = [command, "--model", f"{folder}/m1.safetensors", "--genome", f"{folder}/g.fa"]
    words += ["--labels", f"p={folder}/r.bed"] if command == "evaluate" else []
    done = CliRunner().invoke(cli, [*words, "--output", str(tmp_path / "o")])
    assert len(done.exception.problems) == 1
    assert "m1.safetensors: tells the classes of whole sequences" in done.exception.problems[0]
    assert "'dnabilstm classify'" in done.exception.problems[0]
