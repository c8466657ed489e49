"""The training loop, from windows to the best weights."""

import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.registry import build, drawing
from dnabilstm.model.runtime import computes_bf16
from dnabilstm.train.config import CommonConfig
from dnabilstm.train.gradient import ShardedGradient
from dnabilstm.train.log import best_row, write_log
from dnabilstm.train.run import Lesson, Run
from dnabilstm.train.state import TrainState, load_state, save_state


class Reporter:
    """Receives what happens in a run; the command line's draws a progress bar."""

    def note(self, text: str) -> None:
        """One sentence for the log."""

    def resumed(self, history: list[dict]) -> None:
        """A saved state was taken up: the evaluations so far. What this raises ends the run."""

    def advance(self, step: int, bases: int) -> None:
        """A step is done: its number, and the bases it drew."""

    def evaluated(self, row: dict) -> None:
        """An evaluation is done: its row of the history. What this raises ends the run."""


def train(run: Run, stem: Path, reporter: Reporter) -> TrainState:
    """Train until the steps are done or validation AUPRC no longer grows; resumes by itself.

    Parameters
    ----------
    run
        Data, split, configurations, device.
    stem
        ``STEM.training.csv`` and ``.json`` are written at each evaluation, and ``STEM.state``, from
        which the same call resumes to bit-identical weights (same machine, same number of shards).

    Returns
    -------
    TrainState
        With the best averaged weights in ``best``.
    """
    state, lesson = _fresh_state(run), run.lesson()
    path = stem.with_name(f"{stem.name}.state")
    if message := load_state(state, path, run.fingerprint):
        reporter.note(message)
    if state.history:
        reporter.resumed(state.history)
    precision = torch.bfloat16 if _bf16(run.train.precision, run.device) else torch.float32
    gradient = ShardedGradient(state.network, lesson.loss, run.train.shards, precision)
    losses, bases, started = [], state.history[-1]["bases"] if state.history else 0, time.monotonic()
    while state.step < run.steps and not _stopped(state, run.train):
        arrays = lesson.draw(state.step)
        losses.append(gradient(arrays, lesson.count(arrays), (run.train.seed, state.step)))
        _update(state, run)
        bases += arrays[0].size
        reporter.advance(state.step, arrays[0].size)
        if state.step % run.evaluate_every == 0 or state.step == run.steps:
            _evaluate(lesson, state, float(np.mean(losses)), bases)
            save_state(state, path, run.fingerprint)
            write_log(state.history, stem)
            reporter.note(_sentence(state.history[-1], time.monotonic() - started))
            reporter.evaluated(state.history[-1])
            losses = []
    return state


def _fresh_state(run: Run) -> TrainState:
    with drawing():
        torch.manual_seed(run.train.seed)
        network = build(run.network).to(run.device).train()
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": run.train.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=run.train.learning_rate, betas=(0.9, 0.99))
    return TrainState(network, copy.deepcopy(network).eval(), optimizer)


def _bf16(precision: str, device: torch.device) -> bool:
    """Whether the forward pass runs in bf16: where it is asked for, or is in the processor."""
    if precision != "auto":
        return precision == "bf16"
    return computes_bf16(device)


def _update(state: TrainState, run: Run) -> None:
    """One optimizer step at the rate of the schedule, and the moving average."""
    config = run.train
    for group in state.optimizer.param_groups:
        group["lr"] = config.learning_rate * _schedule(state.step, config.warmup, run.steps)
    nn.utils.clip_grad_norm_(state.network.parameters(), config.clip)
    state.optimizer.step()
    state.step += 1
    # Early on, an average over few steps: a long memory would keep the random start.
    decay = min(config.average, state.step / (state.step + 9))
    with torch.no_grad():
        for kept, new in zip(state.average.parameters(), state.network.parameters(), strict=True):
            kept.lerp_(new, 1 - decay)
        for kept, new in zip(state.average.buffers(), state.network.buffers(), strict=True):
            kept.copy_(new)


def _schedule(step: int, warmup: int, steps: int) -> float:
    # A short run warms up for a tenth of its steps at most.
    warm = min(1.0, (step + 1) / max(1, min(warmup, steps // 10)))
    return warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def _evaluate(lesson: Lesson, state: TrainState, loss: float, bases: int) -> None:
    """Measure the averaged weights on the validation part and keep them if they are the best."""
    if not math.isfinite(loss):
        raise DnabilstmError(f"the loss is {loss} at step {state.step}; lower train.learning_rate")
    if not all(torch.isfinite(values).all() for values in state.average.state_dict().values()):
        raise DnabilstmError(
            f"the weights are no longer finite at step {state.step}; lower train.learning_rate or train.weight_decay"
        )
    figures = lesson.evaluate(state.average)
    known = [value for value in figures.values() if math.isfinite(value)]
    mean = float(np.mean(known)) if known else -math.inf
    row = {"step": state.step, "bases": bases, "loss": loss}
    state.history.append(
        row | {"mean_auprc": mean} | {f"auprc.{name}": value for name, value in figures.items()}
    )
    if best_row(state.history) is state.history[-1]:
        state.best = {name: tensor.clone() for name, tensor in state.average.state_dict().items()}


def _stopped(state: TrainState, config: CommonConfig) -> bool:
    """Whether ``patience`` evaluations have passed since the best one, the first of equal ones."""
    if not state.history:
        return False
    means = [row["mean_auprc"] for row in state.history]
    return len(means) - 1 - int(np.argmax(means)) >= config.patience


def _sentence(row: dict, seconds: float) -> str:
    figures = ", ".join(
        f"{key.removeprefix('auprc.')} {value:.4f}" for key, value in row.items() if key.startswith("auprc.")
    )
    return f"step {row['step']}: loss {row['loss']:.4f}, validation AUPRC {figures} ({seconds / 60:.1f} min)"
