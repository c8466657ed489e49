"""The model file: one ``.safetensors`` with the tensors and, in its metadata, a JSON card.

Nothing in it can run: the card names an architecture of the registry and its settings. Layout of the
format: https://github.com/huggingface/safetensors#format (8 bytes of header length, JSON, tensors).
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from dnabilstm import __version__
from dnabilstm.errors import DnabilstmError
from dnabilstm.files import atomic_file, is_folder
from dnabilstm.model.card import check_card
from dnabilstm.model.config import BiLSTMConfig, parse
from dnabilstm.model.ensemble import Ensemble, check_alike, members_of
from dnabilstm.model.registry import build, drawing, find

FORMAT = 1
CARD_KEY = "dnabilstm"


@dataclass
class Model:
    """A network and its card.

    Attributes
    ----------
    network : torch.nn.Module
        In evaluation mode, float32.
    card : dict
        Format and package versions, ``config``, ``channels``, training data and their digests,
        ``split``, ``calibration`` (slope and intercept a channel), ``thresholds``, ``context``
        (halo and chunk in bases, measured errors), ``metrics``. Of an ensemble also ``members``: a card
        of each, with its ``config``.
    """

    network: nn.Module
    card: dict[str, Any]

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return self.network.config.channels

    @property
    def spread(self) -> tuple[str, ...]:
        """Names of what an ensemble gives beside its outputs: how far its members disagree on each."""
        if not isinstance(self.network, Ensemble):
            return ()
        return tuple(f"{channel}.spread" for channel in self.channels)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the model file's bytes, hexadecimal."""
        return hashlib.sha256(self.serialized()).hexdigest()

    def serialized(self) -> bytes:
        """The bytes of the model file; the same model gives the same bytes."""
        card = {
            "format": FORMAT,
            "version": __version__,
            "config": asdict(self.network.config),
            "channels": list(self.channels),
            **self.card,
        }
        tensors = {
            name: tensor.detach().cpu().contiguous() for name, tensor in self.network.state_dict().items()
        }
        return save(tensors, metadata={CARD_KEY: json.dumps(card)})


def save_model(model: Model, path: Path) -> None:
    """Write the model file, atomically."""
    with atomic_file(path) as part:
        part.write_bytes(model.serialized())


def read_card(path: Path) -> dict[str, Any]:
    """The card of a model file, without its tensors.

    Raises
    ------
    DnabilstmError
        If the file is missing, damaged, of a newer format, or not one of ours.
    """
    if is_folder(path):
        raise DnabilstmError(f"{path}: is a folder; wanted a model that 'dnabilstm train' wrote")
    try:
        with safe_open(str(path), framework="pt") as handle:
            metadata = handle.metadata() or {}
    except FileNotFoundError:
        raise DnabilstmError(f"{path}: no such file; wanted a model that 'dnabilstm train' wrote") from None
    except OSError as error:
        raise DnabilstmError(f"{path}: cannot be read: {error.strerror or error}") from None
    except SafetensorError as error:
        raise DnabilstmError(
            f"{path}: is not a whole .safetensors file ({error}); train or copy it again"
        ) from None
    if CARD_KEY not in metadata:
        raise DnabilstmError(
            f"{path}: is a .safetensors file, but not a dnabilstm model (no card in its metadata)"
        )
    try:
        card = json.loads(metadata[CARD_KEY])
        newest = int(card["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise DnabilstmError(f"{path}: the model's card is damaged ({error!r})") from None
    if newest > FORMAT:
        raise DnabilstmError(
            f"{path}: is of model format {newest}, written by dnabilstm {card.get('version')}; this is dnabilstm"
            f" {__version__}, which reads up to format {FORMAT}; install a newer dnabilstm"
        )
    try:
        check_card(card)
    except DnabilstmError as error:
        raise DnabilstmError(f"{path}: {error}; train or copy it again") from None
    return card


def load_model(path: Path) -> Model:
    """Read a model file; see ``read_card`` for what is refused, and tensors that do not fit the card."""
    card = read_card(path)
    try:
        configs = _configs_of(card)
    except (KeyError, TypeError, AttributeError):
        raise DnabilstmError(f"{path}: the model's card has no config") from None
    except DnabilstmError as error:
        raise DnabilstmError(*(f"{path}: {problem}" for problem in error.problems)) from None
    with safe_open(str(path), framework="pt") as handle:
        tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
    # Shapes are compared before any memory is taken for a network that a damaged card may describe.
    with torch.device("meta"), _OfShapes():
        network = _assemble(configs, card)
        wanted = {name: tensor.shape for name, tensor in network.state_dict().items()}
    if wanted != {name: tensor.shape for name, tensor in tensors.items()}:
        raise DnabilstmError(
            f"{path}: the tensors do not fit the network that the card describes; the file is damaged"
        )
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise DnabilstmError(f"{path}: has weights that are not finite; the file is damaged")
    with drawing():
        network = _assemble(configs, card)
    network.load_state_dict(tensors)
    drop = ("format", "version", "config", "channels")
    model = Model(network.eval(), {key: value for key, value in card.items() if key not in drop})
    model.digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return model


class _OfShapes(TorchFunctionMode):
    """Networks of shapes alone: without first weights, for which the meta device would load a compiler (a second)."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Leave first weights out, and count where counting is quick."""
        if func in (Tensor.normal_, Tensor.uniform_):
            return args[0]
        more = {"device": "cpu"} if func is torch.arange else {}
        return func(*args, **{**(kwargs or {}), **more})


def _configs_of(card: dict[str, Any]) -> list[BiLSTMConfig]:
    """The configuration of the network, or of each member of an ensemble."""
    configs = [parse(BiLSTMConfig, one["config"], "config") for one in card.get("members", [card])]
    for config in configs:
        find(config.architecture)
    if configs:
        check_alike(configs, [f"member {number}" for number in range(1, len(configs) + 1)])
        return configs
    raise KeyError("config")


def _assemble(configs: list[BiLSTMConfig], card: dict[str, Any]) -> nn.Module:
    networks = [build(config) for config in configs]
    return Ensemble(networks) if "members" in card else networks[0]


def join_models(models: list[Model], names: list[str]) -> Model:
    """Make one ensemble of several models: their probabilities are averaged, and their spread is given.

    Parameters
    ----------
    models
        Two or more, of the same tasks, head, strand and pooling; an ensemble brings in its members.
    names
        Of the models, for messages.

    Raises
    ------
    DnabilstmError
        If they do not answer the same question.
    """
    configs, labels, networks, cards = [], [], [], []
    for model, name in zip(models, names, strict=True):
        of_model = model.card.get("members", [model.card])
        for network, card in zip(members_of(model.network), of_model, strict=True):
            networks.append(network)
            configs.append(network.config)
            labels.append(name)
            cards.append({"config": asdict(network.config), **card})
    check_alike(configs, labels)
    first = cards[0]
    shared = {
        key: first[key]
        for key in ("genome", "labels", "sequences", "train", "encoding", "versions")
        if key in first and all(card.get(key) == first[key] for card in cards)
    }
    joined = {"members": cards, **shared}
    if "genome" in shared and all("split" in card for card in cards):
        joined["split"] = _joined_split([card["split"] for card in cards])
    if "composition" in first:  # members of folds differ a little in it
        joined["composition"] = first["composition"]
    if all("context" in card for card in cards):
        longest = max(cards, key=lambda card: card["context"]["halo"])["context"]
        joined["context"] = longest | {"within": all(card["context"]["within"] for card in cards)}
    if all("thresholds" in card for card in cards):
        joined["thresholds"] = {
            channel: sum(card["thresholds"][channel] for card in cards) / len(cards)
            for channel in first["thresholds"]
        }
    return Model(Ensemble(networks).eval(), joined)


def _joined_split(splits: list[list[list[Any]]]) -> list[list[Any]]:
    """What an ensemble has seen: each stretch as the member has it that uses it most; tested is what all test.

    Stretches of members whose splits have other borders may overlap.
    """
    part_of: dict[tuple[Any, ...], set[str]] = {}
    for split in splits:
        for *place, part in split:
            part_of.setdefault(tuple(place), set()).add(part)
    tested = [{tuple(place) for *place, part in split if part == "test"} for split in splits]
    common = set.intersection(*tested)
    joined = []
    for place, parts in part_of.items():
        part = next((name for name in ("train", "valid") if name in parts), None)
        if part is None:
            part = "test" if place in common else "guard"
        joined.append([*place, part])
    return joined
