"""Architectures by name: a network is built from its configuration, never from code in a file."""

from collections.abc import Callable

from torch import nn

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.network import BiLSTM

ARCHITECTURES: dict[str, Callable[[BiLSTMConfig], nn.Module]] = {"bilstm": BiLSTM}


def find(name: str) -> Callable[[BiLSTMConfig], nn.Module]:
    """What builds the architecture of a name; a ``DnabilstmError`` says which are known."""
    if name not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise DnabilstmError(f"model.architecture: {name!r} is not known; wanted one of {known}")
    return ARCHITECTURES[name]


def build(config: BiLSTMConfig) -> nn.Module:
    """A network with fresh weights."""
    return find(config.architecture)(config)
