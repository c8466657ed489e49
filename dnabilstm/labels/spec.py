"""One task: its name, the file of its regions, and how they are read."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dnabilstm.errors import Problems

STRAND = ("ignore", "use")
"""What the strand of a region may mean; the first is the default."""
TASK_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class LabelSpec:
    """One task: its name, the file of its regions, and how to read it (see ``read_intervals``).

    With ``strand="use"`` the task has two channels, ``<task>.plus`` and ``<task>.minus``; a region
    without strand counts for both.
    """

    task: str
    path: Path
    strand: str = STRAND[0]
    feature: str | None = None
    promoter: tuple[int, int] | None = None
    slop: tuple[int, int] = (0, 0)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the task's channels."""
        return (self.task,) if self.strand == "ignore" else (f"{self.task}.plus", f"{self.task}.minus")


def check_specs(specs: Sequence[LabelSpec], problems: Problems) -> None:
    """Note what is wrong with the tasks themselves: names, numbers, choices."""
    if not specs:
        problems.add("no labels: wanted at least one task with a file of regions")
    for task, count in Counter(spec.task for spec in specs).items():
        if count > 1:
            problems.add(
                f"task {task!r}: is given {count} times; wanted one file a task, under names that differ"
            )
        if not TASK_NAME.fullmatch(task):
            problems.add(f"task {task!r}: wanted a name of letters, digits, '_' and '-' only")
    for spec in specs:
        if spec.strand not in STRAND:
            problems.add(f"task {spec.task!r}: strand is {spec.strand!r}; wanted one of {', '.join(STRAND)}")
        for name, pair in (("promoter", spec.promoter), ("slop", spec.slop)):
            if pair is not None and min(pair) < 0:
                problems.add(f"task {spec.task!r}: {name} is {pair[0]},{pair[1]}; wanted bases, 0 or more")
        if spec.promoter is not None and sum(spec.promoter) < 1:
            problems.add(
                f"task {spec.task!r}: promoter is 0,0, which has no base; wanted upstream,downstream"
            )
