"""The settings of negatives."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class NegativesConfig:
    """How negatives are made from positives."""

    kind: Annotated[
        Literal["random", "gc", "dinucleotide", "promoter_like"],
        Field(
            description="random: windows of the genome away from the positives, or, without genome, bases of the"
            " same frequencies; gc: the same with the GC content of each positive; dinucleotide: each positive"
            " shuffled with exact counts of dinucleotides; promoter_like: parts of each positive kept in place,"
            " the rest changed."
        ),
    ] = "dinucleotide"
    ratio: Annotated[float, Field(gt=0, le=10_000, description="Negatives for each positive.")] = 1.0
    seed: Annotated[int, Field(ge=0, description="The same seed, the same negatives.")] = 0
    gc_tolerance: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="gc: share of the bases by which a window of the genome may differ in GC content.",
        ),
    ] = 0.02
    parts: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="promoter_like: parts of equally many bases that each sequence is cut into.",
        ),
    ] = 20
    kept: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            description="promoter_like: share of the parts, and so of the bases, that stay as they are.",
        ),
    ] = 0.4
    rest: Annotated[
        Literal["shuffle", "replace"],
        Field(
            description="promoter_like: the bases outside the kept parts are shuffled, or replaced by A, C, G"
            " and T with equal chances."
        ),
    ] = "shuffle"

    def problems(self) -> list[str]:
        """What no single field shows."""
        return []
