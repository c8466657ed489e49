"""Sequence logos: letters as high as what they stand for, upside down below zero.

Letters are outlines of matplotlib's own font, all of one kind in one compound path, so that a thousand bases
take no longer to draw than ten. Stacks and colours are those of Schneider & Stephens 1990.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnabilstm.files import atomic_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = "ACGT"
COLOURS = {"A": "#109648", "C": "#255C99", "G": "#E09F00", "T": "#D62839"}
STYLE = {
    "svg.hashsalt": "dnabilstm",
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name may have a $
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.dpi": 150,
}
_NO_DATE = {".png": {"Software": None}, ".svg": {"Date": None, "Creator": None}}
_GAP = 0.06
"""Share of a base's place that stays free beside its letter."""


@cache
def _glyph(letter: str) -> tuple[np.ndarray, np.ndarray]:
    """Outline of a letter in the unit square: vertices, float (points, 2), and codes."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    path = TextPath((0, 0), letter, size=1, prop=FontProperties(family="DejaVu Sans", weight="bold"))
    box = path.get_extents()
    vertices = (path.vertices - box.min) / (box.max - box.min)
    vertices[:, 0] = _GAP / 2 + (1 - _GAP) * vertices[:, 0]
    return vertices, path.codes


def stacks(heights: np.ndarray) -> np.ndarray:
    """Where the letters of each place begin: the smallest next to zero, negative ones below it.

    Parameters
    ----------
    heights
        float (places, 4), of A, C, G, T.

    Returns
    -------
    numpy.ndarray
        float (places, 4): the edge of each letter that is nearer to zero.
    """
    order = np.argsort(np.abs(heights), axis=1)
    sorted_heights = np.take_along_axis(heights, order, axis=1)
    begins = np.zeros_like(sorted_heights)
    for sign in (1, -1):
        of_sign = np.where(sign * sorted_heights > 0, sorted_heights, 0)
        begins = np.where(of_sign != 0, of_sign.cumsum(axis=1) - of_sign, begins)
    out = np.empty_like(begins)
    np.put_along_axis(out, order, begins, axis=1)
    return out


def draw_logo(axis: "Axes", heights: np.ndarray, start: float = 0, faint: np.ndarray | None = None) -> None:
    """Draw a logo from a place on, one unit a base.

    Parameters
    ----------
    axis
        Where to; its limits are left to the caller.
    heights
        float (places, 4), of A, C, G, T; 0 draws no letter.
    start
        Coordinate of the first base's left edge.
    faint
        bool (places,): bases that are drawn pale.
    """
    begins = stacks(heights)
    pale = np.zeros(len(heights), bool) if faint is None else faint
    for column, letter in enumerate(LETTERS):
        for shade, some in ((1.0, ~pale), (0.35, pale)):
            places = np.flatnonzero((heights[:, column] != 0) & some)
            if len(places):
                _draw_letters(
                    axis, letter, places + start, begins[places, column], heights[places, column], shade
                )
    axis.axhline(0, color="#444444", linewidth=0.5, zorder=1)


def _draw_letters(
    axis: "Axes", letter: str, left: np.ndarray, begins: np.ndarray, heights: np.ndarray, shade: float
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    vertices, codes = _glyph(letter)
    x = left[:, None] + vertices[:, 0]
    y = begins[:, None] + heights[:, None] * vertices[:, 1]
    outline = Outline(np.stack([x, y], axis=2).reshape(-1, 2), np.tile(codes, len(left)))
    axis.add_patch(PathPatch(outline, facecolor=COLOURS[letter], linewidth=0, alpha=shade, zorder=2))


def information(shares: np.ndarray) -> np.ndarray:
    """Heights in bits of a position frequency matrix: each letter's share of the position's information.

    Parameters
    ----------
    shares
        float (places, 4); each row sums to 1.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(shares > 0, np.log2(shares), 0)
    return shares * (2 + (shares * logs).sum(axis=1, keepdims=True))


def save(figure: "Figure", stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG; the same figure gives the same bytes."""
    paths = [stem.with_name(f"{stem.name}{suffix}") for suffix in _NO_DATE]
    for path in paths:
        with atomic_file(path) as part:
            figure.savefig(part, format=path.suffix[1:], metadata=_NO_DATE[path.suffix])
    return paths


def pyplot() -> Any:
    """Matplotlib's pyplot, drawing into files only."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as found

    return found
