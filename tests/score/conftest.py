"""A small genome and a small model whose scores depend on what is far away."""

import hashlib

import numpy as np
import pytest
import torch

from dnabilstm.genome import Contig, Genome
from dnabilstm.model.bundle import Model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build

NEAR = {"fp32": 1e-5, "bf16": 0.02}
"""How far scores of the same thing, computed in another way, may be apart.

Sums in another order differ in the last bits of float32. In bf16 that turns a rounding the other way here and there,
which the large weights of ``model_of`` make larger.
"""


def genome_of(lengths: dict[str, int], seed: int = 1) -> Genome:
    rng = np.random.default_rng(seed)
    contigs, offset = [], 0
    for name, length in lengths.items():
        contigs.append(Contig(name, length, offset, ""))
        offset += length
    return Genome(
        tuple(contigs),
        np.array([1, 2, 4, 8, 1, 2, 4, 8, 5], np.uint8)[rng.integers(9, size=offset)],
        "genome.fa",
    )


def with_digests(genome: Genome) -> Genome:
    """The genome as if it had been read from a file."""
    contigs = tuple(
        Contig(c.name, c.length, c.offset, hashlib.sha256(genome.sequence(c.name)).hexdigest()[:32])
        for c in genome.contigs
    )
    return Genome(contigs, genome.codes, genome.source)


def model_of(card: dict | None = None, **settings) -> Model:
    torch.manual_seed(3)
    network = build(
        BiLSTMConfig(**({"tasks": ("a", "b"), "filters": 6, "filter_width": 9, "hidden": 6} | settings))
    ).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.6)
    return Model(network, card or {})


@pytest.fixture
def model() -> Model:
    return model_of()
