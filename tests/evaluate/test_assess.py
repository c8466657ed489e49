"""Scores and labels to rows of figures: the same bases for all, gaps left out, nothing made up."""

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, matthews_corrcoef, roc_auc_score

from dnabilstm.errors import DnabilstmError
from dnabilstm.evaluate.assess import FIGURES, evaluate_scores
from dnabilstm.evaluate.config import EvaluateConfig

LENGTH = 12_000
QUICK = EvaluateConfig(block=1000, bootstrap=50, seed=3)


class Arrays:
    """Tracks held in memory: {channel: {contig: array}}."""

    def __init__(self, arrays):
        self.arrays = arrays
        self.channels = tuple(arrays)

    def track(self, channel, contig):
        return self.arrays[channel][contig]


def made_up(seed=0, strength=2.0):
    rng = np.random.default_rng(seed)
    labels, scores = {}, {}
    for contig in ("one", "two"):
        labels[contig] = np.repeat((rng.random(LENGTH // 100) < 0.15).astype(np.uint8), 100)
        noise = np.random.default_rng(seed + 10).normal(size=LENGTH)
        scores[contig] = (1 / (1 + np.exp(3 - strength * labels[contig] - noise))).astype(np.float32)
    return Arrays({"promoter": labels}), Arrays({"promoter": scores})


WHERE = [("one", 0, LENGTH), ("two", 2000, 9000)]


def gathered(tracks, where=WHERE):
    return np.concatenate([tracks.track("promoter", name)[start:end] for name, start, end in where])


def test_figures_are_those_of_the_evaluated_bases():
    labels, scores = made_up()
    labels.arrays["promoter"]["one"][500:800] = 255
    scores.arrays["promoter"]["two"][2000:2100] = np.nan
    result = evaluate_scores({"model": scores}, labels, WHERE, QUICK)
    (row,) = result["rows"]
    truth, values = gathered(labels), gathered(scores)
    keep = (truth <= 1) & ~np.isnan(values)
    assert (row["bases"], row["masked"], row["no_call"]) == (keep.sum(), 300, 100)
    assert row["base_rate"] == pytest.approx(truth[keep].mean())
    assert row["figures"]["auroc"]["value"] == pytest.approx(roc_auc_score(truth[keep], values[keep]))
    assert row["figures"]["auprc"]["value"] == pytest.approx(
        average_precision_score(truth[keep], values[keep])
    )
    for name in FIGURES:
        figure = row["figures"][name]
        assert figure["low"] <= figure["high"], name
    for name in ("auroc", "auprc", "mcc", "region_recall"):
        figure = row["figures"][name]
        assert figure["low"] < figure["value"] < figure["high"], name
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_calls_are_those_of_the_models_own_threshold():
    labels, scores = made_up()
    truth, values = gathered(labels) == 1, gathered(scores)
    own = {"model": {"promoter": 0.2, "enhancer": 0.5}}
    models = {"model": scores, "without": scores}
    row, best = evaluate_scores(models, labels, WHERE, QUICK, own)["rows"]
    assert (row["threshold"], row["threshold_of"]) == (0.2, "the model")
    assert row["figures"]["f1"]["value"] == pytest.approx(f1_score(truth, values >= 0.2))
    assert row["figures"]["mcc"]["value"] == pytest.approx(matthews_corrcoef(truth, values >= 0.2))
    assert best["threshold_of"] == "these bases"
    values = [
        of["figures"][name]["value"] for of, name in ((best, "f1"), (best, "best_f1"), (row, "best_f1"))
    ]
    assert values == [values[0]] * 3
    assert row["regions"] != best["regions"]
    # None of them: no region, and no figure that needs one.
    (none,) = evaluate_scores({"model": scores}, labels, WHERE, QUICK, {"model": {"promoter": 1.0}})["rows"]
    assert [none["figures"][name]["value"] for name in ("f1", "mcc", "region_recall")] == [0, 0, 0]
    assert none["figures"]["region_precision"]["value"] is None


def test_all_models_are_judged_on_the_bases_that_every_one_of_them_scored():
    labels, scores = made_up()
    _, other = made_up(strength=1.0)
    other.arrays["promoter"]["one"][:3000] = np.nan
    rows = evaluate_scores({"model": scores, "other": other}, labels, WHERE, QUICK)["rows"]
    assert [row["bases"] for row in rows] == [LENGTH + 7000 - 3000] * 2
    assert rows[0]["figures"]["auroc"]["value"] > rows[1]["figures"]["auroc"]["value"]


def test_differences_are_paired():
    labels, scores = made_up()
    _, other = made_up(strength=1.8)
    result = evaluate_scores({"model": scores, "same": scores, "other": other}, labels, WHERE, QUICK)
    values = {(d["model"], d["figure"]): d for d in result["differences"]}
    same, less = values["same", "auprc"], values["other", "auprc"]
    assert (same["value"], same["low"], same["high"]) == (0, 0, 0)
    assert less["low"] < less["value"] < less["high"] < 0
    # Paired on the same blocks, the interval of the difference is narrower than that of either model.
    alone = result["rows"][0]["figures"]["auprc"]
    assert less["high"] - less["low"] < (alone["high"] - alone["low"]) / 2


def test_the_same_seed_gives_the_same_result():
    labels, scores = made_up()
    first = evaluate_scores({"model": scores}, labels, WHERE, QUICK)
    assert first == evaluate_scores({"model": scores}, labels, WHERE, QUICK)
    other = evaluate_scores(
        {"model": scores}, labels, WHERE, EvaluateConfig(block=1000, bootstrap=50, seed=4)
    )
    assert first["rows"][0]["figures"]["auroc"] != other["rows"][0]["figures"]["auroc"]


def test_a_region_does_not_cross_the_border_between_two_intervals():
    labels, _ = made_up()
    for contig in ("one", "two"):
        labels.arrays["promoter"][contig][:] = 0
    labels.arrays["promoter"]["one"][900:1000] = 1
    labels.arrays["promoter"]["two"][:100] = 1
    where = [("one", 0, 1000), ("two", 0, 1000)]
    perfect = Arrays({"promoter": {c: v.astype(np.float32) for c, v in labels.arrays["promoter"].items()}})
    (row,) = evaluate_scores({"model": perfect}, labels, where, QUICK)["rows"]
    assert row["regions"] == {"true": 2, "found": 2, "called": 2, "right": 2}


@pytest.mark.parametrize("value", [0, 1, 255])
def test_one_class_gives_null_with_the_reason(value):
    labels, scores = made_up()
    labels.arrays["promoter"]["one"][:] = value
    (row,) = evaluate_scores({"model": scores}, labels, [("one", 0, LENGTH)], QUICK)["rows"]
    assert all(figure["value"] is None for figure in row["figures"].values())
    assert "one class" in row["figures"]["auroc"]["reason"]


def test_one_block_gives_values_without_an_interval():
    labels, scores = made_up()
    (row,) = evaluate_scores(
        {"model": scores}, labels, [("one", 0, LENGTH)], EvaluateConfig(bootstrap=50, block=10**6)
    )["rows"]
    figure = row["figures"]["auroc"]
    assert figure["value"] is not None
    assert figure["low"] is None
    assert "blocks" in figure["reason"]


def test_no_resamples_give_values_without_an_interval():
    labels, scores = made_up()
    (row,) = evaluate_scores({"model": scores}, labels, WHERE, EvaluateConfig(bootstrap=0))["rows"]
    assert row["figures"]["auprc"]["value"] is not None
    assert row["figures"]["auprc"]["low"] is None


def test_a_missing_channel_is_said():
    labels, scores = made_up()
    other = Arrays({"enhancer": {}})
    result = evaluate_scores({"model": scores, "other": other}, labels, WHERE, QUICK)
    assert result["warnings"] == ["other has no channel promoter"]
    with pytest.raises(DnabilstmError, match="no model has a channel of the labels"):
        evaluate_scores({"other": other}, labels, WHERE, QUICK)
    with pytest.raises(DnabilstmError, match="not one base"):
        evaluate_scores({"model": scores}, labels, [], QUICK)
