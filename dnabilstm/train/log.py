"""A training run as CSV, JSON and a picture: what was measured at each evaluation."""

import csv
from pathlib import Path
from typing import Any

from dnabilstm.class_metrics import without_nan
from dnabilstm.colours import colour_of
from dnabilstm.files import atomic_file, write_json


def join_histories(histories: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows of all members of an ensemble, one after another, with the member's number in each."""
    return [{"member": number} | row for number, rows in enumerate(histories, start=1) for row in rows]


def best_row(history: list[dict[str, Any]]) -> dict[str, Any]:
    """The evaluation whose weights are kept: the highest mean validation AUPRC, the last of equal ones.

    A small validation part is soon ranked without a mistake, long before the network is sure of it.
    """
    return max(reversed(history), key=lambda row: row["mean_auprc"])


def write_log(history: list[dict[str, Any]], stem: Path) -> None:
    """Write ``STEM.training.csv`` and ``STEM.training.json``: a row an evaluation; null is what is not defined."""
    with atomic_file(stem.with_name(f"{stem.name}.training.csv")) as part, part.open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows(history)
    write_json(stem.with_name(f"{stem.name}.training.json"), without_nan(history))


def draw_learning_curve(history: list[dict[str, Any]], channels: tuple[str, ...], stem: Path) -> None:
    """Draw loss and validation AUPRC over the steps: ``STEM.learning_curve.png`` and ``.svg``.

    Of an ensemble (``join_histories``) each member has its lines, in the same colours.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    style = {
        "svg.hashsalt": "dnabilstm",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 10,
    }
    members = list(dict.fromkeys(row.get("member", 1) for row in history))
    with matplotlib.rc_context(style):
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
        for member in members:
            rows = [row for row in history if row.get("member", 1) == member]
            _draw_member(rows, channels, left, right, named=member == members[0], alone=len(members) == 1)
        left.set(xlabel="step", ylabel="training loss", ylim=(0, None))
        right.set(xlabel="step", ylabel="validation AUPRC", ylim=(0, 1))
        right.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
        for suffix in ("png", "svg"):
            with atomic_file(stem.with_name(f"{stem.name}.learning_curve.{suffix}")) as part:
                metadata = {"Date": None} if suffix == "svg" else {"Software": None}
                figure.savefig(part, format=suffix, dpi=150, metadata=metadata)
        pyplot.close(figure)


def _draw_member(
    rows: list[dict[str, Any]], channels: tuple[str, ...], left: Any, right: Any, *, named: bool, alone: bool
) -> None:
    """Draw the lines of one network; only those of the first are named in the legend."""
    steps = [row["step"] for row in rows]
    left.plot(steps, [row["loss"] for row in rows], color="#555555")
    for index, channel in enumerate(channels):
        values = [row[f"auprc.{channel}"] for row in rows]
        right.plot(steps, values, label=channel if named else None, color=colour_of(index))
    kept = best_row(rows)["step"]
    label = (f"kept: step {kept}" if alone else "kept, of each member") if named else None
    right.axvline(kept, color="#999999", linewidth=1, linestyle=":", label=label)
