"""The settings of a scoring run."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config

from dnabilstm.genome import NO_CALL_RUN


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class ScoreConfig:
    """How a genome is scored; the grid comes from the model's card unless it is given."""

    exact: Annotated[
        bool, Field(description="Sweep every contig whole, from end to end; ignores chunk and halo.")
    ] = False
    chunk: Annotated[
        int, Field(ge=0, le=1 << 40, description="Bases that a window scores; 0 = as the model's card says.")
    ] = 0
    halo: Annotated[
        int,
        Field(
            ge=-1,
            le=1 << 40,
            description="Bases of context on each side of a window; -1 = as the model's card says.",
        ),
    ] = -1
    batch: Annotated[
        int,
        Field(
            ge=0,
            description="Windows computed together, at most; 0 = what suits the device (16 or 64, or 2048 a GPU).",
        ),
    ] = 0
    memory: Annotated[
        int,
        Field(
            ge=0,
            description="MiB of features that one batch may hold; fewer windows are taken where they do not fit. "
            "0 = 384 (up to 1,536 for long windows), or on a GPU a share of its free memory.",
        ),
    ] = 0
    workers: Annotated[
        int, Field(ge=0, le=65_536, description="Batches computed side by side; 0 = one a core (two a GPU).")
    ] = 0
    precision: Annotated[
        Literal["auto", "fp32", "bf16"],
        Field(
            description="Arithmetic of stem, LSTM and head. auto: bf16 where the device computes in it and the model's "
            "card has measured it as good enough, else fp32."
        ),
    ] = "auto"
    no_call_run: Annotated[
        int, Field(ge=1, description="Runs of at least this many N, in bases, get no score.")
    ] = NO_CALL_RUN
    min_contig: Annotated[
        int, Field(ge=0, description="Contigs shorter than this, in bases, get no score.")
    ] = 0

    def problems(self) -> list[str]:
        """What no single field shows."""
        return []
