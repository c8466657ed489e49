"""What is scored, by which model and how; and the names under which its scores are found again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from dnabilstm.genome import Contig, Genome
from dnabilstm.model.bundle import Model
from dnabilstm.model.runtime import computes_bf16, device_of
from dnabilstm.score.cache import key_of
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Grid, Window, scored_bases, windows_of
from dnabilstm.score.settings import cut_of, identity_of, precision_of, settings_of


def grid_of(model: Model, config: ScoreConfig) -> Grid:
    """The grid that a model's card and the settings define, in bins."""
    pool = model.network.config.pool
    return Grid(pool, *cut_of(model.card, pool, config))


def settled(config: ScoreConfig, model: Model) -> ScoreConfig:
    """The settings with the precision that ``auto`` takes: see ``precision_of``."""
    cards = model.card.get("members", [model.card])
    return replace(config, precision=precision_of(config, cards, computes_bf16(device_of(model.network))))


@dataclass(frozen=True)
class Job:
    """What is scored, by which model, and how.

    Attributes
    ----------
    genome, model, config
        The settings are settled.
    grid
        Of the contigs.
    contigs : tuple of Contig
        Those that are asked for, in the order of the genome.
    """

    genome: Genome
    model: Model
    config: ScoreConfig
    grid: Grid
    contigs: tuple[Contig, ...]

    @classmethod
    def of(cls, genome: Genome, model: Model, config: ScoreConfig, names: list[str] | None = None) -> "Job":
        """A job for the contigs of some names; None takes all."""
        for name in names or ():
            genome.contig(name)
        wanted = None if names is None else set(names)
        contigs = tuple(c for c in genome.contigs if wanted is None or c.name in wanted)
        return cls(genome, model, settled(config, model), grid_of(model, config), contigs)

    @property
    def channels(self) -> tuple[str, ...]:
        """Probabilities, and of an ensemble their spread."""
        return (*self.model.channels, *self.model.spread)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that change the scores of a contig."""
        cut = self.grid.chunk, self.grid.halo
        return settings_of(self.config, cut, self.grid.pool, device_of(self.model.network).type)

    @property
    def key(self) -> str:
        """The name of all that a contig's scores depend on beside its sequence."""
        return key_of(self.model.digest, self.settings)

    @property
    def identity(self) -> dict[str, Any]:
        """What all scores of this job together depend on; nobody else's without digests."""
        found = identity_of(self.model.digest, self.settings, self.genome.digest, self.config)
        if len(self.contigs) < len(self.genome.contigs):
            found["contigs"] = [contig.name for contig in self.contigs]
        return found

    @property
    def reusable(self) -> bool:
        """Whether model and sequences have digests, by which their scores can be found again."""
        return bool(self.model.digest) and all(contig.digest for contig in self.genome.contigs)

    def scores(self, contig: Contig) -> bool:
        """Whether a contig is long enough to get scores."""
        return contig.length >= max(1, self.config.min_contig)

    def windows(self) -> Iterator[Window]:
        """The windows of all contigs, in the order of the genome."""
        for contig in self.contigs:
            if self.scores(contig):
                yield from windows_of(contig, self.grid)


def place_of(window: Window, pool: int) -> tuple[int, int]:
    """The bases that a window scores, counted over the whole genome: first, end."""
    first, last, _ = scored_bases(window, pool)
    return window.contig.offset + first, window.contig.offset + last
