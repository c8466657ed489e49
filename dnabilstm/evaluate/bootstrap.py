"""Confidence intervals by block bootstrap: whole blocks of the genome are drawn with replacement.

Neighbouring bases share their label and most of their context, so drawing single bases would promise far
too narrow intervals (Kunsch 1989 for the idea). A resample is one weight a block; with the scores counted
into fine bins once, hundreds of resamples are one matrix product. Several models drawn with the same
seed see the same blocks, so their differences are paired.
"""

from dataclasses import dataclass

import numpy as np

from dnabilstm.metrics import BINS, equal_mass_edges, equal_width_edges, matthews_of_counts

FINE_BINS = 2048
_BLOCKS_AT_ONCE = 512


def block_weights(blocks: int, resamples: int, seed: int) -> np.ndarray:
    """How often each resample draws each block: float64 (resamples, blocks), rows sum to ``blocks``."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=resamples).astype(np.float64)


@dataclass(frozen=True)
class Binned:
    """Bases counted in fine bins of the score, lowest first; the last row is the genome as it is.

    Attributes
    ----------
    true, false : numpy.ndarray
        float64 (resamples + 1, bins): bases of each class.
    mean_score : numpy.ndarray
        float64 (bins,).
    width_bin, mass_bin : numpy.ndarray
        int64 (bins,): the calibration bin of each fine bin, by equal width and by equal mass.
    called : int
        Bins at or above the threshold.
    """

    true: np.ndarray
    false: np.ndarray
    mean_score: np.ndarray
    width_bin: np.ndarray
    mass_bin: np.ndarray
    called: int


def bin_scores(
    truth: np.ndarray,
    scores: np.ndarray,
    block_of: np.ndarray,
    weights: np.ndarray,
    threshold: float,
    fine: int = FINE_BINS,
) -> Binned:
    """Count scores into fine bins, block by block, and draw the resamples.

    Parameters
    ----------
    truth, scores, block_of
        bool, float32 and int (bases,): label, score, and index of the block, ascending; no masked bases.
    weights
        float64 (resamples, blocks), see ``block_weights``.
    threshold
        The lowest score that is called.
    fine
        Half of the fine bins hold equally many bases, half of them equally many true ones, so that both
        ends of the score are fine. The borders of the calibration bins, and the threshold, are among theirs.
    """
    wide, mass = equal_width_edges(BINS), equal_mass_edges(scores, BINS)
    edges = np.unique(
        np.concatenate(
            [
                wide.astype(np.float32),
                mass,
                equal_mass_edges(scores, fine),
                equal_mass_edges(scores[truth], fine),
                np.float32([threshold]),
            ]
        )
    )
    bins, blocks = len(edges) + 1, weights.shape[1]
    place = np.searchsorted(edges, scores, side="right")
    drawn = np.vstack([weights, np.ones(blocks)])
    true, false = np.zeros((len(drawn), bins)), np.zeros((len(drawn), bins))
    for first in range(0, blocks, _BLOCKS_AT_ONCE):
        several = slice(first, min(first + _BLOCKS_AT_ONCE, blocks))
        rows = slice(*np.searchsorted(block_of, [several.start, several.stop]))
        cell = (block_of[rows] - first) * bins + place[rows]
        for counts, chosen in (true, truth[rows]), (false, ~truth[rows]):
            held = np.bincount(cell[chosen], minlength=(several.stop - first) * bins)
            counts += drawn[:, several] @ held.reshape(-1, bins)
    sums, bases = np.bincount(place, scores, bins), np.bincount(place, minlength=bins)
    lower = np.r_[-np.inf, edges]  # every fine bin lies within one calibration bin
    width_bin, mass_bin = (np.searchsorted(e.astype(np.float32), lower, side="right") for e in (wide, mass))
    called = bins - 1 - int(np.searchsorted(edges, np.float32(threshold)))
    return Binned(true, false, sums / np.maximum(bases, 1), width_bin, mass_bin, called)


def binned_figures(counts: Binned) -> dict[str, np.ndarray]:
    """Every figure of every row: name to float64 (resamples + 1,); NaN where a row has one class only."""
    tp, fp = np.cumsum(counts.true[:, ::-1], axis=1), np.cumsum(counts.false[:, ::-1], axis=1)
    positives, negatives = tp[:, -1:], fp[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = tp / (tp + fp)
        steps = np.diff(tp, axis=1, prepend=0)
        ranks = np.diff(fp, axis=1, prepend=0) * (tp - steps / 2)
        f1 = 2 * tp / (tp + fp + positives)
        at = counts.called - 1
        figures = {
            "auroc": ranks.sum(1) / (positives * negatives)[:, 0],
            "auprc": np.nansum(precision * steps, axis=1) / positives[:, 0],
            "best_f1": f1.max(axis=1),
            "f1": f1[:, at],
            "mcc": matthews_of_counts(tp[:, at], fp[:, at], positives[:, 0], negatives[:, 0]),
            "ece_equal_width": _calibration_error(counts, counts.width_bin),
            "ece_equal_mass": _calibration_error(counts, counts.mass_bin),
        }
    one_class = (positives * negatives)[:, 0] == 0
    return {name: np.where(one_class, np.nan, values) for name, values in figures.items()}


def _calibration_error(counts: Binned, bin_of: np.ndarray) -> np.ndarray:
    member = np.equal.outer(bin_of, np.arange(bin_of.max() + 1)).astype(np.float64)
    excess = (counts.true + counts.false) * counts.mean_score - counts.true
    return np.abs(excess @ member).sum(1) / (counts.true + counts.false).sum(1)


def binned_curves(counts: Binned, recall: np.ndarray, false_rate: np.ndarray) -> dict[str, np.ndarray]:
    """Precision at each of ``recall`` and true rate at each of ``false_rate``: (resamples + 1, points)."""
    tp, fp = np.cumsum(counts.true[:, ::-1], axis=1), np.cumsum(counts.false[:, ::-1], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(tp + fp > 0, tp / (tp + fp), 1.0)
        found, wrong = tp / tp[:, -1:], fp / fp[:, -1:]
    held = np.isfinite(found[:, -1]) & np.isfinite(wrong[:, -1])
    return {
        "precision": np.array(
            [np.interp(recall, f, p) for f, p in zip(found[held], precision[held], strict=True)]
        ),
        "true_rate": np.array(
            [np.interp(false_rate, w, f) for w, f in zip(wrong[held], found[held], strict=True)]
        ),
    }


def observed_rates(counts: Binned, bin_of: np.ndarray) -> np.ndarray:
    """Share of true bases in each calibration bin that holds any: float64 (resamples + 1, bins)."""
    member = np.equal.outer(bin_of, np.unique(bin_of)).astype(np.float64)
    true, bases = counts.true @ member, (counts.true + counts.false) @ member
    with np.errstate(invalid="ignore", divide="ignore"):
        return (true / bases)[:, bases[-1] > 0]


def share_of_regions(hits: np.ndarray, block_of: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of regions that are hits in each resample: float64 (resamples,); NaN without a region.

    ``hits`` is bool (regions,), ``block_of`` the block in which each region begins.
    """
    blocks = weights.shape[1]
    regions = weights @ np.bincount(block_of, minlength=blocks)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (weights @ np.bincount(block_of, hits, blocks)) / regions


def interval(resampled: np.ndarray, level: float) -> tuple[float, float] | None:
    """Percentile interval of the resamples; None where too few are defined."""
    held = resampled[np.isfinite(resampled)]
    if len(held) < 2 or len(held) < len(resampled) / 2:
        return None
    low, high = np.quantile(held, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
