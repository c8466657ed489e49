"""The configuration of a network: the whole interface between a user and an architecture."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from dnabilstm.errors import DnabilstmError


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class BiLSTMConfig:
    """A stacked bidirectional LSTM over a pooled convolutional stem, one logit a base and channel."""

    tasks: Annotated[
        tuple[str, ...], Field(description="Names of the tasks, in the order of the outputs.")
    ] = ()
    architecture: Annotated[str, Field(description="Name in the registry of architectures.")] = "bilstm"
    strand: Annotated[
        Literal["symmetric", "stranded", "none"],
        Field(
            description="symmetric: one score a base, the same for both strands; stranded: a + and a - score, "
            "swapped under reverse complement; none: ordinary untied weights."
        ),
    ] = "symmetric"
    hidden: Annotated[int, Field(ge=1, le=16_384, description="Units of each LSTM direction.")] = 64
    layers: Annotated[int, Field(ge=1, le=100, description="Stacked LSTM layers.")] = 2
    bidirectional: Annotated[
        bool, Field(description="Read both ways; false (only with strand: none) reads left to right.")
    ] = True
    merge: Annotated[
        Literal["concat", "sum"], Field(description="How the two directions are joined after each layer.")
    ] = "concat"
    dropout: Annotated[
        float,
        Field(ge=0, lt=1, description="Dropout before each LSTM layer and in the head, while training."),
    ] = 0.2
    filters: Annotated[
        int,
        Field(
            ge=0,
            le=16_384,
            description="Filters of the stem (reverse-complement pairs if tied); 0 = no stem.",
        ),
    ] = 64
    filter_width: Annotated[
        int, Field(ge=1, le=1_001, description="Width of the stem's filters, bases; odd.")
    ] = 19
    pool: Annotated[int, Field(ge=1, le=1_001, description="Bases a pooling bin; odd; 1 = no pooling.")] = 5
    skip: Annotated[
        bool, Field(description="Let each base see the stem's own features, past the pooling.")
    ] = False

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the outputs: a task, or ``task.plus`` and ``task.minus`` where stranded."""
        if self.strand != "stranded":
            return self.tasks
        return tuple(f"{task}.{sign}" for task in self.tasks for sign in ("plus", "minus"))

    @property
    def columns(self) -> tuple[tuple[int, ...], ...]:
        """Which outputs belong to each task: one, or its two strands."""
        width = len(self.channels) // max(1, len(self.tasks))
        return tuple(tuple(range(i * width, (i + 1) * width)) for i in range(len(self.tasks)))

    def problems(self) -> list[str]:
        """What no single field shows: combinations that make no network."""
        found = []
        if not self.tasks:
            found.append("model.tasks: is empty; wanted at least one task")
        if self.pool % 2 == 0:
            found.append(
                f"model.pool: {self.pool} is even; strand symmetry needs an odd width (1, 3, 5, 7, 9)"
            )
        if self.filter_width % 2 == 0:
            found.append(f"model.filter_width: {self.filter_width} is even; wanted an odd width")
        if self.filters == 0 and self.pool > 1:
            found.append(f"model.pool: {self.pool} without a stem (filters: 0); wanted pool: 1")
        if not self.bidirectional and self.strand != "none":
            found.append(f"model.bidirectional: false with strand: {self.strand}; wanted strand: none")
        return found


def parse(kind: type, values: dict, where: str) -> object:
    """Build a configuration dataclass from plain values, strings of a command line included.

    Raises
    ------
    DnabilstmError
        One line a wrong or unknown key, as ``where.key: found; wanted``.
    """
    try:
        config = TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            key = ".".join([where, *(str(part) for part in problem["loc"])])
            if problem["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
                lines.append(f"{key}: is not a setting; wanted one of {', '.join(kind.__dataclass_fields__)}")
            else:
                lines.append(f"{key}: {problem['input']!r}: {problem['msg']}")
        raise DnabilstmError(*lines) from None
    if wrong := config.problems():
        raise DnabilstmError(*wrong)
    return config
