"""How well probabilities tell the classes of sequences apart.

A figure that is not defined (only one class among the sequences) is NaN. Called is the class of the
highest probability. Matthews correlation of several classes is Gorodkin's (2004, Comput. Biol. Chem.
28:367), which for two is the ordinary one.
"""

import math
from typing import Any

import numpy as np

from dnabilstm.metrics import BINS, auprc, auroc


def class_figures(
    labels: np.ndarray,
    probabilities: np.ndarray,
    classes: tuple[str, ...],
    weights: np.ndarray | None = None,
) -> dict[str, Any]:
    """Figures of one set of sequences.

    Parameters
    ----------
    labels
        int64 (sequences,), index into ``classes``.
    probabilities
        float (sequences, classes).
    classes
        Names.
    weights
        float (sequences,), how many sequences each one stands for in accuracy, Matthews correlation, log loss and
        calibration error; by default 1.

    Returns
    -------
    dict
        ``sequences``, ``accuracy``, ``mcc``, ``log_loss``, ``calibration_error`` (of the called class,
        equal-width bins), ``auroc`` and ``auprc`` (mean over the classes that are there), ``confusion``
        (rows true, columns called) and ``classes``: of each ``sequences``, ``auroc``, ``auprc``,
        ``precision``, ``recall``.
    """
    called = probabilities.argmax(axis=1)
    confusion = confusion_of(labels, called, len(classes))
    mass = np.ones(len(labels)) if weights is None else weights
    weighed = confusion_of(labels, called, len(classes), mass)
    by_class = {}
    for index, name in enumerate(classes):
        truth = (labels == index).astype(np.uint8)
        right, called, true = confusion[index, index], confusion[:, index].sum(), confusion[index].sum()
        by_class[name] = {
            "sequences": int(true),
            "auroc": float(auroc(truth, probabilities[:, index])),
            "auprc": float(auprc(truth, probabilities[:, index])),
            "precision": _quotient(right, called),
            "recall": _quotient(right, true),
        }
    there = [row for row in by_class.values() if row["sequences"]]
    return {
        "sequences": len(labels),
        "accuracy": _quotient(np.trace(weighed), weighed.sum()),
        "mcc": matthews_of_confusion(weighed),
        "log_loss": _log_loss(labels, probabilities, mass),
        "calibration_error": _calibration_error(labels, probabilities, mass),
        "auroc": float(np.mean([row["auroc"] for row in there])) if there else float("nan"),
        "auprc": float(np.mean([row["auprc"] for row in there])) if there else float("nan"),
        "confusion": confusion.tolist(),
        "classes": by_class,
    }


def without_nan(value: Any) -> Any:
    """The same figures for JSON, which has neither NaN nor infinity: null in their place."""
    if isinstance(value, dict):
        return {name: without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def confusion_of(
    labels: np.ndarray, called: np.ndarray, classes: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """How often each class, in rows, was called each class, in columns: (classes, classes), int64 unless weighed."""
    cells = classes * classes
    return np.bincount(labels * classes + called, weights, minlength=cells).reshape(classes, classes)


def matthews_of_confusion(confusion: np.ndarray) -> float:
    """Matthews correlation of a confusion matrix; 0 where one class only is called, NaN where one only is true."""
    total, right = float(confusion.sum()), float(np.trace(confusion))
    true, called = confusion.sum(axis=1).astype(float), confusion.sum(axis=0).astype(float)
    if (true > 0).sum() < 2:
        return float("nan")
    spread = (total * total - called @ called) * (total * total - true @ true)
    return float((right * total - true @ called) / np.sqrt(spread)) if spread > 0 else 0.0


def _quotient(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _log_loss(labels: np.ndarray, probabilities: np.ndarray, mass: np.ndarray) -> float:
    """Mean of -log p of the truth, in nats; p is kept from 0, as rounding could make it."""
    if not len(labels):
        return float("nan")
    losses = -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12))
    return float(np.average(losses, weights=mass))


def _calibration_error(labels: np.ndarray, probabilities: np.ndarray, mass: np.ndarray) -> float:
    """Expected calibration error of the highest probability (Guo et al. 2017)."""
    if not len(labels):
        return float("nan")
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    gap = np.abs(np.bincount(place, mass * (sure - right), minlength=BINS))
    return float(gap.sum() / mass.sum())
