"""The parts of an explanation: each a function of the run that writes a folder of its own and says what it found.

A new part is a line in ``PARTS``; ``--only`` chooses among their names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.explain.inside import attends
from dnabilstm.explain.run import Run
from dnabilstm.explain.write_attention import write_attention
from dnabilstm.explain.write_attribution import write_attribution
from dnabilstm.explain.write_context import write_context
from dnabilstm.explain.write_motifs import write_motifs
from dnabilstm.explain.write_states import check_states, write_states
from dnabilstm.model.network import BiLSTM


def _unknown_inside(run: Run) -> str | None:
    """Why a network cannot be looked into."""
    if isinstance(run.member, BiLSTM):
        return None
    return f"the parts of architecture {run.member.config.architecture!r} are not known"


def _no_attention(run: Run) -> str | None:
    """Why there is no attention to show."""
    return _unknown_inside(run) or (None if attends(run.member) else "the model has no attention")


def _nothing(run: Run) -> None:
    """Nothing is in the way, or wrong."""


@dataclass(frozen=True)
class Part:
    """A part of an explanation.

    Attributes
    ----------
    write : callable
        Writes its folder; gives what it found, for ``explain.json``.
    obstacle : callable
        Why it cannot be made of a model, or None.
    check : callable
        Raises ``DnabilstmError`` where its settings do not fit the model.
    """

    write: Callable[[Run], dict[str, Any]]
    obstacle: Callable[[Run], str | None] = _nothing
    check: Callable[[Run], None] = _nothing


PARTS = {
    "attribution": Part(write_attribution),
    "motifs": Part(write_motifs),
    "states": Part(write_states, _unknown_inside, check_states),
    "context": Part(write_context),
    "attention": Part(write_attention, _no_attention),
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


def applying_parts(run: Run) -> tuple[list[str], dict[str, str]]:
    """The parts that are asked for and can be made, and why each of the others cannot.

    Raises
    ------
    DnabilstmError
        If the settings do not fit the model, or a part that was asked for by its name cannot be made.
    """
    if run.config.member > run.members:
        raise DnabilstmError(
            f"--member {run.config.member}: the model has {run.members}; wanted 1 to {run.members}"
        )
    problems, made, missing = Problems(), [], {}
    for name in chosen_parts(run.config.only):
        reason = PARTS[name].obstacle(run)
        if reason is None:
            made.append(name)
            with problems.collect():
                PARTS[name].check(run)
            continue
        missing[name] = reason
        if run.config.only:
            problems.add(f"--only {name}: cannot be made: {reason}")
    problems.raise_if_any()
    return made, missing


def explain(run: Run) -> dict[str, Any]:
    """Make the parts that the settings ask for and the model allows.

    Returns
    -------
    dict
        By the name of a part what it has found, or ``not_made`` and the reason.
    """
    made, missing = applying_parts(run)
    return {name: PARTS[name].write(run) for name in made} | {
        name: {"not_made": reason} for name, reason in missing.items()
    }
