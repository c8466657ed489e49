"""The configuration of a training run: on the bases of a genome, or on whole sequences."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class CommonConfig:
    """What both kinds of training share; the seed alone decides what is drawn."""

    batch: Annotated[int, Field(ge=1, le=1_000_000, description="Windows or sequences a step.")] = 16
    shards: Annotated[
        int, Field(ge=1, description="Parts of a batch that are computed side by side, one core each.")
    ] = 2
    learning_rate: Annotated[float, Field(gt=0, le=1e30, description="Highest learning rate of AdamW.")] = (
        4e-3
    )
    warmup: Annotated[int, Field(ge=0, description="Steps of linear warm-up; a cosine follows.")] = 100
    weight_decay: Annotated[float, Field(ge=0, description="Weight decay of matrices (not of biases).")] = (
        0.01
    )
    clip: Annotated[float, Field(gt=0, description="Norm to which gradients are clipped.")] = 1.0
    average: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            description="Decay a step of the moving average of the weights, which is what is kept.",
        ),
    ] = 0.998
    label_smoothing: Annotated[
        float, Field(ge=0, lt=1, description="Share of each label that is spread evenly over the classes.")
    ] = 0.0
    focal: Annotated[
        float,
        Field(
            ge=0,
            le=10,
            description="Focusing exponent of the focal loss (Lin et al. 2017); 0 = cross-entropy.",
        ),
    ] = 0.0
    mutation: Annotated[
        float,
        Field(ge=0, lt=1, description="Share of the bases that are replaced at random, anew each time."),
    ] = 0.0
    reverse_complement: Annotated[
        bool, Field(description="Show either strand at random; for models with strand: none.")
    ] = False
    patience: Annotated[
        int, Field(ge=1, description="Evaluations without a better validation AUPRC before training stops.")
    ] = 6
    precision: Annotated[
        Literal["auto", "fp32", "bf16"],
        Field(
            description="Arithmetic of the forward pass; auto takes bf16 where the processor computes in it."
        ),
    ] = "auto"
    members: Annotated[
        int, Field(ge=1, le=100, description="Networks of an ensemble, trained with one seed after another.")
    ] = 1
    seed: Annotated[int, Field(ge=0, lt=1 << 63, description="Seed of weights, windows and dropout.")] = 1

    def problems(self) -> list[str]:
        """What no single field shows."""
        if self.shards > self.batch:
            return [
                f"train.shards: {self.shards} for a batch of {self.batch}; wanted at most one shard a window"
            ]
        return []


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class TrainConfig(CommonConfig):
    """How a network is trained on the bases of a genome."""

    steps: Annotated[int, Field(ge=1, description="Optimizer steps at most.")] = 10_000
    window: Annotated[int, Field(ge=1, le=100_000_000, description="Bases a training window.")] = 2_000
    positive_share: Annotated[
        float, Field(ge=0, le=1, description="Share of the windows that are placed over a positive region.")
    ] = 0.3
    hard_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of the windows that are placed over a region of --hard, where such are given.",
        ),
    ] = 0.2
    positive_weight: Annotated[
        float, Field(gt=0, le=1e9, description="Weight of a positive base in the loss; a negative one has 1.")
    ] = 1.0
    task_weight: Annotated[
        Literal["none", "balanced"],
        Field(
            description="balanced: each task weighs the same in the loss, however rare its regions; none: each base"
            " does."
        ),
    ] = "balanced"
    halo: Annotated[
        int, Field(ge=0, description="Bases at each end of a window that are not trained on.")
    ] = 0
    folds: Annotated[
        int,
        Field(
            ge=0,
            le=100,
            description="An ensemble whose members take turns in what validates: groups of contigs; 0 = no.",
        ),
    ] = 0
    evaluate_every: Annotated[
        int, Field(ge=1, description="Steps between evaluations; state is saved at each.")
    ] = 1_000
    patience: Annotated[
        int, Field(ge=1, description="Evaluations without a better validation AUPRC before training stops.")
    ] = 4

    def problems(self) -> list[str]:
        """What no single field shows."""
        found = super().problems()
        if self.window <= 2 * self.halo:
            found.append(f"train.window: {self.window} leaves no base between two halos of {self.halo}")
        if self.folds == 1:
            found.append("train.folds: 1 holds nothing out; wanted 2 or more, or 0")
        if self.folds and self.members > 1:
            found.append(f"train.members: {self.members} with train.folds: {self.folds}; wanted one of them")
        return found


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class SequenceTrainConfig(CommonConfig):
    """How a network is trained on whole sequences."""

    batch: Annotated[int, Field(ge=1, description="Sequences a step.")] = 64
    learning_rate: Annotated[float, Field(gt=0, description="Highest learning rate of AdamW.")] = 3e-3
    epochs: Annotated[int, Field(ge=1, description="Passes over the training sequences at most.")] = 10
    min_steps: Annotated[
        int, Field(ge=1, description="Optimizer steps at least, with more passes over a small set.")
    ] = 1_000
    mutation: Annotated[
        float,
        Field(ge=0, lt=1, description="Share of the bases that are replaced at random, anew each time."),
    ] = 0.03
    members: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="Networks of an ensemble, trained with one seed after another; with folds, one a fold.",
        ),
    ] = 3
    class_weight: Annotated[
        Literal["none", "balanced"],
        Field(description="balanced: each class weighs the same in the loss, however rare."),
    ] = "none"
    shift: Annotated[
        int, Field(ge=0, description="Up to so many bases are left out at random at one end, anew each time.")
    ] = 0
    folds: Annotated[
        int,
        Field(ge=0, le=100, description="An ensemble whose members take turns in what validates; 0 = no."),
    ] = 0
    fold_by: Annotated[
        Literal["sequence", "contig"],
        Field(description="What stays together when parts are chosen: copies of a sequence, or contigs too."),
    ] = "sequence"
    leaks: Annotated[
        Literal["keep", "drop", "compare"],
        Field(
            description="Training sequences that repeat a held-out one: kept and reported; left out; or compare: a"
            " second model is trained with them, for the raw figures."
        ),
    ] = "keep"
    patience: Annotated[
        int, Field(ge=1, description="Evaluations without a better validation AUPRC before training stops.")
    ] = 12

    def problems(self) -> list[str]:
        """What no single field shows."""
        found = super().problems()
        if self.folds == 1:
            found.append("train.folds: 1 holds nothing out; wanted 2 or more, or 0")
        return found
