"""A plain PyTorch script: windows of a FASTA through an ``nn.LSTM`` in batches, one array of scores out.

    python -m benchmarks.speed.peers.plain --genome GENOME.fa --output SCORES.f32 [--like MODEL]

It is what is usually written around a network: windows side by side without overlap, so that a score next
to a seam has not seen what lies beyond it; fp32, PyTorch's own threads.

``--like`` takes size and weights from a model file of dnabilstm, so that both compute the same network. A
strand-symmetric model derives half of its weights from the other half, but computes with all of them: its
F filter pairs are a ``Conv1d(4, 2 * F)``, its layers an ``nn.LSTM(2 * F, H, layers, bidirectional=True)``
whose backward weights are the forward ones with their input channels swapped, and its head, which reads
the two halves in both orders, ``Linear(2 * H, 2 * H)``, ReLU, ``Linear(2 * H, tasks)``. One pass serves both
strands in either program. On a contig that is one window of whole bins the scores are the same.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.speed.peers.windows import one_hot_batches, put, read_genome


@dataclass(frozen=True)
class Size:
    """What defines a plain network; ``filters`` counts the convolution's outputs, 0 for none."""

    hidden: int = 64
    layers: int = 2
    filters: int = 128
    filter_width: int = 19
    pool: int = 5
    outputs: int = 1


class PlainNetwork(nn.Module):
    """Convolution, max-pooling, stacked bidirectional LSTM, small head; stem and pooling where there are filters."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.convolution = None
        if size.filters:
            self.convolution = nn.Conv1d(4, size.filters, size.filter_width, padding=size.filter_width // 2)
        self.pool = nn.MaxPool1d(size.pool)
        self.lstm = nn.LSTM(size.filters or 4, size.hidden, size.layers, batch_first=True, bidirectional=True)
        width = 2 * size.hidden
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, size.outputs))

    def forward(self, one_hot: Tensor) -> Tensor:
        """(rows, length, 4) to probabilities (rows, bins, outputs)."""
        features = one_hot.transpose(1, 2)
        if self.convolution is not None:
            features = self.pool(torch.relu(self.convolution(features)))
        states, _ = self.lstm(features.transpose(1, 2))
        return torch.sigmoid(self.head(states))


def like(path: Path) -> PlainNetwork:
    """The plain network that computes what a model of dnabilstm does, calibration included."""
    from dnabilstm.model.bundle import load_model

    model = load_model(path)
    plain = plain_of(model.network)
    last = plain.head[-1]
    with torch.no_grad():
        for row, channel in enumerate(model.channels):
            pair = model.card.get("calibration", {}).get(channel, {"a": 1.0, "b": 0.0})
            last.weight[row] *= pair["a"]
            last.bias[row] = pair["a"] * last.bias[row] + pair["b"]
    return plain


@torch.no_grad()
def plain_of(network: nn.Module) -> PlainNetwork:
    """The plain network of a network of dnabilstm, which must have no parts that a plain one lacks."""
    config = getattr(network, "config", None)
    if config is None or hasattr(network, "members") or not _is_plain(config):
        raise SystemExit(
            "wanted a model of head position, cell lstm, merge concat, both directions, and no more"
        )
    size = Size(
        config.hidden,
        config.layers,
        2 * config.filters,
        config.filter_width,
        config.pool,
        len(config.channels),
    )
    plain = PlainNetwork(size)
    if plain.convolution is not None:
        weight, bias = network.convolution.kernel()
        plain.convolution.weight.copy_(weight)
        plain.convolution.bias.copy_(bias)
    for index, layer in enumerate(network.lstms):
        for weights, end in zip(layer.weights(), ("", "_reverse"), strict=True):
            for name, tensor in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), weights, strict=True):
                getattr(plain.lstm, f"{name}_l{index}{end}").copy_(tensor)
    maps = [nn.Linear(weight.shape[1], weight.shape[0]) for weight, _ in network.head.plain()]
    for linear, (weight, bias) in zip(maps, network.head.plain(), strict=True):
        linear.weight.copy_(weight)
        linear.bias.copy_(bias)
    plain.head = nn.Sequential(maps[0], nn.ReLU(), maps[1])
    return plain.eval()


def _is_plain(config: object) -> bool:
    wanted = {
        "head": "position",
        "cell": "lstm",
        "bidirectional": True,
        "merge": "concat",
        "norm": False,
        "residual": False,
        "stem_layers": 0,
        "skip": False,
        "attention": "none",
    }
    return all(getattr(config, name, None) == value for name, value in wanted.items())


@torch.inference_mode()
def score(network: PlainNetwork, contigs: list[np.ndarray], window: int, batch: int) -> np.ndarray:
    """Probabilities of every base, float32 (outputs, bases)."""
    scores = np.empty((network.size.outputs, sum(map(len, contigs))), np.float32)
    for one_hot, places in one_hot_batches(contigs, window, batch):
        put(scores, places, network(torch.from_numpy(one_hot)).numpy(), network.size.pool)
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--genome", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--window", type=int, default=5_000, help="bases, a multiple of the pooling")
    parser.add_argument("--batch", type=int, default=32, help="windows computed together")
    parser.add_argument("--like", type=Path, help="model file of dnabilstm: size and weights")
    options = parser.parse_args()
    network = like(options.like) if options.like else PlainNetwork(Size()).eval()
    if options.window % network.size.pool:
        raise SystemExit(f"--window {options.window}: wanted a multiple of {network.size.pool}")
    contigs = read_genome(options.genome)
    score(network, contigs, options.window, options.batch).tofile(options.output)
    print(f"{sum(map(len, contigs)):,} bases scored", file=sys.stderr)


if __name__ == "__main__":
    main()
