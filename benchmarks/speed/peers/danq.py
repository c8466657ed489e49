"""The DanQ network slid over a genome, as its users do: 1,000 bases in, the chromatin features of 200 bp out.

    python -m benchmarks.speed.peers.danq --genome GENOME.fa --output SCORES.f32 [--stride 200]

The architecture is that of Quang & Xie 2016 (Nucleic Acids Research 44:e107, doi:10.1093/nar/gkw226): 320 filters
of 26, max-pooling by 13, a bidirectional LSTM of 320, a dense layer of 925, 919 outputs. It is built from its
description, with random weights. With ``--stride 1`` every base gets a score of its own, at one whole window a
base. One strand only: averaging over both, as published, costs twice as much.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.speed.peers.windows import ONE_HOT, read_genome

WINDOW, STRIDE, OUTPUTS = 1_000, 200, 919


class DanQ(nn.Module):
    """(rows, 4, 1000) to (rows, 919) probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(4, 320, 26)
        self.pool = nn.MaxPool1d(13)
        self.lstm = nn.LSTM(320, 320, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(75 * 640, 925)
        self.outer = nn.Linear(925, OUTPUTS)

    def forward(self, one_hot: Tensor) -> Tensor:
        """See the class."""
        features = self.pool(torch.relu(self.convolution(one_hot)))  # (rows, 320, 75)
        states, _ = self.lstm(features.transpose(1, 2))
        return torch.sigmoid(self.outer(torch.relu(self.dense(states.flatten(1)))))


def sliding(contigs: list[np.ndarray], stride: int, batch: int) -> Iterator[np.ndarray]:
    """One-hot windows, float32 (rows, 1000, 4), one a ``stride`` bases; centred, with zeros past the ends."""
    margin = (WINDOW - stride) // 2
    for contig in contigs:
        padded = np.pad(contig, (margin, WINDOW))
        count = -(-len(contig) // stride)
        windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: count * stride : stride]
        for start in range(0, count, batch):
            yield ONE_HOT[windows[start : start + batch]]


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--genome", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="float32 (windows, 919)")
    parser.add_argument("--stride", type=int, default=STRIDE, help="bases that a window scores")
    parser.add_argument("--batch", type=int, default=64, help="windows computed together")
    options = parser.parse_args()
    torch.manual_seed(1)
    network = DanQ().eval()
    contigs = read_genome(options.genome)
    windows = 0
    with options.output.open("wb") as out:
        for one_hot in sliding(contigs, options.stride, options.batch):
            found = network(torch.from_numpy(one_hot).transpose(1, 2))
            out.write(found.numpy())
            windows += len(found)
    print(f"{sum(map(len, contigs)):,} bases scored in {windows:,} windows", file=sys.stderr)


if __name__ == "__main__":
    main()
