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
    positive, masked = labels == 1, labels == MASK
    target = positive * (1 - config.label_smoothing) + config.label_smoothing / 2
    loss = functional.softplus(logits) - logits * target
    if config.focal:
        wrong = torch.sigmoid(torch.where(positive, -logits, logits)).clamp(min=SURE)
        loss = loss * wrong**config.focal
    if positive_weight != 1:
        loss = loss * torch.where(positive, positive_weight, 1.0)
    if masked.any():
        loss = loss.masked_fill(masked, 0)
    by_channel = loss.sum(dim=(0, 1))
    return by_channel.sum() if weights is None else by_channel @ weights


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
