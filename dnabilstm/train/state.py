"""What an interrupted run goes on from: weights, their average, the optimizer, the history.

One ``.safetensors`` beside the model, replaced as a whole at every evaluation. A run that is killed
loses what came after the last evaluation and repeats it exactly.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from dnabilstm.files import atomic_file

KEY = "dnabilstm-training"


@dataclass
class TrainState:
    """Everything that changes while a network is trained.

    Attributes
    ----------
    network, average : torch.nn.Module
        The weights, and their moving average.
    optimizer : torch.optim.Optimizer
        AdamW over the network's parameters.
    best : dict
        Tensors of the average at the best evaluation so far.
    step : int
        Steps done.
    history : list of dict
        One row an evaluation.
    """

    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    best: dict[str, Tensor] = field(default_factory=dict)
    step: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)


def save_state(state: TrainState, path: Path, fingerprint: str) -> None:
    """Write the state, atomically; ``fingerprint`` tells later which run it belongs to."""
    tensors = {f"network.{k}": v for k, v in state.network.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in state.average.state_dict().items()}
    tensors |= {f"best.{k}": v for k, v in state.best.items()}
    for index, slots in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{k}": v for k, v in slots.items()}
    card = {"fingerprint": fingerprint, "step": state.step, "history": state.history}
    with atomic_file(path) as part:
        part.write_bytes(
            save({k: v.contiguous() for k, v in tensors.items()}, metadata={KEY: json.dumps(card)})
        )


def load_state(state: TrainState, path: Path, fingerprint: str) -> str:
    """Take up a saved state, if there is one and it belongs to this run.

    Returns
    -------
    str
        What happened, for the log; empty if there is no state.
    """
    if not path.exists():
        return ""
    try:
        with safe_open(str(path), framework="pt") as handle:
            card = json.loads((handle.metadata() or {})[KEY])
            tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        return f"{path} is not a readable training state; training starts anew"
    if card["fingerprint"] != fingerprint:
        return f"{path} is the state of a run with other data or settings; training starts anew"
    state.network.load_state_dict(_under("network.", tensors))
    state.average.load_state_dict(_under("average.", tensors))
    state.best = _under("best.", tensors)
    slots: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under("optimizer.", tensors).items():
        index, slot = name.split(".", 1)
        slots.setdefault(int(index), {})[slot] = tensor
    state.optimizer.load_state_dict({**state.optimizer.state_dict(), "state": slots})
    state.step, state.history = card["step"], card["history"]
    return f"resumed at step {state.step} from {path}"


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
