"""``dnabilstm evaluate`` from files to files, with a small untrained model."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from dnabilstm.cli.evaluate import command
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import open_genome
from dnabilstm.model.bundle import Model, join_models, load_model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build

LENGTH = 6000
CONTEXT = {"halo": 100, "chunk": 1000, "within": True}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A genome of three contigs, regions on each of them, and a model whose split tests on the third."""
    folder = tmp_path_factory.mktemp("evaluate")
    rng = np.random.default_rng(0)
    names = ("one", "two", "three")
    with (folder / "genome.fa").open("w") as fasta, (folder / "regions.bed").open("w") as bed:
        for name in names:
            fasta.write(f">{name}\n{''.join(rng.choice(list('ACGT'), LENGTH))}\n")
            bed.writelines(f"{name}\t{start}\t{start + 200}\n" for start in range(500, LENGTH, 1000))
    split = [[name, 0, LENGTH, part] for name, part in zip(names, ("train", "valid", "test"), strict=True)]
    torch.manual_seed(0)
    network = build(BiLSTMConfig(tasks=("promoter",), hidden=4, filters=4, layers=1)).eval()
    card = {
        "split": split,
        "genome": {"digest": open_genome(folder / "genome.fa").digest},
        "calibration": {"promoter": {"a": 1.0, "b": 0.0}},
    }
    save_model(Model(network, card), folder / "model.safetensors")
    return folder


def run(place, output, *more):
    arguments = ["--genome", place / "genome.fa", "--model", place / "model.safetensors"]
    arguments += ["--labels", f"promoter={place / 'regions.bed'}", "--output", output]
    arguments += ["--bootstrap", 20, "--block", 500, "--device", "cpu", *more]
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)


def test_the_test_part_is_evaluated_beside_others(place, tmp_path):
    same = f"same={place / 'model.safetensors'}"
    done = run(place, tmp_path / "out", "--compare", same, "--baseline", "kmer")
    result = json.loads((tmp_path / "out/evaluation.json").read_text())
    assert done.exit_code == 0
    assert result["intervals"] == [["three", 0, LENGTH]]
    assert result["warnings"] == []
    assert [row["model"] for row in result["rows"]] == ["model", "same", "kmer"]
    first, second, kmer = result["rows"]
    assert (first["bases"], first["base_rate"]) == (LENGTH, pytest.approx(0.2))
    assert first["figures"] == second["figures"] != kmer["figures"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert "AUPRC" in done.stderr
    assert done.stdout == ""


def test_contigs_that_the_model_has_seen_are_warned_of(place, tmp_path):
    done = run(place, tmp_path / "out", "--contigs", "one,three")
    warnings = json.loads((tmp_path / "out/evaluation.json").read_text())["warnings"]
    assert warnings == ["model was trained on bases of one: its figures are too good"]
    assert warnings[0] in done.stderr


def test_wrong_options_are_refused_and_leave_nothing(place, tmp_path):
    for more, message in (
        (["--contigs", "four"], "no 'four'"),
        (["--compare", "other"], "wanted NAME=MODEL"),
        (["--compare", "model=x"], "is taken"),
        (["--compare", "kmer=x", "--baseline", "kmer"], "is taken"),
        (["--bootstrap", "-1"], "bootstrap"),
    ):
        with pytest.raises(DnabilstmError, match=message):
            run(place, tmp_path / "out", *more)
    assert list(tmp_path.iterdir()) == []


def test_bases_that_repeat_training_sequence_are_left_out_of_a_second_set_of_figures(place, tmp_path):
    rows = (place / "genome.fa").read_text().splitlines()
    rows[5] = rows[1][:3000] + rows[5][3000:]  # the third contig begins as the first does
    (tmp_path / "genome.fa").write_text("\n".join(rows) + "\n")
    (tmp_path / "regions.bed").write_text((place / "regions.bed").read_text())
    model = load_model(place / "model.safetensors")
    model.card["genome"] = {"digest": open_genome(tmp_path / "genome.fa").digest}
    save_model(model, tmp_path / "model.safetensors")
    done = run(tmp_path, tmp_path / "out")
    result = json.loads((tmp_path / "out/evaluation.json").read_text())
    assert done.exit_code == 0
    assert abs(result["leak_free"]["left_out"] - 3000) <= 200
    (raw,), (clean,) = result["rows"], result["leak_free"]["rows"]
    assert clean["bases"] == raw["bases"] - result["leak_free"]["left_out"]
    assert "promoter, leak-free" in done.stderr
    table = [line.split("\t") for line in (tmp_path / "out/evaluation.tsv").read_text().splitlines()]
    assert {row[-1] for row in table[1:]} == {"all", "leak_free"}


def test_an_ensemble_is_told_how_well_its_spread_finds_its_errors(place, tmp_path):
    models = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        single = load_model(place / "model.safetensors")
        network = build(single.network.config).eval()
        models.append(Model(network, single.card | {"thresholds": {"promoter": 0.5}, "context": CONTEXT}))
    save_model(join_models(models, ["a", "b"]), tmp_path / "both.safetensors")
    done = run(place, tmp_path / "out", "--compare", f"both={tmp_path / 'both.safetensors'}")
    assert done.exit_code == 0
    result = json.loads((tmp_path / "out/evaluation.json").read_text())
    (row,) = result["spread"]
    assert (row["model"], row["channel"], row["bases"]) == ("both", "promoter", LENGTH)
    assert 0 <= row["auroc"] <= 1
    assert "spread tells them with AUROC" in done.stderr
