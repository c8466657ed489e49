"""Scores and labels of held-out intervals to figures with confidence intervals: a pure function.

The result is plain JSON: ``rows`` (one a channel and model), ``differences`` (each further model against
the first, paired block by block), ``warnings``, ``settings`` and ``definitions``. A figure that is not
defined is null, with the reason beside it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.evaluate import bootstrap
from dnabilstm.evaluate.config import EvaluateConfig
from dnabilstm.evaluate.curves import sampled_curves
from dnabilstm.metrics import (
    BINS,
    RegionMatch,
    area_under_roc,
    average_precision,
    best_f1,
    curve,
    expected_calibration_error,
    f1_at,
    match_regions,
    matthews,
)

Interval = tuple[str, int, int]

DEFINITIONS = {
    "bases": "bases that have a label and a score under every compared model; all models, same bases",
    "base_rate": "share of these bases that lie in a region: what AUPRC is by chance",
    "auroc": "area under the ROC curve, ties half",
    "auprc": "average precision: sum of precision times the step in recall",
    "best_f1": "highest F1 over all thresholds, chosen on these bases: an upper bound",
    "f1": "F1 at 'threshold': the model's own, chosen on its validation part; of a model without one, that of best_f1",
    "mcc": "Matthews correlation at 'threshold'",
    "ece_equal_width": f"expected calibration error, {BINS} bins of equal width on [0, 1]",
    "ece_equal_mass": f"expected calibration error, {BINS} bins of equally many bases",
    "region_precision": "share of the called regions with at least 'share' of their bases in true regions",
    "region_recall": "share of the true regions with at least 'share' of their bases in called regions",
    "region_f1": "harmonic mean of the two; each region counts once",
    "called regions": "runs of bases at or above 'threshold', of 'min_length' or longer",
    "interval": "percentile interval of a bootstrap over blocks of bases, drawn with replacement",
}
FIGURES = tuple(
    name for name in DEFINITIONS if name not in ("bases", "base_rate", "called regions", "interval")
)
DIFFERENCES = ("auroc", "auprc", "f1", "mcc")
ONE_CLASS = "only one class among these bases"
FEW_BLOCKS = "too few blocks or resamples with both classes for an interval"


class Tracks(Protocol):
    """What scores and labels have in common: channels, and an array a channel and contig."""

    channels: tuple[str, ...]

    def track(self, channel: str, contig: str) -> np.ndarray:
        """Values along one contig: (length,)."""


@dataclass(frozen=True)
class _Ground:
    """The bases that are judged: their intervals, the borders among the gathered bases, their blocks."""

    intervals: Sequence[Interval]
    borders: np.ndarray  # int64 (intervals + 1,)
    block_of: np.ndarray  # int32 (bases,)
    weights: np.ndarray  # float64 (resamples, blocks)

    def gather(self, tracks: Tracks, channel: str) -> np.ndarray:
        return np.concatenate([tracks.track(channel, name)[start:end] for name, start, end in self.intervals])


def evaluate_scores(
    scores: Mapping[str, Tracks],
    labels: Tracks,
    intervals: Sequence[Interval],
    settings: EvaluateConfig | None = None,
    thresholds: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, Any]:
    """Judge every model on every channel of the labels, on the same bases.

    Parameters
    ----------
    scores
        Model name to its probabilities (``Scores`` or anything with ``channels`` and ``track``), float32
        a base, NaN where there is no call. The first is the one that the others are compared with.
    labels
        uint8 a base: 1 = in a region, 0 = not, 255 = masked.
    intervals
        (contig, start, end), 0-based, half-open, without overlap: the held-out bases.
    settings
        See ``EvaluateConfig``.
    thresholds
        Model name to channel to the lowest score that the model calls, of those that have one of their own.

    Raises
    ------
    DnabilstmError
        If there is no interval, or no model that has a channel of the labels.
    """
    settings = settings or EvaluateConfig()
    ground = _ground(intervals, settings)
    rows, differences, warnings = [], [], []
    for channel in labels.channels:
        having = {name: tracks for name, tracks in scores.items() if channel in tracks.channels}
        warnings += [f"{name} has no channel {channel}" for name in scores if name not in having]
        own = {name: found[channel] for name, found in (thresholds or {}).items() if channel in found}
        found, resampled = _assess_channel(channel, having, own, labels, ground, settings)
        rows += found
        differences += _differences(channel, found, resampled, settings)
    if not rows:
        refuse_other_tasks(labels.channels, {name: tracks.channels for name, tracks in scores.items()})
    return {
        "rows": rows,
        "differences": differences,
        "warnings": warnings,
        "intervals": [list(interval) for interval in intervals],
        "settings": asdict(settings),
        "definitions": DEFINITIONS,
    }


def refuse_other_tasks(wanted: Sequence[str], channels: Mapping[str, Sequence[str]]) -> None:
    """Refuse labels of which no model has a channel.

    Parameters
    ----------
    wanted
        Channels of the labels.
    channels
        Model name to its channels.

    Raises
    ------
    DnabilstmError
        With the channels of both sides.
    """
    if not any(channel in having for having in channels.values() for channel in wanted):
        raise DnabilstmError(
            f"evaluate: no model has a channel of the labels ({', '.join(wanted)}); they have"
            f" {'; '.join(f'{name}: ' + ', '.join(having) for name, having in channels.items()) or 'none'};"
            " give labels of the tasks that the model was trained on, under the same names and strand settings"
        )


def _ground(intervals: Sequence[Interval], settings: EvaluateConfig) -> _Ground:
    lengths = np.array([end - start for _, start, end in intervals], np.int64)
    if not lengths.sum():
        raise DnabilstmError("evaluate: there is not one base to evaluate on; choose contigs with --contigs")
    blocks = -(-lengths // settings.block)
    first = np.cumsum(blocks) - blocks
    block_of = np.concatenate(
        [f + np.arange(n, dtype=np.int32) // settings.block for f, n in zip(first, lengths, strict=True)]
    )
    # One block drawn from one block is always the same: that is no interval.
    resamples = settings.bootstrap if blocks.sum() > 1 else 0
    weights = bootstrap.block_weights(int(blocks.sum()), resamples, settings.seed)
    return _Ground(intervals, np.r_[0, np.cumsum(lengths)], block_of, weights)


def _assess_channel(
    channel: str,
    having: Mapping[str, Tracks],
    thresholds: Mapping[str, float],
    labels: Tracks,
    ground: _Ground,
    settings: EvaluateConfig,
) -> tuple[list[dict[str, Any]], list[dict[str, np.ndarray]]]:
    """Rows of one channel, and the resampled figures that they were made of."""
    truth = ground.gather(labels, channel)
    values = {name: np.asarray(ground.gather(tracks, channel), np.float32) for name, tracks in having.items()}
    masked = truth > 1
    no_call = ~masked & np.any([np.isnan(v) for v in values.values()], axis=0) if values else masked
    truth = np.where(no_call, 255, truth)  # one mask for all models: the same bases
    rows, resampled = [], []
    for name, track in values.items():
        row = {"model": name, "channel": channel, "masked": int(masked.sum()), "no_call": int(no_call.sum())}
        figures, drawn = _assess_track(truth, track, thresholds.get(name), ground, settings)
        rows.append(row | figures)
        resampled.append(drawn)
    return rows, resampled


def _assess_track(
    labels: np.ndarray, scores: np.ndarray, own: float | None, ground: _Ground, settings: EvaluateConfig
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    counts = curve(labels, scores)
    row: dict[str, Any] = {
        "bases": counts.positives + counts.negatives,
        "positives": counts.positives,
        "base_rate": counts.positives / max(counts.positives + counts.negatives, 1),
    }
    if counts.one_class:
        empty = {"value": None, "low": None, "high": None, "reason": ONE_CLASS}
        return row | {"threshold": own, "figures": dict.fromkeys(FIGURES, empty)}, {}
    best, threshold = best_f1(counts)
    if own is not None:
        threshold = own
    exact = {
        "auroc": area_under_roc(counts),
        "auprc": average_precision(counts),
        "best_f1": best,
        "f1": f1_at(counts, threshold),
        "mcc": matthews(counts, threshold),
        "ece_equal_width": expected_calibration_error(labels, scores),
        "ece_equal_mass": expected_calibration_error(labels, scores, equal_mass=True),
    }
    used = labels <= 1
    binned = bootstrap.bin_scores(
        labels[used] == 1, scores[used], ground.block_of[used], ground.weights, threshold
    )
    drawn = bootstrap.binned_figures(binned)
    # The last row is the genome as it is: what binning alone did to a figure is taken off the interval.
    drawn = {name: values[:-1] + (exact[name] - values[-1]) for name, values in drawn.items()}
    regions, regions_drawn, region_counts = _assess_regions(labels, scores, threshold, ground, settings)
    exact, drawn = exact | regions, drawn | regions_drawn
    whose = "these bases" if own is None else "the model"
    row |= {"threshold": threshold, "threshold_of": whose, "regions": region_counts}
    row["figures"] = {name: _figure(exact[name], drawn[name], settings.level) for name in FIGURES}
    row["curves"] = sampled_curves(labels[used], scores[used], counts, binned, settings.level)
    return row, drawn


def _figure(value: float, resampled: np.ndarray, level: float) -> dict[str, Any]:
    """One figure with its interval; null with the reason where it is not defined."""
    if not math.isfinite(value):
        return {"value": None, "low": None, "high": None, "reason": "no region was called"}
    held = bootstrap.interval(resampled, level)
    low, high = held if held else (None, None)
    return {"value": value, "low": low, "high": high} | ({} if held else {"reason": FEW_BLOCKS})


def _assess_regions(
    labels: np.ndarray, scores: np.ndarray, threshold: float, ground: _Ground, settings: EvaluateConfig
) -> tuple[dict[str, float], dict[str, np.ndarray], dict[str, int]]:
    """Region-level figures, their resamples, and how many regions there are."""
    matches: list[RegionMatch] = []
    places: dict[str, list[np.ndarray]] = {"true": [], "called": []}
    for first, last in zip(ground.borders[:-1], ground.borders[1:], strict=True):
        match = match_regions(
            labels[first:last],
            scores[first:last],
            threshold,
            share=settings.share,
            min_length=settings.min_length,
        )
        matches.append(match)
        places["true"].append(ground.block_of[first + match.true[:, 0]])
        places["called"].append(ground.block_of[first + match.called[:, 0]])
    found, right = np.concatenate([m.found for m in matches]), np.concatenate([m.right for m in matches])
    recall = bootstrap.share_of_regions(found, np.concatenate(places["true"]), ground.weights)
    precision = bootstrap.share_of_regions(right, np.concatenate(places["called"]), ground.weights)
    exact = {
        "region_precision": float(right.mean()) if len(right) else math.nan,
        "region_recall": float(found.mean()),
    }
    exact["region_f1"] = float(_harmonic(exact["region_precision"], exact["region_recall"]))
    drawn = {
        "region_precision": precision,
        "region_recall": recall,
        "region_f1": _harmonic(precision, recall),
    }
    counts = {"true": len(found), "found": int(found.sum()), "called": len(right), "right": int(right.sum())}
    return exact, drawn, counts


def _harmonic(precision: np.ndarray | float, recall: np.ndarray | float) -> np.ndarray:
    top, total = np.asarray(2 * precision * recall), np.asarray(precision + recall, np.float64)
    return np.divide(top, total, out=np.asarray(total * 0.0), where=total > 0)


def _differences(
    channel: str, rows: list[dict[str, Any]], resampled: list[dict[str, np.ndarray]], settings: EvaluateConfig
) -> list[dict[str, Any]]:
    """Each further model minus the first, on the same blocks."""
    found = []
    for row, drawn in zip(rows[1:], resampled[1:], strict=True):
        for name in DIFFERENCES:
            values = [r["figures"][name]["value"] for r in (row, rows[0])]
            if None in values:
                continue
            gap = _figure(values[0] - values[1], drawn[name] - resampled[0][name], settings.level)
            head = {"model": row["model"], "against": rows[0]["model"], "channel": channel, "figure": name}
            found.append(head | gap)
    return found
