"""The picture of an audit: what repeats what, and the GC contents of the parts.

The same result gives the same bytes: nothing in the files tells when they were made.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnabilstm.audit.words import SHOWN
from dnabilstm.colours import colour_of
from dnabilstm.files import atomic_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLE = {
    "svg.hashsalt": "dnabilstm",
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.dpi": 150,
}
_NO_DATE = {".png": {"Software": None}, ".svg": {"Date": None, "Creator": None}}
_SHADES = (
    "#004488",
    "#BB5566",
    "#DDAA33",
    "#888888",
)  # "high contrast" of https://sronpersonalpages.nl/~pault/
_DASHES = ("-", "--", ":")
_OF_SEQUENCES = {shown: kind for kind, shown in SHOWN.items()}
Bars = list[tuple[str, int, dict[str, int]]]


def draw_audit(result: dict[str, Any], stem: Path) -> list[Path]:
    """Draw what an audit found: ``STEM.png`` and ``STEM.svg``; gives the paths."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    bars = _bars(result)
    with matplotlib.rc_context(_STYLE):
        height = max(3.2, 0.5 * len(bars) + 1.6)
        figure, axes = pyplot.subplots(
            1, 2 if bars else 1, figsize=(10 if bars else 5, height), squeeze=False, layout="constrained"
        )
        if bars:
            _draw_bars(axes[0, 0], bars, "bases" if result["audited"] == "genome" else "sequences")
        _draw_gc(axes[0, -1], result)
        paths = [stem.with_name(stem.name + suffix) for suffix in _NO_DATE]
        for path in paths:
            with atomic_file(path) as part:
                figure.savefig(part, format=path.suffix[1:], metadata=_NO_DATE[path.suffix])
        pyplot.close(figure)
    return paths


def _bars(result: dict[str, Any]) -> Bars:
    """Label, size of the part and counts by kind, for each part and what it may repeat; itself last."""
    if result["audited"] == "composition":
        return []
    order = list(result["parts"])
    genome = result["audited"] == "genome"
    bars: Bars = []
    for row in sorted(result["repeats"], key=lambda row: row["of"] == row["part"]):
        if order.index(row["of"]) > order.index(row["part"]):
            continue
        size = result["parts"][row["part"]]["bases" if genome else "sequences"]
        label = f"within {row['part']}" if row["of"] == row["part"] else f"{row['part']} repeats {row['of']}"
        kinds = {"repeat": "tile", "overlap of the split": "overlap"} if genome else _OF_SEQUENCES
        bars.append((label, size, {shown: row[kind] for shown, kind in kinds.items()}))
    return bars


def _draw_bars(axis: "Axes", bars: Bars, unit: str) -> None:
    """Percent of each part that repeats another, with the count; a bar for each kind that there is."""
    kinds = [kind for kind in bars[0][2] if any(counts[kind] for _, _, counts in bars)]
    most = max(100 * count / max(size, 1) for _, size, counts in bars for count in counts.values())
    for number, kind in enumerate(kinds):
        height = 0.8 / len(kinds)
        shares = [100 * counts[kind] / max(size, 1) for _, size, counts in bars]
        places = np.arange(len(bars)) + (number - (len(kinds) - 1) / 2) * height
        shade = _SHADES[list(bars[0][2]).index(kind)]
        axis.barh(places, shares, height, color=shade, label=kind)
        for place, share, (_, _, counts) in zip(places, shares, bars, strict=True):
            axis.text(share, place, f" {counts[kind]:,}" if counts[kind] else "", va="center", fontsize=7)
    axis.set_yticks(np.arange(len(bars)), [label for label, _, _ in bars])
    axis.set_ylim(len(bars) - 0.5, -0.5)
    axis.set(xlabel=f"% of the part's {unit}", xlim=(0, most * 1.2 or 1))
    if kinds:
        axis.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=len(kinds))
    else:
        axis.text(0.5, 0.5, "no repeats", transform=axis.transAxes, ha="center", va="center", color="#555555")


def _draw_gc(axis: "Axes", result: dict[str, Any]) -> None:
    """Distribution of GC contents, a line a part."""
    unit = "sequences" if result["audited"] == "sequences" else "windows"
    drawn = {part: row for part, row in result["parts"].items() if any(row["gc_histogram"])}
    for number, (part, row) in enumerate(drawn.items()):
        counts = np.array(row["gc_histogram"], float)
        shares, edges = 100 * counts / counts.sum(), np.linspace(0, 100, len(counts) + 1)
        style = {"color": colour_of(number), "linestyle": _DASHES[number % len(_DASHES)], "linewidth": 1.6}
        median = row["gc_quantiles"]["0.5"]
        axis.stairs(shares, edges, label=f"{part}, median {100 * median:.1f} %", **style)
    axis.set(xlabel="GC content, %", ylabel=f"% of the {unit}")
    axis.set_ylim(bottom=0)
    if drawn:
        seen = np.flatnonzero(np.sum([row["gc_histogram"] for row in drawn.values()], axis=0))
        axis.set_xlim(edges[max(seen[0] - 1, 0)], edges[min(seen[-1] + 2, len(edges) - 1)])
        axis.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=len(drawn))
