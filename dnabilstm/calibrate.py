"""Logits to probabilities: one slope and offset a channel bring them to the true base rate of the genome.

Training sees more positives than a genome holds, so the raw logits promise too much. Two numbers fitted
on the validation part set that right: ``p = sigmoid(a * logit + b)`` with a > 0, which keeps the order
of the bases and so every ranking figure (Platt 1999; Newton's method as in Lin, Lin & Weng 2007).
"""

from dataclasses import dataclass

import numpy as np

from dnabilstm.errors import DnabilstmError

MIN_SLOPE = 1e-3
_ROWS = 1 << 20
_STEPS = 100
_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Platt:
    """p = sigmoid(a * logit + b); the default changes nothing."""

    a: float = 1.0
    b: float = 0.0

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities of logits, same shape, float32; NaN (no-call) stays NaN."""
        return sigmoid(self.a * np.asarray(logits, np.float64) + self.b).astype(np.float32)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), same shape, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def fit_platt(labels: np.ndarray, logits: np.ndarray, weights: np.ndarray | None = None) -> Platt:
    """Fit slope and offset by maximum likelihood.

    Parameters
    ----------
    labels
        uint8 (bases,): 1 = in a region, 0 = not; any other value is masked and left out.
    logits
        float (bases,), before calibration; NaN (no-call) is left out.
    weights
        float (bases,), how many bases of the genome each one stands for; by default 1.

    Returns
    -------
    Platt
        With ``a > 0``: a model that ranks the wrong way round gets the all but flat line of slope
        ``MIN_SLOPE`` a standard deviation, close to the base rate everywhere, never a reversed one.

    Raises
    ------
    DnabilstmError
        If only one class is among the bases.
    """
    keep = (labels <= 1) & np.isfinite(logits)
    truth, kept = labels[keep] == 1, logits[keep]
    mass = np.ones(len(kept), np.float32) if weights is None else weights[keep]
    positives, negatives = float(mass[truth].sum(dtype=np.float64)), float(mass[~truth].sum(dtype=np.float64))
    if not (positives > 0 and negatives > 0):
        raise DnabilstmError(
            f"calibration: found {truth.sum()} positive and {(~truth).sum()} negative bases; wanted both;"
            " choose validation contigs that hold regions and other bases"
        )
    # Platt's targets: one base of doubt on each side keeps the fit finite where the classes part cleanly.
    high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    targets = np.where(truth, high, low).astype(np.float64)
    # In standard units the two parameters are nearly independent, whatever the scale of the logits.
    shift, scale = float(np.mean(kept, dtype=np.float64)), float(np.std(kept, dtype=np.float64)) or 1.0
    data = (kept, shift, scale), targets, mass
    offset = float(np.log(positives / negatives))
    point = _newton(np.array([1.0, offset]), *data)
    if point[0] < MIN_SLOPE:
        point = _newton(np.array([MIN_SLOPE, offset]), *data, slope=False)
    a = point[0] / scale
    return Platt(float(a), float(point[1] - a * shift))


def _newton(
    point: np.ndarray,
    standard: tuple[np.ndarray, float, float],
    targets: np.ndarray,
    weights: np.ndarray,
    *,
    slope: bool = True,
) -> np.ndarray:
    """Newton's method with step halving on the convex log loss; the offset alone where not ``slope``."""
    free = np.array([slope, True])
    loss, gradient, hessian = _log_loss(standard, targets, weights, point)
    for _ in range(_STEPS):
        step = np.zeros(2)
        step[free] = np.linalg.solve(hessian[np.ix_(free, free)] + 1e-12 * np.eye(free.sum()), gradient[free])
        if gradient @ step < _TOLERANCE:  # twice the loss that is still to be gained
            break
        for shrink in 0.5 ** np.arange(30):
            trial = _log_loss(standard, targets, weights, point - shrink * step)
            if trial[0] <= loss:
                break
        else:
            break  # no shorter step is better either: the optimum, to machine precision
        point, (loss, gradient, hessian) = point - shrink * step, trial
    return point


def _log_loss(
    standard: tuple[np.ndarray, float, float], targets: np.ndarray, weights: np.ndarray, point: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Mean log loss, gradient (2,) and Hessian (2, 2) in slope and offset, a stretch of rows at a time."""
    logits, shift, scale = standard
    loss, gradient, hessian, total = 0.0, np.zeros(2), np.zeros((2, 2)), 0.0
    for start in range(0, len(logits), _ROWS):
        rows = slice(start, start + _ROWS)
        x = (logits[rows].astype(np.float64) - shift) / scale
        w, t, z = weights[rows].astype(np.float64), targets[rows], point[0] * x + point[1]
        p = sigmoid(z)
        loss += float(w @ (np.logaddexp(0, z) - t * z))
        wrong, curve = w * (p - t), w * p * (1 - p)
        gradient += wrong @ x, wrong.sum()
        hessian += [[curve @ (x * x), curve @ x], [curve @ x, curve.sum()]]
        total += float(w.sum())
    return loss / total, gradient / total, hessian / total
