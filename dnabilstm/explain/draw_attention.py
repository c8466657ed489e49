"""Pictures of attention: a heat map a head at each locus, and the mean by offset."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnabilstm.colours import colour_of
from dnabilstm.explain.logos import STYLE, pyplot, save
from dnabilstm.explain.pictures import set_coordinates, title_of
from dnabilstm.explain.select import Choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

_WIDTH, _TOP, _BOTTOM = 12.0, 0.4, 0.4  # inches
_LOCAL, _ROW = 1.5, 0.45
COLOURS = "viridis"


@dataclass(frozen=True)
class AttentionSight:
    """What a picture shows of a locus.

    Attributes
    ----------
    choice : Choice
        The locus and its region.
    weights : numpy.ndarray
        float (heads, bins, offsets) of local attention, or (heads, bins) of a sequence head.
    bins : list of (int, int)
        Where the bins lie on the contig, 0-based, half-open.
    pool : int
        Bases a bin.
    """

    choice: Choice
    weights: np.ndarray
    bins: list[tuple[int, int]]
    pool: int


def draw_attention(sight: AttentionSight, stem: Path) -> list[Path]:
    """Draw a locus as PNG and SVG: of local attention a heat map a head, of a sequence head a row a head."""
    import matplotlib

    plots = pyplot()
    locus, local = sight.choice.locus, sight.weights.ndim == 3
    heads = len(sight.weights)
    panels, row = (heads, _LOCAL) if local else (1, max(0.9, _ROW * heads))
    height = _TOP + row * panels + _BOTTOM
    with matplotlib.rc_context(STYLE):
        figure, axes = plots.subplots(panels, 1, figsize=(_WIDTH, height), sharex=True, squeeze=False)
        figure.subplots_adjust(0.075, _BOTTOM / height, 0.92, 1 - _TOP / height, hspace=0.15)
        limit = float(sight.weights.max())
        for head, axis in enumerate(axes[:, 0]):
            image = _local(axis, sight, head, limit) if local else _heads(axis, sight, limit)
            for border in (sight.choice.start, sight.choice.end):
                if locus.start < border < locus.end:
                    axis.axvline(border, color="white", linewidth=0.8, linestyle=(0, (4, 3)))
        axes[-1, 0].set_xlim(sight.bins[0][0], sight.bins[-1][1])
        set_coordinates(axes[-1, 0])
        if local:
            figure.supylabel("offset of what is looked at (bases)", x=0.008, fontsize=9)
        what = "attention   region between dashed lines" if local else "attention of the whole sequence"
        axes[0, 0].set_title(title_of(locus, what), loc="left", fontsize=10)
        side = figure.add_axes((0.935, _BOTTOM / height, 0.012, 1 - (_TOP + _BOTTOM) / height))
        figure.colorbar(image, cax=side).ax.tick_params(labelsize=7)
        paths = save(figure, stem)
        plots.close(figure)
    return paths


def _norm(limit: float) -> "Normalize":
    """Colours by the root of a weight, so that weak attention is seen beside strong."""
    from matplotlib.colors import PowerNorm

    return PowerNorm(0.5, vmin=0, vmax=limit)


def _edges(sight: AttentionSight) -> np.ndarray:
    return np.array([sight.bins[0][0], *(end for _, end in sight.bins)])


def _local(axis: "Axes", sight: AttentionSight, head: int, limit: float) -> object:
    """One head: bins that look along x, what they look at along y; rightward offsets on top."""
    weights = sight.weights[head]
    reach = weights.shape[1] // 2
    offsets = (np.arange(-reach, reach + 2) - 0.5) * sight.pool
    image = axis.pcolormesh(
        _edges(sight), offsets, weights.T, cmap=COLOURS, norm=_norm(limit), rasterized=True
    )
    axis.set_ylabel(f"head {head + 1}", fontsize=8)
    axis.tick_params(labelsize=7)
    return image


def _heads(axis: "Axes", sight: AttentionSight, limit: float) -> object:
    """All heads of a sequence head, a row each, the first on top."""
    heads = len(sight.weights)
    image = axis.pcolormesh(
        _edges(sight), np.arange(heads + 1), sight.weights, cmap=COLOURS, norm=_norm(limit), rasterized=True
    )
    axis.set(ylim=(heads, 0), ylabel="head")
    axis.set_yticks(np.arange(heads) + 0.5, [str(head + 1) for head in range(heads)])
    axis.tick_params(labelsize=7)
    return image


def draw_offsets(mean: np.ndarray, pool: int, stem: Path) -> list[Path]:
    """Draw the mean attention by offset, float (heads, offsets), a line a head, as PNG and SVG."""
    import matplotlib

    plots = pyplot()
    reach = mean.shape[1] // 2
    with matplotlib.rc_context(STYLE):
        figure, axis = plots.subplots(figsize=(7, 3.6))
        figure.subplots_adjust(0.11, 0.14, 0.83, 0.96)
        for head, values in enumerate(mean):
            offsets = np.arange(-reach, reach + 1) * pool
            axis.plot(offsets, values, color=colour_of(head), linewidth=1.4, label=f"head {head + 1}")
        axis.axhline(1 / mean.shape[1], color="#888888", linewidth=0.8, linestyle=(0, (4, 2)), label="even")
        axis.axvline(0, color="#888888", linewidth=0.5)
        axis.set(ylim=(0, None), xlabel="offset of what is looked at (bases)", ylabel="mean attention")
        axis.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8)
        paths = save(figure, stem)
        plots.close(figure)
    return paths
