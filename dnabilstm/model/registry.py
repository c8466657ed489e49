"""Architectures by name: a network is built from its configuration, never from code in a file."""

from collections.abc import Callable

from torch import nn

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.network import BiLSTM

ARCHITECTURES: dict[str, Callable[[BiLSTMConfig], nn.Module]] = {"bilstm": BiLSTM}


def build(config: BiLSTMConfig) -> nn.Module:
    """A network with fresh weights; a ``DnabilstmError`` names the known architectures."""
    if config.architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise DnabilstmError(
            f"model.architecture: {config.architecture!r} is not known; wanted one of {known}"
        )
    return ARCHITECTURES[config.architecture](config)
