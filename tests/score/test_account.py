"""No-calls, and every base accounted for."""

import numpy as np
import pytest

from dnabilstm.score.account import account
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import score_genome
from dnabilstm.score.fill import Found
from dnabilstm.score.job import Job
from tests.score.conftest import genome_of


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


def test_a_base_that_is_missing_ends_the_run(model):
    job = Job.of(genome_of({"a": 100}), model, ScoreConfig())
    assert account(job, Found(written=100), [], (0, 100))["bases"]["scored"] == 100
    with pytest.raises(AssertionError, match="100 bases in, 99 scored"):
        account(job, Found(written=99), [], (0, 100))
