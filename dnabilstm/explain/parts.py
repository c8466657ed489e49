"""The parts of an explanation: each a function of the run that writes a folder of its own and says what it found.

A new part is a function like those of ``PARTS`` and a line there; ``--only`` chooses among their names.
"""

from collections.abc import Callable
from typing import Any

from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.run import Run
from dnabilstm.explain.write_attribution import write_attribution
from dnabilstm.explain.write_motifs import write_motifs

PARTS: dict[str, Callable[[Run], dict[str, Any]]] = {
    "attribution": write_attribution,
    "motifs": write_motifs,
}
"""Name, which is also that of the folder, to what makes it."""


def chosen_parts(only: tuple[str, ...]) -> list[str]:
    """The parts that are asked for, in the order of ``PARTS``.

    Raises
    ------
    DnabilstmError
        If there is no part of some name.
    """
    unknown = [name for name in only if name not in PARTS]
    if unknown:
        raise DnabilstmError(f"--only {','.join(unknown)}: no such part; wanted some of {', '.join(PARTS)}")
    return [name for name in PARTS if not only or name in only]


def explain(run: Run) -> dict[str, Any]:
    """Make the parts that the settings ask for; gives what each has found, by its name."""
    return {name: PARTS[name](run) for name in chosen_parts(run.config.only)}
