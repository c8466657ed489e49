"""Slopes and biases of classes, and of stacked models, against those that labels were drawn with."""

import numpy as np
import pytest

from dnabilstm.class_calibrate import calibrated_losses, fit_softmax, fit_stack


def test_slope_and_biases_of_classes_are_found_again():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (20_000, 3))
    z = 0.5 * logits + np.array([1.0, 0.0, -1.0])
    labels = (z + rng.gumbel(size=z.shape)).argmax(axis=1)  # drawn from softmax(z)
    found = fit_softmax(labels, logits)
    assert found.slope == pytest.approx(0.5, abs=0.02)
    assert found.bias == pytest.approx((1, 0, -1), abs=0.06)


def test_classes_that_part_cleanly_or_are_missing_keep_the_fit_finite():
    logits = np.array([[5.0, -5.0, 0.0], [-5.0, 5.0, 0.0]] * 4)
    found = fit_softmax(np.array([0, 1] * 4), logits)
    assert 0 < found.slope < 10
    assert np.isfinite(found.bias).all()
    assert min(found.bias) == found.bias[2] > -5
    flat = fit_softmax(np.array([0, 0, 1]), np.zeros((3, 2)))
    assert flat.bias[0] > 0 > flat.bias[1]


def test_a_weight_counts_as_that_many_sequences():
    rng = np.random.default_rng(5)
    logits, labels = rng.normal(size=(60, 3)), rng.integers(3, size=60)
    once = fit_softmax(labels, logits, np.array([1.0, 3.0, 2.0])[labels])
    repeated = np.repeat(np.arange(60), np.array([1, 3, 2])[labels])
    # Units differ with the copies' standard deviation alone, and that of the prior with them.
    written = fit_softmax(labels[repeated], logits[repeated])
    assert once.slope == pytest.approx(written.slope, abs=2e-3)
    assert once.bias == pytest.approx(written.bias, abs=2e-3)


def test_a_stack_weighs_each_part_by_what_it_knows():
    rng = np.random.default_rng(3)
    parts = [rng.normal(0, scale, (40_000, 3)) for scale in (1, 10, 1)]
    z = 0.8 * parts[0] + 0.05 * parts[1] + np.array([0.5, 0, -0.5])
    labels = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    assert fit_stack(labels, parts) == pytest.approx([0.8, 0.05, 0], abs=0.03)
    # One that speaks against the truth is left out, never turned round.
    assert fit_stack(labels, [parts[0], -parts[1]])[1] == 0


def test_a_loss_is_that_of_calibrated_probabilities():
    labels, logits = np.array([0, 1, 1, 0, 1] * 20), np.array([[1.0, 0], [0, 1], [1, 0], [2, 0], [0, 3]] * 20)
    fitted = fit_softmax(labels, logits)
    z = fitted.slope * logits + np.array(fitted.bias)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert calibrated_losses(labels, logits) == pytest.approx(-np.log(p[np.arange(100), labels]))
