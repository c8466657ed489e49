"""Losses on logits, summed; with label smoothing, class weights and focusing.

Focusing takes weight from what is already right: (1 - p)^gamma, p the probability of the truth (Lin et
al. 2017, arXiv 1708.02002). Label smoothing is that of Szegedy et al. 2016 (arXiv 1512.00567).
"""

import torch
from torch import Tensor
from torch.nn import functional

from dnabilstm.labels import MASK
from dnabilstm.train.config import CommonConfig

SURE = 1e-7
"""Below this, what is wrong weighs no less: a focus below 1 has no finite slope at 0."""


def position_loss(
    logits: Tensor,
    labels: Tensor,
    config: CommonConfig,
    positive_weight: float = 1.0,
    weights: Tensor | None = None,
) -> Tensor:
    """Sum of the binary cross-entropy over the bases that are not masked.

    Parameters
    ----------
    logits
        float32 (batch, length, channels)
    labels
        uint8, same shape; 1, 0 or ``MASK``.
    config
        Label smoothing and focusing.
    positive_weight
        Weight of a positive base.
    weights
        float32 (channels,): of each channel; None: 1.
    """
    truth = (labels == 1).float()
    weight = (labels != MASK).float()
    if weights is not None:
        weight = weight * weights
    if positive_weight != 1:
        weight = weight * torch.where(labels == 1, positive_weight, 1.0)
    target = truth * (1 - config.label_smoothing) + config.label_smoothing / 2
    if not config.focal:
        return functional.binary_cross_entropy_with_logits(logits, target, weight=weight, reduction="sum")
    wrong = torch.sigmoid(torch.where(labels == 1, -logits, logits)).clamp(min=SURE)
    loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (loss * weight * wrong**config.focal).sum()


def sequence_loss(logits: Tensor, labels: Tensor, weights: Tensor, config: CommonConfig) -> Tensor:
    """Sum of the cross-entropy over sequences.

    Parameters
    ----------
    logits, labels
        float32 (batch, classes); int64 (batch,).
    weights
        float32 (classes,): of each class.
    config
        Label smoothing and focusing.
    """
    logs = functional.log_softmax(logits, dim=1)
    of_truth = logs.gather(1, labels.unsqueeze(1)).squeeze(1)
    loss = -(1 - config.label_smoothing) * of_truth - config.label_smoothing * logs.mean(dim=1)
    if config.focal:
        loss = loss * (1 - of_truth.exp()).clamp(min=SURE) ** config.focal
    return (loss * weights[labels]).sum()
