"""The one number of a place that is explained: what its attributions add up to.

Of a network that scores every base it is the mean, over the bases of the region, of the calibrated logit
(the log-odds of the probability that ``score`` gives). A mean rather than a maximum: it is linear in the
logits, so that what a base does anywhere in the region counts, and no jump of the best place hides it. Of
a network that tells classes of whole sequences it is the calibrated log-odds of a class against all the
others. Of an ensemble it is the mean of the members' numbers, so that attributions average too.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dnabilstm.model.bundle import Model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.runtime import device_of


@dataclass(frozen=True)
class Objective:
    """What is explained of the logits of one network.

    Attributes
    ----------
    slope, bias : torch.Tensor
        float32 (channels,): the calibration.
    sequence : bool
        Whether the logits are those of classes of whole sequences.
    """

    slope: Tensor
    bias: Tensor
    sequence: bool

    def of_bases(self, logits: Tensor, weights: Tensor) -> Tensor:
        """Weighted sum over bases: (rows, bases, channels) and float32 (bases,) to (rows, channels).

        The offset of the calibration is left out, as it is in every difference.
        """
        return torch.einsum("rbc,b->rc", logits.float(), weights) * self.slope

    def of_classes(self, logits: Tensor) -> Tensor:
        """Log-odds of each class against the others: (rows, classes) to (rows, classes)."""
        calibrated = logits.float() * self.slope + self.bias
        own = torch.eye(calibrated.shape[1], dtype=torch.bool, device=calibrated.device)
        others = calibrated.unsqueeze(1).masked_fill(own, -torch.inf).logsumexp(dim=2)
        return calibrated - others


def objectives_of(model: Model) -> list[Objective]:
    """The objective of each member of a model, on the device of its network."""
    cards = model.card.get("members", [model.card])
    config, device = model.network.config, device_of(model.network)
    return [_objective(card.get("calibration"), config, device) for card in cards]


def _objective(calibration: dict | None, config: BiLSTMConfig, device: torch.device) -> Objective:
    channels = config.channels
    slope, bias = [1.0] * len(channels), [0.0] * len(channels)
    if config.head == "sequence" and calibration:
        slope = [float(calibration["slope"])] * len(channels)
        bias = np.broadcast_to(calibration["bias"], len(channels)).tolist()
    elif calibration:
        slope = [float(calibration.get(name, {"a": 1.0})["a"]) for name in channels]
        bias = [float(calibration.get(name, {"b": 0.0})["b"]) for name in channels]
    numbers = (torch.tensor(values, device=device) for values in (slope, bias))
    return Objective(*numbers, config.head == "sequence")
