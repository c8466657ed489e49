"""What the pictures show, thinned to a few hundred points: PR, ROC, reliability, score distribution."""

from typing import Any

import numpy as np

from dnabilstm.evaluate.bootstrap import Binned, binned_curves, observed_rates
from dnabilstm.metrics import Curve, equal_mass_edges, reliability

POINTS = 400
_GRID = np.linspace(0, 1, 101)
_SCORE_EDGES = np.linspace(0, 1, 51)


def sampled_curves(
    labels: np.ndarray, scores: np.ndarray, counts: Curve, binned: Binned, level: float
) -> dict[str, Any]:
    """Points of the four pictures, with pointwise bands, as plain JSON.

    Parameters
    ----------
    labels, scores
        uint8 and float32 (bases,), without masked bases and no-calls, both classes present.
    counts, binned
        The exact curve of these bases, and their resampled fine bins.
    level
        Share of the resamples within the bands.
    """
    drawn = binned_curves(binned, _GRID[1:], _GRID)
    bins = reliability(labels, scores, equal_mass_edges(scores))
    rates = observed_rates(binned, binned.mass_bin)
    true, false = (np.histogram(scores[labels == value], _SCORE_EDGES)[0].tolist() for value in (1, 0))
    return {
        "pr": _pr(counts),
        "pr_band": {"recall": _list(_GRID[1:])} | _band(drawn["precision"], level),
        "roc": _roc(counts),
        "roc_band": {"false_rate": _list(_GRID)} | _band(drawn["true_rate"], level),
        "reliability": {"mean_score": _list(bins.mean_score), "observed": _list(bins.observed)}
        | {"bases": [int(bases) for bases in bins.bases]}
        | _band(rates, level),
        "distribution": {"edges": _list(_SCORE_EDGES), "true": true, "false": false},
    }


def _pr(counts: Curve) -> dict[str, list[float]]:
    # From the first step of recall on: the precision of a handful of bases is only noise.
    recall = np.linspace(1 / POINTS, 1, POINTS)
    at = np.unique(np.searchsorted(counts.recall, recall).clip(max=len(counts.tp) - 1))
    return {"recall": _list(counts.recall[at]), "precision": _list(counts.precision[at])}


def _roc(counts: Curve) -> dict[str, list[float]]:
    false_rate = counts.fp / counts.negatives
    # Denser at few false calls, where the curve bends.
    by_false = np.searchsorted(false_rate, np.linspace(0, 1, POINTS) ** 2)
    by_true = np.searchsorted(counts.recall, np.linspace(0, 1, POINTS))
    at = np.unique(np.r_[by_false, by_true].clip(max=len(counts.tp) - 1))
    return {"false_rate": _list(np.r_[0, false_rate[at]]), "true_rate": _list(np.r_[0, counts.recall[at]])}


def _band(rows: np.ndarray, level: float) -> dict[str, list[float] | None]:
    """Pointwise percentiles of resampled curves; the last row is the genome as it is."""
    if len(rows) < 3:
        return {"low": None, "high": None}
    low, high = np.nanquantile(rows[:-1], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {"low": _list(low), "high": _list(high)}


def _list(values: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in values]
