"""A training run as CSV, JSON and a picture: what was measured at each evaluation."""

import csv
from pathlib import Path
from typing import Any

from dnabilstm.colours import colour_of
from dnabilstm.files import atomic_file, write_json


def write_log(history: list[dict[str, Any]], stem: Path) -> None:
    """Write ``STEM.training.csv`` and ``STEM.training.json``: one row an evaluation."""
    with atomic_file(stem.with_name(f"{stem.name}.training.csv")) as part, part.open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows(history)
    write_json(stem.with_name(f"{stem.name}.training.json"), history)


def draw_learning_curve(history: list[dict[str, Any]], channels: tuple[str, ...], stem: Path) -> None:
    """Draw loss and validation AUPRC over the steps: ``STEM.learning_curve.png`` and ``.svg``."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    steps = [row["step"] for row in history]
    style = {
        "svg.hashsalt": "dnabilstm",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 10,
    }
    with matplotlib.rc_context(style):
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
        left.plot(steps, [row["loss"] for row in history], color="#555555")
        left.set(xlabel="step", ylabel="training loss (cross-entropy a base)", ylim=(0, None))
        for index, channel in enumerate(channels):
            right.plot(
                steps, [row[f"auprc.{channel}"] for row in history], label=channel, color=colour_of(index)
            )
        best = max(history, key=lambda row: row["mean_auprc"])
        right.axvline(
            best["step"], color="#999999", linewidth=1, linestyle=":", label=f"kept: step {best['step']}"
        )
        right.set(xlabel="step", ylabel="validation AUPRC", ylim=(0, 1))
        right.legend(frameon=False, fontsize=8)
        for suffix in ("png", "svg"):
            with atomic_file(stem.with_name(f"{stem.name}.learning_curve.{suffix}")) as part:
                metadata = {"Date": None} if suffix == "svg" else {"Software": None}
                figure.savefig(part, format=suffix, dpi=150, metadata=metadata)
        pyplot.close(figure)
