"""``dnabilstm tune``: what ``train`` takes, to the settings that validate best."""

import importlib.util
from pathlib import Path
from typing import Any

import click

from dnabilstm.cli.settings import FiniteRange, option_of, read_settings
from dnabilstm.cli.train_options import EPILOG, asks_for_sequences, data_options, open_device, setting_options
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import check_folder_place
from dnabilstm.model.config import parse_fields
from dnabilstm.tune.config import TuneConfig
from dnabilstm.tune.space import DEFAULT, KINDS, Settings, Space, read_space, written

_PATH = click.Path(path_type=Path)
_TITLES = {"position": "Tried by default with --labels:", "sequence": "Tried by default with --sequences:"}
_EPILOG = "\n\n".join(
    [*("\b\n" + "\n  ".join([_TITLES[head], *written(space)]) for head, space in DEFAULT.items()), EPILOG]
)


@click.command("tune", epilog=_EPILOG)
@data_options
@click.option("--output", required=True, type=_PATH, help="Folder of the search; given again, it goes on.")
@click.option(
    "--space",
    "space_file",
    type=_PATH,
    help="YAML file of what is tried, a line a setting.  [default: see below]",
)
@option_of(TuneConfig, "trials", type=click.IntRange(min=1))
@option_of(TuneConfig, "timeout", type=FiniteRange(min=0, min_open=True), metavar="MINUTES")
@option_of(TuneConfig, "seed", type=click.IntRange(min=0, max=1 << 63, max_open=True))
@setting_options
def command(
    output: Path,
    space_file: Path | None,
    trials: int,
    timeout: float | None,
    seed: int,
    config: Path | None,
    assignments: tuple[str, ...],
    device: str,
    **options: Any,
) -> None:
    """Search for settings: train many times, stop early what falls behind, keep the best.

    Data and settings are given as to 'dnabilstm train'; a setting that is given is the same in every trial.
    A search that was interrupted or killed goes on where it was when the same command is given again, and
    tries what it would have tried. Needs Optuna: pip install 'dnabilstm[tune]'.

    \b
    It writes:
      best.yaml             all settings of the best trial, for 'dnabilstm train --config'
      best.safetensors      its model, as 'dnabilstm train' makes it of best.yaml
      trials.tsv            a row a trial
      tune.png, .svg        values, importance of the settings
      study.journal         the study, for 'optuna-dashboard'
      trials/               log of each training
    """  # noqa: D301
    _need_optuna()
    problems, place = Problems(), None
    with problems.collect():
        check_folder_place(output)
    with problems.collect():
        place = open_device(device)
    settings = read_settings(config, assignments, ("model", "train"), problems)
    settings["train"].setdefault("seed", seed)
    try:
        head = "sequence" if asks_for_sequences(options, settings["model"]) else "position"
    except DnabilstmError as error:
        problems.extend(error)
        raise problems.error() from None
    space = _read_space(space_file, head, settings, problems)
    if head == "sequence":
        settings = _decided(settings, space)

    from dnabilstm.cli.tune_run import open_subject, tune

    subject = open_subject(head, options, settings, place, problems)
    tune(subject, space, settings, TuneConfig(trials, timeout, seed), output)


def _need_optuna() -> None:
    if importlib.util.find_spec("optuna") is None:
        raise DnabilstmError("dnabilstm tune: Optuna is not installed; pip install 'dnabilstm[tune]'")


def _decided(settings: Settings, space: Space) -> Settings:
    """Settings with what training would try or repeat by itself: a trial is one network, read in one way.

    They go into the best settings too, so that ``train`` makes the same model of these.
    """
    ways = {"model": {"strand": "symmetric", "aligned": 0}, "train": {"members": 1}}
    return {
        section: {
            **{key: value for key, value in ways[section].items() if f"{section}.{key}" not in space},
            **given,
        }
        for section, given in settings.items()
    }


def _read_space(file: Path | None, head: str, settings: Settings, problems: Problems) -> Space:
    for section, kind in KINDS[head].items():
        with problems.collect():
            parse_fields(kind, settings[section], section)
    for name, least in (("members", 1), ("folds", 0)):
        if settings["train"].get(name, least) != least:
            problems.add(
                f"train.{name}: {settings['train'][name]}; a trial trains one network; leave it out, and give it to"
                " 'dnabilstm train' with the best settings"
            )
    space: Space = {}
    with problems.collect():
        space = read_space(file, head, settings)
    return space
