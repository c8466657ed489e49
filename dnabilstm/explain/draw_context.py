"""Pictures of context: what either side adds along a locus, and what regions score with ever more of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnabilstm.explain.context import Distances, Sides
from dnabilstm.explain.logos import STYLE, pyplot, save
from dnabilstm.explain.pictures import REGION, set_coordinates, shown, title_of
from dnabilstm.explain.withheld import SIDES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, RIGHT, BOTH, NONE = "#0072B2", "#D55E00", "#222222", "#888888"
"""Of Okabe & Ito, as in ``colours``."""
_LINES = {
    "full": ("whole context", BOTH, "-"),
    "left": ("left only", LEFT, "-"),
    "right": ("right only", RIGHT, "-"),
    "none": ("neither", NONE, (0, (4, 2))),
}
_OF_SIDES = {
    "both": ("on both sides", BOTH),
    "left": ("on the left only", LEFT),
    "right": ("on the right only", RIGHT),
}


def draw_sides(sides: Sides, column: int, channel: str, stem: Path) -> list[Path]:
    """Draw a locus as PNG and SVG: log-odds with either context, and below what each of the two adds."""
    import matplotlib

    plots = pyplot()
    choice, locus = sides.choice, sides.choice.locus
    with matplotlib.rc_context(STYLE):
        figure, axes = plots.subplots(3, 1, figsize=(12, 5.2), height_ratios=[1.6, 1, 1], sharex=True)
        figure.subplots_adjust(0.065, 0.065, 0.87, 0.93, hspace=0.12)
        for axis in axes:
            axis.axvspan(choice.start, choice.end, color=REGION, zorder=0, linewidth=0)
            axis.axhline(0, color="#444444", linewidth=0.5, zorder=1)
            axis.tick_params(labelsize=7)
        for name, (text, colour, line) in _LINES.items():
            style = {"color": colour, "linestyle": line, "linewidth": 1.8 if name == "full" else 1.2}
            _steps(axes[0], sides, sides.log_odds[name][:, column], label=text, **style)
        axes[0].set_ylabel("log-odds")
        axes[0].legend(loc="upper left", bbox_to_anchor=(1.005, 1), fontsize=8, title="context that is seen")
        _added(axes[1:], sides, column)
        axes[0].set_xlim(locus.start, locus.end)
        set_coordinates(axes[-1])
        axes[0].set_title(title_of(locus, f"{channel}   region shaded"), loc="left", fontsize=10)
        paths = save(figure, stem)
        plots.close(figure)
    return paths


def _added(axes: Sequence["Axes"], sides: Sides, column: int) -> None:
    """What each side adds, both on one scale."""
    added = {side: sides.contribution(side)[:, column] for side in ("left", "right")}
    both = np.nan_to_num(np.concatenate(list(added.values())))
    low, high = min(0.0, float(both.min())), max(1e-3, float(both.max()))
    for axis, (side, colour) in zip(axes, (("left", LEFT), ("right", RIGHT)), strict=True):
        _steps(axis, sides, added[side], fill=True, color=colour, alpha=0.8)
        axis.set(ylim=(1.05 * low, 1.05 * high), ylabel=f"from the {side}")
    axes[0].annotate(
        "added log-odds:\nwhole context less\nthat of the other\nside alone",
        (1.012, 0.5),
        xycoords="axes fraction",
        fontsize=8,
        va="center",
    )


def _steps(axis: "Axes", sides: Sides, values: np.ndarray, **style: object) -> None:
    """Values of the places, each over its bases."""
    axis.stairs(
        values,
        [*sides.starts.tolist(), int(sides.ends[-1])],
        baseline=0 if "fill" in style else None,
        **style,
    )


def draw_distances(found: Distances, column: int, channel: str, stem: Path) -> list[Path]:
    """Draw what regions score with ever more context, as PNG and SVG.

    On the left the mean over the loci; beside it how far each is from the score with the whole context:
    the mean, and a band from the 10th to the 90th percentile.
    """
    import matplotlib

    plots = pyplot()
    full = found.full[:, column]
    with matplotlib.rc_context(STYLE):
        figure, axes = plots.subplots(1, 4, figsize=(14, 3.6))
        figure.subplots_adjust(0.05, 0.14, 0.99, 0.85, wspace=0.28)
        for axis in axes[2:]:
            axis.sharey(axes[1])
        for side, axis in zip(SIDES, axes[1:], strict=True):
            text, colour = _OF_SIDES[side]
            values = found.log_odds[side][:, :, column]
            _line(axes[0], found.distances, values, colour, label=text)
            low, high = np.quantile(values - full[:, None], (0.1, 0.9), axis=0)
            axis.fill_between(found.distances, low, high, color=colour, alpha=0.2, linewidth=0)
            _line(axis, found.distances, values - full[:, None], colour)
            axis.set_title(f"change, context {text}", fontsize=9)
        for axis, level in zip(axes, (full.mean(), 0, 0, 0), strict=True):
            axis.axhline(level, color=NONE, linewidth=1, linestyle=(0, (4, 2)), zorder=1)
            _distance_axis(axis, found.distances)
        axes[0].set_ylabel("log-odds of the region")
        axes[0].legend(loc="lower right", fontsize=8, title="context", title_fontsize=8)
        axes[0].set_title("mean; dashed: whole context", fontsize=9)
        figure.suptitle(shown(f"{channel}: {len(full):,} loci"), x=0.05, ha="left", fontsize=10)
        paths = save(figure, stem)
        plots.close(figure)
    return paths


def _line(axis: "Axes", distances: list[int], values: np.ndarray, colour: str, label: str = "") -> None:
    """The mean over loci, float (loci, distances)."""
    style = {"color": colour, "marker": "o", "markersize": 3, "linewidth": 1.4}
    axis.plot(distances, values.mean(axis=0), label=label, **style)


def _distance_axis(axis: "Axes", distances: list[int]) -> None:
    """Bases on a logarithmic scale, with 0 at its left end."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    axis.set_xscale("symlog", linthresh=10, linscale=0.5)
    ticks = [0, *(10**power for power in range(1, 9) if 10**power <= distances[-1])]
    axis.set_xticks(ticks)
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{int(value):,}"))
    axis.set(xlim=(0, distances[-1]), xlabel="bases of context")
