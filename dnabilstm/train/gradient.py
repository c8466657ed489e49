"""One step's gradient: a batch cut into shards, computed side by side, summed in a fixed order.

The shards are threads, one core each. Every shard has a replica of the network with a dropout
generator of its own, so that the gradient depends on the step, the seed and the number of shards, not
on which thread was first.
"""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.labels import MASK
from dnabilstm.model.layers import Dropout


class ShardedGradient:
    """Computes gradients of the masked binary cross-entropy.

    Parameters
    ----------
    network
        In training mode; its ``.grad`` fields receive the gradient.
    shards
        Parts that a batch is cut into.
    precision
        float32 or bfloat16, of the forward pass.
    """

    def __init__(self, network: nn.Module, shards: int, precision: torch.dtype) -> None:
        self.replicas = [network] + [copy.deepcopy(network) for _ in range(shards - 1)]
        self.precision = precision
        self.pool = ThreadPoolExecutor(shards)

    def __call__(self, codes: np.ndarray, labels: np.ndarray, seed: tuple[int, int]) -> float:
        """Set the gradient of the mean loss over the bases that are not masked; returns that mean.

        Parameters
        ----------
        codes
            uint8 (batch, window)
        labels
            uint8 (batch, window, channels), ``MASK`` where nothing is to be learned.
        seed
            Of the dropout: the run's seed and the step.
        """
        network = self.replicas[0]
        count = max(1, int((labels != MASK).sum()))
        parts = zip(
            self.replicas,
            np.array_split(codes, len(self.replicas)),
            np.array_split(labels, len(self.replicas)),
            strict=True,
        )
        jobs = [
            self.pool.submit(self._shard, replica, *part, count, (*seed, index))
            for index, (replica, *part) in enumerate(parts)
        ]
        loss = sum(job.result() for job in jobs)
        for replica in self.replicas[1:]:
            for total, share in zip(network.parameters(), replica.parameters(), strict=True):
                total.grad += share.grad
        return loss

    def _shard(
        self, replica: nn.Module, codes: np.ndarray, labels: np.ndarray, count: int, seed: tuple[int, ...]
    ) -> float:
        torch.set_num_threads(1)
        if replica is not self.replicas[0]:
            with torch.no_grad():
                for mine, theirs in zip(replica.parameters(), self.replicas[0].parameters(), strict=True):
                    mine.copy_(theirs)
        _reseed(replica, seed)
        replica.zero_grad(set_to_none=True)
        device = next(replica.parameters()).device
        target = torch.from_numpy(labels).to(device)
        # The cache of casts is one for all threads: with it, how a gradient is summed would depend on chance.
        rough = self.precision == torch.bfloat16
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=rough, cache_enabled=False):
            logits = replica.forward_bins(torch.from_numpy(codes).to(device))
        loss = masked_loss(logits.float(), target) / count
        loss.backward()
        return float(loss.detach())


def masked_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum of the binary cross-entropy over the bases that are not masked.

    Parameters
    ----------
    logits
        float32 (batch, length, channels)
    labels
        uint8, same shape; 1, 0 or ``MASK``.
    """
    kept = labels != MASK
    return functional.binary_cross_entropy_with_logits(
        logits, (labels == 1).float(), weight=kept.float(), reduction="sum"
    )


def _reseed(replica: nn.Module, seed: tuple[int, ...]) -> None:
    dropouts = [module for module in replica.modules() if isinstance(module, Dropout)]
    words = np.random.SeedSequence(seed).generate_state(len(dropouts), np.uint64)
    for module, word in zip(dropouts, words, strict=True):
        module.reseed(int(word >> 1))
