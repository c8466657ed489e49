"""What classifying whole sequences costs: one network, alone and with gapped k-mers, in C and with PyTorch.

    python -m benchmarks.speed.classify [--repeats 5]

1,000 random sequences of one length on one core, logits of two classes. The three take turns in one process; medians.
"""

import argparse
from dataclasses import replace

import numpy as np
import torch

from benchmarks.speed.machine import described
from benchmarks.speed.turns import medians
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.native import words
from dnabilstm.score.sequences import sequence_logits
from dnabilstm.sequences.store import SequenceSet

LENGTHS = (70, 101, 200, 1_000)
SEQUENCES = 1_000


def drawn(length: int) -> SequenceSet:
    """Random sequences."""
    codes = np.random.default_rng(0).choice(np.array([1, 2, 4, 8], np.uint8), SEQUENCES * length)
    names = tuple(map(str, range(SEQUENCES)))
    return SequenceSet(
        names, codes, np.arange(SEQUENCES + 1) * length, np.zeros(SEQUENCES, np.int64), ("no", "yes")
    )


def seconds(length: int, repeats: int) -> dict[str, float]:
    """Median of each way."""
    config = BiLSTMConfig(tasks=("no", "yes"), head="sequence", kmers="none")
    alone, both, ours = build(config).eval(), build(replace(config, kmers="gapped")).eval(), words.adds
    sequences = drawn(length)

    def with_pytorch() -> None:
        """Gapped k-mers without the code in C."""
        words.adds = lambda *_: False
        sequence_logits(both, sequences, workers=1)
        words.adds = ours

    ways = {
        "alone": lambda: sequence_logits(alone, sequences, workers=1),
        "in C": lambda: sequence_logits(both, sequences, workers=1),
        "with PyTorch": with_pytorch,
    }
    return medians(ways, repeats)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    print(f"{described()}\n")
    print(
        "| bases | network, s | with gapped k-mers | the same with PyTorch | sequences/s | kb/s |\n"
        + "|---" * 6
        + "|"
    )
    for length in LENGTHS:
        took = seconds(length, repeats)
        cells = [f"{took[name]:.2f}" for name in ("alone", "in C", "with PyTorch")]
        cells += [f"{SEQUENCES / took['in C']:,.0f}", f"{SEQUENCES * length / took['in C'] / 1e3:,.0f}"]
        print(f"| {length:,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
