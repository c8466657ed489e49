"""One explanation: a model, the loci, and what several parts need of them, computed once."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from dnabilstm.explain.attribution import Attribution, Explainer, columns_of
from dnabilstm.explain.config import ExplainConfig
from dnabilstm.explain.loci import Locus
from dnabilstm.explain.meme import Known
from dnabilstm.explain.motifs import Motif, find_motifs
from dnabilstm.explain.pictures import Mark
from dnabilstm.explain.select import Choice
from dnabilstm.explain.seqlets import find_seqlets, threshold_of
from dnabilstm.genome import Genome
from dnabilstm.model.bundle import Model
from dnabilstm.model.runtime import available_cores, device_of
from dnabilstm.negatives.shuffle import shuffle_dinucleotides

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
    labels : dict
        Intervals to draw, by contig.
    bar : callable
        Title, total and unit to a context that gives a function of the units just done.
    """

    model: Model
    choices: list[Choice]
    folder: Path
    config: ExplainConfig = field(default_factory=ExplainConfig)
    genome: Genome | None = None
    known: list[Known] = field(default_factory=list)
    labels: dict[str, list[Mark]] = field(default_factory=dict)
    bar: Bar = no_bar

    @property
    def loci(self) -> list[Locus]:
        """The loci alone."""
        return [choice.locus for choice in self.choices]

    @cached_property
    def columns(self) -> list[int]:
        """The outputs that are explained."""
        return columns_of(self.model, self.config.channels)

    @cached_property
    def explainer(self) -> Explainer:
        """The model, made ready."""
        workers = 1 if device_of(self.model.network).type == "cuda" else available_cores()
        return Explainer(self.model, workers, self.config.tolerance)

    @cached_property
    def attributions(self) -> list[Attribution]:
        """Of all loci."""
        return self._explained("attribution", self.choices)

    @cached_property
    def shuffled(self) -> list[Attribution]:
        """Of loci from all along the list, their bases shuffled with all dinucleotides kept."""
        rng = np.random.default_rng(self.config.seed)
        count = min(self.config.shuffles, len(self.choices))
        chosen = [self.choices[k] for k in np.linspace(0, len(self.choices) - 1, count).astype(int)]
        return self._explained("shuffled", [_shuffled(choice, rng) for choice in chosen])

    def _explained(self, title: str, choices: list[Choice]) -> list[Attribution]:
        bases = sum(len(choice.locus) for choice in choices)
        with self.bar(title, bases, "bases") as advance:
            return [self.explainer.explain(choice, self.config.method, advance) for choice in choices]

    @cached_property
    def motifs(self) -> dict[str, list[Motif]]:
        """Of each output."""
        found = {}
        for column in self.columns:
            channel = self.model.channels[column]
            threshold = threshold_of(self.shuffled, column, self.config.level)
            seqlets = find_seqlets(self.attributions, column, threshold)
            sizes = {"least": self.config.least_seqlets, "most": self.config.most_seqlets}
            found[channel] = find_motifs(self.attributions, seqlets, column, channel, **sizes)
        return found


def _shuffled(choice: Choice, rng: np.random.Generator) -> Choice:
    codes = choice.locus.codes.copy()
    codes[choice.locus.inside] = shuffle_dinucleotides(choice.codes, np.array([0, len(choice.codes)]), rng)
    return replace(choice, locus=replace(choice.locus, codes=codes))
