"""Model files, of the head that a command can use."""

from pathlib import Path
from typing import TYPE_CHECKING

from dnabilstm.errors import DnabilstmError

if TYPE_CHECKING:
    from dnabilstm.model.bundle import Model

_OTHER = {
    "position": "tells the classes of whole sequences (head: sequence), and gives no score a base; use"
    " 'dnabilstm classify'",
    "sequence": "scores every base of a genome (head: position), and tells no classes of sequences; use"
    " 'dnabilstm score'",
}


def load_model_with(head: str, path: Path) -> "Model":
    """Read a model file; one with another head is refused with the command that it is for."""
    from dnabilstm.model.bundle import load_model

    model = load_model(path)
    if model.network.config.head != head:
        raise DnabilstmError(f"{path}: {_OTHER[head]}")
    return model
