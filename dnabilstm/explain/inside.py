"""What a network holds inside while it reads: the states of its layers, and its attention.

They are taken from the network's own pass over the window of a locus, by a hook on the layer.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from dnabilstm.explain.loci import Locus
from dnabilstm.model.network import BiLSTM
from dnabilstm.model.runtime import device_of
from dnabilstm.score.sequences import batches_of, place

DIRECTIONS = ("forward", "backward")
"""Left to right along the sequence as it is given, and right to left."""
ROWS = 64
"""Loci that are read together, at most."""
BASES = 1 << 16
"""Bases of them, contexts included; one locus at least is read."""


def hidden_states(network: BiLSTM, layer: int, loci: Sequence[Locus]) -> Iterator[tuple[int, np.ndarray]]:
    """The hidden states of a recurrent layer along loci, in any order.

    Parameters
    ----------
    network
        In evaluation mode.
    layer
        Counted from 1.
    loci
        With the context that their scores need.

    Yields
    ------
    index
        Of the locus.
    states
        float32 (directions, bases, units), from -1 to 1: what the layer gives before its directions are
        merged; bases of one bin have the same.
    """
    recurrent, pool = network.lstms[layer - 1], network.config.pool
    kept: list[Tensor] = []
    hook = recurrent.register_forward_hook(lambda _module, _given, outputs: kept.append(outputs))
    try:
        for rows, _, _ in _read(network, loci):
            outputs = kept.pop()
            directions = outputs.shape[2] // recurrent.width
            # Between its layers a grid also hands on its memory along depth, behind the states.
            states = outputs.unflatten(2, (directions, recurrent.width))[..., : recurrent.hidden]
            for row, index in enumerate(rows):
                inside, first, last = _bins(loci[index], pool)
                some = states[row, first:last].transpose(0, 1).repeat_interleave(pool, dim=1)
                yield index, some[:, inside].cpu().numpy()
    finally:
        hook.remove()


def attention_weights(network: BiLSTM, loci: Sequence[Locus]) -> Iterator[tuple[int, np.ndarray]]:
    """The attention of a network along loci, in any order; see ``attends`` for whether it has any.

    Yields
    ------
    index
        Of the locus.
    weights
        Of local attention float32 (heads, bins, 2 * window + 1): how much each bin of the locus takes of
        those around it, adding up to 1. Of a sequence head float32 (heads, bins), adding up to 1 over
        the sequence.
    """
    for rows, features, valid in _read(network, loci):
        looking = network.head if network.attention is None else network.attention
        with torch.inference_mode():
            weights = looking.weights(features, valid)
        for row, index in enumerate(rows):
            _, first, last = _bins(loci[index], network.config.pool)
            yield index, weights[row, :, first:last].cpu().numpy()


def attends(network: nn.Module) -> bool:
    """Whether a network of known parts has attention."""
    if not isinstance(network, BiLSTM):
        return False
    return network.attention is not None or getattr(network.head, "attention", None) is not None


def _read(network: BiLSTM, loci: Sequence[Locus]) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Pass over the windows of loci, batch by batch: which, the last layer's (rows, bins, width), and valid bins."""
    lengths = np.array([len(locus.codes) for locus in loci], np.int64)
    device = device_of(network)
    for rows in batches_of(lengths, ROWS, BASES):
        codes, bins = place([loci[row].codes for row in rows], network.config.pool)
        with torch.inference_mode():
            found = network.states(torch.from_numpy(codes).to(device), torch.from_numpy(bins).to(device))
        yield rows.tolist(), *found


def _bins(locus: Locus, pool: int) -> tuple[slice, int, int]:
    """The bins of the window that a locus lies in, and where among their bases it lies."""
    inside = locus.inside
    first, last = inside.start // pool, -(-inside.stop // pool)
    return slice(inside.start - first * pool, inside.stop - first * pool), first, last
