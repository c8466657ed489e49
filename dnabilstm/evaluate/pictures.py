"""Pictures of an evaluation: PR, ROC, reliability and score distribution, a panel a task.

The first model is drawn in the task's colour with its band, the others in greys with their own dashes.
The same result gives the same bytes: nothing in the files tells when they were made.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnabilstm.colours import colour_of
from dnabilstm.files import atomic_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OTHERS = (("#444444", "--"), ("#777777", "-."), ("#444444", ":"), ("#999999", (0, (6, 1, 1, 1, 1, 1))))
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
_COLUMNS = 3
_PANEL = 3.6  # inches

Row = dict[str, Any]
Panel = Callable[["Axes", list[Row], str], None]


def write_pictures(result: dict[str, Any], folder: Path) -> list[Path]:
    """Draw what ``evaluate_scores`` found: every picture of ``PICTURES`` as PNG and SVG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    channels = list(dict.fromkeys(row["channel"] for row in result["rows"]))
    panels = {c: [row for row in result["rows"] if row["channel"] == c and "curves" in row] for c in channels}
    written = []
    with matplotlib.rc_context(_STYLE):
        for name, panel in PICTURES.items():
            figure, axes = _grid(pyplot, len(channels))
            for place, (channel, axis) in enumerate(zip(channels, axes, strict=True)):
                axis.set_title(channel)
                if panels[channel]:
                    panel(axis, panels[channel], colour_of(place))
                else:
                    axis.text(0.5, 0.5, "only one class\namong these bases", ha="center", va="center")
                    axis.set_axis_off()
            written += _save(figure, folder / name)
            pyplot.close(figure)
    return written


def _grid(pyplot: Any, panels: int) -> tuple[Any, list["Axes"]]:
    columns = min(panels, _COLUMNS)
    rows = -(-panels // columns)
    size = (_PANEL * columns + 0.4, _PANEL * rows + 0.3)
    figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    flat = list(axes.flat)
    for unused in flat[panels:]:
        unused.set_axis_off()
    return figure, flat[:panels]


def _save(figure: Any, stem: Path) -> list[Path]:
    paths = [stem.with_suffix(suffix) for suffix in _NO_DATE]
    for path in paths:
        with atomic_file(path) as part:
            figure.savefig(part, format=path.suffix[1:], metadata=_NO_DATE[path.suffix])
    return paths


def _styles(rows: list[Row], colour: str) -> list[dict[str, Any]]:
    """Line styles: the first row in the task's colour, the others in greys with dashes."""
    rest = [_OTHERS[place % len(_OTHERS)] for place in range(len(rows) - 1)]
    return [{"color": colour, "linewidth": 1.8, "linestyle": "-", "zorder": 3}] + [
        {"color": grey, "linewidth": 1.2, "linestyle": dash, "zorder": 2} for grey, dash in rest
    ]


def _with_value(row: Row, figure: str) -> str:
    return f"{row['model']} {row['figures'][figure]['value']:.3f}"


def _fill(axis: "Axes", x: list[float], band: dict[str, Any], colour: str) -> None:
    if band["low"] is not None:
        axis.fill_between(x, band["low"], band["high"], color=colour, alpha=0.2, linewidth=0)


def _unit_square(axis: "Axes", x: str, y: str) -> None:
    axis.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=x, ylabel=y)
    axis.set_aspect("equal", adjustable="box")


def draw_pr(axis: "Axes", rows: list[Row], colour: str) -> None:
    """Precision against recall, with the base rate as the line of chance."""
    base_rate = rows[0]["base_rate"]
    axis.axhline(base_rate, color="#999999", linewidth=0.9, label=f"base rate {base_rate:.3f}", zorder=1)
    for row, style in zip(rows, _styles(rows, colour), strict=True):
        curves = row["curves"]
        axis.plot(curves["pr"]["recall"], curves["pr"]["precision"], label=_with_value(row, "auprc"), **style)
    band = rows[0]["curves"]["pr_band"]
    _fill(axis, band["recall"], band, colour)
    _unit_square(axis, "recall", "precision")
    _legend(axis, "AUPRC", "upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def draw_roc(axis: "Axes", rows: list[Row], colour: str) -> None:
    """True against false positive rate, with the diagonal of chance."""
    axis.plot([0, 1], [0, 1], color="#999999", linewidth=0.9, zorder=1)
    for row, style in zip(rows, _styles(rows, colour), strict=True):
        curve = row["curves"]["roc"]
        axis.plot(curve["false_rate"], curve["true_rate"], label=_with_value(row, "auroc"), **style)
    band = rows[0]["curves"]["roc_band"]
    _fill(axis, band["false_rate"], band, colour)
    _unit_square(axis, "false positive rate", "true positive rate")
    _legend(axis, "AUROC", "lower right")


def draw_reliability(axis: "Axes", rows: list[Row], colour: str) -> None:
    """Observed rate against mean score in bins of equally many bases, with the diagonal of truth."""
    most = max(max(row["curves"]["reliability"][key]) for row in rows for key in ("mean_score", "observed"))
    top = min(1.02, most * 1.1 + 0.01)
    axis.plot([0, top], [0, top], color="#999999", linewidth=0.9, zorder=1)
    for row, style in zip(rows, _styles(rows, colour), strict=True):
        bins = row["curves"]["reliability"]
        label = _with_value(row, "ece_equal_mass")
        axis.plot(bins["mean_score"], bins["observed"], marker="o", markersize=3.5, label=label, **style)
    bins = rows[0]["curves"]["reliability"]
    if bins["low"] is not None:
        axis.vlines(bins["mean_score"], bins["low"], bins["high"], color=colour, linewidth=1.2, alpha=0.6)
    axis.set(xlim=(0, top), ylim=(0, top), xlabel="mean score of the bin", ylabel="share of true bases")
    axis.set_aspect("equal", adjustable="box")
    _legend(axis, "ECE, equal mass", "upper left")


def draw_distribution(axis: "Axes", rows: list[Row], colour: str) -> None:
    """Bases at each score of the first model, inside and outside of regions; the call threshold."""
    row, bins = rows[0], rows[0]["curves"]["distribution"]
    for kind, shade, text in (("false", "#999999", "outside regions"), ("true", colour, "in regions")):
        axis.stairs(bins[kind], bins["edges"], fill=True, color=shade, alpha=0.45)
        axis.stairs(bins[kind], bins["edges"], color=shade, linewidth=1.2, label=text)
    at = row["threshold"]
    axis.axvline(at, color="#000000", linewidth=0.9, linestyle=":", label=f"threshold {at:.2f}")
    axis.set_yscale("log")
    axis.set(xlim=(0, 1), xlabel=f"score of {row['model']}", ylabel="bases")
    axis.set_ylim(bottom=0.8)
    _legend(axis, None, "upper right")


def _legend(axis: "Axes", title: str | None, where: str, **more: Any) -> None:
    axis.legend(title=title, loc=where, fontsize=8, title_fontsize=8, handlelength=2.6, **more)


PICTURES: dict[str, Panel] = {
    "pr": draw_pr,
    "roc": draw_roc,
    "reliability": draw_reliability,
    "distribution": draw_distribution,
}
