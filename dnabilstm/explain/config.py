"""The settings of explanations; the command line takes names, defaults and help from here."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class ExplainConfig:
    """What is explained of a model, where, and how."""

    only: Annotated[
        tuple[str, ...],
        Field(
            description="Parts that are made, attribution,motifs,states,context,attention. [default: all that apply]"
        ),
    ] = ()
    channels: Annotated[
        tuple[str, ...],
        Field(description="Outputs of the model that are explained, nfr,promoter. [default: all]"),
    ] = ()
    contigs: Annotated[
        tuple[str, ...],
        Field(
            description="Contigs whose regions are taken, chr4,chr13. [default: the test part of the model's "
            "split; all, where it was trained on another genome]"
        ),
    ] = ()
    top: Annotated[
        int,
        Field(
            ge=0,
            description="Sequences or regions with the best scores (column 5, or 7 of narrowPeak); 0 = all.",
        ),
    ] = 200
    width: Annotated[
        int,
        Field(
            ge=0,
            le=100_000,
            description="Bases about the centre of each region, or its summit; 0 = the regions as they are.",
        ),
    ] = 400
    method: Annotated[
        Literal["mutagenesis", "gradients"],
        Field(
            description="mutagenesis: every base exchanged for each other one, exactly; gradients: integrated "
            "gradients (Sundararajan et al. 2017)."
        ),
    ] = "mutagenesis"
    tolerance: Annotated[
        float,
        Field(
            ge=1e-5,
            le=0.1,
            description="Largest error of mutagenesis, in log-odds: changes are followed as far as that needs; "
            "0.001 is quicker where a model's memory is long.",
        ),
    ] = 1e-5
    check: Annotated[
        int, Field(ge=0, description="Loci that the other method explains too, to see how far both agree.")
    ] = 8
    pictures: Annotated[int, Field(ge=0, description="Loci that are drawn, the best first.")] = 20
    digits: Annotated[int, Field(ge=1, le=6, description="Decimals of tracks and tables.")] = 4
    level: Annotated[
        float,
        Field(
            gt=0,
            lt=1,
            description="Share of bases that reach the attribution of a seqlet when each locus' attributions are "
            "dealt out anew over its bases.",
        ),
    ] = 0.1
    least_seqlets: Annotated[int, Field(ge=2, description="Seqlets of a motif, at least.")] = 10
    most_seqlets: Annotated[
        int, Field(ge=2, le=20_000, description="Seqlets that are clustered, the strongest.")
    ] = 3000
    member: Annotated[
        int,
        Field(
            ge=1, description="Member of an ensemble whose hidden states and attention are shown, from 1 on."
        ),
    ] = 1
    layer: Annotated[
        int, Field(ge=0, description="Layer whose hidden states are shown, from 1 on; 0 = the last.")
    ] = 0
    units: Annotated[
        tuple[str, ...],
        Field(
            description="Units whose states become tracks, forward.3,backward.12. [default: in each direction the "
            "three that follow a label best, or the score]"
        ),
    ] = ()
    background: Annotated[
        int,
        Field(
            ge=0,
            description="Stretches drawn at random from the loci's contigs, as long as a locus, over which hidden "
            "states are held against labels and scores, beside the loci.",
        ),
    ] = 200
    places: Annotated[
        int, Field(ge=1, description="Places along a locus at which its left or right context is withheld.")
    ] = 100
    seed: Annotated[
        int, Field(ge=0, description="Seed of what is dealt out by chance, and of the background.")
    ] = 1

    def problems(self) -> list[str]:
        """What no single field shows."""
        return []
