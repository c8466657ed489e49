"""From sequences to a model, in memory: what a run writes lies in a temporary folder that does not stay."""

import tempfile
import threading
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dnabilstm.errors import DnabilstmError
from dnabilstm.estimator.parts import hold_out
from dnabilstm.model.bundle import Model, join_models
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.sequences.store import SequenceSet
from dnabilstm.train.config import SequenceTrainConfig
from dnabilstm.train.finish import finish_sequences
from dnabilstm.train.loop import Reporter, train
from dnabilstm.train.reading import Reading, choose_reading
from dnabilstm.train.sequences import SequenceRun


class Printer(Reporter):
    """Prints what a run notes."""

    def note(self, text: str) -> None:
        """One sentence."""
        print(f"[DNABiLSTMClassifier] {text}")


class _OneThread:
    """One thread an operation, as runs want it: their shards are threads already.

    Of runs side by side the first sets it, and the last sets it back.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._before = threading.Lock(), 0, 1

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = torch.get_num_threads()
            self._inside += 1
            torch.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                torch.set_num_threads(self._before)


_ONE_THREAD = _OneThread()


def train_classifier(
    sequences: SequenceSet,
    network: BiLSTMConfig,
    config: SequenceTrainConfig,
    device: torch.device,
    *,
    share: float,
    verbose: bool,
) -> tuple[Model, list[dict[str, Any]]]:
    """Train one network, or a member for each seed or fold, and make a model of it.

    Parameters
    ----------
    sequences
        Each with a class; they are parted here, see ``dnabilstm.estimator.parts``.
    network, config, device
        As of ``SequenceRun``; member *n* has the seed of ``config`` and *n* more.
    share
        Of the sequences that validate.
    verbose
        Whether to print what happens.

    Returns
    -------
    model : Model
        With the network in evaluation mode, on ``device``.
    history : list of dict
        A row an evaluation: ``member`` (from 0 on), ``step``, ``bases``, ``loss``, ``mean_auprc`` and
        ``auprc.CLASS`` of the validation part.
    """
    reporter = Printer() if verbose else Reporter()
    if network.kmers == "gapped" and not share and not config.folds:
        raise DnabilstmError(
            "kmers: 'gapped' with validation_fraction=0; wanted sequences that they are not fitted to, or kmers='none'"
        )
    parts = hold_out(sequences, share, config.folds, config.seed)
    models, history = [], []
    network = replace(network, **_reading(sequences, parts[0], network, config, device, reporter))
    for member in range(config.folds or config.members):
        training, validation = (sequences.subset(rows) for rows in parts[member % len(parts)])
        run = SequenceRun(network, replace(config, seed=config.seed + member), device, training, validation)
        with _ONE_THREAD, tempfile.TemporaryDirectory(prefix="dnabilstm.") as folder:
            state = train(run, Path(folder) / "run", reporter)
            models.append(finish_sequences(run, state))
        history += [{"member": member, **row} for row in state.history]
    if len(models) == 1:
        return models[0], history
    return join_models(models, [f"member {number}" for number in range(len(models))]), history


def _reading(
    sequences: SequenceSet,
    parts: tuple[np.ndarray, np.ndarray],
    network: BiLSTMConfig,
    config: SequenceTrainConfig,
    device: torch.device,
    reporter: Reporter,
) -> Reading:
    """How sequences are read, by short trials on the parts of the first member."""
    training, validation = (sequences.subset(rows) for rows in parts)
    run = SequenceRun(network, config, device, training, validation)
    with _ONE_THREAD, tempfile.TemporaryDirectory(prefix="dnabilstm.") as folder:
        return choose_reading(run, Path(folder) / "run", lambda _: nullcontext(reporter))
