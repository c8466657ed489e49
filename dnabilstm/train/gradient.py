"""One step's gradient: a batch cut into shards, computed side by side, summed in a fixed order.

The shards are threads, one core each. Every shard has a replica of the network with dropout generators
of its own, so that the gradient depends on the step, the seed and the number of shards, not on which
thread was first.
"""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor, nn

from dnabilstm.model.layers import Dropout

Loss = Callable[[nn.Module, tuple[Tensor, ...]], Tensor]


class ShardedGradient:
    """Computes gradients of a loss.

    Parameters
    ----------
    network
        In training mode; its ``.grad`` fields receive the gradient.
    loss
        The summed loss of a network on a part of a batch.
    shards
        Parts that a batch is cut into.
    precision
        float32 or bfloat16, of the forward pass.
    """

    def __init__(self, network: nn.Module, loss: Loss, shards: int, precision: torch.dtype) -> None:
        self.replicas = [network] + [copy.deepcopy(network) for _ in range(shards - 1)]
        self.loss = loss
        self.precision = precision
        self.pool = ThreadPoolExecutor(shards)

    def __call__(self, arrays: tuple[np.ndarray, ...], count: float, seed: tuple[int, int]) -> float:
        """Set the gradient of the loss divided by ``count``; returns that quotient.

        Parameters
        ----------
        arrays
            A batch: arrays whose first axis is cut into shards.
        count
            By what the summed loss is divided.
        seed
            Of the dropout: the run's seed and the step.
        """
        network = self.replicas[0]
        # A last batch may have fewer rows than there are shards.
        rows = [part for part in np.array_split(np.arange(len(arrays[0])), len(self.replicas)) if len(part)]
        jobs = [
            self.pool.submit(
                self._shard,
                self.replicas[index],
                [array[part[0] : part[-1] + 1] for array in arrays],
                count,
                (*seed, index),
            )
            for index, part in enumerate(rows)
        ]
        loss = sum(job.result() for job in jobs)
        for replica in self.replicas[1 : len(rows)]:
            for total, share in zip(network.parameters(), replica.parameters(), strict=True):
                if share.grad is not None:
                    total.grad = share.grad if total.grad is None else total.grad.add_(share.grad)
        return loss

    def _shard(
        self, replica: nn.Module, arrays: list[np.ndarray], count: float, seed: tuple[int, ...]
    ) -> float:
        torch.set_num_threads(1)
        if replica is not self.replicas[0]:
            with torch.no_grad():
                for mine, theirs in zip(replica.parameters(), self.replicas[0].parameters(), strict=True):
                    mine.copy_(theirs)
        _reseed(replica, seed)
        replica.zero_grad(set_to_none=True)
        device = next(replica.parameters()).device
        tensors = tuple(torch.from_numpy(np.ascontiguousarray(array)).to(device) for array in arrays)
        # The cache of casts is one for all threads: with it, how a gradient is summed would depend on chance.
        rough = self.precision == torch.bfloat16
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=rough, cache_enabled=False):
            loss = self.loss(replica, tensors) / count
        loss.backward()
        return float(loss.detach())


def _reseed(replica: nn.Module, seed: tuple[int, ...]) -> None:
    dropouts = [module for module in replica.modules() if isinstance(module, Dropout)]
    words = np.random.SeedSequence(seed).generate_state(len(dropouts), np.uint64)
    for module, word in zip(dropouts, words, strict=True):
        module.reseed(int(word >> 1))
