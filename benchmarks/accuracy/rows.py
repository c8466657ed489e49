"""What the benchmarks of accuracy share: one result a file, written when it is done, so that a run goes on."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from safetensors import safe_open

from benchmarks.speed.machine import cores, described

Row = dict[str, Any]
RESULTS = Path(__file__).parent / "results"
WORK = Path("results/benchmarks/accuracy")
"""Models and logs, which are not kept."""


def parse_options(
    description: str, needs: str, choices: dict[str, Iterable[Any]], *, seeds: bool = True, steps: int = 0
) -> argparse.Namespace:
    """What all benchmarks are given: DATA, what is run of it, how much side by side, or the table alone.

    Parameters
    ----------
    description
        Of the benchmark.
    needs
        The folder that DATA must have.
    choices
        Option to what may be named; all by default.
    seeds, steps
        Whether there are seeds, and how many steps a training takes where that can be said.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    for name, some in choices.items():
        known = list(some)
        parser.add_argument(f"--{name}", nargs="*", type=type(known[0]), choices=known, default=known)
    if seeds:
        parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    if steps:
        parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--jobs", type=int, default=0, help="runs side by side, a core each; 0 = one a core")
    parser.add_argument("--table", action="store_true", help="print what there is, run nothing")
    given = parser.parse_args()
    if given.data is None and not given.table:
        parser.error(f"DATA: is missing; wanted the folder that has {needs}")
    return given


def command(words: Iterable[object], log: Path, module: str = "dnabilstm") -> float | None:
    """Run one command of `dnabilstm`, or of a module that is like it; minutes of processor time. Its log is kept.

    None where a saved training was gone on with, whose first part nobody timed.

    Raises
    ------
    RuntimeError
        With the end of the log, if it fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    begun = any(log.parent.glob("*.state"))
    own = os.environ | {"OMP_NUM_THREADS": "1"}
    line = [sys.executable, "-m", module, *map(str, words)]
    with log.open("a") as out:
        process = subprocess.Popen(line, stdout=out, stderr=out, env=own)
        _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(line)}\n{log.read_text()[-2000:]}")
    return None if begun else (used.ru_utime + used.ru_stime) / 60


def parameters_of(model: Path) -> int:
    """Numbers in a model file, of all its members."""
    with safe_open(str(model), framework="np") as handle:
        return sum(handle.get_tensor(key).size for key in handle.keys())  # noqa: SIM118


def run_all(jobs: dict[str, Callable[[], Row]], folder: Path, side_by_side: int = 0) -> list[Row]:
    """Run what has no result yet, some jobs side by side, each on one core; all results, in order.

    Parameters
    ----------
    jobs
        Name of the result's file to what gives it.
    folder
        Of the results.
    side_by_side
        0 = one a core.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def run(name: str) -> None:
        started = time.monotonic()
        row = jobs[name]() | {"machine": described()}
        part = folder / f"{name}.json.part"
        part.write_text(json.dumps(row, indent=2) + "\n")
        part.rename(folder / f"{name}.json")
        print(f"{name}: done in {(time.monotonic() - started) / 60:.1f} min", flush=True)

    open_jobs = [name for name in jobs if not (folder / f"{name}.json").exists()]
    with ThreadPoolExecutor(side_by_side or cores()) as pool:
        for done in [pool.submit(run, name) for name in open_jobs]:
            done.result()
    return read_all(jobs, folder)


def read_all(names: Iterable[str], folder: Path) -> list[Row]:
    """The results that are there, in order."""
    return [json.loads((folder / f"{n}.json").read_text()) for n in names if (folder / f"{n}.json").exists()]


def slug(name: str) -> str:
    """A name that is a file's: letters and digits, _ for all else."""
    return "".join(c if c.isalnum() else "_" for c in name)


def spread(values: list[float], digits: int = 3) -> str:
    """Mean and, of several, standard deviation."""
    if not values:
        return "-"
    text = f"{statistics.mean(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {statistics.stdev(values):.{digits}f}"


def average_minutes(rows: list[Row]) -> str:
    """Mean of those that are known."""
    known = [row["minutes"] for row in rows if row["minutes"] is not None]
    return f"{statistics.mean(known):.1f}" if known else "-"


def markdown(header: list[str], rows: Iterable[list[str]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
