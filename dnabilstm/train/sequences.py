"""Training on whole sequences: batches of a shuffled pass, augmented; validation AUPRC of each class."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dnabilstm.alphabet import reverse_complement
from dnabilstm.metrics import auprc
from dnabilstm.model.bins import bins_of
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.score.sequences import place, sequence_logits
from dnabilstm.sequences.store import SequenceSet
from dnabilstm.train.config import SequenceTrainConfig
from dnabilstm.train.loss import sequence_loss
from dnabilstm.train.run import Arrays, Lesson, Run, mutated

LIKE = 16
"""Batches whose sequences are sorted by length before they are cut, so that little is padded."""
MOST_PLACES = 256
"""Bins up to which each may have weights of its own: beyond, they would be too many."""


@dataclass(frozen=True)
class SequenceRun(Run):
    """The inputs of a run on whole sequences; each of at least one base, with a known class.

    Attributes
    ----------
    weights : tuple of float
        Of each class's validation sequences in the calibration, which is fitted to the shares that classes have
        with these; none = all alike.
    """

    train: SequenceTrainConfig
    training: SequenceSet
    validation: SequenceSet
    weights: tuple[float, ...] = ()

    @property
    def network(self) -> BiLSTMConfig:
        """Without gapped k-mers, which ``dnabilstm.train.gapped`` fits."""
        return replace(self.model, kmers="none")

    @property
    def steps_a_pass(self) -> int:
        """Batches of one pass over the training sequences."""
        return -(-len(self.training) // self.train.batch)

    @property
    def steps(self) -> int:
        """Optimizer steps at most."""
        return max(self.train.epochs * self.steps_a_pass, self.train.min_steps)

    @property
    def evaluate_every(self) -> int:
        """Steps between evaluations: a pass, or of many short passes enough for 40 evaluations in all."""
        return max(self.steps_a_pass, self.steps // 40)

    @property
    def bases(self) -> int:
        """Bases of all passes, about."""
        return int(self.training.borders[-1]) * self.steps // self.steps_a_pass

    @property
    def places(self) -> int:
        """Bins of the training sequences, if they have one length and few bins; else 0."""
        lengths = self.training.lengths
        bins = bins_of(int(lengths[0]), self.model.pool)
        return bins if not np.ptp(lengths) and bins <= MOST_PLACES else 0

    def lesson(self) -> "SequenceLesson":
        """Open the two sets."""
        return SequenceLesson(self)

    def digests(self) -> list[Any]:
        """Of the two sets; the weights count when it is finished, as gapped k-mers do."""
        return [self.training.digest, self.validation.digest]


class SequenceLesson(Lesson):
    """Batches of the training sequences; every pass draws a new order."""

    def __init__(self, run: SequenceRun) -> None:
        self.run = run
        labels = run.training.labels
        self.weights = class_weights(labels, len(run.training.classes), run.train.class_weight)
        self.uneven = bool(np.ptp(run.training.lengths)) or bool(run.train.shift)
        self.around, self.batches = -1, [np.empty(0, np.int64)]

    @cached_property
    def _truth(self) -> np.ndarray:
        validation = self.run.validation
        return (validation.labels[:, None] == np.arange(len(validation.classes))).astype(np.uint8)

    def draw(self, step: int) -> Arrays:
        """Codes, uint8 (batch, bins * pool); bins of each, int64 (batch,); labels, int64 (batch,)."""
        run, config = self.run, self.run.train
        around, within = divmod(step, run.steps_a_pass)
        if around != self.around:
            self.around, self.batches = around, self._order(around)
        rows = self.batches[within]
        rng = np.random.Generator(np.random.Philox(key=config.seed, counter=[0, 0, 1, step]))
        drawn = [self._augmented(run.training.sequence(row), rng) for row in rows]
        codes, lengths = place(drawn, run.model.pool)
        return codes, lengths, run.training.labels[rows]

    def _order(self, around: int) -> list[np.ndarray]:
        """The batches of a pass: shuffled; where lengths differ, sorted by length within stretches of it."""
        run, batch = self.run, self.run.train.batch
        rng = np.random.Generator(np.random.Philox(key=run.train.seed, counter=[0, 0, 0, around]))
        order = rng.permutation(len(run.training))
        if not self.uneven:
            return [order[start : start + batch] for start in range(0, len(order), batch)]
        cut = []
        for start in range(0, len(order), LIKE * batch):
            part = order[start : start + LIKE * batch]
            part = part[np.argsort(run.training.lengths[part], kind="stable")]
            cut += [part[at : at + batch] for at in range(0, len(part), batch)]
        return [cut[i] for i in rng.permutation(len(cut))]

    def _augmented(self, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        config = self.run.train
        if config.shift and len(codes) > 1:
            lost = int(rng.integers(min(config.shift, len(codes) - 1) + 1))
            codes = codes[lost:] if rng.random() < 0.5 else codes[: len(codes) - lost]
        if config.reverse_complement and rng.random() < 0.5:
            codes = reverse_complement(codes)
        return mutated(codes, config.mutation, rng)

    def count(self, arrays: Arrays) -> float:
        """Sequences of a batch."""
        return len(arrays[0])

    def loss(self, network: nn.Module, tensors: tuple[Tensor, ...]) -> Tensor:
        """Cross-entropy over the classes."""
        codes, lengths, labels = tensors
        logits = network.forward_sequences(codes, lengths).float()
        with torch.autocast(codes.device.type, enabled=False):
            return sequence_loss(logits, labels, self.weights.to(codes.device), self.run.train)

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Validation AUPRC of each class against the rest."""
        logits = sequence_logits(network, self.run.validation)
        # The margin over the other classes ranks as the probability does.
        classes = self.run.validation.classes
        others = np.stack(
            [np.logaddexp.reduce(np.delete(logits, i, 1), axis=1) for i in range(len(classes))], 1
        )
        return {
            name: float(auprc(self._truth[:, i], (logits - others)[:, i])) for i, name in enumerate(classes)
        }


def class_weights(labels: np.ndarray, classes: int, how: str) -> Tensor:
    """Weight of each class in the loss, float32 (classes,): 1, or so that all weigh the same together."""
    counts = np.bincount(labels, minlength=classes)
    if how == "none":
        return torch.ones(classes)
    present = counts > 0
    return torch.tensor(
        np.where(present, len(labels) / (present.sum() * np.maximum(counts, 1)), 0), dtype=torch.float32
    )
