"""A picture a locus: its score, and the attribution of every base as a logo, with region and motif hits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnabilstm.explain.attribution import Attribution
from dnabilstm.explain.loci import Locus
from dnabilstm.explain.logos import STYLE, draw_logo, pyplot, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE = 100
"""Bases of a line of a logo: as many as can be read on a page."""
_WIDTH, _OVERVIEW, _ROW, _TOP, _BOTTOM = 12.0, 1.7, 1.3, 0.35, 0.3  # inches
REGION = "#E8EEF4"
"""Colour behind the region."""
_HIT = "#444444"


@dataclass(frozen=True)
class Mark:
    """Something that is drawn at its place: 0-based, half-open, on the contig; strand 1, -1 or 0."""

    start: int
    end: int
    name: str
    strand: int = 0


@dataclass(frozen=True)
class Sight:
    """What a picture shows of a locus.

    Attributes
    ----------
    attribution : Attribution
        Of the locus.
    column : int
        The output that is drawn.
    channel : str
        Its name.
    colour : str
        Of the score.
    scores : numpy.ndarray or None
        float (bases,): the calibrated probability of every base, where there is one.
    hits : sequence of Mark
        Motif hits.
    labels : sequence of Mark
        Other intervals, such as known binding sites.
    """

    attribution: Attribution
    column: int
    channel: str
    colour: str
    scores: np.ndarray | None = None
    hits: Sequence[Mark] = ()
    labels: Sequence[Mark] = ()


def draw_locus(sight: Sight, stem: Path) -> list[Path]:
    """Draw a locus as PNG and SVG."""
    import matplotlib

    plots = pyplot()
    locus = sight.attribution.choice.locus
    rows = -(-len(locus) // LINE)
    height = _TOP + _OVERVIEW + _ROW * rows + _BOTTOM
    with matplotlib.rc_context(STYLE):
        figure, axes = plots.subplots(
            rows + 1,
            1,
            figsize=(_WIDTH, height),
            height_ratios=[_OVERVIEW, *[_ROW] * rows],
            squeeze=False,
        )
        # Margins in inches; a layout that looks for its own takes most of the time of a picture.
        figure.subplots_adjust(
            0.8 / _WIDTH, _BOTTOM / height, 1 - 0.6 / _WIDTH, 1 - _TOP / height, hspace=0.45
        )
        _overview(axes[0, 0], sight)
        for row, axis in enumerate(axes[1:, 0]):
            _line(axis, sight, locus.start + row * LINE)
        figure.supylabel(f"attribution to {sight.channel} (log-odds)", x=0.012, fontsize=9)
        paths = save(figure, stem)
        plots.close(figure)
    return paths


def _overview(axis: "Axes", sight: Sight) -> None:
    """The whole locus: attribution as bars, and the score."""
    one = sight.attribution
    choice, locus = one.choice, one.choice.locus
    own = one.own[:, sight.column]
    places = np.arange(locus.start, locus.end) + 0.5
    axis.axvspan(choice.start, choice.end, color=REGION, zorder=0)
    axis.bar(places, own, width=1.0, color="#333333", linewidth=0, zorder=3)
    axis.axhline(0, color="#444444", linewidth=0.5)
    axis.set(xlim=(locus.start, locus.end), ylabel="attribution")
    set_coordinates(axis)
    if sight.scores is not None:
        score = axis.twinx()
        score.plot(places, sight.scores, color=sight.colour, linewidth=1.5, drawstyle="steps-mid")
        score.set(ylim=(0, 1.05), ylabel="score")
        score.yaxis.label.set_color(sight.colour)
        score.spines["right"].set_visible(True)
    axis.set_title(title_of(locus, f"{sight.channel}   region shaded"), loc="left", fontsize=10)


def _line(axis: "Axes", sight: Sight, start: int) -> None:
    """One line of the logo, all lines on one scale."""
    one = sight.attribution
    choice, locus = one.choice, one.choice.locus
    end = min(start + LINE, locus.end)
    part = slice(start - locus.start, end - locus.start)
    own = one.own[:, sight.column]
    low, high = min(0.0, float(own.min())), max(float(own.max()), 1e-6)
    axis.axvspan(
        max(start, choice.start), max(start, min(end, choice.end)), color=REGION, zorder=0, linewidth=0
    )
    draw_logo(axis, one.one_hot[part] * own[part, None], start)
    step = 0.3 * (high - low)
    rows = [marks for marks in ((sight.hits, _HIT), (sight.labels, sight.colour)) if marks[0]]
    for number, (marks, colour) in enumerate(rows):
        for mark in marks:
            if mark.start < end and mark.end > start:
                _mark(axis, mark, (start, end), high + step * (number + 0.25), colour)
    top = high + step * (len(rows) + 0.1) if rows else high * 1.05
    axis.set(xlim=(start, start + LINE), ylim=(low - 0.05 * (high - low), top))
    set_coordinates(axis)


def _mark(axis: "Axes", mark: Mark, seen: tuple[int, int], level: float, colour: str) -> None:
    left, right = max(mark.start, seen[0]), min(mark.end, seen[1])
    axis.plot([left, right], [level, level], color=colour, linewidth=2.5, solid_capstyle="butt", zorder=4)
    text = {1: f"{mark.name} >", -1: f"< {mark.name}"}.get(mark.strand, mark.name)
    place = {"xytext": (0, 1.5), "textcoords": "offset points", "ha": "center", "va": "bottom"}
    axis.annotate(shown(text), ((left + right) / 2, level), **place, fontsize=7, color=colour)


def stem_of(number: int, locus: Locus) -> str:
    """What the files of a picture are called: a number from 1 on, and what is harmless of the locus' name."""
    return f"{number:03d}_{re.sub(r'[^A-Za-z0-9_.-]+', '_', locus.name)[:60]}"


def title_of(locus: Locus, more: str) -> str:
    """A locus' name and place, and what else is to be said, as a title."""
    place = f"{locus.contig.name}:{locus.start:,}-{locus.end:,}"
    name = locus.name if locus.name == locus.contig.name else f"{locus.name}   {place}"
    return shown(f"{name}   {more}")


def shown(name: str) -> str:
    """A name as it can be drawn: bytes that are not UTF-8 become a question mark."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def set_coordinates(axis: "Axes") -> None:
    """Mark whole positions, with commas, along the x axis."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda place, _: f"{int(place):,}"))
    axis.tick_params(labelsize=7)


def marks_in(marks: dict[str, list[Mark]], contig: str, start: int, end: int) -> list[Mark]:
    """Those of a contig that lie in a stretch, at least with a part."""
    return [mark for mark in marks.get(contig, []) if mark.start < end and mark.end > start]
