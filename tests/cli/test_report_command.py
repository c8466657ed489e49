"""``dnabilstm report`` on what the commands before it write, and on what is not theirs."""

import json
import shutil

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from dnabilstm.cli import cli
from dnabilstm.model.bundle import Model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.network import BiLSTM


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A genome, labels, a model with random weights, its evaluation and its scores."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(1)
    with (folder / "g.fa").open("w") as out:
        for name in ("c1", "c2"):
            out.write(f">{name}\n{''.join(rng.choice(list('ACGT'), 4000))}\n")
    (folder / "l.bed").write_text(
        "".join(f"{c}\t{s}\t{s + 200}\n" for c in ("c1", "c2") for s in (500, 2500))
    )
    torch.manual_seed(0)
    network = BiLSTM(BiLSTMConfig(tasks=("p",), hidden=4, filters=4, filter_width=5)).eval()
    split = [["c1", 0, 4000, "train"], ["c2", 0, 4000, "test"]]
    save_model(
        Model(network, {"split": split, "context": {"halo": 100, "chunk": 1000}}), folder / "m.safetensors"
    )
    (folder / "b.tsv").write_text("s\tmax_rss\tcpu_time\n3.5\t100\t7\n")
    for words in (
        ("encode", "--genome", folder / "g.fa", "--output", folder / "codes"),
        ("label", "--genome", folder / "codes", "--labels", f"p={folder / 'l.bed'}", "--output", folder / "labels"),
        ("evaluate", "--genome", folder / "codes", "--labels", folder / "labels", "--model", folder / "m.safetensors",
         "--bootstrap", 20, "--contigs", "c2", "--output", folder / "evaluation"),
        ("score", "--genome", folder / "codes", "--model", folder / "m.safetensors", "--output", folder / "scores"),
    ):  # fmt: skip
        done = run(*words)
        assert done.exit_code == 0, (words, done.output, done.exception)
    return folder


def options(made, **other):
    given = {
        "model": made / "m.safetensors",
        "evaluation": made / "evaluation",
        "genome": made / "codes",
        "labels": made / "labels",
        "scores": made / "scores",
        "benchmark": f"train={made / 'b.tsv'}",
    } | other
    return [word for name, value in given.items() if value is not None for word in (f"--{name}", value)]


def test_the_page_and_its_figures_are_written(made, tmp_path):
    done = run("report", *options(made), "--output", tmp_path / "r.html")
    assert done.exit_code == 0, done.output
    assert "<h1>m.safetensors</h1>" in (tmp_path / "r.html").read_text()
    assert (tmp_path / "r.figures" / "benchmarks.tsv").read_text().splitlines()[1] == "train\t3.5\t7\t100"
    assert "leaks are not known" in (tmp_path / "r.html").read_text()


def test_a_model_of_the_workflow_goes_by_its_folder(made, tmp_path):
    model = tmp_path / "yeast & co" / "model.safetensors"
    model.parent.mkdir()
    shutil.copy(made / "m.safetensors", model)
    done = run("report", *options(made, model=model), "--output", tmp_path / "r.html")
    assert done.exit_code == 0, done.output
    assert "<h1>yeast &amp; co</h1>" in (tmp_path / "r.html").read_text()


def test_without_scores_there_are_no_examples(made, tmp_path):
    done = run(
        "report", *options(made, scores=None, benchmark="train=nowhere.tsv"), "--output", tmp_path / "r.html"
    )
    assert done.exit_code == 0, done.output
    assert not (tmp_path / "r.figures" / "loci.svg").exists()
    assert "There are no scores of this genome" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"evaluation": "nowhere"}, "nowhere/evaluation.json: is not there"),
        ({"model": "nowhere.safetensors"}, "nowhere.safetensors"),
        ({"labels": "nowhere"}, "nowhere"),
        ({"scores": "nowhere"}, "nowhere"),
        ({"benchmark": "train"}, "--benchmark train: wanted JOB=FILE"),
        ({"genes": "nowhere.gff3"}, "nowhere.gff3"),
    ],
)
def test_what_is_not_there_is_named(made, tmp_path, other, said):
    done = run("report", *options(made, **other), "--output", tmp_path / "r.html")
    assert done.exit_code != 0
    assert said in str(done.exception) + done.output
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_belong_together_is_refused(made, tmp_path):
    other = tmp_path / "evaluation"
    shutil.copytree(made / "evaluation", other)
    table = json.loads((other / "evaluation.json").read_text())
    (other / "evaluation.json").write_text(json.dumps(table | {"genome": {"digest": "x"}}))
    done = run("report", *options(made, evaluation=other), "--output", tmp_path / "r.html")
    assert "an evaluation on another genome (digest x" in str(done.exception)
    (other / "evaluation.json").write_text("[]")
    done = run("report", *options(made, evaluation=other), "--output", tmp_path / "r.html")
    assert "is not what 'dnabilstm evaluate' writes" in str(done.exception)


def test_the_page_must_end_in_html(made, tmp_path):
    done = run("report", *options(made), "--output", tmp_path / "r.pdf")
    assert "wanted a name that ends in .html" in str(done.exception)
