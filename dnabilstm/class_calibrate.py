"""Logits of classes to probabilities: one slope and a bias a class; and what several models count in a sum."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Softmax:
    """p = softmax(slope * logits + bias); the default changes nothing."""

    slope: float = 1.0
    bias: tuple[float, ...] = (0.0,)


def calibrated_losses(labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Log loss of each sequence by logits that are calibrated on the same ones: float64 (sequences,).

    Parameters
    ----------
    labels, logits
        As of ``fit_softmax``.
    """
    fitted = fit_softmax(labels, logits)
    return _log_losses(labels, fitted.slope * logits.astype(np.float64) + np.array(fitted.bias))[0]


def _log_losses(labels: np.ndarray, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log losses of sequences, (sequences,), and the gradient of each in its logits, (sequences, classes)."""
    rows, totals = np.arange(len(labels)), np.logaddexp.reduce(logits, axis=1)
    wrong = np.exp(logits - totals[:, None])
    wrong[rows, labels] -= 1
    return totals - logits[rows, labels], wrong


def fit_stack(labels: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """Fit what several models' logits count in their sum, by maximum likelihood (stacking, Wolpert 1992).

    Parameters
    ----------
    labels
        int64 (sequences,), index of the class.
    parts
        Logits of each model, float (sequences, classes); of sequences that no model was fitted on.

    Returns
    -------
    numpy.ndarray
        float64 (parts,), at least 0; the biases that are fitted beside them are left to the calibration.
    """
    from scipy.optimize import minimize

    scales = [float(np.std(part)) or 1.0 for part in parts]
    units = np.stack([part.astype(np.float64) / scale for part, scale in zip(parts, scales, strict=True)])

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean log loss and its gradient in slopes and biases, (parts + classes,); a weak prior as in fit_softmax."""
        slopes, bias = point[: len(parts)], point[len(parts) :]
        losses, wrong = _log_losses(labels, np.tensordot(slopes, units, 1) + bias)
        gradient = np.concatenate([np.einsum("psc,sc->p", units, wrong), wrong.sum(axis=0)]) + point
        return (losses.sum() + 0.5 * point @ point) / len(labels), gradient / len(labels)

    classes = parts[0].shape[1]
    bounds = [(0, None)] * len(parts) + [(None, None)] * classes
    start = np.concatenate([np.ones(len(parts)), np.zeros(classes)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found[: len(parts)] / scales


def fit_softmax(labels: np.ndarray, logits: np.ndarray, weights: np.ndarray | None = None) -> Softmax:
    """Fit one slope and a bias a class by maximum likelihood (bias-corrected temperature scaling).

    After Guo et al. 2017 (arXiv 1706.04599) and Alexandari et al. 2020 (arXiv 1901.06852). A weak prior,
    as of one sequence more, keeps the biases small where a class is rare, and the slope finite where
    the classes part cleanly.

    Parameters
    ----------
    labels
        int64 (sequences,), index of the class.
    logits
        float (sequences, classes), before calibration.
    weights
        float (sequences,), how many sequences each one stands for; by default 1.
    """
    from scipy.optimize import minimize

    mass = np.ones(len(labels)) if weights is None else weights
    scale = float(np.std(logits)) or 1.0
    units = logits.astype(np.float64) / scale

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean log loss and its gradient in log slope and biases, (classes + 1,)."""
        slope, bias = np.exp(point[0]), point[1:]
        losses, wrong = _log_losses(labels, slope * units + bias)
        wrong *= mass[:, None]
        gradient = np.concatenate([[slope * (wrong * units).sum()], wrong.sum(axis=0)]) + point
        return (mass @ losses + 0.5 * point @ point) / len(labels), gradient / len(labels)

    point = minimize(loss, np.zeros(1 + logits.shape[1]), jac=True, method="L-BFGS-B").x
    bias = point[1:] - point[1:].mean()
    return Softmax(float(np.exp(point[0]) / scale), tuple(bias.tolist()))
