"""From weights to a model whose card is true."""

from dataclasses import replace

import numpy as np
import pytest

from dnabilstm.alphabet import reverse_complement
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Genome
from dnabilstm.labels import LabelSpec, make_labels
from dnabilstm.model.bundle import load_model, save_model
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import score_genome
from dnabilstm.train.finish import check_parts, finish_positions
from dnabilstm.train.loop import Reporter, train
from dnabilstm.windows import Stretch
from tests.train.conftest import planted_genome


def test_a_finished_model_is_calibrated_and_says_what_it_needs(run, tmp_path):
    run = replace(run, train=replace(run.train, steps=150, evaluate_every=50))
    model = finish_positions(run, train(run, tmp_path / "m", Reporter()))
    save_model(model, tmp_path / "m.safetensors")
    card = load_model(tmp_path / "m.safetensors").card
    assert card["genome"]["digest"] == run.genome.digest
    assert card["split"] == [["a", 0, 12001, "train"], ["b", 0, 4002, "valid"], ["c", 0, 4003, "test"]]
    assert card["context"]["within"]
    assert card["context"]["measured"][-1]["p999"] <= 5e-4
    assert card["metrics"]["channels"]["site"]["calibration_error"] < 0.06
    scores = score_genome(run.genome, model, tmp_path / "s", ScoreConfig())
    truth = run.labels.track("site", "b") == 1
    assert abs(np.mean(scores.track("site", "b")) - truth.mean()) < 0.01  # calibrated at the true base rate
    called = scores.track("site", "b") >= card["thresholds"]["site"]
    assert 2 * (called & truth).sum() / (called.sum() + truth.sum()) == pytest.approx(
        card["metrics"]["channels"]["site"]["best_f1"],
        abs=0.02,  # ties at the threshold, and rounding in float32
    )


def test_two_runs_write_the_same_file(run, tmp_path):
    for name in ("a", "b"):
        save_model(
            finish_positions(run, train(run, tmp_path / name, Reporter())), tmp_path / f"{name}.safetensors"
        )
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_a_part_without_positives_is_refused(run):
    split = (Stretch("a", 0, 12001, "train"), Stretch("b", 0, 50, "valid"))
    with pytest.raises(DnabilstmError, match="site: the 'valid' part has no positive base"):
        check_parts(run.labels, split)


def test_both_strands_of_a_task_are_calibrated_alike(run, tmp_path):
    genome, places = planted_genome()
    bed = tmp_path / "stranded.bed"
    rows = [
        f"{name}\t{s - 10}\t{s + 20}\t.\t0\t{'+-'[k % 3 == 0]}\n"
        for name, at in places.items()
        for k, s in enumerate(at)
    ]
    bed.write_text("".join(rows))
    labels = make_labels(genome, [LabelSpec("site", bed, strand="use")], tmp_path / "stranded")
    run = replace(run, labels=labels, model=replace(run.model, strand="stranded"))
    model = finish_positions(run, train(run, tmp_path / "m", Reporter()))
    assert model.card["calibration"]["site.plus"] == model.card["calibration"]["site.minus"]
    assert model.card["thresholds"]["site.plus"] == model.card["thresholds"]["site.minus"]
    other = Genome(
        genome.contigs, np.concatenate([reverse_complement(genome.sequence(n)) for n in genome.names]), "rc"
    )
    exactly = ScoreConfig(precision="fp32")
    scores = score_genome(genome, model, tmp_path / "f", exactly)
    mirrored = score_genome(other, model, tmp_path / "r", exactly)
    for name in genome.names:
        np.testing.assert_allclose(mirrored.contig(name)[::-1, ::-1], scores.contig(name), atol=1e-5)
