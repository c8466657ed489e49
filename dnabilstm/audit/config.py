"""The settings of an audit."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, with_config


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class AuditConfig:
    """What counts as a repeat.

    With the defaults a near-duplicate is alike in about 97 % of its bases, since 0.97 ** 16 = 0.61, or
    is shifted by a third of its length. A copy in another part of a genome is found if it has 73 bases or more.
    """

    k: Annotated[
        int, Field(ge=8, le=31, description="Bases of the k-mers by which near-duplicates are found.")
    ] = 16
    containment: Annotated[
        float,
        Field(
            gt=0, le=1, description="Share of the k-mers of the shorter sequence that make a near-duplicate."
        ),
    ] = 0.6
    tile: Annotated[
        int, Field(ge=50, le=100_000, description="Bases of a genome that are judged as one.")
    ] = 100
    tile_k: Annotated[
        int, Field(ge=12, le=31, description="Bases of the k-mers that are looked up for a tile.")
    ] = 24
    tile_share: Annotated[
        float, Field(gt=0, le=1, description="Share of a tile's k-mers that training must hold for a leak.")
    ] = 0.5
    memory: Annotated[
        int, Field(ge=1, le=65_536, description="MiB for the k-mers of a genome's training part, at most.")
    ] = 256
    permutations: Annotated[
        int, Field(ge=20, le=10_000, description="Resamples that say what composition varies by chance.")
    ] = 200
    seed: Annotated[int, Field(ge=0, description="Seed of the resamples.")] = 1

    def problems(self) -> list[str]:
        """What no single field shows."""
        if self.tile < 2 * self.tile_k:
            return [
                f"audit.tile: {self.tile} bases is too short for k-mers of {self.tile_k}; wanted twice that"
            ]
        return []
