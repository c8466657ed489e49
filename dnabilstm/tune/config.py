"""The configuration of a search."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, with_config


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class TuneConfig:
    """How long is searched; the seed alone decides what is tried."""

    trials: Annotated[
        int, Field(ge=1, description="Trials in all; those that an earlier call has done count too.")
    ] = 30
    timeout: Annotated[
        float | None,
        Field(
            gt=0,
            description="Minutes after which this call ends, at the next evaluation of the trial under way; the"
            " same command goes on with it.  [default: no end]",
        ),
    ] = None
    seed: Annotated[
        int,
        Field(
            ge=0,
            lt=1 << 63,
            description="Seed of what is tried; of the trainings too (train.seed), unless that is set.",
        ),
    ] = 1
