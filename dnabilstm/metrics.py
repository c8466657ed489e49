"""How well scores tell regions from the rest: exact figures per base, calibration, and per region.

Every function takes labels, uint8 (bases,) with 1 = in a region, 0 = not, any other value masked, and
scores, float (bases,), NaN where there is no call. Masked bases and no-calls are left out. A figure that
is not defined (only one class among the bases) is NaN, never a made-up number.

Called means ``score >= threshold``; equal scores are always called together, so ties are exact. AUPRC is
average precision, the sum of precision times the step in recall, as in scikit-learn.
"""

from dataclasses import dataclass

import numpy as np

BINS = 15


@dataclass(frozen=True)
class Curve:
    """Counts of called bases at every distinct score, the highest first.

    Attributes
    ----------
    thresholds : numpy.ndarray
        float32 (points,), descending, each score once.
    tp, fp : numpy.ndarray
        int64 (points,): true and false bases with a score of at least the threshold.
    positives, negatives : int
        Bases of each class.
    """

    thresholds: np.ndarray
    tp: np.ndarray
    fp: np.ndarray
    positives: int
    negatives: int

    @property
    def one_class(self) -> bool:
        """Whether positives or negatives are missing, so that no figure is defined."""
        return not (self.positives and self.negatives)

    @property
    def precision(self) -> np.ndarray:
        """float64 (points,): the share of the called bases that is true."""
        return self.tp / (self.tp + self.fp)

    @property
    def recall(self) -> np.ndarray:
        """float64 (points,): the share of the true bases that is called."""
        return self.tp / max(self.positives, 1)


def usable(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels, bool (bases,), and scores of the bases that are neither masked nor a no-call."""
    keep = (labels <= 1) & ~np.isnan(scores)
    return labels[keep] == 1, scores[keep]


def curve(labels: np.ndarray, scores: np.ndarray) -> Curve:
    """Sort once and count: the source of all figures that depend on a threshold."""
    truth, kept = usable(labels, scores)
    order = np.argsort(-kept)
    truth, kept = truth[order], kept[order]
    last = np.flatnonzero(np.diff(kept, append=np.nan) != 0)  # the last base of each run of ties
    tp = np.cumsum(truth)[last]
    positives = int(truth.sum())
    return Curve(kept[last], tp, last + 1 - tp, positives, len(truth) - positives)


def auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve: how often a true base outranks a false one, ties half; NaN for one class."""
    return area_under_roc(curve(labels, scores))


def auprc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Average precision; the base rate is what chance reaches. NaN for one class."""
    return average_precision(curve(labels, scores))


def area_under_roc(counts: Curve) -> float:
    """AUROC of a curve; NaN for one class."""
    if counts.one_class:
        return float("nan")
    tp, fp = np.r_[0, counts.tp].astype(np.float64), np.r_[0, counts.fp].astype(np.float64)
    doubled = np.sum(np.diff(fp) * (tp[1:] + tp[:-1]))
    return float(doubled) / 2 / counts.positives / counts.negatives


def average_precision(counts: Curve) -> float:
    """AUPRC of a curve; NaN for one class."""
    if counts.one_class:
        return float("nan")
    return float(np.sum(counts.precision * np.diff(counts.recall, prepend=0)))


def best_f1(counts: Curve) -> tuple[float, float]:
    """The highest F1 over all thresholds, and its threshold; of equal ones the highest threshold."""
    if counts.one_class:
        return float("nan"), float("nan")
    f1 = 2 * counts.tp / (counts.tp + counts.fp + counts.positives)
    best = int(np.argmax(f1))
    return float(f1[best]), float(counts.thresholds[best])


def called_at(counts: Curve, threshold: float) -> tuple[float, float]:
    """True and false bases of the calls at a threshold."""
    called = int(np.searchsorted(-counts.thresholds, -counts.thresholds.dtype.type(threshold), side="right"))
    return (float(counts.tp[called - 1]), float(counts.fp[called - 1])) if called else (0.0, 0.0)


def f1_at(counts: Curve, threshold: float) -> float:
    """F1 of the calls at a threshold; NaN of one class."""
    tp, fp = called_at(counts, threshold)
    return float("nan") if counts.one_class else 2 * tp / (tp + fp + float(counts.positives))


def matthews(counts: Curve, threshold: float) -> float:
    """Matthews correlation of the calls at a threshold; 0 where everything or nothing is called."""
    if counts.one_class:
        return float("nan")
    return float(
        matthews_of_counts(*called_at(counts, threshold), float(counts.positives), float(counts.negatives))
    )


def matthews_of_counts(
    tp: np.ndarray | float,
    fp: np.ndarray | float,
    positives: np.ndarray | float,
    negatives: np.ndarray | float,
) -> np.ndarray:
    """Matthews correlation of counts (floats, for the product of four overflows integers)."""
    tp, fp = np.asarray(tp, np.float64), np.asarray(fp, np.float64)
    called, total = tp + fp, positives + negatives
    scale = np.sqrt(called * (total - called)) * np.sqrt(positives * negatives)
    top = tp * (negatives - fp) - fp * (positives - tp)
    return np.divide(top, scale, out=np.zeros(np.broadcast(top, scale).shape), where=scale > 0)


def equal_width_edges(bins: int = BINS) -> np.ndarray:
    """Inner borders of bins of equal width on [0, 1]: float64 (bins - 1,)."""
    return np.linspace(0, 1, bins + 1)[1:-1]


def equal_mass_edges(scores: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Inner borders of bins that hold about equally many of the scores; fewer bins where scores tie."""
    return np.unique(np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1]).astype(scores.dtype))


@dataclass(frozen=True)
class Reliability:
    """Bins of scores: how many bases, their mean score, and how many of them are true; each (bins,)."""

    bases: np.ndarray
    mean_score: np.ndarray
    observed: np.ndarray

    @property
    def error(self) -> float:
        """Expected calibration error: the mean of |mean score - observed rate|, weighted by bases."""
        gap = np.abs(self.mean_score - self.observed)
        return float(np.sum(self.bases * gap) / self.bases.sum()) if len(self.bases) else float("nan")


def reliability(labels: np.ndarray, scores: np.ndarray, edges: np.ndarray) -> Reliability:
    """Mean score and observed rate in bins with the inner borders ``edges``; empty bins are left out.

    A score on a border belongs to the bin above it.
    """
    truth, kept = usable(labels, scores)
    place = np.searchsorted(edges, kept, side="right")
    bases, sums, true = (
        np.bincount(place, weights, len(edges) + 1) for weights in (None, kept, truth.astype(np.float32))
    )
    held = bases > 0
    return Reliability(bases[held], sums[held] / bases[held], true[held] / bases[held])


def expected_calibration_error(
    labels: np.ndarray, scores: np.ndarray, *, bins: int = BINS, equal_mass: bool = False
) -> float:
    """Expected calibration error of probabilities (Naeini et al. 2015), 0 = perfect; NaN without bases.

    Parameters
    ----------
    labels, scores
        As everywhere in this module; scores are probabilities at the bases' own base rate.
    bins
        Number of bins.
    equal_mass
        Bins that hold equally many bases, instead of bins of equal width on [0, 1]. At a low base rate
        most bases crowd into the first bin of equal width, so both are worth a look.
    """
    _, kept = usable(labels, scores)
    if not len(kept):
        return float("nan")
    edges = equal_mass_edges(kept, bins) if equal_mass else equal_width_edges(bins)
    return reliability(labels, scores, edges).error


def runs_above(track: np.ndarray, threshold: float, *, min_length: int = 1) -> np.ndarray:
    """Runs of bases with a score of at least ``threshold``; NaN is never above, and ends a run.

    Returns
    -------
    numpy.ndarray
        int64 (runs, 2): start and end of each, 0-based, half-open, ascending, ``min_length`` or longer.
    """
    # An extra base below on both sides, so that a run at the border has both of its edges.
    above = np.zeros(len(track) + 2, np.int8)
    above[1:-1] = track >= np.asarray(threshold, track.dtype)
    edges = np.diff(above)
    runs = np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)], axis=1)
    return runs[runs[:, 1] - runs[:, 0] >= min_length]


def covered_share(regions: np.ndarray, covers: np.ndarray) -> np.ndarray:
    """Share of each region that lies under ``covers``: float64 (regions,).

    Parameters
    ----------
    regions, covers
        int64 (n, 2), 0-based, half-open; ``covers`` ascending and without overlap among themselves.
    """
    if not len(regions) or not len(covers):
        return np.zeros(len(regions))
    before = np.r_[0, np.cumsum(covers[:, 1] - covers[:, 0])]

    def covered_up_to(position: np.ndarray) -> np.ndarray:
        index = np.searchsorted(covers[:, 0], position, side="right") - 1
        inside = np.minimum(position, covers[index, 1]) - covers[index, 0]
        return np.where(index >= 0, before[index] + inside, 0)

    start, end = regions[:, 0], regions[:, 1]
    return (covered_up_to(end) - covered_up_to(start)) / (end - start)


@dataclass(frozen=True)
class RegionMatch:
    """True and called regions of one stretch, and which of them match.

    Attributes
    ----------
    true, called : numpy.ndarray
        int64 (n, 2), 0-based, half-open.
    found : numpy.ndarray
        bool (true,): at least ``share`` of the true region is called.
    right : numpy.ndarray
        bool (called,): at least ``share`` of the called region is true.
    """

    true: np.ndarray
    called: np.ndarray
    found: np.ndarray
    right: np.ndarray


def match_regions(
    labels: np.ndarray, scores: np.ndarray, threshold: float, *, share: float = 0.5, min_length: int = 10
) -> RegionMatch:
    """Compare runs of true bases with runs of called bases.

    A true region counts once as found or missed, a called one once as right or wrong, however many
    pieces the other side has there: recall = found / true, precision = right / called. The regions are
    plain runs at one threshold. Masked bases and no-calls belong to neither side and end a run.

    Parameters
    ----------
    labels, scores
        As everywhere in this module, along one stretch of a contig.
    threshold
        The lowest score that is called.
    share
        Share of its bases (0-1) that a region must have in the other set; 0 asks for one base.
    min_length
        Called runs shorter than this many bases are dropped.
    """
    held = (labels <= 1) & ~np.isnan(scores)
    true = runs_above(((labels == 1) & held).astype(np.uint8), 1)
    called = runs_above(np.where(held, scores, np.nan), threshold, min_length=min_length)
    needed = max(share, np.finfo(np.float64).tiny)
    found, right = covered_share(true, called) >= needed, covered_share(called, true) >= needed
    return RegionMatch(true, called, found, right)
