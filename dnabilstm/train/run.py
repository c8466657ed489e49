"""What a training run needs to know of its data: what to draw, what it costs, how good a network is."""

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.train.config import CommonConfig

Arrays = tuple[np.ndarray, ...]


class Lesson(ABC):
    """The data of a run, opened: drawn from at every step, and measured on at every evaluation."""

    @abstractmethod
    def draw(self, step: int) -> Arrays:
        """The batch of a step, which depends on the seed and the step alone; first axes alike."""

    @abstractmethod
    def count(self, arrays: Arrays) -> float:
        """By what the summed loss of a batch is divided."""

    @abstractmethod
    def loss(self, network: nn.Module, tensors: tuple[Tensor, ...]) -> Tensor:
        """The summed loss of a part of a batch."""

    @abstractmethod
    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Validation AUPRC of each channel or class; NaN where it has one kind only."""


@dataclass(frozen=True)
class Run(ABC):
    """The inputs of a training run: configurations and device, and in each kind of run its data."""

    model: BiLSTMConfig
    train: CommonConfig
    device: torch.device

    @property
    def network(self) -> BiLSTMConfig:
        """What gradient steps train: the model, but for what is fitted afterwards."""
        return self.model

    @property
    @abstractmethod
    def steps(self) -> int:
        """Optimizer steps at most."""

    @property
    @abstractmethod
    def evaluate_every(self) -> int:
        """Steps between evaluations."""

    @property
    @abstractmethod
    def bases(self) -> int:
        """Bases of all steps together, about: what a progress bar counts."""

    @abstractmethod
    def lesson(self) -> Lesson:
        """Open the data."""

    @abstractmethod
    def digests(self) -> list[Any]:
        """What stands for the data."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that the trained network depends on."""
        parts = [*self.digests(), asdict(self.network), asdict(self.train), str(self.device)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def mutated(codes: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Codes with a share of the bases A, C, G, T replaced by one drawn at random, in a quarter of the cases the same.

    N, other ambiguous bases and padding stay.
    """
    if not share:
        return codes
    plain = (codes > 0) & (codes & (codes - 1) == 0)  # of the four bits, one
    change = (rng.random(codes.shape) < share) & plain
    return np.where(change, np.array([1, 2, 4, 8], np.uint8)[rng.integers(4, size=codes.shape)], codes)
