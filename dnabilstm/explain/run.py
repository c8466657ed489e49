"""One explanation: a model, the loci, and what several parts need of them, computed once."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from torch import nn

from dnabilstm.explain.attribution import Attribution, Explainer, columns_of
from dnabilstm.explain.background import draw_background
from dnabilstm.explain.config import ExplainConfig
from dnabilstm.explain.labelled import Labelled
from dnabilstm.explain.loci import Locus, locus_of
from dnabilstm.explain.log_odds import LogOdds
from dnabilstm.explain.meme import Known
from dnabilstm.explain.motifs import Motif, find_motifs
from dnabilstm.explain.pictures import Mark
from dnabilstm.explain.select import Choice, halo_of
from dnabilstm.explain.seqlets import find_seqlets, threshold_of
from dnabilstm.genome import Genome
from dnabilstm.model.bundle import Model
from dnabilstm.model.ensemble import members_of
from dnabilstm.model.runtime import available_cores, device_of

REACH = 3
"""Times the context that scores need, with which a network is looked into.

A unit may remember for longer than any score shows. Of the yeast model of ``config/yeast.yaml`` some state was
off by 0.24 at one of 60 loci with the context once, by 0.003 with it twice, and by 1e-5 with it three times.
"""
Bar = Callable[[str, int, str], contextlib.AbstractContextManager[Callable[[int], None]]]


@contextlib.contextmanager
def no_bar(title: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A progress bar that shows nothing."""
    yield lambda count: None


@dataclass
class Run:
    """One explanation: what is explained, and what several parts need, computed once.

    Attributes
    ----------
    model : Model
        Its network on the device where it is to run.
    choices : list of Choice
        The loci, the best first.
    folder : pathlib.Path
        Each part writes into a folder of its own in it.
    config : ExplainConfig
        The settings.
    genome : Genome, optional
        Where the loci lie; None where they are sequences of their own.
    known : list of Known
        Motifs to compare with.
    annotations : dict
        Intervals to draw, by contig.
    labels : Labelled, optional
        What hidden states are held against, beside the scores.
    bar : callable
        Title, total and unit to a context that gives a function of the units just done.
    """

    model: Model
    choices: list[Choice]
    folder: Path
    config: ExplainConfig = field(default_factory=ExplainConfig)
    genome: Genome | None = None
    known: list[Known] = field(default_factory=list)
    annotations: dict[str, list[Mark]] = field(default_factory=dict)
    labels: Labelled | None = None
    bar: Bar = no_bar

    @property
    def loci(self) -> list[Locus]:
        """The loci alone."""
        return [choice.locus for choice in self.choices]

    def with_reach(self, choices: list[Choice]) -> list[Locus]:
        """The loci with ``REACH`` times the context that their scores need, for what is inside the network."""
        loci, halo = [choice.locus for choice in choices], REACH * halo_of(self.model)
        if self.genome is None or not halo:
            return loci
        place = {"pool": self.model.network.config.pool, "halo": halo}
        return [
            locus_of(self.genome, one.contig.name, one.start, one.end, **place, name=one.name) for one in loci
        ]

    @cached_property
    def columns(self) -> list[int]:
        """The outputs that are explained."""
        return columns_of(self.model, self.config.channels)

    @property
    def members(self) -> int:
        """Networks of the model: more than one of an ensemble."""
        return len(members_of(self.model.network))

    @property
    def member(self) -> nn.Module:
        """The network whose inside is shown."""
        return members_of(self.model.network)[self.config.member - 1]

    @cached_property
    def _workers(self) -> int:
        return 1 if device_of(self.model.network).type == "cuda" else available_cores()

    @cached_property
    def explainer(self) -> Explainer:
        """The model, made ready to be explained base by base."""
        return Explainer(self.model, self._workers, self.config.tolerance)

    @cached_property
    def log_odds(self) -> LogOdds:
        """The model, made ready to score windows."""
        return LogOdds(self.model, self._workers)

    @cached_property
    def scores(self) -> list[np.ndarray]:
        """Probabilities of the bases of each locus, float (bases, channels); NaN where there is none."""
        return self.log_odds.probabilities(self.loci)

    @cached_property
    def background(self) -> list[Choice]:
        """Stretches at random of the loci's contigs; of sequences that lie on no genome, none."""
        if self.genome is None:
            return []
        rng = np.random.default_rng(self.config.seed)
        return draw_background(self.model, self.genome, self.choices, self.config.background, rng)

    @cached_property
    def background_scores(self) -> list[np.ndarray]:
        """As ``scores``."""
        return self.log_odds.probabilities([choice.locus for choice in self.background])

    @cached_property
    def attributions(self) -> list[Attribution]:
        """Of all loci."""
        bases = sum(len(choice.locus) for choice in self.choices)
        with self.bar("attribution", bases, "bases") as advance:
            return [self.explainer.explain(choice, self.config.method, advance) for choice in self.choices]

    @cached_property
    def motifs(self) -> dict[str, list[Motif]]:
        """Of each output."""
        found = {}
        for column in self.columns:
            channel = self.model.channels[column]
            rng = np.random.default_rng(self.config.seed)
            threshold = threshold_of(self.attributions, column, self.config.level, rng)
            seqlets = find_seqlets(self.attributions, column, threshold)
            sizes = {"least": self.config.least_seqlets, "most": self.config.most_seqlets}
            found[channel] = find_motifs(self.attributions, seqlets, column, channel, **sizes)
        return found
