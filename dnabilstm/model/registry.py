"""Architectures by name: a network is built from its configuration, never from code in a file.

Another package adds its own through the entry point group ``dnabilstm.models``: the name is the
entry point's, the object takes a ``BiLSTMConfig`` and gives a module. Such a module has the attribute
``config`` and the method ``forward_bins`` (position head: codes uint8 (batch, length) to logits (batch,
length, channels)) or ``forward_sequences`` (sequence head; see ``BiLSTM``).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points

import torch
from torch import nn

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.network import BiLSTM

GROUP = "dnabilstm.models"
ARCHITECTURES: dict[str, Callable[[BiLSTMConfig], nn.Module]] = {"bilstm": BiLSTM}


_DRAWING = threading.Lock()


@contextmanager
def drawing() -> Iterator[None]:
    """First weights are drawn inside without a trace: all threads share PyTorch's random state, and take turns."""
    with _DRAWING, torch.random.fork_rng(devices=[]):
        yield


def find(name: str) -> Callable[[BiLSTMConfig], nn.Module]:
    """What builds the architecture of a name; a ``DnabilstmError`` says which are known."""
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    plugins = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in plugins:
        known = ", ".join([*ARCHITECTURES, *plugins])
        raise DnabilstmError(
            f"model.architecture: {name!r} is not known; wanted one of {known}, or install the package that has it"
        )
    try:
        return plugins[name].load()
    except Exception as error:  # whatever the import of another package's code may raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise DnabilstmError(
            f"model.architecture: the plug-in {name!r} ({plugins[name].value}) cannot be loaded: {reason}"
        ) from error


def build(config: BiLSTMConfig) -> nn.Module:
    """A network with fresh weights; what its configuration leaves to ``auto`` is settled."""
    return find(config.architecture)(config.settled())
