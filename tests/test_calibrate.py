"""Platt scaling against known slopes and offsets, scikit-learn, and a turned-around model."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from dnabilstm.calibrate import MIN_SLOPE, Platt, fit_platt, sigmoid
from dnabilstm.errors import DnabilstmError
from dnabilstm.metrics import auroc, expected_calibration_error


def drawn(a, b, bases=200_000, seed=0):
    """Logits, and labels that are true with probability sigmoid(a * logit + b)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1, 2, bases).astype(np.float32)
    return (rng.random(bases) < sigmoid(a * logits.astype(float) + b)).astype(np.uint8), logits


@pytest.mark.parametrize(("a", "b"), [(1.0, 0.0), (0.6, -2.5), (2.0, 1.0), (1.0, -5.0)])
def test_known_slope_and_offset_are_found(a, b):
    fitted = fit_platt(*drawn(a, b))
    assert fitted.a == pytest.approx(a, rel=0.05)
    assert fitted.b == pytest.approx(b, abs=0.1)


def test_same_optimum_as_scikit_learn():
    labels, logits = drawn(0.7, -1.5, bases=20_000)
    other = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logits[:, None].astype(float), labels)
    fitted = fit_platt(labels, logits)
    assert fitted.a == pytest.approx(other.coef_[0, 0], abs=2e-3)
    assert fitted.b == pytest.approx(other.intercept_[0], abs=2e-3)


def test_calibrated_probabilities_are_right_and_keep_the_order():
    labels, logits = drawn(0.6, -2.0)
    raw, fitted = Platt().apply(logits), fit_platt(labels, logits).apply(logits)
    assert expected_calibration_error(labels, raw) > 0.1
    assert expected_calibration_error(labels, fitted) < 0.005
    assert fitted.mean() == pytest.approx(labels.mean(), abs=1e-4)
    assert auroc(labels, fitted) == pytest.approx(auroc(labels, logits), abs=1e-5)


def test_weights_stand_for_repeated_bases():
    labels, logits = drawn(1.2, -1.0, bases=3000)
    times = np.random.default_rng(1).integers(0, 4, len(labels))
    weighted = fit_platt(labels, logits, times.astype(np.float32))
    repeated = fit_platt(np.repeat(labels, times), np.repeat(logits, times))
    assert (weighted.a, weighted.b) == pytest.approx((repeated.a, repeated.b), abs=1e-6)


def test_masked_bases_and_no_calls_change_nothing():
    labels, logits = drawn(1.2, -1.0, bases=3000)
    fitted = fit_platt(
        np.concatenate([labels, np.uint8([255, 1])]), np.concatenate([logits, np.float32([9, np.nan])])
    )
    alone = fit_platt(labels, logits)
    assert (fitted.a, fitted.b) == pytest.approx((alone.a, alone.b), abs=1e-9)
    assert np.isnan(fitted.apply(np.float32([np.nan]))).all()


def test_a_model_the_wrong_way_round_gets_the_base_rate_and_is_not_reversed():
    labels, logits = drawn(-1.0, -1.0)
    fitted = fit_platt(labels, logits)
    assert fitted.a * logits.std() == pytest.approx(MIN_SLOPE, rel=1e-4)
    assert fitted.apply(logits).mean() == pytest.approx(labels.mean(), abs=1e-3)


def test_classes_that_part_cleanly_give_a_finite_fit():
    labels = np.repeat(np.uint8([0, 1]), 50)
    fitted = fit_platt(labels, np.where(labels, 3.0, -3.0))
    # Platt's targets: 51/52 on one side, 1/52 on the other.
    assert fitted.apply(np.array([-3.0, 3.0])) == pytest.approx([1 / 52, 51 / 52], abs=1e-6)


def test_extreme_logits_do_not_overflow():
    labels, logits = drawn(1.0, 0.0, bases=2000)
    fitted = fit_platt(labels, logits * 1e4)
    assert fitted.a == pytest.approx(fit_platt(labels, logits).a / 1e4, rel=1e-3)
    assert Platt().apply(np.array([-1e30, 1e30])).tolist() == [0, 1]


@pytest.mark.parametrize("labels", [[0, 0], [1, 1], [255, 1]])
def test_one_class_is_refused(labels):
    with pytest.raises(DnabilstmError, match=r"wanted both"):
        fit_platt(np.uint8(labels), np.float32([0.1, 0.2]))
