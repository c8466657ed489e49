"""The data of every figure against numbers that are found in another way."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from dnabilstm.report.draw import PICTURES
from dnabilstm.report.figures import (
    AROUND,
    FIGURES,
    benchmarks,
    context,
    learning,
    loci,
    region_figures,
    split_map,
)
from tests.report.conftest import HOSTILE, TASK, held_out_of, true_runs


def lines(table, **wanted):
    return [
        row
        for row in table.rows
        if all(row[table.columns.index(name)] == value for name, value in wanted.items())
    ]


def test_every_figure_has_data_a_picture_and_words(run):
    assert set(FIGURES) == set(PICTURES)
    for key, figure in FIGURES.items():
        table = figure.table(run)
        assert table.rows, key
        assert all(len(row) == len(table.columns) for row in table.rows), key
        assert figure.title
        assert figure.caption.endswith(".")
        assert figure.lacks.endswith(".")


def test_split_map_has_the_parts(run):
    assert split_map(run).rows[2] == ("chr2", 0, 6000, "test")
    assert [row[3] for row in split_map(run).rows] == ["train", "valid", "test"]


@pytest.mark.parametrize("channel", [TASK, "enhancer"])
@pytest.mark.parametrize(
    ("part", "contig", "start", "end"), [("train", HOSTILE, 0, 6000), ("test", "chr2", 0, 6000)]
)
def test_label_rates_are_counts(run, channel, part, contig, start, end):
    track = run.labels.track(channel, contig)[start:end]
    (row,) = lines(FIGURES["labels"].table(run), channel=channel, part=part)
    masked, positive = (track == 255).sum(), (track == 1).sum()
    assert row[2:5] == (end - start, masked, positive)
    assert row[5] == pytest.approx(positive / (end - start - masked))
    assert row[6] == len(true_runs(track))


def test_learning_curve_is_the_log(run):
    table = learning(run)
    assert [row[3] for row in lines(table, what="training loss")] == [1 / 10, 1 / 20, 1 / 30]
    assert [row[2:] for row in lines(table, what=TASK)] == [(10, 0.1), (20, 0.2), (30, 0.3)]


def test_precision_and_recall_lie_on_scikit_learns_curve(run):
    precision, recall, _ = precision_recall_curve(*held_out_of(run, TASK))
    points = lines(FIGURES["pr"].table(run), channel=TASK, model="model", what="curve")
    assert len(points) > 50
    wanted = {(round(r, 6), round(p, 6)) for r, p in zip(recall.tolist(), precision.tolist(), strict=True)}
    assert {(row[3], row[4]) for row in points} <= wanted


def test_rates_lie_on_scikit_learns_curve(run):
    false, true, _ = roc_curve(*held_out_of(run, TASK), drop_intermediate=False)
    points = lines(FIGURES["roc"].table(run), channel=TASK, model="model", what="curve")
    assert len(points) > 50
    wanted = {(round(f, 6), round(t, 6)) for f, t in zip(false.tolist(), true.tolist(), strict=True)}
    assert {(row[3], row[4]) for row in points} <= wanted


def test_reliability_is_the_share_of_true_bases_in_each_bin(run):
    label, score = held_out_of(run, TASK)
    points = lines(FIGURES["reliability"].table(run), channel=TASK, model="model", what="curve")
    # The bins partition the bases by score, so their means, weighted by their sizes, are those of all.
    row = next(r for r in run.evaluation["rows"] if r["channel"] == TASK and r["model"] == "model")
    sizes = np.array(row["curves"]["reliability"]["bases"])
    assert sizes.sum() == len(label)
    ordered = np.sort(score)
    edges = ordered[np.cumsum(sizes) - 1]
    for k, point in enumerate(points):
        low = edges[k - 1] if k else -1
        inside = (score > low) & (score <= edges[k])
        assert point[3] == pytest.approx(score[inside].mean(), abs=2e-6)
        assert point[4] == pytest.approx(label[inside].mean(), abs=2e-6)


def test_distribution_is_a_histogram(run):
    label, score = held_out_of(run, "enhancer")
    rows = lines(FIGURES["distribution"].table(run), channel="enhancer")
    for value, place in ((1, 3), (0, 4)):
        wanted, _ = np.histogram(score[label == value], np.linspace(0, 1, 51))
        assert [row[place] for row in rows] == wanted.tolist()


def test_region_figures_are_counts_of_overlaps(run):
    label, score = run.labels.track(TASK, "chr2"), run.scores.track(TASK, "chr2")
    row = next(r for r in run.evaluation["rows"] if r["channel"] == TASK and r["model"] == "model")
    called = np.nan_to_num(score, nan=-1) >= row["threshold"]
    found = sum(called[a:b].mean() >= 0.5 for a, b in true_runs(label))
    (line,) = lines(region_figures(run), channel=TASK, model="model", bases="all", figure="region_recall")
    assert line[4] == pytest.approx(found / len(true_runs(label)))


def test_examples_are_those_of_the_rules(run):
    table = loci(run)
    kinds = {row[1]: (row[4], row[5], row[6]) for row in lines(table, channel=TASK, what="example")}
    assert list(kinds) == ["best", "typical", "missed", "false"]
    # 10,100 to 10,250 over all contigs is 1,100 to 1,250 of chr2, and so on; threshold 0.6.
    assert kinds["missed"] == (1100, 1250, 0.6)
    assert kinds["false"][0] <= 20 < 100 <= kinds["false"][1]
    score, label = run.scores.track(TASK, "chr2"), run.labels.track(TASK, "chr2")
    means = [score[a:b][~np.isnan(score[a:b])].mean() for a, b in true_runs(label)]
    assert score[slice(*kinds["best"][:2])].mean() == pytest.approx(max(means))
    assert score[slice(*kinds["typical"][:2])].mean() == pytest.approx(sorted(means)[(len(means) - 1) // 2])


def test_the_scores_of_an_example_are_those_of_the_genome(run):
    track = run.scores.track(TASK, "chr2")
    drawn = np.full(len(track), np.nan)
    rows = lines(loci(run), channel=TASK, kind="missed", what="score")
    for *_, start, end, value in rows:
        drawn[start:end] = value
    middle = (1100 + 1250) // 2
    seen = slice(max(0, middle - AROUND), middle + AROUND)
    assert np.array_equal(drawn[seen], track[seen].astype(float), equal_nan=True)
    assert np.isnan(drawn[600:640]).all()
    labelled = lines(loci(run), channel=TASK, kind="missed", what="label")
    assert (1100, 1250) in {(row[4], row[5]) for row in labelled}


def test_context_and_benchmarks_are_what_was_measured(run):
    assert context(run).rows[1] == (1, 50, 1 / 51, 0.1 / 51, 0.0)
    assert benchmarks(run).rows == [("train", 12.5, 20.0, 512.25), ("score", 0.5, None, None)]


@pytest.mark.parametrize(
    ("lack", "key"),
    [({"scores": None}, "loci"), ({"history": []}, "learning"), ({"benchmarks": []}, "benchmarks")],
)
def test_what_is_not_there_has_no_rows(run, lack, key):
    from dataclasses import replace

    assert FIGURES[key].table(replace(run, **lack)).rows == []
