"""Small models and places for the tests of explanations."""

import numpy as np
import torch

from dnabilstm.explain.loci import locus_of, locus_of_sequence
from dnabilstm.explain.select import Choice
from dnabilstm.genome import Contig, Genome
from dnabilstm.model.bundle import Model, join_models
from tests.model.variants import network_of

CALIBRATION = {"a": {"a": 0.7, "b": -1.0}, "b": {"a": 1.3, "b": 0.5}}


def made_genome(length=1203, seed=0, letters=(1, 2, 4, 8)):
    codes = np.random.default_rng(seed).choice(np.array(letters, np.uint8), length)
    return Genome((Contig("c", length, 0, ""),), codes, "made")


def made_model(seed=1, **settings):
    network = network_of(torch.float32, seed, **settings)
    calibration = {channel: CALIBRATION[channel[0]] for channel in network.config.channels}
    if network.config.head == "sequence":
        calibration = {"slope": 0.8, "bias": [0.3, -0.3]}
    return Model(
        network, {"calibration": calibration, "context": {"halo": 200, "chunk": 500, "within": True}}
    )


def made_ensemble(**settings):
    models = [made_model(seed, **settings) for seed in (1, 2)]
    models[1].card["calibration"]["a"] = {"a": 2.0, "b": 0.0}
    return join_models(models, ["one", "two"])


def made_choice(model, start=500, end=590, genome=None, region=None):
    """A stretch of a contig, or, for a sequence head, of no genome; the region lies inside it."""
    genome = genome or made_genome()
    pool = model.network.config.pool
    if model.network.config.head == "sequence":
        locus = locus_of_sequence("s", genome.sequence("c")[start:end], pool=pool)
        return Choice(locus, 0, len(locus))
    locus = locus_of(genome, "c", start, end, pool=pool, halo=200, name="s")
    return Choice(locus, *(region or (start + 10, end - 20)))
