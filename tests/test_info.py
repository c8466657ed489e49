"""``dnabilstm info`` says what lies there, for people and for programs."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from dnabilstm.cli.info import command
from dnabilstm.genome import encode_fasta
from dnabilstm.labels import LabelSpec, make_labels
from dnabilstm.score.store import create_scores

FASTA = ">chr1\nACGTGGCCRN\n>chr2\n" + "N" * 12 + "AT\n"


@pytest.fixture
def genome(tmp_path):
    (tmp_path / "a.fa").write_text(FASTA)
    return encode_fasta(tmp_path / "a.fa", tmp_path / "genome")


def info(*words):
    result = CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("name", ["a.fa", "genome"])
def test_a_genome_is_its_contig_table(genome, tmp_path, name):
    found = json.loads(info(tmp_path / name, "--json"))
    one, two = found["contigs"]
    assert one == {
        "name": "chr1", "length": 10, "gc": 6, "acgt": 8, "n": 1, "ambiguous": 1, "no_call": 0,
        "digest": genome.contigs[0].digest,
    }  # fmt: skip
    assert (two["n"], two["no_call"], two["gc"], two["acgt"]) == (12, 12, 0, 2)
    assert found["digest"] == genome.digest
    assert found["total"] == {"length": 24, "gc": 6, "acgt": 10, "n": 13, "ambiguous": 1, "no_call": 12}
    lines = info(tmp_path / name).splitlines()
    assert lines[2].split()[:6] == ["chr1", "10", "75.00", "1", "1", "0"]
    assert lines[4].split()[:6] == ["total", "24", "60.00", "13", "1", "12"]
    assert "soft-masking is not stored" in lines[-1]


def test_labels_are_their_table(genome, tmp_path):
    (tmp_path / "a.bed").write_text("chr1\t0\t4\n")
    make_labels(genome, [LabelSpec("p", tmp_path / "a.bed")], tmp_path / "labels")
    found = json.loads(info(tmp_path / "labels", "--json"))
    assert found["kind"] == "labels"
    assert found["of_channel"]["p"]["positive"] == 4
    assert "    positive: 4" in info(tmp_path / "labels").splitlines()


def test_scores_are_counted(genome, tmp_path):
    with create_scores(tmp_path / "scores", genome.contigs, ("p",)) as scores:
        scores.values[0, :4] = np.array([0.25, 0.5, 0.75, 0.5], np.float32)
        scores.info["model"] = {"digest": "abc"}
    found = json.loads(info(tmp_path / "scores", "--json"))
    assert found["of_channel"]["p"] == {
        "bases": 24, "scored": 4, "no_call": 20, "mean": 0.5, "min": 0.25, "max": 0.75,
    }  # fmt: skip
    assert found["model"] == {"digest": "abc"}
    assert "model:\n  digest: abc\n" in info(tmp_path / "scores")


def test_a_model_is_its_card(tmp_path):
    from dnabilstm.model.bundle import Model, save_model
    from dnabilstm.model.config import BiLSTMConfig
    from dnabilstm.model.registry import build

    card = {"calibration": {"slope": 2.0, "bias": [1.0]}, "metrics": []}
    save_model(Model(build(BiLSTMConfig(tasks=("p",), hidden=4)).eval(), card), tmp_path / "m.safetensors")
    found = json.loads(info(tmp_path / "m.safetensors", "--json"))
    assert found["kind"] == "model"
    assert found["calibration"] == card["calibration"]
    text = info(tmp_path / "m.safetensors")
    assert "calibration:\n  slope: 2.0\n  bias: 1.0\n" in text
    assert "config:\n" in text


def test_an_ensemble_tells_its_head_classes_and_members(tmp_path):
    from dnabilstm.model.bundle import Model, join_models, save_model
    from dnabilstm.model.config import BiLSTMConfig
    from dnabilstm.model.registry import build

    config = BiLSTMConfig(tasks=("a", "b"), head="sequence", hidden=4)
    cards = [
        {"metrics": {"mcc": mcc}, "composition": {"bases": 7, "kmers": {"AAAA": 1.0}}} for mcc in (0.25, 0.5)
    ]
    models = [Model(build(config).eval(), card) for card in cards]
    save_model(join_models(models, ["x", "y"]), tmp_path / "m.safetensors")
    text = info(tmp_path / "m.safetensors")
    assert text.splitlines()[1] == "tells the classes of whole sequences: a, b; an ensemble of 2 members"
    assert "member 1:\n  metrics:\n    mcc: 0.25\n" in text
    assert "member 2:\n  metrics:\n    mcc: 0.5\n" in text
    assert "AAAA" not in text
    found = json.loads(info(tmp_path / "m.safetensors", "--json"))
    assert found["members"][1]["composition"]["kmers"] == {"AAAA": 1.0}
    save_model(models[0], tmp_path / "one.safetensors")
    assert "sequences: a, b\nformat: 1\n" in info(tmp_path / "one.safetensors")
