"""The pictures of a report, each from its table alone, as SVG."""

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dnabilstm.colours import colour_of
from dnabilstm.report.table import Table, legible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PARTS = {"train": "#56B4E9", "valid": "#E69F00", "test": "#D55E00", "guard": "#BBBBBB"}
_OTHERS = (("#555555", "--"), ("#888888", ":"), ("#333333", "-."), ("#AAAAAA", "--"))
_MOST_CONTIGS = 40
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
}


def as_svg(key: str, table: Table) -> str:
    """The picture of a figure as an ``<svg>`` element, the same for the same table.

    Parameters
    ----------
    key
        One of ``PICTURES``.
    table
        Of ``figures.FIGURES[key]``, with at least one row.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # Ids in the file are made of the salt; one page holds many figures, and ids must not meet.
    with rc_context(_STYLE | {"svg.hashsalt": f"dnabilstm-{key}"}), warnings.catch_warnings():
        # A name may have signs that the measuring font lacks; the reader's own fonts draw them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(layout="constrained")
        FigureCanvasSVG(figure)
        PICTURES[key](figure, table)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return _element(out.getvalue(), key)


def _element(document: str, key: str) -> str:
    """The ``<svg>`` element of a document, its ids made those of one figure."""
    svg = document[document.index("<svg") :]
    svg = re.sub(r' id="([^"]+)"', rf' id="{key}-\1"', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{key}-", svg)
    return svg.strip()


def shown(name: str, longest: int = 28) -> str:
    """A name as a picture has room for it."""
    name = " ".join(legible(name).split())
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _panels(figure: "Figure", count: int, width: float, height: float, most: int = 3) -> list["Axes"]:
    columns = min(count, most)
    rows = -(-count // columns)
    figure.set_size_inches(width * columns, height * rows)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for unused in axes[count:]:
        unused.set_axis_off()
    return axes[:count]


def _channels(table: Table) -> dict[str, str]:
    """Channels in order, each with its colour."""
    return {name: colour_of(k) for k, name in enumerate(dict.fromkeys(table.column("channel")))}


def draw_split(figure: "Figure", table: Table) -> None:
    """A bar a contig, in the colours of the parts."""
    contigs = list(table.groups("contig"))
    kept = contigs[:_MOST_CONTIGS]
    figure.set_size_inches(8, 0.8 + 0.24 * len(kept))
    axis = figure.subplots()
    for row, (_, stretches) in enumerate(kept):
        for _, start, end, part in stretches.rows:
            axis.barh(row, end - start, left=start, height=0.7, color=_PARTS[part], linewidth=0)
    axis.set_yticks(range(len(kept)), [shown(key[0]) for key, _ in kept])
    axis.invert_yaxis()
    axis.set_xlabel("position, bases")
    if len(contigs) > len(kept):
        axis.set_title(f"the first {len(kept)} of {len(contigs):,} contigs", fontsize=9)
    axis.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    present = [part for part in _PARTS if part in table.column("part")]
    handles = [axis.barh([0], [0], color=_PARTS[part]) for part in present]
    axis.legend(handles, present, loc="upper left", bbox_to_anchor=(1, 1))


def draw_labels(figure: "Figure", table: Table) -> None:
    """A bar a channel and part."""
    colours, parts = _channels(table), list(dict.fromkeys(table.column("part")))
    figure.set_size_inches(1.5 + 1.6 * len(parts), 2.8)
    axis = figure.subplots()
    width = 0.8 / len(colours)
    for k, (channel, colour) in enumerate(colours.items()):
        rates = {row[1]: row[5] or 0.0 for row in table.rows if row[0] == channel}
        places = [parts.index(part) + (k - (len(colours) - 1) / 2) * width for part in rates]
        axis.bar(places, list(rates.values()), width * 0.92, color=colour, label=shown(channel))
    axis.set_xticks(range(len(parts)), parts)
    axis.set_ylabel("labelled bases, share")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))


def draw_learning(figure: "Figure", table: Table) -> None:
    """Loss on the left, AUPRC on the right; a line a member."""
    figure.set_size_inches(8, 2.9)
    left, right = figure.subplots(1, 2)
    names = [name for name in dict.fromkeys(table.column("what")) if name != "training loss"]
    for (member, what), rows in table.groups("member", "what"):
        axis, colour = (left, "#555555") if what == "training loss" else (right, colour_of(names.index(what)))
        label = shown(what) if member == table.rows[0][0] and axis is right else None
        axis.plot(rows.column("step"), rows.column("value"), color=colour, label=label)
    left.set(xlabel="step", ylabel="training loss", ylim=(0, None))
    right.set(xlabel="step", ylabel="validation AUPRC", ylim=(0, 1))
    right.legend(loc="upper left", bbox_to_anchor=(1, 1))


def _draw_curves(figure: "Figure", table: Table, *, diagonal: bool, marks: bool = False) -> None:
    """A panel a channel, a line a model; the band of the first model around its line."""
    colours = _channels(table)
    x, y = table.columns[3], table.columns[4]
    panels = _panels(figure, len(colours), 3.2, 3.4)
    for axis, ((channel,), rows) in zip(panels, table.groups("channel"), strict=True):
        axis.set_title(shown(channel), fontsize=9)
        top = 1.0
        if marks:
            seen = [v for row in rows.rows for v in (row[3], row[4], row[6]) if v is not None]
            top = min(1.0, 1.05 * max(seen))
        if diagonal:
            axis.plot([0, top], [0, top], color="#999999", linewidth=0.8)
        _draw_models(axis, rows, colours[channel], marks)
        axis.set(xlim=(0, top), ylim=(0, top * 1.02), xlabel=x.replace("_", " "), ylabel=y.replace("_", " "))
        axis.legend(loc="best", fontsize=8)


def _draw_models(axis: "Axes", rows: Table, colour: str, marks: bool) -> None:
    for k, ((model, what), points) in enumerate(
        sorted(rows.groups("model", "what"), key=lambda g: g[0][1] == "curve")
    ):
        xs = points.column(points.columns[3])
        if what == "band":
            low, high = points.column("low"), points.column("high")
            if model == rows.rows[0][1] and marks:
                axis.vlines(xs, low, high, color=colour, alpha=0.6)
            elif model == rows.rows[0][1]:
                axis.fill_between(xs, low, high, color=colour, alpha=0.2, linewidth=0)
            continue
        first = model == rows.rows[0][1]
        grey, dash = _OTHERS[k % len(_OTHERS)]
        style = {"color": colour, "linestyle": "-"} if first else {"color": grey, "linestyle": dash}
        axis.plot(
            xs, points.column(points.columns[4]), label=shown(model), marker="o" if marks else None, markersize=3,
            **style,
        )  # fmt: skip


def draw_pr(figure: "Figure", table: Table) -> None:
    """Precision over recall."""
    _draw_curves(figure, table, diagonal=False)


def draw_roc(figure: "Figure", table: Table) -> None:
    """True over false positive rate, with the diagonal of chance."""
    _draw_curves(figure, table, diagonal=True)


def draw_reliability(figure: "Figure", table: Table) -> None:
    """Observed rate over mean score, with the diagonal of truth."""
    _draw_curves(figure, table, diagonal=True, marks=True)


def draw_distribution(figure: "Figure", table: Table) -> None:
    """Two histograms a channel."""
    colours = _channels(table)
    panels = _panels(figure, len(colours), 3.4, 2.8)
    for axis, ((channel,), rows) in zip(panels, table.groups("channel"), strict=True):
        edges = [*rows.column("from"), rows.column("to")[-1]]
        for what, colour, label in (
            ("outside", "#999999", "outside"),
            ("in_regions", colours[channel], "in regions"),
        ):
            axis.stairs(rows.column(what), edges, fill=True, color=colour, alpha=0.45)
            axis.stairs(rows.column(what), edges, color=colour, label=label)
        axis.set_yscale("log")
        axis.set(xlim=(0, 1), xlabel="score", ylabel="bases", title=shown(channel))
        axis.set_ylim(bottom=0.8)
        _plain_powers(axis, "{:,.0f}")
        axis.legend(loc="upper right", fontsize=8)


def _plain_powers(axis: "Axes", form: str) -> None:
    """Powers of ten as plain numbers: names are never set as formulas here, and so neither are these."""
    from matplotlib.ticker import NullFormatter

    axis.yaxis.set_major_formatter(lambda y, _: form.format(y))
    axis.yaxis.set_minor_formatter(NullFormatter())


def draw_figures(figure: "Figure", table: Table) -> None:
    """A panel a figure: a dot and its interval for each model and channel."""
    colours, names = _channels(table), list(dict.fromkeys(table.column("figure")))
    lines = list(dict.fromkeys((row[0], row[1], row[2]) for row in table.rows))
    panels = _panels(figure, len(names), 2.4 if len(names) > 3 else 2.9, 0.9 + 0.24 * len(lines), most=4)
    for place, (axis, ((name,), rows)) in enumerate(zip(panels, table.groups("figure"), strict=True)):
        for channel, model, bases, _, value, low, high in rows.rows:
            at = lines.index((channel, model, bases))
            if value is not None:
                axis.plot(
                    value, at, "o", color=colours[channel], fillstyle="full" if bases == "all" else "none"
                )
            if low is not None:
                axis.hlines(at, low, high, color=colours[channel])
        texts = [
            f"{shown(c, 18)}, {shown(m, 14)}" + ("" if b == "all" else ", leak-free") for c, m, b in lines
        ]
        axis.set_yticks(range(len(lines)), texts if place % 4 == 0 else [""] * len(lines))
        axis.set(xlim=(0, 1.02), title=name.replace("_", " "), ylim=(len(lines) - 0.5, -0.5))
        axis.grid(axis="x", color="#DDDDDD", linewidth=0.6)


def draw_loci(figure: "Figure", table: Table) -> None:
    """A panel an example: score, threshold, and bars for labels, called regions and genes."""
    found, colours = list(table.groups("channel", "kind")), _channels(table)
    panels = _panels(figure, len(found), 4.4, 2.1, most=2)
    for axis, ((channel, kind), rows) in zip(panels, found, strict=True):
        _draw_locus(axis, rows, colours[channel])
        axis.set_title(f"{shown(channel, 20)}: {kind}, {shown(rows.rows[0][2], 24)}", fontsize=9, loc="left")


_BARS = {"label": ("measured", -0.12), "called": ("called", -0.26), "gene": ("genes", -0.40)}


def _draw_locus(axis: "Axes", rows: Table, colour: str) -> None:
    scores = [row for row in rows.rows if row[3] == "score"]
    _, _, _, _, start, end, threshold = next(row for row in rows.rows if row[3] == "example")
    axis.axvspan(start, end, color=colour, alpha=0.08, linewidth=0)
    for stretch in _joined(scores):
        edges = [*(row[4] for row in stretch), stretch[-1][5]]
        axis.stairs([row[6] for row in stretch], edges, fill=True, color=colour, alpha=0.75, linewidth=0)
    axis.axhline(threshold, color="#000000", linewidth=0.7, linestyle=":")
    present = [what for what in _BARS if what in rows.column("what")]
    for what in present:
        spans = [(row[4], row[5] - row[4]) for row in rows.rows if row[3] == what]
        shade = colour if what == "called" else "#444444"
        axis.broken_barh(spans, (_BARS[what][1] - 0.05, 0.1), facecolors=shade, linewidth=0)
    low = min([0.0, *(_BARS[what][1] - 0.08 for what in present)])
    axis.set_ylim(low, 1.02)
    axis.set_yticks(
        [0, 0.5, 1, *(_BARS[w][1] for w in present)], ["0", "0.5", "1", *(_BARS[w][0] for w in present)]
    )
    if scores:
        axis.set_xlim(scores[0][4], scores[-1][5])
    axis.xaxis.set_major_locator(_few_ticks())
    axis.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4, integer=True)


def _joined(rows: Sequence[tuple[Any, ...]]) -> list[list[tuple[Any, ...]]]:
    """Stretches that follow one another; a gap, which has no score, parts them."""
    out: list[list[tuple[Any, ...]]] = []
    for row in rows:
        if out and out[-1][-1][5] == row[4]:
            out[-1].append(row)
        else:
            out.append([row])
    return out


def draw_context(figure: "Figure", table: Table) -> None:
    """Differences over the halo, on a logarithmic scale."""
    figure.set_size_inches(4.6, 3)
    axis = figure.subplots()
    for (member,), rows in table.groups("member"):
        for what, colour in (("worst", "#D55E00"), ("p999", "#0072B2"), ("mean", "#009E73")):
            values = np.maximum(np.array(rows.column(what), float), 1e-9)
            label = {"p999": "99.9th percentile"}.get(what, what) if member == table.rows[0][0] else None
            axis.plot(rows.column("halo"), values, marker="o", markersize=3, color=colour, label=label)
    axis.axhline(1e-3, color="#999999", linewidth=0.8, linestyle=":")
    axis.set_yscale("log")
    _plain_powers(axis, "{:.0e}")
    axis.set(xlabel="halo, bases", ylabel="difference of the probability")
    axis.legend(loc="upper right")


def draw_benchmarks(figure: "Figure", table: Table) -> None:
    """Bars: seconds on the left, memory on the right."""
    jobs = [shown(job) for job in table.column("job")]
    figure.set_size_inches(8, 0.9 + 0.3 * len(jobs))
    for axis, what, label in zip(
        figure.subplots(1, 2, sharey=True),
        ("seconds", "peak_memory_mb"),
        ("seconds", "peak memory, MB"),
        strict=True,
    ):
        axis.barh(
            range(len(jobs)), [value or 0.0 for value in table.column(what)], color="#0072B2", height=0.6
        )
        axis.set_yticks(range(len(jobs)), jobs)
        axis.set_xlabel(label)
        axis.set_ylim(len(jobs) - 0.5, -0.5)


PICTURES: dict[str, Callable[["Figure", Table], None]] = {
    "split": draw_split,
    "labels": draw_labels,
    "learning": draw_learning,
    "figures": draw_figures,
    "pr": draw_pr,
    "roc": draw_roc,
    "reliability": draw_reliability,
    "distribution": draw_distribution,
    "regions": draw_figures,
    "loci": draw_loci,
    "context": draw_context,
    "benchmarks": draw_benchmarks,
}
"""How each figure of ``figures.FIGURES`` is drawn."""
