"""The training loop, from windows to the best weights."""

import copy
import hashlib
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Genome
from dnabilstm.labels import MASK, Labels
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Grid
from dnabilstm.train.config import TrainConfig
from dnabilstm.train.gradient import ShardedGradient
from dnabilstm.train.held_out import auprc_by_channel, held_out_labels, held_out_logits
from dnabilstm.train.log import write_log
from dnabilstm.train.state import TrainState, load_state, save_state
from dnabilstm.windows import Split, WindowSampler, of_part

# While training, a halo that is ample for ranking the validation part.
VALIDATION_CHUNK, VALIDATION_HALO = 50_000, 4_000


@dataclass(frozen=True)
class Run:
    """The inputs of a training run."""

    genome: Genome
    labels: Labels
    split: Split
    model: BiLSTMConfig
    train: TrainConfig
    device: torch.device

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that the result depends on."""
        parts = [
            self.genome.digest,
            self.labels.digest,
            [asdict(stretch) for stretch in self.split],
            asdict(self.model),
            asdict(self.train),
            str(self.device),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class Reporter:
    """Receives what happens in a run; the command line's draws a progress bar."""

    def note(self, text: str) -> None:
        """One sentence for the log."""

    def advance(self, step: int, bases: int) -> None:
        """A step is done: its number, and the bases it drew."""


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
    config = run.train
    state = _fresh_state(run)
    path = stem.with_name(f"{stem.name}.state")
    if message := load_state(state, path, run.fingerprint):
        reporter.note(message)
    sampler = WindowSampler(
        run.genome, run.labels, of_part(run.split, "train"), config.window, config.positive_share, config.seed
    )
    precision = torch.bfloat16 if _bf16(config.precision, run.device) else torch.float32
    gradient = ShardedGradient(state.network, config.shards, precision)
    losses, started = [], time.monotonic()
    while state.step < config.steps and not _stopped(state, config):
        codes, labels = sampler.draw(state.step, config.batch)
        losses.append(gradient(codes, _mask_halo(labels, config.halo), (config.seed, state.step)))
        _update(state, config)
        reporter.advance(state.step, codes.size)
        if state.step % config.evaluate_every == 0 or state.step == config.steps:
            _evaluate(run, state, float(np.mean(losses)))
            reporter.note(_sentence(state.history[-1], time.monotonic() - started))
            save_state(state, path, run.fingerprint)
            write_log(state.history, stem)
            losses = []
    return state


def _fresh_state(run: Run) -> TrainState:
    torch.manual_seed(run.train.seed)
    network = build(run.model).to(run.device).train()
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
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return "avx512_bf16" in _processor_flags() or "amx_bf16" in _processor_flags()


def _processor_flags() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


def _mask_halo(labels: np.ndarray, halo: int) -> np.ndarray:
    """Mask the ends of windows, where a direction has not read far enough yet."""
    if halo:
        labels[:, :halo] = labels[:, -halo:] = MASK
    return labels


def _update(state: TrainState, config: TrainConfig) -> None:
    """One optimizer step at the rate of the schedule, and the moving average."""
    for group in state.optimizer.param_groups:
        group["lr"] = config.learning_rate * _schedule(state.step, config)
    nn.utils.clip_grad_norm_(state.network.parameters(), config.clip)
    state.optimizer.step()
    state.step += 1
    # Early on, an average over few steps: a long memory would keep the random start.
    decay = min(config.average, state.step / (state.step + 9))
    with torch.no_grad():
        for kept, new in zip(state.average.parameters(), state.network.parameters(), strict=True):
            kept.lerp_(new, 1 - decay)


def _schedule(step: int, config: TrainConfig) -> float:
    warm = min(1.0, (step + 1) / max(1, config.warmup))
    return warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / config.steps)))


def _evaluate(run: Run, state: TrainState, loss: float) -> None:
    """Measure the averaged weights on the validation part and keep them if they are the best."""
    if not math.isfinite(loss):
        raise DnabilstmError(f"the loss is {loss} at step {state.step}; lower train.learning_rate")
    stretches = of_part(run.split, "valid")
    pool = run.model.pool
    grid = Grid(pool, VALIDATION_CHUNK // pool, VALIDATION_HALO // pool)
    logits = held_out_logits(run.genome, state.average, stretches, grid, ScoreConfig())
    figures = auprc_by_channel(held_out_labels(run.labels, stretches), logits, run.model.channels)
    known = [value for value in figures.values() if math.isfinite(value)]
    mean = float(np.mean(known)) if known else -math.inf
    if mean > max((row["mean_auprc"] for row in state.history), default=-math.inf):
        state.best = {name: tensor.clone() for name, tensor in state.average.state_dict().items()}
    row = {"step": state.step, "bases": state.step * run.train.batch * run.train.window, "loss": loss}
    state.history.append(
        row | {"mean_auprc": mean} | {f"auprc.{name}": value for name, value in figures.items()}
    )


def _stopped(state: TrainState, config: TrainConfig) -> bool:
    """Whether ``patience`` evaluations have passed since the best one."""
    if not state.history:
        return False
    means = [row["mean_auprc"] for row in state.history]
    return len(means) - 1 - int(np.argmax(means)) >= config.patience


def _sentence(row: dict, seconds: float) -> str:
    figures = ", ".join(
        f"{key.removeprefix('auprc.')} {value:.4f}" for key, value in row.items() if key.startswith("auprc.")
    )
    return f"step {row['step']}: loss {row['loss']:.4f}, validation AUPRC {figures} ({seconds / 60:.1f} min)"
