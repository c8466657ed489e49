"""The halo is measured: a memory that was built in by hand is found."""

import numpy as np
import pytest
import torch

from dnabilstm.calibrate import Platt
from dnabilstm.genome import Contig, Genome
from dnabilstm.labels import Labels
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.score.config import ScoreConfig
from dnabilstm.train.context import measure_context
from dnabilstm.windows import Stretch


def leaky_network(keep: float) -> torch.nn.Module:
    """An LSTM whose cell keeps the share ``keep`` of itself at each step, and nothing else recurrent."""
    torch.manual_seed(0)
    network = build(BiLSTMConfig(tasks=("a",), filters=0, pool=1, hidden=2, layers=1)).eval()
    with torch.no_grad():
        direction = network.lstms[0].directions[0]
        direction.w_hh.zero_()
        direction.w_ih[2:4].zero_()  # the forget gate depends on its bias alone
        direction.bias[2:4] = float(np.log(keep / (1 - keep)))
        direction.w_ih[4:6].normal_()
    return network


def labels_of(genome: Genome) -> Labels:
    """A region every 400 bases."""
    values = (np.arange(genome.total) % 400 < 40).astype(np.uint8)[None]
    return Labels(genome, values, {"tasks": ["a"], "channels": ["a"], "genome_digest": genome.digest})


def context_of(keep: float, bases: int, contigs: int = 1) -> dict:
    """What is measured of a validation part of so many contigs of so many bases."""
    codes = np.array([1, 2, 4, 8], np.uint8)[np.random.default_rng(0).integers(4, size=bases * contigs)]
    made = tuple(Contig(f"c{k}", bases, bases * k, "") for k in range(contigs))
    genome = Genome(made, codes, "c.fa")
    stretches = [Stretch(contig.name, 0, bases, "valid") for contig in made]
    settings = {"a": Platt()}, labels_of(genome), ScoreConfig(precision="fp32")
    return measure_context(genome, leaky_network(keep), stretches, *settings)


@pytest.mark.parametrize(("keep", "least", "most"), [(0.5, 0, 250), (0.99, 500, 2000)])
def test_a_longer_memory_needs_a_longer_halo(keep, least, most):
    context = context_of(keep, 20_000)
    assert least <= context["halo"] <= most
    assert context["within"]
    off = [row["p999"] for row in context["measured"]]
    assert off == sorted(off, reverse=True)
    assert 0 < context["bf16"]["p999"] <= context["bf16"]["worst"] < 0.1
    assert abs(context["bf16"]["auprc_loss"]["a"]) < 0.05


def test_short_stretches_tell_a_long_memory_together():
    assert context_of(0.99, 800, contigs=30)["halo"] == context_of(0.99, 24_000)["halo"]


@pytest.mark.parametrize("bases", [900, 2_500])
def test_a_part_that_is_too_short_to_tell_claims_nothing(bases):
    context = context_of(0.998, bases)
    assert context["halo"] == 4_000
    assert not context["within"]
    # What a short part does tell counts.
    assert context_of(0.5, 2_500)["halo"] <= 250
