"""Figures of classified sequences: of all of them, and of those that training has not seen."""

from dataclasses import asdict
from typing import Any

import numpy as np

from dnabilstm.class_metrics import class_figures, without_nan
from dnabilstm.classify.bootstrap import FIGURES, bootstrap_intervals, resamples_of
from dnabilstm.classify.config import ClassifyConfig
from dnabilstm.sequences.store import UNKNOWN

Result = dict[str, Any]
SHOWN = {"accuracy": "accuracy", "mcc": "MCC", "auroc": "AUROC", "auprc": "AUPRC"}
DEFINITIONS = {
    "raw": "all sequences whose class is known",
    "leak_free": "those of them that do not repeat a sequence that training or validation has seen",
    "accuracy": "share whose called class, that of the highest probability, is the true one",
    "mcc": "Matthews correlation of called and true classes (Gorodkin 2004 for more than two)",
    "auroc": "area under the ROC curve, ties half; mean over the classes that are there, each against the rest",
    "auprc": "average precision; mean over the classes that are there, each against the rest",
    "log_loss": "mean of -ln of the probability of the true class",
    "calibration_error": "expected calibration error of the called class, bins of equal width",
    "interval": "percentile interval of a bootstrap over sequences",
}


def assess(
    labels: np.ndarray,
    probabilities: np.ndarray,
    classes: tuple[str, ...],
    leaked: np.ndarray | None = None,
    config: ClassifyConfig | None = None,
) -> Result:
    """Judge probabilities of classes.

    Parameters
    ----------
    labels
        int64 (sequences,): index into ``classes``, or ``UNKNOWN``, which is left out.
    probabilities
        float (sequences, classes).
    classes
        Names.
    leaked
        bool (sequences,): which ones training has seen; None: nobody has looked.
    config
        Resamples, level and seed of the intervals.

    Returns
    -------
    dict
        ``raw`` and, where leaks were looked for, ``leak_free``: each what ``class_figures`` says, with null
        for a figure that is not defined, and under ``intervals`` ``low`` and ``high`` of each of ``FIGURES``, from
        so many ``resamples``.
        ``leaked`` counts sequences. ``settings`` and ``definitions`` explain them.
    """
    config = config or ClassifyConfig()
    known = labels != UNKNOWN
    result: Result = {"raw": _figures(labels, probabilities, classes, known, config)}
    if leaked is not None:
        result["leak_free"] = _figures(labels, probabilities, classes, known & ~leaked, config)
        result["leaked"] = int((known & leaked).sum())
    settings = {name: value for name, value in asdict(config).items() if name != "batch"}
    return result | {"settings": settings, "definitions": DEFINITIONS}


def _figures(
    labels: np.ndarray,
    probabilities: np.ndarray,
    classes: tuple[str, ...],
    rows: np.ndarray,
    config: ClassifyConfig,
) -> Result:
    labels, probabilities = labels[rows], probabilities[rows]
    drawn = bootstrap_intervals(
        labels, probabilities, resamples=config.bootstrap, level=config.level, seed=config.seed
    )
    intervals = {name: found and {"low": found[0], "high": found[1]} for name, found in drawn.items()}
    figures = class_figures(labels, probabilities, classes)
    return without_nan(
        figures | {"intervals": intervals, "resamples": resamples_of(probabilities, config.bootstrap)}
    )


def summary(result: Result) -> list[str]:
    """Lines for people: figures of all sequences and, where some are leaked, of the others."""
    if "raw_model" in result:
        return [
            f"raw, trained with what they repeat: {_line(result['raw'])}",
            f"leak-free, trained without: {_line(result['leak_free'])}",
        ]
    lines = [f"all {result['raw']['sequences']:,} sequences: {_line(result['raw'])}"]
    if result.get("leaked"):
        others = result["leak_free"]
        said = _line(others) if others["sequences"] else "none is left, so there is no figure"
        lines.append(f"without the {result['leaked']:,} that training has seen: {said}")
    elif "leaked" in result:
        lines.append("training has seen none of them")
    return lines


def _line(figures: Result) -> str:
    return ", ".join(f"{SHOWN[name]} {_shown(figures, name)}" for name in FIGURES)


def _shown(figures: Result, name: str) -> str:
    if figures[name] is None:
        return "-"
    interval = figures["intervals"][name]
    return f"{figures[name]:.3f}" + (f" [{interval['low']:.3f}, {interval['high']:.3f}]" if interval else "")
