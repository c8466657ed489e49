"""The settings of tracks and of calling; the command line takes names, defaults and help from here."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, with_config

MOST_DIGITS = 6


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class TrackConfig:
    """How tracks are written."""

    digits: Annotated[
        int,
        Field(
            ge=1,
            le=MOST_DIGITS,
            description="Decimals that are kept; equal neighbours then share a line.",
        ),
    ] = 3
    workers: Annotated[int, Field(ge=0, description="Threads that compress; 0 = one a core.")] = 0

    def problems(self) -> list[str]:
        """What no single field shows."""
        return []


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class CallConfig:
    """How regions are called; probabilities in 0 to 1, lengths in bases."""

    threshold: Annotated[
        float | None,
        Field(
            gt=0,
            le=1,
            description="Probability that a region reaches somewhere. [default: the model's best-F1 "
            "threshold of each channel, 0.5 where it has none]",
        ),
    ] = None
    extend: Annotated[
        float | None,
        Field(
            gt=0,
            le=1,
            description="Probability down to which a region extends. [default: half of the threshold]",
        ),
    ] = None
    min_length: Annotated[
        int, Field(ge=1, description="Regions shorter than this, in bases, are left out.")
    ] = 10
    merge_gap: Annotated[
        int,
        Field(ge=0, description="Regions closer than this, in bases, are joined; never over a no-call."),
    ] = 20

    def problems(self) -> list[str]:
        """What no single field shows."""
        if self.threshold is not None and self.extend is not None and self.extend > self.threshold:
            return [
                f"extend: found {self.extend:g}, above the threshold {self.threshold:g}; give at most that"
            ]
        return []
