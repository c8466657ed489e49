"""Figures against scikit-learn and values worked out by hand."""

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, matthews_corrcoef, precision_recall_curve, roc_auc_score

from dnabilstm import metrics


def random_bases(bases=4000, levels=None, seed=0):
    rng = np.random.default_rng(seed)
    labels = (rng.random(bases) < 0.1).astype(np.uint8)
    scores = (1 / (1 + np.exp(-rng.normal(-2 + 1.5 * labels, 1)))).astype(np.float32)
    return labels, scores if levels is None else np.round(scores * levels) / np.float32(levels)


@pytest.mark.parametrize("levels", [None, 20, 1], ids=["distinct", "ties", "two scores"])
def test_figures_agree_with_scikit_learn(levels):
    labels, scores = random_bases(levels=levels)
    counts = metrics.curve(labels, scores)
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    found, threshold = metrics.best_f1(counts)
    assert metrics.auroc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert metrics.auprc(labels, scores) == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
    assert found == pytest.approx(f1.max(), abs=1e-12)
    assert threshold == pytest.approx(thresholds[np.flatnonzero(f1[:-1] == f1.max())[-1]])
    for at in (threshold, 0.5, 0.123):
        by_scikit = matthews_corrcoef(labels, scores >= np.float32(at))
        assert metrics.matthews(counts, at) == pytest.approx(by_scikit, abs=1e-12)


def test_masked_bases_and_no_calls_change_nothing():
    labels, scores = random_bases()
    more_labels = np.concatenate([labels, np.full(500, 255, np.uint8), np.tile(np.uint8([0, 1]), 250)])
    more_scores = np.concatenate([scores, np.full(500, 0.9, np.float32), np.full(500, np.nan, np.float32)])
    order = np.random.default_rng(1).permutation(len(more_labels))
    for figure in (metrics.auroc, metrics.auprc, metrics.expected_calibration_error):
        assert figure(more_labels[order], more_scores[order]) == pytest.approx(
            figure(labels, scores), abs=1e-9
        )


def test_equal_scores_are_worth_chance():
    labels = np.array([1, 0, 0, 0], np.uint8)
    scores = np.full(4, 0.3, np.float32)
    assert metrics.auroc(labels, scores) == 0.5
    assert metrics.auprc(labels, scores) == 0.25


@pytest.mark.parametrize("labels", [[], [0, 0], [1, 1], [255, 255]])
def test_one_class_gives_nan_and_no_warning(labels):
    labels, scores = np.array(labels, np.uint8), np.linspace(0, 1, len(labels), dtype=np.float32)
    counts = metrics.curve(labels, scores)
    assert math.isnan(metrics.auroc(labels, scores))
    assert math.isnan(metrics.auprc(labels, scores))
    assert all(math.isnan(value) for value in metrics.best_f1(counts))
    assert math.isnan(metrics.matthews(counts, 0.5))


def test_calibration_error_by_hand():
    # Scores .1 (4 bases, 1 true: off by .15) and .9 (2 bases, 1 true: off by .4): (4*.15 + 2*.4) / 6.
    labels = np.array([1, 0, 0, 0, 1, 0], np.uint8)
    scores = np.array([0.1] * 4 + [0.9] * 2)
    for equal_mass in (False, True):
        error = metrics.expected_calibration_error(labels, scores, equal_mass=equal_mass)
        assert error == pytest.approx(1.4 / 6)


def test_calibration_error_vanishes_where_labels_are_drawn_from_the_scores():
    rng = np.random.default_rng(3)
    scores = rng.beta(0.5, 4, 200_000).astype(np.float32)
    labels = (rng.random(len(scores)) < scores).astype(np.uint8)
    for equal_mass in (False, True):
        assert metrics.expected_calibration_error(labels, scores, equal_mass=equal_mass) < 3e-3
        off = metrics.expected_calibration_error(labels, np.sqrt(scores), equal_mass=equal_mass)
        assert off == pytest.approx(float(np.mean(np.sqrt(scores) - scores)), abs=3e-3)


def test_score_of_one_lies_in_the_last_bin():
    bins = metrics.reliability(np.array([1, 1], np.uint8), np.array([1.0, 0.0]), metrics.equal_width_edges())
    assert bins.bases.tolist() == [1, 1]
    assert bins.mean_score.tolist() == [0, 1]


def test_runs_by_hand():
    track = np.array([0.9, 0.5, 0.1, np.nan, 0.5, np.nan, 0.7, 0.8], np.float32)
    assert metrics.runs_above(track, 0.5).tolist() == [[0, 2], [4, 5], [6, 8]]
    assert metrics.runs_above(track, 0.5, min_length=2).tolist() == [[0, 2], [6, 8]]
    assert metrics.runs_above(track, 2.0).shape == (0, 2)
    assert metrics.runs_above(track[:0], 0.5).shape == (0, 2)


def test_covered_share_counts_the_same_bases_as_a_mask():
    rng = np.random.default_rng(5)
    regions = metrics.runs_above((rng.random(3000) < 0.6).astype(np.uint8), 1)
    mask = rng.random(3000) < 0.7
    shares = metrics.covered_share(regions, metrics.runs_above(mask.astype(np.uint8), 1))
    assert shares == pytest.approx([mask[start:end].mean() for start, end in regions])
    assert metrics.covered_share(regions, np.empty((0, 2), np.int64)).tolist() == [0] * len(regions)


def regions_of(length, *intervals):
    track = np.zeros(length, np.uint8)
    for start, end in intervals:
        track[start:end] = 1
    return track


def test_regions_are_counted_once_however_many_pieces_meet_them():
    # One true region of 40 bases is met by two called pieces of 12 (60 % in all): found once, both right.
    # A called run of 10 touches a true region of 30 by 5 bases: too little on one side, half on the other.
    labels = regions_of(200, (20, 60), (100, 130))
    called = regions_of(200, (20, 32), (40, 52), (95, 105)).astype(np.float32)
    match = metrics.match_regions(labels, called, 0.5, share=0.5)
    assert match.found.tolist() == [True, False]
    assert match.right.tolist() == [True, True, True]
    assert metrics.match_regions(labels, called, 0.5, share=0.0).found.tolist() == [True, True]
    assert metrics.match_regions(labels, called, 0.5, min_length=11).called.tolist() == [[20, 32], [40, 52]]


def test_masked_bases_belong_to_no_region():
    labels = regions_of(100, (10, 50))
    scores = regions_of(100, (10, 50), (60, 90)).astype(np.float32)
    labels[60:90] = 255
    labels[40:50] = 255
    match = metrics.match_regions(labels, scores, 0.5)
    assert match.true.tolist() == match.called.tolist() == [[10, 40]]
