"""An evaluation on disk: evaluation.json, evaluation.tsv and the pictures; and as a table to read."""

from pathlib import Path
from typing import Any

from dnabilstm.evaluate.pictures import write_pictures
from dnabilstm.files import atomic_file, write_json

JSON_FILE = "evaluation.json"
TABLE_FILE = "evaluation.tsv"
COLUMNS = ("model", "task", "figure", "value", "low", "high", "reason", "bases")
_PLAIN = ("bases", "positives", "base_rate", "threshold")


def write_report(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write what ``evaluate_scores`` found into ``folder``, the JSON last; gives the paths.

    An older JSON goes first: it must not speak for new pictures, should the run end between the two.
    """
    folder = Path(folder)
    (folder / JSON_FILE).unlink(missing_ok=True)
    written = write_pictures(result, folder)
    with (
        atomic_file(folder / TABLE_FILE) as part,
        part.open("w", encoding="utf-8", errors="surrogateescape") as out,
    ):
        for line in (COLUMNS, *table_lines(result)):
            out.write("\t".join(line) + "\n")
    write_json(folder / JSON_FILE, result)
    return [*written, folder / TABLE_FILE, folder / JSON_FILE]


def table_lines(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """One line a model, task and figure, in the order of ``COLUMNS``; empty where not defined."""
    lines = []
    for on, rows in _sets(result):
        for row in rows:
            head = row["model"], row["channel"]
            lines += [(*head, name, _exact(row[name]), "", "", "", on) for name in _PLAIN]
            for name, figure in row["figures"].items():
                numbers = (_exact(figure[key]) for key in ("value", "low", "high"))
                lines.append((*head, name, *numbers, figure.get("reason", ""), on))
    for row in result.get("spread", []):
        head = row["model"], row["channel"]
        lines.append((*head, "spread_auroc", _exact(row["auroc"]), "", "", "", "all"))
    return lines


def _sets(result: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The rows of all bases, and where there are leaks those of the bases without."""
    return [("all", result["rows"]), ("leak_free", result.get("leak_free", {}).get("rows", []))]


def leak_free(without: dict[str, Any], leaks: list[tuple[str, int, int]]) -> dict[str, Any]:
    """What a report says of the bases without leaks: figures, and which bases were left out."""
    rows = [{name: value for name, value in row.items() if name != "curves"} for row in without["rows"]]
    left_out = sum(end - start for _, start, end in leaks)
    return {"rows": rows, "left_out": left_out, "intervals": [list(interval) for interval in leaks]}


def _exact(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def summary(result: dict[str, Any]) -> str:
    """An aligned table for people: a line a task and model, the intervals in brackets."""
    titles = ("task", "model", "base rate", "AUROC", "AUPRC", "F1", "MCC", "ECE", "region P", "region R")
    lines = [titles]
    for on, rows in _sets(result):
        lines += [_summary_line(row, "" if on == "all" else ", leak-free") for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    told = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    if "leak_free" in result:
        told.append(
            f"leak-free: without the {result['leak_free']['left_out']:,} bases that repeat training sequence"
        )
    for row in result.get("spread", []):
        told.append(
            f"{row['model']}, {row['channel']}: {row['wrong']:,} of {row['bases']:,} calls are wrong; the members'"
            f" spread tells them with AUROC {_short(row['auroc'])}"
        )
    return "\n".join(told)


def _summary_line(row: dict[str, Any], note: str) -> tuple[str, ...]:
    figures = row["figures"]
    return (
        (row["channel"] + note, row["model"], f"{row['base_rate']:.4f}")
        + tuple(_with_interval(figures[name]) for name in ("auroc", "auprc"))
        + tuple(_short(figures[name]["value"]) for name in ("f1", "mcc", "ece_equal_width"))
        + tuple(_short(figures[name]["value"]) for name in ("region_precision", "region_recall"))
    )


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _with_interval(figure: dict[str, Any]) -> str:
    if figure["low"] is None:
        return _short(figure["value"])
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
