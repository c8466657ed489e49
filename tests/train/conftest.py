"""A genome with one planted motif, small enough to learn in seconds."""

from pathlib import Path

import numpy as np
import pytest
import torch

from dnabilstm.genome import Contig, Genome
from dnabilstm.labels import Labels, LabelSpec, make_labels
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.train.config import TrainConfig
from dnabilstm.train.positions import PositionRun
from dnabilstm.windows import choose_split

MOTIF = np.array([4, 4, 1, 2, 1, 8, 8, 4, 2, 2], np.uint8)


def planted_genome() -> tuple[Genome, dict[str, list[int]]]:
    """Three contigs with a 10-bp motif about every 200 bases; where it starts, by contig."""
    rng = np.random.default_rng(0)
    lengths = {"a": 12_001, "b": 4_002, "c": 4_003}
    codes, contigs, places, offset = [], [], {}, 0
    for name, length in lengths.items():
        sequence = np.array([1, 2, 4, 8], np.uint8)[rng.integers(4, size=length)]
        places[name] = [int(start) for start in range(100, length - 50, 200)]
        for start in places[name]:
            sequence[start : start + 10] = MOTIF
        contigs.append(Contig(name, length, offset, ""))
        codes.append(sequence)
        offset += length
    return Genome(tuple(contigs), np.concatenate(codes), "planted.fa"), places


def labels_of(genome: Genome, places: dict[str, list[int]], folder: Path) -> Labels:
    bed = folder / "site.bed"
    bed.write_text(
        "".join(f"{name}\t{s - 10}\t{s + 20}\n" for name, starts in places.items() for s in starts)
    )
    return make_labels(genome, [LabelSpec("site", bed)], folder / "labels")


@pytest.fixture
def run(tmp_path) -> PositionRun:
    genome, places = planted_genome()
    model = BiLSTMConfig(tasks=("site",), filters=8, filter_width=11, hidden=8)
    train = TrainConfig(
        steps=40, window=300, batch=8, evaluate_every=10, average=0.9, warmup=5, learning_rate=0.01
    )
    split = choose_split(genome, ["c"], ["b"])
    return PositionRun(model, train, torch.device("cpu"), genome, labels_of(genome, places, tmp_path), split)
