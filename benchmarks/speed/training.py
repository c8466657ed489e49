"""What a step of training costs, with our LSTM kernel and with PyTorch's.

    python -m benchmarks.speed.training [--repeats 15]

Gradient of one batch on one core: of the default network on bases (8 windows of 2,000, eight tasks) and on whole
sequences (64 of 101 bases). The two kernels take turns, step by step, in one process; medians. The rest of a step,
drawing, optimizer and average, is left out.
"""

import argparse
from itertools import count

import numpy as np
import torch
from torch import nn

from benchmarks.speed.machine import computes_bf16, described
from benchmarks.speed.turns import medians
from dnabilstm.model import recurrent
from dnabilstm.model.bins import bins_of
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.score.sequences import place
from dnabilstm.train.gradient import ShardedGradient

WINDOWS, WINDOW = 8, 2_000
SEQUENCES, LENGTH = 64, 101
Batch = tuple[np.ndarray, ...]


def on_bases() -> tuple[nn.Module, Batch]:
    """The network and a batch of windows."""
    config = BiLSTMConfig(tasks=tuple("abcdefgh"))
    return build(config), (drawn(WINDOWS, WINDOW),)


def on_sequences() -> tuple[nn.Module, Batch]:
    """The network and a batch of sequences, with the number of their bins."""
    config = BiLSTMConfig(tasks=("no", "yes"), head="sequence")
    codes, _ = place(list(drawn(SEQUENCES, LENGTH)), config.pool)
    return build(config), (codes, np.full(SEQUENCES, bins_of(LENGTH, config.pool)))


def drawn(rows: int, length: int) -> np.ndarray:
    """Random codes."""
    return np.random.default_rng(0).choice(np.array([1, 2, 4, 8], np.uint8), (rows, length))


def loss(network: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Any that sees every output."""
    outputs = network.forward_bins(*batch) if len(batch) == 1 else network.forward_sequences(*batch)
    return outputs.float().square().sum()


def seconds(network: nn.Module, batch: Batch, precision: torch.dtype, repeats: int) -> dict[str, float]:
    """Median of a step, by kernel."""
    gradient, ours = ShardedGradient(network.train(), loss, 1, precision), recurrent.learns
    steps = count()

    def step() -> None:
        """One gradient."""
        gradient(batch, 1.0, (0, next(steps)))

    def with_pytorch() -> None:
        """The same with PyTorch's LSTM."""
        recurrent.learns = lambda *_: False
        step()
        recurrent.learns = ours

    return medians({"ours": step, "PyTorch": with_pytorch}, repeats, first=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    print(
        f"{described()}\n\n| on | precision | ms a step | with PyTorch's LSTM | times | kb/s |\n"
        + "|---" * 6
        + "|"
    )
    precisions = {"fp32": torch.float32} | ({"bf16": torch.bfloat16} if computes_bf16() else {})
    for name, make in {"bases": on_bases, "sequences": on_sequences}.items():
        for told, precision in precisions.items():
            network, batch = make()
            took = seconds(network, batch, precision, repeats)
            cells = [f"{1e3 * took['ours']:.1f}", f"{1e3 * took['PyTorch']:.1f}"]
            cells += [f"{took['PyTorch'] / took['ours']:.2f}", f"{batch[0].size / took['ours'] / 1e3:.0f}"]
            print(f"| {name} | {told} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
