"""What both kinds of training have in common: one network after another, and one file of all."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dnabilstm.cli.progress import note, progress_bar
from dnabilstm.errors import DnabilstmError
from dnabilstm.model.bundle import Model, join_models, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import find
from dnabilstm.train.log import draw_learning_curve, join_histories, write_log
from dnabilstm.train.loop import Reporter, train
from dnabilstm.train.run import Run
from dnabilstm.train.state import TrainState

Finish = Callable[[Any, TrainState], Model]


def check_architecture(network: BiLSTMConfig, method: str) -> None:
    """Refuse an architecture that is not known, or that has no such method, before data are read."""
    built = find(network.architecture)
    if not hasattr(built, method) and isinstance(built, type):
        raise DnabilstmError(
            f"model.architecture: {network.architecture!r} has no {method}, which model.head: {network.head} needs"
        )


def train_members(
    runs: Sequence[Run],
    output: Path,
    finish: Finish,
    say: Callable[[dict[str, Any]], None],
    *,
    forget: bool = True,
) -> Model:
    """Train each run, finish it, and write the model; of several runs, one ensemble.

    The state of a member that is done stays until all are, so that a run that was interrupted does not
    train it again. Each member has a log and a learning curve of its own, and an ensemble one of all.

    Parameters
    ----------
    runs
        One a member; they differ in their seed or in what they hold out.
    output
        The model file.
    finish
        From the best weights to a model.
    say
        Told the card of each member.
    forget
        Whether nothing else is to come, for which a run that is interrupted would need the states again; else
        ``remove_states`` removes them.

    Returns
    -------
    Model
        As written.
    """
    stem, stems = output.with_suffix(""), _stems(output, len(runs))
    models, histories = [], []
    for number, (run, own) in enumerate(zip(runs, stems, strict=True), start=1):
        if len(runs) > 1:
            note(f"member {number} of {len(runs)}, seed {run.train.seed}")
        model, history = _train(run, own, finish)
        models.append(model)
        histories.append(history)
        say(model.card)
    if len(models) > 1:
        model = join_models(models, [own.name for own in stems])
        write_log(join_histories(histories), stem)
        draw_learning_curve(join_histories(histories), model.channels, stem)
    save_model(model, output)
    if forget:
        remove_states(output, len(runs))
    note(f"the model is in {output}")
    return model


def remove_states(output: Path, members: int) -> None:
    """Remove what ``train_members`` would go on from."""
    for own in _stems(output, members):
        own.with_name(f"{own.name}.state").unlink(missing_ok=True)


def _stems(output: Path, members: int) -> list[Path]:
    """Of the files of each member."""
    stem = output.with_suffix("")
    if members == 1:
        return [stem]
    return [stem.with_name(f"{stem.name}.member{number}") for number in range(1, members + 1)]


@contextlib.contextmanager
def terminal(run: Run) -> Iterator[Reporter]:
    """A reporter for one run: notes as lines, steps as a bar in bases."""

    class Terminal(Reporter):
        def note(self, text: str) -> None:
            note(text)

        def advance(self, step: int, bases: int) -> None:
            advance(bases)

    with progress_bar("train", run.bases, "bases") as advance:
        yield Terminal()


def _train(run: Run, stem: Path, finish: Finish) -> tuple[Model, list[dict[str, Any]]]:
    """Train and finish one network; also gives its history."""
    with terminal(run) as reporter:
        state = train(run, stem, reporter)
    note("calibrating the model on the validation part")
    model = finish(run, state)
    draw_learning_curve(state.history, model.channels, stem)
    return model, state.history
