"""Figures of classes against scikit-learn, and where nothing is defined."""

import json

import numpy as np
import pytest
from sklearn import metrics

from dnabilstm.class_metrics import class_figures, confusion_of, matthews_of_confusion, without_nan

NAMES = ("a", "b", "c", "d")


def judged(classes, count=200, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=count)
    raw = rng.random((count, classes)) + 0.4 * np.eye(classes)[labels]
    return labels, np.round(raw / raw.sum(axis=1, keepdims=True), 2)  # rounded: there are ties


def test_a_weight_counts_as_that_many_sequences():
    labels, p = judged(3)
    times = np.array([1, 4, 2])[labels]
    found, repeated = (
        class_figures(labels, p, NAMES[:3], times.astype(float)),
        np.repeat(np.arange(200), times),
    )
    written = class_figures(labels[repeated], p[repeated], NAMES[:3])
    for name in ("accuracy", "mcc", "log_loss", "calibration_error"):
        assert found[name] == pytest.approx(written[name])
        assert abs(found[name] - class_figures(labels, p, NAMES[:3])[name]) > 1e-4
    assert found["sequences"] == np.sum(found["confusion"]) == 200


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_figures_are_those_of_scikit_learn(classes):
    labels, p = judged(classes)
    found, called = class_figures(labels, p, NAMES[:classes]), p.argmax(axis=1)
    assert found["sequences"] == 200
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, called))
    assert found["mcc"] == pytest.approx(metrics.matthews_corrcoef(labels, called))
    assert found["confusion"] == metrics.confusion_matrix(labels, called).tolist()
    assert found["log_loss"] == pytest.approx(-np.mean(np.log(p[np.arange(200), labels])))
    areas = {"auroc": metrics.roc_auc_score, "auprc": metrics.average_precision_score}
    for name, judge in areas.items():
        wanted = [judge(labels == index, p[:, index]) for index in range(classes)]
        assert [found["classes"][c][name] for c in NAMES[:classes]] == pytest.approx(wanted)
        assert found[name] == pytest.approx(np.mean(wanted))
    precision, recall, _, support = metrics.precision_recall_fscore_support(labels, called)
    for index, name in enumerate(NAMES[:classes]):
        row = found["classes"][name]
        assert (row["precision"], row["recall"]) == pytest.approx((precision[index], recall[index]))
        assert row["sequences"] == support[index]


def test_the_calibration_error_by_hand():
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.45, 0.55]])
    # Bins of 1/15: two of .9 with one right, one of .8 right, one of .55 wrong.
    wanted = (2 * abs(0.9 - 0.5) + abs(0.8 - 1) + 0.55) / 4
    found = class_figures(np.array([0, 1, 1, 0]), p, ("a", "b"))
    assert found["calibration_error"] == pytest.approx(wanted)


def test_what_is_not_defined_is_nan_and_null_in_json():
    p = np.array([[0.9, 0.1], [0.3, 0.7]])
    found = class_figures(np.array([0, 0]), p, ("a", "b"))
    assert found["accuracy"] == 0.5
    assert np.isnan([found["mcc"], found["auroc"], found["auprc"], found["classes"]["b"]["recall"]]).all()
    nothing = class_figures(np.empty(0, np.int64), np.empty((0, 2)), ("a", "b"))
    assert nothing["sequences"] == 0
    assert np.isnan(
        [nothing[name] for name in ("accuracy", "mcc", "log_loss", "calibration_error", "auroc")]
    ).all()
    plain = json.loads(json.dumps(without_nan(nothing), allow_nan=False))
    assert plain["accuracy"] is None
    assert plain["classes"]["a"]["sequences"] == 0


def test_one_class_called_has_no_correlation():
    labels, called = np.array([0, 1, 1]), np.array([1, 1, 1])
    assert matthews_of_confusion(confusion_of(labels, called, 2)) == 0
