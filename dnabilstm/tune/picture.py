"""A search as a picture: values over the trials, what mattered, and the value by each setting."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from dnabilstm.colours import colour_of
from dnabilstm.files import atomic_file
from dnabilstm.tune.space import Choice, Range, Space

COLUMNS = 4
DONE, STOPPED = colour_of(0), "#999999"
ENOUGH = 4
"""Complete trials below which importances mean nothing."""


def importances(study: optuna.Study) -> dict[str, float]:
    """Share of the variance of the values that each setting explains (fANOVA, Hutter et al. 2014).

    Empty with fewer than ``ENOUGH`` complete trials, or where all values are alike.
    """
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(done) < ENOUGH or len({trial.value for trial in done}) == 1:
        return {}
    return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))


def draw_search(rows: list[dict[str, Any]], space: Space, shares: dict[str, float], stem: Path) -> None:
    """Draw ``STEM.png`` and ``STEM.svg``.

    Parameters
    ----------
    rows
        A row a trial, as ``rows_of`` gives them.
    space
        What was tried.
    shares
        Importance of the settings, which are drawn in this order; may be empty.
    stem
        Path without suffix.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = [*shares, *(name for name in sorted(space) if name not in shares)]
    below = -(-len(names) // COLUMNS)
    style = {
        "svg.hashsalt": "dnabilstm",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 9,
    }
    with matplotlib.rc_context(style):
        figure = pyplot.figure(figsize=(10, 3 + 2.3 * below), layout="constrained")
        top, bottom = figure.subfigures(2, 1, height_ratios=(3, 2.3 * below))
        axes = top.subplots(1, 2 if shares else 1, squeeze=False)[0]
        _draw_history(axes[0], rows)
        if shares:
            _draw_importances(axes[1], shares)
        panels = bottom.subplots(below, COLUMNS, sharey=True, squeeze=False)
        for place, panel in enumerate(panels.flat):
            if place < len(names):
                _draw_setting(panel, rows, names[place], space[names[place]])
            else:
                panel.set_axis_off()
        bottom.supylabel("validation AUPRC", fontsize="medium")
        for suffix in ("png", "svg"):
            with atomic_file(stem.with_name(f"{stem.name}.{suffix}")) as part:
                metadata = {"Date": None} if suffix == "svg" else {"Software": None}
                figure.savefig(part, format=suffix, dpi=150, metadata=metadata)
        pyplot.close(figure)


def _of(rows: list[dict[str, Any]], state: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["state"] == state and row["value"] is not None]


def _draw_history(axes: Any, rows: list[dict[str, Any]]) -> None:
    """Each trial's value, and the best so far."""
    done, stopped = _of(rows, "complete"), _of(rows, "pruned")
    failed = [row["number"] for row in rows if row["state"] == "fail"]
    axes.scatter(*_points(done, "number"), s=16, color=DONE, label="complete", zorder=3)
    if stopped:
        axes.scatter(
            *_points(stopped, "number"), s=16, color=STOPPED, marker="v", label="stopped early", zorder=2
        )
    if done:
        axes.step(
            [row["number"] for row in done],
            np.maximum.accumulate([row["value"] for row in done]),
            where="post",
            color=DONE,
            linewidth=1,
            label="best so far",
        )
    if failed:
        axes.plot(
            failed,
            [0.02] * len(failed),
            "x",
            color="#c0392b",
            transform=axes.get_xaxis_transform(),
            label="failed",
        )
    axes.set(xlabel="trial", ylabel="validation AUPRC")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False, fontsize=8)


def _draw_importances(axes: Any, shares: dict[str, float]) -> None:
    names = list(shares)[::-1]
    axes.barh(names, [shares[name] for name in names], color=DONE)
    axes.set(xlabel="importance (share of the variance)")


def _draw_setting(axes: Any, rows: list[dict[str, Any]], name: str, found: Choice | Range) -> None:
    """The value of the trials over one setting."""
    places = {value: place for place, value in enumerate(found.values)} if isinstance(found, Choice) else None
    for state, marker, colour in (("pruned", "v", STOPPED), ("complete", "o", DONE)):
        shown = [row for row in _of(rows, state) if name in row]
        across, up = _points(shown, name)
        if places is not None:
            across = [places[value] for value in across]
        axes.scatter(across, up, s=12, marker=marker, color=colour)
    if places is not None:
        axes.set_xticks(range(len(places)), [str(value) for value in places])
        axes.set_xlim(-0.5, len(places) - 0.5)
    elif found.log:
        pad = (found.high / found.low) ** 0.05
        axes.set_xscale("log")
        axes.set_xlim(found.low / pad, found.high * pad)
    else:
        pad = 0.05 * (found.high - found.low)
        axes.set_xlim(found.low - pad, found.high + pad)
        axes.xaxis.get_major_locator().set_params(integer=found.whole)
    axes.set_xlabel(name)


def _points(rows: list[dict[str, Any]], across: str) -> tuple[list[Any], list[float]]:
    return [row[across] for row in rows], [row["value"] for row in rows if math.isfinite(row["value"])]
