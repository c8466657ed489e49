"""The configuration of a training run."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class TrainConfig:
    """How a network is trained; the seed alone decides what is drawn."""

    steps: Annotated[int, Field(ge=1, description="Optimizer steps at most.")] = 9_000
    window: Annotated[int, Field(ge=1, description="Bases a training window.")] = 2_000
    batch: Annotated[int, Field(ge=1, description="Windows a step.")] = 16
    shards: Annotated[
        int, Field(ge=1, description="Parts of a batch that are computed side by side, one core each.")
    ] = 2
    positive_share: Annotated[
        float, Field(ge=0, le=1, description="Share of the windows that are placed over a positive region.")
    ] = 0.3
    learning_rate: Annotated[float, Field(gt=0, description="Highest learning rate of AdamW.")] = 4e-3
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
    halo: Annotated[
        int, Field(ge=0, description="Bases at each end of a window that are not trained on.")
    ] = 0
    evaluate_every: Annotated[
        int, Field(ge=1, description="Steps between evaluations; state is saved at each.")
    ] = 500
    patience: Annotated[
        int, Field(ge=1, description="Evaluations without a better validation AUPRC before training stops.")
    ] = 6
    precision: Annotated[
        Literal["auto", "fp32", "bf16"],
        Field(
            description="Arithmetic of the forward pass; auto takes bf16 where the processor computes in it."
        ),
    ] = "auto"
    seed: Annotated[int, Field(ge=0, lt=1 << 63, description="Seed of weights, windows and dropout.")] = 1

    def problems(self) -> list[str]:
        """What no single field shows."""
        if self.window <= 2 * self.halo:
            return [f"train.window: {self.window} leaves no base between two halos of {self.halo}"]
        if self.shards > self.batch:
            return [
                f"train.shards: {self.shards} for a batch of {self.batch}; wanted at most one shard a window"
            ]
        return []
