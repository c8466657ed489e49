"""The binned figures against scikit-learn, and intervals against what theory says."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, matthews_corrcoef, roc_auc_score

from dnabilstm import metrics
from dnabilstm.evaluate import bootstrap

BLOCK = 500


def made_up(blocks=60, seed=0, levels=None):
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.random(blocks * BLOCK // 50) < 0.08, 50)
    scores = (1 / (1 + np.exp(3 - 2 * truth - rng.normal(size=len(truth))))).astype(np.float32)
    if levels:
        scores = (np.round(scores * levels) / levels).astype(np.float32)
    return truth, scores, np.arange(len(truth)) // BLOCK


@pytest.mark.parametrize("levels", [None, 30], ids=["distinct", "ties"])
def test_binned_figures_agree_with_scikit_learn_in_every_resample(levels):
    truth, scores, block_of = made_up(levels=levels)
    weights = bootstrap.block_weights(60, 5, seed=2)
    figures = bootstrap.binned_figures(bootstrap.bin_scores(truth, scores, block_of, weights, 0.5))
    for row, weight in enumerate([*weights, np.ones(60)]):
        bases = weight[block_of]
        by_scikit = roc_auc_score(truth, scores, sample_weight=bases)
        assert figures["auroc"][row] == pytest.approx(by_scikit, abs=1e-3)
        by_scikit = average_precision_score(truth, scores, sample_weight=bases)
        assert figures["auprc"][row] == pytest.approx(by_scikit, abs=1e-3)


def test_the_last_row_is_the_genome_as_it_is():
    truth, scores, block_of = made_up()
    counts = metrics.curve(truth.astype(np.uint8), scores)
    weights = bootstrap.block_weights(60, 2, seed=0)
    figures = bootstrap.binned_figures(bootstrap.bin_scores(truth, scores, block_of, weights, 0.3))
    labels = truth.astype(np.uint8)
    exact = {
        "best_f1": metrics.best_f1(counts)[0],
        "ece_equal_width": metrics.expected_calibration_error(labels, scores),
        "ece_equal_mass": metrics.expected_calibration_error(labels, scores, equal_mass=True),
    }
    for name, value in exact.items():
        assert figures[name][-1] == pytest.approx(value, abs=2e-3), name


@pytest.mark.parametrize("levels", [None, 30], ids=["distinct", "ties"])
@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.3, 1 / 3, 0.5, 0.999, 1.0])
def test_figures_of_the_calls_at_a_threshold_are_exact_in_every_resample(threshold, levels):
    truth, scores, block_of = made_up(levels=levels)
    weights = bootstrap.block_weights(60, 5, seed=2)
    figures = bootstrap.binned_figures(bootstrap.bin_scores(truth, scores, block_of, weights, threshold))
    called = scores >= np.float32(threshold)
    for row, weight in enumerate([*weights, np.ones(60)]):
        bases = weight[block_of]
        by_scikit = f1_score(truth, called, sample_weight=bases, zero_division=0)
        assert figures["f1"][row] == pytest.approx(by_scikit, abs=1e-9)
        by_scikit = matthews_corrcoef(truth, called, sample_weight=bases)
        assert figures["mcc"][row] == pytest.approx(by_scikit, abs=1e-9)
    counts = metrics.curve(truth.astype(np.uint8), scores)
    assert metrics.f1_at(counts, threshold) == pytest.approx(figures["f1"][-1])
    assert metrics.matthews(counts, threshold) == pytest.approx(figures["mcc"][-1])


def test_a_resample_without_a_class_is_not_a_number():
    truth = np.repeat([True, False], BLOCK)
    scores = np.linspace(0, 1, 2 * BLOCK, dtype=np.float32)
    weights = np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    figures = bootstrap.binned_figures(
        bootstrap.bin_scores(truth, scores, np.repeat([0, 1], BLOCK), weights, 0.5)
    )
    for values in figures.values():
        assert np.isnan(values).tolist() == [True, True, False, False]


def test_weights_draw_as_many_blocks_as_there_are_and_follow_the_seed():
    weights = bootstrap.block_weights(40, 100, seed=7)
    assert (weights.sum(axis=1) == 40).all()
    assert (weights == bootstrap.block_weights(40, 100, seed=7)).all()
    assert (weights != bootstrap.block_weights(40, 100, seed=8)).any()


def test_blocks_beyond_one_stretch_are_counted_too(monkeypatch):
    truth, scores, block_of = made_up()
    weights = bootstrap.block_weights(60, 3, seed=1)
    whole = bootstrap.bin_scores(truth, scores, block_of, weights, 0.5)
    monkeypatch.setattr(bootstrap, "_BLOCKS_AT_ONCE", 7)
    pieces = bootstrap.bin_scores(truth, scores, block_of, weights, 0.5)
    assert (whole.true == pieces.true).all()
    assert (whole.false == pieces.false).all()
    assert whole.true[-1].sum() + whole.false[-1].sum() == len(truth)


def test_region_shares_have_the_width_of_a_proportion():
    # Of 1,000 regions, one a block, 30 % are found: standard error sqrt(.3 * .7 / 1000) = .0145.
    found = np.arange(1000) % 10 < 3
    drawn = bootstrap.share_of_regions(found, np.arange(1000), bootstrap.block_weights(1000, 2000, seed=1))
    low, high = bootstrap.interval(drawn, 0.95)
    assert (low, high) == pytest.approx((0.3 - 1.96 * 0.0145, 0.3 + 1.96 * 0.0145), abs=0.003)


def test_too_few_resamples_give_no_interval():
    assert bootstrap.interval(np.array([0.5, np.nan, np.nan, np.nan]), 0.95) is None
    assert bootstrap.interval(np.array([]), 0.95) is None
    assert bootstrap.interval(np.array([0.2, 0.4, 0.6]), 0.5) == pytest.approx((0.3, 0.5))
