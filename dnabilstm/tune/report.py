"""What a search leaves for people: the trials as a table, and the best settings as a file for ``train``."""

import csv
import math
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from dnabilstm.files import atomic_file
from dnabilstm.train.run import Run

BEFORE, AFTER = ("number", "state", "value"), ("steps", "minutes", "reason")
"""Columns of the table on either side of the settings."""


def write_trials(rows: list[dict[str, Any]], settings: Collection[str], path: Path) -> None:
    """Write a row a trial, tab-separated; empty where something is not known.

    Parameters
    ----------
    rows
        As ``rows_of`` gives them.
    settings
        Names of what was tried.
    path
        The file.
    """
    columns = [*BEFORE, *sorted(settings), *AFTER]
    with atomic_file(path) as part, part.open("w", newline="") as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow("" if row.get(name) is None else row[name] for name in columns)


def write_best(run: Run, tuned: Collection[str], title: str, path: Path) -> None:
    """Write all settings of a run as YAML that ``dnabilstm train --config`` takes; tuned ones are marked.

    Parameters
    ----------
    run
        With the best settings.
    tuned
        Names such as ``model.hidden``.
    title
        Stands in the first line.
    path
        The file.
    """
    lines = [f"# {title}"]
    for section, config in (("model", run.model), ("train", run.train)):
        lines.append(f"{section}:")
        for key, value in asdict(config).items():
            # The data name the tasks, and `train` would refuse to be told.
            if key != "tasks":
                written = yaml.safe_dump({key: value}, default_flow_style=True, width=math.inf).strip()
                mark = "  # tuned" if f"{section}.{key}" in tuned else ""
                lines.append(f"  {written.removeprefix('{').removesuffix('}')}{mark}")
    with atomic_file(path) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
