"""Integrated gradients: what each base adds to the objective, on the way from a baseline to the sequence.

Sundararajan, Taly & Yan 2017 (arXiv 1703.01365): the gradient with respect to the one-hot input, averaged
along the straight line from a baseline, times the difference of input and baseline. The attributions of a stretch
add up to the difference of the objective between sequence and baseline (completeness), which is checked, and
decides how many steps are taken. Bases outside of the stretch stay as they are.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from dnabilstm.alphabet import ONE_HOT
from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.carried import Carried, reach_of
from dnabilstm.explain.mutagenesis import Whole, value_of
from dnabilstm.model.layers import OneHot

FEWEST, MOST = 8, 128
"""Steps on the way from a baseline: doubled from the fewest until the sum is complete."""
COMPLETE = 0.02
"""Gap between sum and difference that is let pass, as a share of the difference, plus ``LEAST``."""
LEAST = 0.01
"""The same in units of the objective (log-odds), for differences near zero."""
ROWS = 16
"""Steps that are computed together."""

Value = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Integrated:
    """Integrated gradients of one stretch.

    Attributes
    ----------
    hypothetical : numpy.ndarray
        float32 (bases, 4, channels): what each base would add at each place; that of the base which is
        there is its attribution. Weighted by the baseline it is 0 at every place.
    difference : numpy.ndarray
        float64 (channels,): objective of the sequence less that of the baseline, the mean over baselines.
    gap : numpy.ndarray
        float64 (channels,): sum of the attributions less ``difference``.
    steps : int
        Taken on the way from each baseline.
    """

    hypothetical: np.ndarray
    difference: np.ndarray
    gap: np.ndarray
    steps: int


class Given:
    """A network whose one-hot input can be given, as long as the block lasts; each thread gives its own."""

    def __init__(self, network: nn.Module) -> None:
        found = [module for module in network.modules() if isinstance(module, OneHot)]
        if not found:
            raise DnabilstmError(
                f"architecture {network.config.architecture!r}: has no one-hot input of its own that gradients"
                " could reach; use --method mutagenesis"
            )
        self.module, self.local = found[0], threading.local()

    def __enter__(self) -> "Given":
        self.handle = self.module.register_forward_hook(lambda *_: getattr(self.local, "one_hot", None))
        return self

    def __exit__(self, *_: object) -> None:
        self.handle.remove()

    def run(self, one_hot: Tensor, call: Callable[[], Tensor]) -> Tensor:
        """What a call of the network gives with this input, float32 (rows, bases, 4)."""
        self.local.one_hot = one_hot
        try:
            # cuDNN has no backward pass for a network that is not in training.
            with torch.backends.cudnn.flags(enabled=False):
                return call()
        finally:
            del self.local.one_hot


def of_whole(scorer: Whole, given: Given, codes: np.ndarray) -> tuple[Value, slice]:
    """The objective as a function of the one-hot of a window, on the processor, and the bases of it: all."""
    placed = torch.from_numpy(codes).to(scorer.device)[None]

    def value(one_hot: Tensor) -> Tensor:
        rows, moved = placed.expand(len(one_hot), -1), one_hot.to(scorer.device)
        return given.run(
            moved, lambda: value_of(scorer.network, rows, scorer.weights, scorer.objective)
        ).cpu()

    return value, slice(0, len(codes))


def of_part(scorer: Carried, given: Given, stretch: slice) -> tuple[Value, slice]:
    """The same of the part of a window that a stretch and the objective feel, and its bases.

    Both directions enter the part with the states that the sequence as it is gives them, as in ``carried``.
    """
    network, pool = scorer.network, scorer.pool
    start, stop = scorer.sight(stretch)
    margin = 2 * reach_of(network)
    first, last = max(0, start - margin), min(scorer.bins, stop + margin)
    bases = slice(first * pool, last * pool)
    codes, valid = scorer.codes[None, bases], scorer.valid[:, first:last]
    inner, wide = slice(start - first, stop - first), slice((start - first) * pool, (stop - first) * pool)

    # Whether a word is there has no gradient: it stays as it is.
    words = scorer.words(scorer.codes[None]) if scorer.objective.sequence else None

    def value(one_hot: Tensor) -> Tensor:
        """The objective, float32 (rows, channels), of one-hots of the part's bases (rows, bases, 4)."""
        rows = len(one_hot)
        bias = scorer.bias_of(bases)
        stem = given.run(one_hot.to(scorer.device), lambda: network.stem(codes.expand(rows, -1), bias))
        features = network.deepen(network.pool(stem), valid.expand(rows, -1))[:, inner]
        for index in range(len(network.lstms)):
            features = _layer(scorer, index, features, (start, stop))
        seen = valid[:, inner].expand(rows, -1)
        if scorer.objective.sequence:
            return scorer.objective.of_classes(network.classes(features, seen, words)).cpu()
        logits = network.decide(network.look(features, seen), stem[:, :, wide])
        return scorer.objective.of_bases(logits, scorer.weights[start * pool : stop * pool]).cpu()

    return value, bases


def _layer(scorer: Carried, index: int, features: Tensor, place: tuple[int, int]) -> Tensor:
    """One layer over bins of a part, (rows, bins, channels), each direction from its kept state."""
    network, outputs = scorer.network, []
    entered = network.enter(index, features)
    for kept, reading, border in zip(
        scorer.kept[index], network.lstms[index].readings(), place, strict=False
    ):
        state = tuple(part.expand(len(features), -1).clone() for part in kept.states[border])
        with torch.backends.cudnn.flags(enabled=False):
            found, _ = reading.step(entered.flip(1) if kept.backward else entered, state)
        outputs.append(found.flip(1) if kept.backward else found)
    return network.join(index, features, torch.cat(outputs, dim=2))


def integrate(
    value: Value, bases: slice, codes: np.ndarray, stretch: slice, baselines: np.ndarray
) -> Integrated:
    """Integrated gradients of a stretch, with as many steps as completeness wants.

    Parameters
    ----------
    value, bases
        Of ``of_part`` or ``of_whole``.
    codes
        uint8 (bins * pool,): the window.
    stretch
        Which bases of it.
    baselines
        float32 (baselines, bases of the stretch, 4): one-hot, or shares of bases.
    """
    own = torch.from_numpy(ONE_HOT[codes[stretch]])
    around = torch.from_numpy(ONE_HOT[codes[bases]])
    inside = slice(stretch.start - bases.start, stretch.stop - bases.start)

    def placed(some: Tensor) -> Tensor:
        rows = around.expand(len(some), -1, -1).clone()
        rows[:, inside] = some
        return rows

    starts = torch.from_numpy(baselines)
    with torch.no_grad():
        ends = value(placed(torch.cat([own[None], starts])))
    difference = (ends[:1] - ends[1:]).double().mean(dim=0).numpy()
    steps = FEWEST
    while True:
        found = sum(_along(value, placed, own, start, steps, inside) for start in starts) / len(starts)
        gap = (own.unsqueeze(2).double() * found).sum(dim=(0, 1)).numpy() - difference
        if steps >= MOST or (np.abs(gap) <= COMPLETE * np.abs(difference) + LEAST).all():
            return Integrated(found.float().numpy(), difference, gap, steps)
        steps *= 2


def _along(
    value: Value, placed: Callable[[Tensor], Tensor], own: Tensor, start: Tensor, steps: int, inside: slice
) -> Tensor:
    """Gradients averaged along the way from one baseline, centred on it: float64 (bases, 4, channels)."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    total: Tensor | float = 0.0
    for first in range(0, steps, ROWS):
        share = torch.from_numpy((nodes[first : first + ROWS] + 1) / 2).float().view(-1, 1, 1)
        rows = placed(start + share * (own - start)).requires_grad_()
        found = value(rows)
        weight = torch.from_numpy(weights[first : first + ROWS] / 2)
        slopes = [
            torch.autograd.grad(found[:, channel].sum(), rows, retain_graph=True)[0][:, inside]
            for channel in range(found.shape[1])
        ]
        total = total + torch.einsum("r,rbic->bic", weight, torch.stack(slopes, dim=3).double())
    return total - (start.unsqueeze(2).double() * total).sum(dim=1, keepdim=True)
