"""The settings of a classification."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, with_config


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class ClassifyConfig:
    """How sequences are classified, and their figures' intervals made."""

    batch: Annotated[int, Field(ge=1, description="Sequences computed together, at most.")] = 64
    bootstrap: Annotated[
        int, Field(ge=0, le=1_000_000, description="Resamples for the intervals; 0 = no intervals.")
    ] = 1_000
    level: Annotated[
        float, Field(gt=0, lt=1, description="Share of the resamples that lies in an interval.")
    ] = 0.95
    seed: Annotated[int, Field(ge=0, description="Seed of the bootstrap.")] = 1

    def problems(self) -> list[str]:
        """What no single field shows."""
        return []
