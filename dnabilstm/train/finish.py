"""From the best weights to a model: calibration, measured context, thresholds, figures, card."""

import platform
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np
import torch

from dnabilstm.audit.composition import CARD_KEY, composition_of
from dnabilstm.calibrate import Platt, fit_platt
from dnabilstm.class_calibrate import fit_softmax
from dnabilstm.class_metrics import class_figures, without_nan
from dnabilstm.errors import Problems
from dnabilstm.labels import Labels
from dnabilstm.metrics import auroc, average_precision, best_f1, curve, expected_calibration_error
from dnabilstm.model.bundle import Model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.job import grid_of
from dnabilstm.score.sequences import class_probabilities, sequence_logits
from dnabilstm.sequences.store import SequenceSet
from dnabilstm.train.context import measure_context
from dnabilstm.train.gapped import with_gapped
from dnabilstm.train.held_out import held_out_labels, held_out_logits
from dnabilstm.train.log import best_row
from dnabilstm.train.positions import PositionRun
from dnabilstm.train.run import Run
from dnabilstm.train.sequences import SequenceRun
from dnabilstm.train.state import TrainState
from dnabilstm.windows import Split, of_part

T = TypeVar("T")


def check_parts(labels: Labels, split: Split) -> None:
    """Refuse, before any compute, a split whose training or validation part cannot serve.

    Raises
    ------
    DnabilstmError
        One line a channel and part that has positive bases only, or none.
    """
    problems = Problems()
    for part in ("train", "valid"):
        found = held_out_labels(labels, of_part(split, part))
        for index, channel in enumerate(labels.channels):
            for value, kind in ((1, "positive"), (0, "negative")):
                if not (found[:, index] == value).any():
                    problems.add(
                        f"{channel}: the {part!r} part has no {kind} base; choose other contigs for the split"
                    )
    problems.raise_if_any()


def finish_positions(run: PositionRun, state: TrainState) -> Model:
    """Make a model of the best weights: measured, calibrated at the validation part's true base rate.

    Parameters
    ----------
    run, state
        As ``train`` took and returned them.

    Returns
    -------
    Model
        With a whole card; see ``dnabilstm.model.bundle.Model``.
    """
    network = state.average
    network.load_state_dict(state.best)
    model = Model(network.eval(), {})
    stretches = of_part(run.split, "valid")
    labels, config = held_out_labels(run.labels, stretches), ScoreConfig(precision="fp32")

    def fitted() -> tuple[np.ndarray, dict[str, Platt]]:
        logits = held_out_logits(run.genome, network, stretches, grid_of(model, config), config)
        return logits, _by_task(
            run.model, lambda columns: fit_platt(labels[:, columns].ravel(), logits[:, columns].ravel())
        )

    # The context is measured in calibrated probabilities; the first fit is with an ample default halo.
    _, calibration = fitted()
    model.card["context"] = measure_context(run.genome, network, stretches, calibration, run.labels, config)
    logits, calibration = fitted()
    probabilities = np.stack(
        [calibration[c].apply(logits[:, i]) for i, c in enumerate(model.channels)], axis=1
    )
    curves = {c: curve(labels[:, i], probabilities[:, i]) for i, c in enumerate(model.channels)}
    model.card["calibration"] = {channel: asdict(platt) for channel, platt in calibration.items()}
    model.card["thresholds"] = _by_task(
        run.model,
        lambda columns: best_f1(curve(labels[:, columns].ravel(), probabilities[:, columns].ravel()))[1],
    )
    model.card["metrics"] = {
        "part": "valid",
        "channels": {
            c: {
                "base_rate": counts.positives / (counts.positives + counts.negatives),
                "auroc": float(auroc(labels[:, i], probabilities[:, i])),
                "auprc": float(average_precision(counts)),
                "best_f1": best_f1(counts)[0],
                "calibration_error": float(expected_calibration_error(labels[:, i], probabilities[:, i])),
            }
            for i, (c, counts) in enumerate(curves.items())
        },
    }
    model.card |= {
        "genome": {"source": run.genome.source, "digest": run.genome.digest, "bases": run.genome.total},
        "labels": {"digest": run.labels.digest, "summary": run.labels.info},
        CARD_KEY: composition_of(
            run.genome, [(row.contig, row.start, row.end) for row in of_part(run.split, "train")]
        ),
        "split": [[row.contig, row.start, row.end, row.part] for row in run.split],
        **_provenance(run, state),
    }
    return model


def finish_sequences(run: SequenceRun, state: TrainState) -> Model:
    """Make a classifier of the best weights, calibrated on the validation sequences, by the weights of ``run``.

    Returns
    -------
    Model
        Its card has ``calibration`` (slope, and a bias a class), ``metrics`` of the validation part,
        ``sequences`` (where they come from, how many of each class) and ``gapped_kmers`` (see ``with_gapped``).
    """
    network = state.average
    network.load_state_dict(state.best)
    network, kmers = with_gapped(run, network.eval())
    model = Model(network, {} if kmers is None else {"gapped_kmers": kmers})
    truth = run.validation.labels
    weights = np.array(run.weights)[truth] if run.weights else None
    fitted = fit_softmax(truth, sequence_logits(network, run.validation), weights)
    model.card["calibration"] = {"slope": fitted.slope, "bias": list(fitted.bias)}
    probabilities, _ = class_probabilities(model, run.validation)
    model.card["metrics"] = {
        "part": "valid",
        **without_nan(class_figures(truth, probabilities, run.validation.classes, weights)),
    }
    model.card["sequences"] = {
        part: {"source": held.source, "digest": held.digest, "classes": _counts(held)}
        for part, held in (("train", run.training), ("valid", run.validation))
    }
    model.card |= _provenance(run, state)
    return model


def _counts(sequences: SequenceSet) -> dict[str, int]:
    counts = np.bincount(sequences.labels, minlength=len(sequences.classes)).tolist()
    return dict(zip(sequences.classes, counts, strict=True))


def _by_task(config: BiLSTMConfig, fit: Callable[[list[int]], T]) -> dict[str, T]:
    """Fit something once a task, for both of its strands together, so that strands stay alike."""
    return {
        config.channels[i]: found
        for columns in config.columns
        for found in [fit(list(columns))]
        for i in columns
    }


def _provenance(run: Run, state: TrainState) -> dict[str, Any]:
    """Where the model comes from: settings, versions. No times: the same run, the same bytes."""
    return {
        "train": asdict(run.train),
        "trained": {
            "steps": state.step,
            "kept_step": best_row(state.history)["step"],
            "device": run.device.type,
        },
        "encoding": "IUPAC 4-bit codes; one-hot channels A, C, G, T",
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
    }
