"""A search from opened data to its outputs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from optuna import Study

from dnabilstm.cli import train_positions as positions
from dnabilstm.cli import train_sequences as sequences
from dnabilstm.cli.label_options import print_labels
from dnabilstm.cli.progress import note
from dnabilstm.cli.train_members import Finish, terminal, train_members
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import atomic_file
from dnabilstm.model.runtime import describe, prepare_process
from dnabilstm.train.finish import check_parts, finish_positions
from dnabilstm.train.run import Run
from dnabilstm.tune.config import TuneConfig
from dnabilstm.tune.picture import draw_search, importances
from dnabilstm.tune.report import write_best, write_trials
from dnabilstm.tune.sampler import Sampler
from dnabilstm.tune.search import Search, search
from dnabilstm.tune.space import Settings, Space, defaults, merged, plain
from dnabilstm.tune.study import best_of, open_study, rows_of


@dataclass(frozen=True)
class Subject:
    """What is trained on.

    Attributes
    ----------
    head
        ``position`` or ``sequence``.
    digests
        What stands for the data, by name.
    device
        Where networks run.
    make, finish
        From settings to a run, and from the best weights of one to a model.
    """

    head: str
    digests: dict[str, str]
    device: torch.device
    make: Callable[[Settings], Run]
    finish: Finish


def open_subject(
    head: str, options: dict[str, Any], settings: Settings, device: torch.device, problems: Problems
) -> Subject:
    """Open the data that the options name; ``problems``, found so far, are raised with those of the data."""
    return OPENERS[head](options, settings, device, problems)


def _of_positions(
    options: dict[str, Any], settings: Settings, device: torch.device, problems: Problems
) -> Subject:
    data = positions.open_positions(options, settings["model"].get("strand") == "stranded", problems)
    check_parts(data.labels, data.split)
    print_labels(data.labels)
    return Subject(
        "position",
        positions.digests_of(data),
        device,
        lambda asked: positions.position_runs(data, asked, device)[0],
        finish_positions,
    )


def _of_sequences(
    options: dict[str, Any], settings: Settings, device: torch.device, problems: Problems
) -> Subject:
    # Of the settings those that say what is in which part; the others may go together in no trial.
    parting = {name: settings["train"][name] for name in PARTING if name in settings["train"]}
    data = sequences.open_sequences(options, {"train": parting}, problems)
    sequences.tell(data)
    return Subject(
        "sequence",
        sequences.digests_of(data),
        device,
        lambda asked: sequences.sequence_runs(data, asked, device)[0],
        partial(sequences.finish_audited, data),
    )


PARTING = ("seed", "fold_by", "leaks")
OPENERS = {"position": _of_positions, "sequence": _of_sequences}


def tune(subject: Subject, space: Space, fixed: Settings, config: TuneConfig, output: Path) -> None:
    """Search, and write what was found, also if the search is interrupted.

    Parameters
    ----------
    subject
        What is trained on.
    space, fixed
        What is tried, and the settings of every trial.
    config
        How long.
    output
        The folder; an earlier search of the same kind goes on there.

    Raises
    ------
    DnabilstmError
        If no trial has succeeded.
    """
    note(f"training on {describe(subject.device)}")
    prepare_process()
    sampler = Sampler(space, defaults(subject.head, space), config.seed)
    with open_study(output, _card(subject, space, fixed, config), sampler, note) as study:

        def write() -> None:
            _write(study, plan, space, output)

        plan = Search(output, fixed, space, subject.make, terminal, note, write)
        try:
            whole = search(study, plan, config)
        finally:
            _draw(study, space, output)
        write()
        if best_of(study) is None:
            raise DnabilstmError(_nothing(study, output))
        if whole:
            _finish(study, plan, subject.finish, output)
    note(f"the best settings are in {output / 'best.yaml'}")


def _card(subject: Subject, space: Space, fixed: Settings, config: TuneConfig) -> dict[str, Any]:
    """What the values of trials depend on."""
    return {
        "data": subject.digests,
        "device": subject.device.type,
        "seed": config.seed,
        "settings": {f"{section}.{key}": fixed[section][key] for section in fixed for key in fixed[section]},
        "space": plain(space),
    }


def _best_run(study: Study, plan: Search) -> Run:
    best = best_of(study)
    return plan.make(merged(plan.fixed, best.params))


def _write(study: Study, plan: Search, space: Space, output: Path) -> None:
    """The table of trials, and the best settings."""
    rows = rows_of(study)
    write_trials(rows, space, output / "trials.tsv")
    if best := best_of(study):
        title = f"trial {best.number} of {len(rows)}: mean validation AUPRC {best.value:.4f}"
        write_best(_best_run(study, plan), space, title, output / "best.yaml")


def _draw(study: Study, space: Space, output: Path) -> None:
    if rows := rows_of(study):
        draw_search(rows, space, importances(study), output / "tune")


def _nothing(study: Study, output: Path) -> str:
    """Why there is no best trial."""
    failed = [row for row in rows_of(study) if row["state"] == "fail"]
    if not failed:
        return f"{output}: no trial is done yet; the same command goes on"
    return f"{output}: no trial has succeeded, {len(failed)} failed; the first: {failed[0]['reason']}"


def _finish(study: Study, plan: Search, finish: Finish, output: Path) -> None:
    """The model of the best trial, from the state that its training has left."""
    stem = plan.stem(best_of(study).number)
    for suffix in ("state", "training.csv", "training.json"):
        left = stem.with_name(f"{stem.name}.{suffix}")
        if left.exists():
            with atomic_file(output / f"best.{suffix}") as part:
                part.write_bytes(left.read_bytes())
    train_members([_best_run(study, plan)], output / "best.safetensors", finish, lambda card: None)
