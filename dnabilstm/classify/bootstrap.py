"""Confidence intervals of the figures of sequences: sequences are drawn with replacement (Efron 1979)."""

import numpy as np

from dnabilstm.class_metrics import matthews_of_confusion

FIGURES = ("accuracy", "mcc", "auroc", "auprc")
"""Those of ``class_figures`` that get an interval."""
_WORK = 1 << 30  # sequences times classes times resamples
_LEAST = 200


def bootstrap_intervals(
    labels: np.ndarray, probabilities: np.ndarray, *, resamples: int, level: float, seed: int
) -> dict[str, tuple[float, float] | None]:
    """Percentile intervals of ``FIGURES``.

    Parameters
    ----------
    labels, probabilities
        As ``class_figures`` takes them.
    resamples
        At most; see ``resamples_of``.
    level
        Share of the resamples that lies in an interval.
    seed
        The same seed, the same intervals.

    Returns
    -------
    dict
        Name of the figure to low and high; None where half of the resamples have no such figure.
    """
    drawn = resampled_figures(labels, probabilities, resamples_of(probabilities, resamples), seed)
    return {name: _interval(values, level) for name, values in drawn.items()}


def resamples_of(probabilities: np.ndarray, wanted: int) -> int:
    """How many resamples are drawn: as many as wanted, of very many sequences fewer, but ``_LEAST``; of one none."""
    most = max(_LEAST, _WORK // max(1, probabilities.size))
    return min(wanted, most) if len(probabilities) > 1 else 0


def _interval(values: np.ndarray, level: float) -> tuple[float, float] | None:
    held = values[np.isfinite(values)]
    if len(held) < 2 or len(held) < len(values) / 2:
        return None
    low, high = np.quantile(held, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def resampled_figures(
    labels: np.ndarray, probabilities: np.ndarray, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """``FIGURES`` of each resample: float64 (resamples,); NaN where one is not defined."""
    count, classes = probabilities.shape
    cells = confusion_cells(labels, probabilities)
    ranked = [_Ranked(labels == index, probabilities[:, index]) for index in range(classes)]
    found = np.full((resamples, len(FIGURES)), np.nan)
    rng = np.random.default_rng(seed)
    for row in found:
        weights = np.bincount(rng.integers(count, size=count), minlength=count).astype(np.float64)
        confusion = np.bincount(cells, weights, classes * classes).reshape(classes, classes)
        there = np.flatnonzero(confusion.sum(axis=1))
        areas = np.array([ranked[index].areas(weights) for index in there])
        row[:] = np.trace(confusion) / count, matthews_of_confusion(confusion), *areas.mean(axis=0)
    return dict(zip(FIGURES, found.T, strict=True))


def confusion_cells(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Where in a confusion matrix, row after row, each sequence counts: int64 (sequences,)."""
    return labels * probabilities.shape[1] + probabilities.argmax(axis=1)


class _Ranked:
    """Sequences by their probability of one class, highest first, ties together."""

    def __init__(self, truth: np.ndarray, scores: np.ndarray) -> None:
        self._order = np.argsort(-scores, kind="stable")
        self._truth = truth[self._order]
        self._last = np.flatnonzero(np.diff(scores[self._order], append=np.nan) != 0)

    def areas(self, weights: np.ndarray) -> tuple[float, float]:
        """AUROC and AUPRC of the sequences, each as often as its weight says; NaN for one kind only."""
        drawn = weights[self._order]
        true = np.r_[0.0, np.cumsum(drawn * self._truth)[self._last]]
        false = np.r_[0.0, np.cumsum(drawn * ~self._truth)[self._last]]
        if not (true[-1] and false[-1]):
            return float("nan"), float("nan")
        roc = np.diff(false) @ (true[1:] + true[:-1]) / 2 / true[-1] / false[-1]
        precision = true[1:] / np.maximum(true[1:] + false[1:], 1)
        return float(roc), float(precision @ np.diff(true) / true[-1])
