"""What the card of a model file must be like where scores depend on it; damage is told when it is read."""

from typing import Annotated, Any

from pydantic import AllowInfNan, BaseModel, Discriminator, Field, Strict, Tag, ValidationError

from dnabilstm.errors import DnabilstmError

_Number = Annotated[float, Strict(), AllowInfNan(False)]
_Bases = Annotated[int, Strict(), Field(ge=0)]


class _Line(BaseModel):
    a: _Number
    b: _Number


class _Softmax(BaseModel):
    slope: _Number
    bias: list[_Number]


class _Rough(BaseModel):
    p999: _Number = 0.0
    auprc_loss: dict[str, _Number] | None = None


class _Context(BaseModel):
    halo: _Bases = 0
    chunk: _Bases = 0
    bf16: _Rough = _Rough()


def _kind_of(calibration: Any) -> str:
    """Which calibration it is: a line of each channel, or one slope for all classes."""
    plain = isinstance(calibration, dict) and not isinstance(calibration.get("slope", {}), dict)
    return "classes" if plain else "channels"


class _Card(BaseModel):
    context: _Context = _Context()
    calibration: Annotated[
        Annotated[dict[str, _Line], Tag("channels")] | Annotated[_Softmax, Tag("classes")],
        Discriminator(_kind_of),
    ] = {}
    thresholds: dict[str, _Number] = {}
    split: list[tuple[str, _Bases, _Bases, str]] = []
    members: list["_Card"] = []


def check_card(card: dict[str, Any]) -> None:
    """Refuse a card whose calibration, context, thresholds or split are not what they must be; other keys are free.

    Raises
    ------
    DnabilstmError
        One line, with the key.
    """
    try:
        _Card.model_validate(card)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise DnabilstmError(f"the model's card is damaged ({key}: {problem['msg']})") from None
