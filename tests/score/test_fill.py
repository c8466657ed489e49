"""From logits to probabilities."""

import numpy as np

from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import score_genome
from tests.score.conftest import genome_of, model_of


def values_of(genome, model, folder, **settings):
    return np.array(score_genome(genome, model, folder, ScoreConfig(**settings)).values)


def test_calibration_of_the_card_is_applied(tmp_path):
    genome = genome_of({"c": 200})
    raw = values_of(genome, model_of(), tmp_path)
    card = {"calibration": {"a": {"a": 2.0, "b": -1.0}, "b": {"a": 1.0, "b": 0.0}}}
    calibrated = values_of(genome, model_of(card), tmp_path)
    logit = np.log(raw[0] / (1 - raw[0]))
    np.testing.assert_allclose(calibrated[0], 1 / (1 + np.exp(-(2 * logit - 1))), atol=1e-4)
    np.testing.assert_array_equal(calibrated[1], raw[1])
