"""The configuration of a network: the whole interface between a user and an architecture."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, get_args, get_type_hints

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from dnabilstm.errors import DnabilstmError

ODD = ("pool", "filter_width", "stem_width")
"""Widths that strand symmetry wants odd."""
EVEN = ("auto", "symmetric")
"""Values of ``strand`` with which both strands may come to be alike."""
MOST_PLACED = 16_384
"""Bases of aligned sequences up to which words may have weights by their place, 84 of them a base."""


@with_config(ConfigDict(extra="forbid", allow_inf_nan=False))
@dataclass(frozen=True)
class BiLSTMConfig:
    """A stacked bidirectional LSTM over a pooled convolutional stem, with a head a base or a sequence."""

    tasks: Annotated[
        tuple[str, ...],
        Field(
            description="Names of the tasks, or of a sequence head's classes, in the order of the outputs."
        ),
    ] = ()
    architecture: Annotated[
        str, Field(description="Name in the registry of architectures, or of an installed plug-in.")
    ] = "bilstm"
    head: Annotated[
        Literal["position", "sequence"],
        Field(description="position: a score for every base and task; sequence: classes of whole sequences."),
    ] = "position"
    strand: Annotated[
        Literal["auto", "symmetric", "stranded", "none"],
        Field(
            description="symmetric: the same score for both strands; stranded: tied weights, but a score for "
            "each strand (a sequence head: for the strand that is given); none: ordinary untied weights; auto: "
            "symmetric, but a sequence head is stranded where short trials say so."
        ),
    ] = "auto"
    cell: Annotated[
        Literal["lstm", "peephole", "grid"],
        Field(
            description="lstm; peephole: gates see the memory (Gers & Schmidhuber 2000); grid: a memory along "
            "depth too (Kalchbrenner et al. 2015)."
        ),
    ] = "lstm"
    hidden: Annotated[int, Field(ge=1, le=16_384, description="Units of each LSTM direction.")] = 64
    layers: Annotated[int, Field(ge=1, le=100, description="Stacked LSTM layers.")] = 2
    bidirectional: Annotated[
        bool, Field(description="Read both ways; false (only with strand: none) reads left to right.")
    ] = True
    merge: Annotated[
        Literal["concat", "sum"], Field(description="How the two directions are joined after each layer.")
    ] = "concat"
    norm: Annotated[
        bool, Field(description="Layer normalisation before each LSTM layer (a grid has none).")
    ] = True
    residual: Annotated[
        bool,
        Field(
            description="Add a layer's input to its output, where both are alike in width and strands (a grid "
            "carries its own memory from layer to layer)."
        ),
    ] = True
    dropout: Annotated[
        float,
        Field(ge=0, lt=1, description="Dropout before each LSTM layer and in the head, while training."),
    ] = 0.2
    dropout_mask: Annotated[
        Literal["channel", "element"],
        Field(
            description="channel: one mask for all positions (variational, Gal & Ghahramani 2016); element: "
            "every value by itself."
        ),
    ] = "channel"
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
    stem_layers: Annotated[
        int, Field(ge=0, le=100, description="Further convolutions of the stem, over bins.")
    ] = 0
    stem_width: Annotated[
        int, Field(ge=1, le=1_001, description="Width of the further convolutions, bins; odd.")
    ] = 5
    stem_residual: Annotated[
        bool, Field(description="Add the input of each further convolution to its output.")
    ] = True
    skip: Annotated[
        bool, Field(description="Let each base see the stem's own features, past the pooling.")
    ] = False
    attention: Annotated[
        Literal["auto", "none", "local", "additive", "multihead"],
        Field(
            description="Over the LSTM's states. local: in a window of bins (position head); additive or "
            "multihead: over all positions (sequence head); auto: additive with a sequence head, else none."
        ),
    ] = "auto"
    attention_heads: Annotated[
        int, Field(ge=1, le=256, description="Heads of local and multihead attention; they divide hidden.")
    ] = 4
    attention_window: Annotated[
        int, Field(ge=1, le=4_096, description="Bins that local attention sees on each side.")
    ] = 32
    aligned: Annotated[
        Annotated[int, Field(ge=0, le=65_536)] | Literal["auto"],
        Field(
            description="Bins about a sequence's centre that the sequence head also reads each with weights of its"
            " own; auto: all or none, as short trials say, where all training sequences have one length; else none."
        ),
    ] = "auto"
    kmers: Annotated[
        Literal["auto", "none", "gapped"],
        Field(
            description="gapped: a regression on gapped k-mers adds to a sequence head's logits, fitted when the"
            " network is trained; auto: where that helps on the validation part."
        ),
    ] = "auto"
    aligned_width: Annotated[
        int, Field(ge=1, le=1_024, description="Channels that are read of each of these bins.")
    ] = 16
    options: Annotated[
        dict[Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$")], bool | int | float | str],
        Field(description="Settings of a plug-in architecture."),
    ] = field(default_factory=dict)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the outputs: a task or class, or ``task.plus`` and ``task.minus`` where stranded."""
        if self.strand != "stranded" or self.head == "sequence":
            return self.tasks
        return tuple(f"{task}.{sign}" for task in self.tasks for sign in ("plus", "minus"))

    @property
    def columns(self) -> tuple[tuple[int, ...], ...]:
        """Which outputs belong to each task: one, or its two strands."""
        width = len(self.channels) // max(1, len(self.tasks))
        return tuple(tuple(range(i * width, (i + 1) * width)) for i in range(len(self.tasks)))

    def settled(self) -> "BiLSTMConfig":
        """The same network, with what is left to ``auto`` as it is where nothing is known of the data."""
        default_attention = "additive" if self.head == "sequence" else "none"
        return replace(
            self,
            strand="symmetric" if self.strand == "auto" else self.strand,
            aligned=0 if self.aligned == "auto" else self.aligned,
            attention=self.attention if self.attention != "auto" else default_attention,
            kmers="none" if self.kmers == "auto" else self.kmers,
        )

    def problems(self) -> list[str]:
        """What no single field shows: combinations that make no network."""
        found = [f"model.{text}" for wrong, text in self._rules() if wrong]
        for name in ODD:
            if getattr(self, name) % 2 == 0:
                found.append(
                    f"model.{name}: {getattr(self, name)} is even; strand symmetry needs an odd width (1, 3, 5, 7, 9)"
                )
        return found

    def _rules(self) -> list[tuple[bool, str]]:
        """Combinations, whether they are asked for, and what is to be said of them."""
        sequence = self.head == "sequence"
        over = ("auto", "none", "additive", "multihead") if sequence else ("auto", "none", "local")
        return [
            (not self.tasks, "tasks: is empty; wanted at least one task"),
            (sequence and len(self.tasks) == 1, "tasks: one class only; wanted two or more"),
            (
                self.filters == 0 and self.pool > 1,
                f"pool: {self.pool} without a stem (filters: 0); wanted pool: 1",
            ),
            (
                self.filters == 0 and self.stem_layers > 0,
                "stem_layers: without a stem (filters: 0); wanted 0",
            ),
            (
                not self.bidirectional and self.strand != "none",
                f"bidirectional: false with strand: {self.strand}; wanted strand: none",
            ),
            (
                self.merge == "sum" and self.strand == "stranded",
                "merge: sum makes both strands alike; wanted merge: concat with strand: stranded",
            ),
            (
                self.merge == "sum" and not self.bidirectional,
                "merge: sum has nothing to add with bidirectional: false; wanted merge: concat",
            ),
            (
                self.attention not in over,
                f"attention: {self.attention} with head: {self.head}; wanted one of {', '.join(over)}",
            ),
            (
                self.attention in ("local", "multihead") and self.hidden % self.attention_heads != 0,
                f"attention_heads: {self.attention_heads} do not divide hidden: {self.hidden}",
            ),
            (sequence and self.skip, "skip: is for head: position; wanted skip: false"),
            (
                not sequence and self.aligned not in ("auto", 0),
                f"aligned: {self.aligned} with head: {self.head}; wanted head: sequence",
            ),
            (
                self.aligned not in ("auto", 0) and self.merge == "sum" and self.strand in EVEN,
                "merge: sum keeps no strand that aligned bins could be told by; wanted aligned: 0",
            ),
            (
                self.kmers == "gapped" and not (sequence and self.architecture == "bilstm"),
                f"kmers: gapped with head: {self.head} and architecture: {self.architecture}; wanted head: sequence"
                " and architecture: bilstm",
            ),
            (
                self.kmers == "gapped" and self.aligned != "auto" and self.aligned * self.pool > MOST_PLACED,
                f"kmers: gapped with aligned: {self.aligned} bins of {self.pool} bases; wanted at most"
                f" {MOST_PLACED:,} bases, or kmers: none",
            ),
            (
                self.architecture == "bilstm" and bool(self.options),
                "options: are for plug-in architectures; wanted none with architecture: bilstm",
            ),
        ]


def _is_number(hint: Any) -> bool:
    """Whether a setting of this type is a number and never a yes or no, which Python takes for 1 and 0."""
    kinds = {hint, *get_args(hint)}
    return bool(kinds & {int, float}) and bool not in kinds


def parse(kind: type, values: dict, where: str) -> object:
    """Build a configuration dataclass from plain values, strings of a command line included.

    Raises
    ------
    DnabilstmError
        One line a wrong or unknown key, as ``where.key: found; wanted``; else one line a combination
        that cannot be.
    """
    config = parse_fields(kind, values, where)
    if wrong := config.problems():
        raise DnabilstmError(*wrong)
    return config


def parse_fields(kind: type, values: dict, where: str) -> object:
    """Like ``parse``, but each setting is looked at by itself: combinations are not."""
    lines = [
        f"{where}.{name}: {value!r}: Input should be a number, not a yes or no"
        for name, value in values.items()
        if isinstance(value, bool) and _is_number(get_type_hints(kind).get(name))
    ]
    try:
        found = TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        for problem in error.errors():
            # A setting of several kinds has an error of each: they are said as one.
            kinds = [part for part in problem["loc"] if "literal[" in str(part) or "constrained" in str(part)]
            key = ".".join([where, *(str(part) for part in problem["loc"] if part not in kinds)])
            if kinds and lines and lines[-1].startswith(f"{key}: "):
                lines[-1] += f"; or: {problem['msg']}"
                continue
            if problem["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
                lines.append(f"{key}: is not a setting; wanted one of {', '.join(kind.__dataclass_fields__)}")
            else:
                lines.append(f"{key}: {problem['input']!r}: {problem['msg']}")
    if lines:
        raise DnabilstmError(*lines)
    return found
