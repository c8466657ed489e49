"""The settings of an evaluation."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, with_config


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class EvaluateConfig:
    """How figures and their intervals are made."""

    bootstrap: Annotated[
        int, Field(ge=0, le=1_000_000, description="Resamples for the intervals; 0 = no intervals.")
    ] = 500
    block: Annotated[
        int, Field(ge=1, le=1 << 40, description="Length in bases of the blocks that the bootstrap draws.")
    ] = 10_000
    level: Annotated[
        float, Field(gt=0, lt=1, description="Share of the resamples that lies in an interval.")
    ] = 0.95
    seed: Annotated[int, Field(ge=0, description="Seed of the bootstrap and of the baseline's sample.")] = 1
    share: Annotated[
        float,
        Field(
            ge=0, le=1, description="Share of its bases that a region needs in the other set; 0 = one base."
        ),
    ] = 0.5
    min_length: Annotated[
        int, Field(ge=1, description="Called regions shorter than this, in bases, are dropped.")
    ] = 10

    def problems(self) -> list[str]:
        """What no single field shows."""
        return []
