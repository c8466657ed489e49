"""The promises of scoring: strands, cutting, batches, workers, and every base accounted for."""

import numpy as np
import pytest
import torch

from dnabilstm.alphabet import reverse_complement
from dnabilstm.genome import Contig, Genome
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import DEFAULT_CHUNK, grid_of, score_genome
from dnabilstm.score.store import open_scores
from tests.score.conftest import genome_of, model_of

LENGTHS = {f"c{length}": length for length in (0, 1, 2, 4, 7, 51, 498, 999, 1000, 1001, 1002, 1003, 5004)}


def values_of(genome, model, folder, **settings):
    return np.array(score_genome(genome, model, folder, ScoreConfig(**settings)).values)


def test_scores_are_those_of_the_plain_network(model, tmp_path):
    genome = genome_of(LENGTHS)
    scores = score_genome(genome, model, tmp_path, ScoreConfig(exact=True))
    for contig in genome.contigs:
        if contig.length:
            codes = torch.from_numpy(genome.sequence(contig.name).copy())[None]
            want = torch.sigmoid(model.network(codes))[0].detach().numpy()
            np.testing.assert_allclose(scores.contig(contig.name), want, atol=2e-6)


@pytest.mark.parametrize("strand", ["symmetric", "stranded"])
@pytest.mark.parametrize("settings", [{"exact": True}, {"chunk": 300, "halo": 40}, {"chunk": 100, "halo": 0}])
def test_the_reverse_complement_of_a_genome_has_the_reversed_scores(strand, settings, tmp_path):
    model = model_of(strand=strand)
    genome = genome_of(LENGTHS)
    mirrored = np.concatenate([reverse_complement(genome.sequence(name)) for name in genome.names])
    other = Genome(genome.contigs, mirrored, "rc.fa")
    forward = score_genome(genome, model, tmp_path / "f", ScoreConfig(**settings))
    backward = score_genome(other, model, tmp_path / "b", ScoreConfig(**settings))
    partner = list(range(len(model.channels)))
    if strand == "stranded":
        partner = [1, 0, 3, 2]
    for name in genome.names:
        np.testing.assert_allclose(backward.contig(name)[::-1, partner], forward.contig(name), atol=1e-5)


def test_batch_order_and_company_do_not_matter(model, tmp_path):
    genome = genome_of(LENGTHS)
    want = values_of(genome, model, tmp_path / "a", chunk=200, halo=50)
    for batch in (1, 3):
        np.testing.assert_allclose(
            values_of(genome, model, tmp_path / "b", chunk=200, halo=50, batch=batch), want, atol=1e-5
        )
    order = np.random.default_rng(5).permutation(len(genome.contigs))
    rows, offset = [], 0
    for index in order:
        contig = genome.contigs[index]
        rows.append(Contig(contig.name, contig.length, offset, ""))
        offset += contig.length
    shuffled = Genome(tuple(rows), np.concatenate([genome.sequence(c.name) for c in rows]), "shuffled.fa")
    scores = score_genome(shuffled, model, tmp_path / "c", ScoreConfig(chunk=200, halo=50))
    first = open_scores(tmp_path / "a")
    for name in genome.names:
        np.testing.assert_allclose(scores.contig(name), first.contig(name), atol=1e-5)


def test_workers_and_reruns_give_identical_bytes(model, tmp_path):
    genome = genome_of(LENGTHS)
    found = []
    for run, workers in enumerate((1, 2, 5, 1)):
        score_genome(
            genome, model, tmp_path / str(run), ScoreConfig(chunk=100, halo=20, batch=4, workers=workers)
        )
        found.append((tmp_path / str(run) / "scores.f32").read_bytes())
    assert len(set(found)) == 1


def test_a_long_halo_gives_the_exact_scores_and_a_short_one_does_not(model, tmp_path):
    genome = genome_of({"c": 6000})
    for parameter in model.network.parameters():
        parameter.data *= 0.5
    exact = values_of(genome, model, tmp_path, exact=True)
    near = np.abs(values_of(genome, model, tmp_path, chunk=500, halo=1500) - exact).max()
    far = np.abs(values_of(genome, model, tmp_path, chunk=500, halo=0) - exact).max()
    assert near < 1e-4 < far


def test_the_grid_is_the_models(tmp_path):
    model = model_of({"context": {"halo": 250, "chunk": 700}})
    assert grid_of(model, ScoreConfig()).halo == 50
    assert grid_of(model, ScoreConfig()).chunk == 140
    assert grid_of(model, ScoreConfig(halo=0)).halo == 0
    assert grid_of(model, ScoreConfig(exact=True)).chunk == 0
    assert grid_of(model_of(), ScoreConfig()).chunk == DEFAULT_CHUNK // 5


def test_no_calls_are_gaps_and_every_base_is_accounted_for(model, tmp_path):
    genome = genome_of({"a": 400, "short": 30, "n": 60, "b": 300})
    genome.sequence("a")[100:150] = 15
    genome.sequence("a")[200:209] = 15  # nine: too short for a no-call
    genome.sequence("n")[:] = 15
    scores = score_genome(genome, model, tmp_path, ScoreConfig(min_contig=50))
    assert scores.info["bases"] == {"in": 790, "scored": 790 - 50 - 30 - 60, "no_call": 140}
    assert (tmp_path / "nocall.bed").read_text() == "a\t100\t150\nshort\t0\t30\nn\t0\t60\n"
    gaps = np.isnan(scores.track("a", "a"))
    assert gaps.sum() == 50
    assert gaps[100:150].all()


def test_calibration_of_the_card_is_applied(tmp_path):
    genome = genome_of({"c": 200})
    raw = values_of(genome, model_of(), tmp_path)
    card = {"calibration": {"a": {"a": 2.0, "b": -1.0}, "b": {"a": 1.0, "b": 0.0}}}
    calibrated = values_of(genome, model_of(card), tmp_path)
    logit = np.log(raw[0] / (1 - raw[0]))
    np.testing.assert_allclose(calibrated[0], 1 / (1 + np.exp(-(2 * logit - 1))), atol=1e-4)
    np.testing.assert_array_equal(calibrated[1], raw[1])


def test_only_the_contigs_that_are_asked_for(model, tmp_path):
    genome = genome_of({"a": 100, "b": 100})
    scores = score_genome(genome, model, tmp_path, contigs=["b"])
    assert np.isnan(scores.contig("a")).all()
    assert np.isfinite(scores.contig("b")).all()
    assert scores.info["bases"]["in"] == 100


def test_a_failure_leaves_nothing_that_looks_finished(model, tmp_path):
    genome = genome_of({"a": 5000})

    def fail(bases: int) -> None:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        score_genome(genome, model, tmp_path, ScoreConfig(chunk=200, halo=10), progress=fail)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
