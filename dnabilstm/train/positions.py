"""Training on the bases of a genome: windows, labels a base, validation on whole stretches."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dnabilstm.alphabet import COMPLEMENT
from dnabilstm.genome import Genome
from dnabilstm.intervals import Intervals
from dnabilstm.labels import MASK, Labels
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Grid
from dnabilstm.train.config import TrainConfig
from dnabilstm.train.held_out import auprc_by_channel, held_out_labels, held_out_logits
from dnabilstm.train.loss import position_loss
from dnabilstm.train.run import Arrays, Lesson, Run, mutated
from dnabilstm.windows import Split, Stretch, WindowSampler, of_part

# While training, a halo that is ample for ranking the validation part.
VALIDATION_CHUNK, VALIDATION_HALO = 50_000, 4_000


@dataclass(frozen=True)
class PositionRun(Run):
    """The inputs of a run on the bases of a genome; ``hard`` are regions that are drawn more often."""

    train: TrainConfig
    genome: Genome
    labels: Labels
    split: Split
    hard: Intervals | None = None

    @property
    def steps(self) -> int:
        """Optimizer steps at most."""
        return self.train.steps

    @property
    def evaluate_every(self) -> int:
        """Steps between evaluations."""
        return self.train.evaluate_every

    @property
    def bases(self) -> int:
        """Bases of all windows that are drawn."""
        return self.train.steps * self.train.batch * self.window

    @property
    def window(self) -> int:
        """Bases of a window: as many whole pooling bins as the setting holds."""
        return max(1, self.train.window // self.model.pool) * self.model.pool

    def lesson(self) -> "PositionLesson":
        """Open the training and validation parts."""
        return PositionLesson(self)

    def digests(self) -> list[Any]:
        """Of genome, labels, split and hard regions."""
        hard = []
        if self.hard is not None:
            hard = [self.hard.contig.tolist(), self.hard.start.tolist(), self.hard.end.tolist()]
        return [self.genome.digest, self.labels.digest, [asdict(stretch) for stretch in self.split], hard]


class PositionLesson(Lesson):
    """Windows of the training part; validation AUPRC over every base of the validation part."""

    def __init__(self, run: PositionRun) -> None:
        config = run.train
        self.run = run
        self.sampler = WindowSampler(
            run.genome,
            run.labels,
            of_part(run.split, "train"),
            run.window,
            config.positive_share,
            config.seed,
            hard=run.hard,
            hard_share=config.hard_share,
        )
        self.weights: Tensor | None = None
        if config.task_weight == "balanced":
            self.weights = task_weights(run.labels, of_part(run.split, "train"), run.model)
        self.stretches = of_part(run.split, "valid")
        self.truth = held_out_labels(run.labels, self.stretches)

    def draw(self, step: int) -> Arrays:
        """Codes, uint8 (batch, window), and labels, uint8 (batch, window, channels)."""
        config = self.run.train
        codes, labels = self.sampler.draw(step, config.batch)
        if config.halo:
            # The ends of windows, where a direction has not read far enough yet.
            labels[:, : config.halo] = labels[:, -config.halo :] = MASK
        if config.mutation or config.reverse_complement:
            rng = np.random.Generator(np.random.Philox(key=config.seed, counter=[0, 0, 1, step]))
            codes = mutated(codes, config.mutation, rng)
            if config.reverse_complement:
                turn = rng.random(len(codes)) < 0.5
                codes[turn], labels[turn] = COMPLEMENT[codes[turn]][:, ::-1], labels[turn][:, ::-1]
        return codes, labels

    def count(self, arrays: Arrays) -> float:
        """Bases that are not masked."""
        return max(1, int((arrays[1] != MASK).sum()))

    def loss(self, network: nn.Module, tensors: tuple[Tensor, ...]) -> Tensor:
        """Masked binary cross-entropy."""
        codes, labels = tensors
        config = self.run.train
        logits = network.forward_bins(codes).float()
        with torch.autocast(codes.device.type, enabled=False):
            weights = None if self.weights is None else self.weights.to(codes.device)
            return position_loss(logits, labels, config, config.positive_weight, weights)

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Validation AUPRC of each channel."""
        pool = self.run.model.pool
        grid = Grid(pool, VALIDATION_CHUNK // pool, VALIDATION_HALO // pool)
        logits = held_out_logits(
            self.run.genome, network, self.stretches, grid, ScoreConfig(precision="fp32")
        )
        return auprc_by_channel(self.truth, logits, self.run.model.channels)


def task_weights(labels: Labels, stretches: list[Stretch], config: BiLSTMConfig) -> Tensor:
    """What each channel weighs in the loss so that no task is drowned by the others: float32 (channels,), mean 1.

    A task weighs one over the entropy of its base rate, which is the loss of a network that knows the rate and
    nothing else. Both strands of a task weigh the same. Labels are counted stretch by stretch: memory does not
    grow with the genome.

    Parameters
    ----------
    labels, stretches
        Of the training part.
    config
        Tells which channels are of one task.
    """
    weights = np.ones(len(labels.channels))
    for columns in config.columns:
        positive = known = 0
        for channel in (labels.channels[column] for column in columns):
            for stretch in stretches:
                track = labels.track(channel, stretch.contig)[stretch.start : stretch.end]
                positive += int(np.count_nonzero(track == 1))
                known += int(np.count_nonzero(track != MASK))
        rate = np.clip(positive / max(1, known), 1e-6, 1 - 1e-6)
        weights[list(columns)] = -1 / (rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    return torch.tensor(weights / weights.mean(), dtype=torch.float32)
