"""Intervals of a bootstrap: each resample has the figures of the rows that it draws."""

import numpy as np
import pytest

from dnabilstm.class_metrics import class_figures
from dnabilstm.classify import bootstrap
from dnabilstm.classify.assess import assess
from dnabilstm.classify.bootstrap import FIGURES, bootstrap_intervals, resampled_figures, resamples_of


def judged(count, classes, seed=0, digits=2):
    """Labels and probabilities that know something; rounded, so that there are ties."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=count)
    raw = rng.random((count, classes)) + 0.5 * np.eye(classes)[labels]
    return labels, np.round(raw / raw.sum(axis=1, keepdims=True), digits)


@pytest.mark.parametrize(("count", "classes"), [(50, 2), (40, 4), (6, 3)])
def test_a_resample_is_judged_as_if_its_rows_stood_there(count, classes):
    labels, probabilities = judged(count, classes)
    found = resampled_figures(labels, probabilities, 20, seed=7)
    rng = np.random.default_rng(7)
    for row in range(20):
        drawn = rng.integers(count, size=count)
        wanted = class_figures(labels[drawn], probabilities[drawn], tuple("abcd"[:classes]))
        for name in FIGURES:
            np.testing.assert_allclose(found[name][row], wanted[name], atol=1e-12, err_msg=name)


def test_intervals_hold_the_figure_and_narrow_with_more_sequences():
    widths = []
    for count in (50, 800):
        labels, probabilities = judged(count, 2)
        figures = class_figures(labels, probabilities, ("a", "b"))
        found = bootstrap_intervals(labels, probabilities, resamples=300, level=0.95, seed=1)
        for name in FIGURES:
            low, high = found[name]
            assert low < figures[name] < high
        widths.append(found["auroc"][1] - found["auroc"][0])
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.4)


def test_the_seed_decides():
    labels, probabilities = judged(40, 2)
    settings = {"resamples": 50, "level": 0.9}
    first = bootstrap_intervals(labels, probabilities, **settings, seed=1)
    assert first == bootstrap_intervals(labels, probabilities, **settings, seed=1)
    assert first != bootstrap_intervals(labels, probabilities, **settings, seed=2)


def test_there_is_no_interval_of_what_is_not_defined():
    labels, probabilities = judged(20, 2)
    none = dict.fromkeys(FIGURES)
    settings = {"level": 0.95, "seed": 1}
    assert bootstrap_intervals(labels, probabilities, resamples=0, **settings) == none
    assert bootstrap_intervals(labels[:1], probabilities[:1], resamples=9, **settings) == none
    assert bootstrap_intervals(labels[:0], probabilities[:0], resamples=9, **settings) == none
    alone = bootstrap_intervals(np.zeros(20, int), probabilities, resamples=50, **settings)
    assert [name for name in FIGURES if alone[name]] == ["accuracy"]


def test_of_very_many_sequences_fewer_are_drawn_and_it_is_said(monkeypatch):
    labels, probabilities = judged(300, 2)
    monkeypatch.setattr(bootstrap, "_WORK", 600 * 250)
    assert [resamples_of(probabilities[:rows], 1_000) for rows in (1, 75, 300)] == [0, 1_000, 250]
    assert assess(labels, probabilities, ("a", "b"))["raw"]["resamples"] == 250
