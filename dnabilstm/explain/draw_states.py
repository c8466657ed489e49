"""A picture a locus: its score and labels above, and below the hidden states of each direction as a heat map."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnabilstm.explain.inside import DIRECTIONS
from dnabilstm.explain.logos import STYLE, pyplot, save
from dnabilstm.explain.pictures import REGION, Mark, set_coordinates, shown, title_of
from dnabilstm.explain.select import Choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_WIDTH, _TOP, _BOTTOM, _GAP = 12.0, 0.4, 0.55, 0.3  # inches
_SCORE, _MARKS = 1.1, 0.16
_UNIT, _LEAST, _MOST = 0.055, 1.2, 4.5
"""Height of a unit's row, and of a heat map at least and at most."""
_NAMED = 24
"""Units up to which each row has its number; of more, every some."""
_LETTERS = 16
"""Of a name, where there is little room."""
COLOURS = "RdBu_r"
_UP, _DOWN = "#B2182B", "#2166AC"


@dataclass(frozen=True)
class StateSight:
    """What a picture shows of a locus.

    Attributes
    ----------
    choice : Choice
        The locus and its region.
    channel, colour : str
        The output whose score is drawn, and its colour.
    scores : numpy.ndarray
        float (bases,): its probability; NaN for none.
    states : numpy.ndarray
        float32 (directions, bases, units).
    followed : str
        What the units are ordered by.
    correlation : numpy.ndarray
        float (directions, units): with that.
    marks : dict
        Labels and other intervals, by the name of their row.
    """

    choice: Choice
    channel: str
    colour: str
    scores: np.ndarray
    states: np.ndarray
    followed: str
    correlation: np.ndarray
    marks: dict[str, list[Mark]] = field(default_factory=dict)


def draw_states(sight: StateSight, stem: Path) -> list[Path]:
    """Draw a locus as PNG and SVG."""
    import matplotlib

    plots = pyplot()
    directions, _, units = sight.states.shape
    heights = [_SCORE + _MARKS * len(sight.marks)]
    heights += [min(_MOST, max(_LEAST, _UNIT * units))] * directions
    height = _TOP + sum(heights) + _GAP * directions + _BOTTOM
    with matplotlib.rc_context(STYLE):
        figure, axes = plots.subplots(
            directions + 1,
            2,
            figsize=(_WIDTH, height),
            height_ratios=heights,
            width_ratios=[20, 2],
            squeeze=False,
        )
        spacing = _GAP / (sum(heights) / len(heights))
        figure.subplots_adjust(
            0.75 / _WIDTH, _BOTTOM / height, 1 - 0.15 / _WIDTH, 1 - _TOP / height, wspace=0.06, hspace=spacing
        )
        _score(axes[0, 0], sight)
        limit = max(0.05, float(np.abs(sight.states).max()))
        for direction, (heat, strip) in enumerate(axes[1:]):
            order = _order(sight.correlation[direction])
            image = _heat(heat, sight, direction, order, limit)
            _strip(strip, sight, direction, order)
        _scale(figure, axes[0, 1], image)
        paths = save(figure, stem)
        plots.close(figure)
    return paths


def _order(correlation: np.ndarray) -> np.ndarray:
    """Units from those that rise with what they follow to those that fall."""
    return np.argsort(-np.nan_to_num(correlation), kind="stable")


def _score(axis: "Axes", sight: StateSight) -> None:
    """Score, region, and a row for each kind of mark above it."""
    choice, locus = sight.choice, sight.choice.locus
    places = np.arange(locus.start, locus.end) + 0.5
    axis.axvspan(choice.start, choice.end, color=REGION, zorder=0, linewidth=0)
    axis.plot(places, sight.scores, color=sight.colour, linewidth=1.5, drawstyle="steps-mid")
    step = 1.1 * _MARKS / _SCORE
    for row, (name, marks) in enumerate(sight.marks.items()):
        level = 1.05 + step * (row + 0.5)
        for mark in marks:
            left, right = max(mark.start, locus.start), min(mark.end, locus.end)
            axis.plot([left, right], [level] * 2, color="#444444", linewidth=4, solid_capstyle="butt")
        place = {"xytext": (-4, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
        axis.annotate(_short(name), (locus.start, level), **place, fontsize=6.5, annotation_clip=False)
    top = 1.05 + step * len(sight.marks)
    axis.set(xlim=(locus.start, locus.end), ylim=(0, top), yticks=[0, 0.5, 1], ylabel="score")
    axis.yaxis.set_label_coords(-0.045, 0.5 / top)
    set_coordinates(axis)
    axis.tick_params(labelbottom=False)
    more = f"{sight.channel}   region shaded, units ordered by their correlation with {sight.followed}"
    axis.set_title(title_of(locus, more), loc="left", fontsize=9)


def _short(name: str) -> str:
    return shown(name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…")


def _heat(axis: "Axes", sight: StateSight, direction: int, order: np.ndarray, limit: float) -> "AxesImage":
    """One direction: a row a unit, the first on top."""
    locus, units = sight.choice.locus, len(order)
    image = axis.imshow(
        sight.states[direction].T[order],
        extent=(locus.start, locus.end, units, 0),
        aspect="auto",
        interpolation="nearest",
        cmap=COLOURS,
        vmin=-limit,
        vmax=limit,
    )
    for border in (sight.choice.start, sight.choice.end):
        if locus.start < border < locus.end:
            axis.axvline(border, color="#444444", linewidth=0.7, linestyle=(0, (4, 3)))
    every = -(-units // _NAMED)
    rows = np.arange(0, units, every)
    axis.set_yticks(rows + 0.5, [str(unit + 1) for unit in order[rows]])
    arrow = "→" if direction == 0 else "←"
    axis.set_ylabel(f"{DIRECTIONS[direction]} {arrow}  unit")
    axis.yaxis.set_label_coords(-0.045, 0.5)
    axis.set_xlim(locus.start, locus.end)
    set_coordinates(axis)
    axis.tick_params(axis="y", labelsize=6, length=2)
    return image


def _strip(axis: "Axes", sight: StateSight, direction: int, order: np.ndarray) -> None:
    """The correlation of each unit, as a bar beside its row."""
    values = np.nan_to_num(sight.correlation[direction][order])
    colours = [_UP if value > 0 else _DOWN for value in values]
    axis.barh(np.arange(len(order)) + 0.5, values, height=0.8, color=colours, linewidth=0)
    axis.axvline(0, color="#444444", linewidth=0.5)
    axis.set(ylim=(len(order), 0), xlim=(-1, 1), yticks=[], xticks=[-1, 0, 1])
    axis.tick_params(labelsize=7)
    axis.spines["left"].set_visible(False)
    if direction + 1 == len(sight.correlation):
        axis.set_xlabel(f"r with\n{_short(sight.followed)}", fontsize=7, labelpad=1)


def _scale(figure: "Figure", axis: "Axes", image: "AxesImage") -> None:
    """The colours' scale, in the corner beside the score."""
    axis.set_axis_off()
    inner = axis.inset_axes((0.05, 0.25, 0.9, 0.14))
    bar = figure.colorbar(image, cax=inner, orientation="horizontal")
    low, high = image.get_clim()
    bar.set_ticks([low, 0, high], labels=[f"{low:.2g}", "0", f"{high:.2g}"])
    bar.ax.tick_params(labelsize=7)
    bar.ax.set_title("hidden state", fontsize=8)
