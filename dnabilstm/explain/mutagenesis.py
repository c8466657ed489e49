"""In-silico mutagenesis: how the objective changes with every base exchanged for each of the other three.

Exact, not an approximation: each mutant is computed, but only where it differs (``carried``). A network
whose parts are not known is swept whole for each (``Whole``), which is also what the other is held to.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from dnabilstm.alphabet import N
from dnabilstm.explain.carried import Carried
from dnabilstm.explain.objective import Objective
from dnabilstm.model.runtime import device_of

BASES = np.array([1, 2, 4, 8], np.uint8)
"""Codes of A, C, G, T."""
SPAN = 80
"""Bases whose mutants are computed together."""
BATCH = 32
"""Mutants that are swept together where they are swept whole."""
LARGEST = 1 << 18
"""Bases of them, at most; one at least is swept."""
FIRST_MARGIN = 32
"""Bins beside the objective in which changes are followed, at least."""
SAMPLES = 8
"""Mutants that tell how far that must be."""
SHARE = 0.3
"""Share of the tolerance by which these may still change: there are worse places than they."""


class Scorer(Protocol):
    """How the objective of a sequence changes with its bases."""

    objective: Objective
    device: torch.device

    def differences(self, rows: Tensor, span: slice) -> Tensor:
        """See ``Carried.differences``."""


class Whole:
    """A network of any architecture and one sequence; every changed row is swept from end to end.

    Parameters
    ----------
    network
        In evaluation mode.
    codes, weights, objective
        As of ``Carried``.
    """

    def __init__(
        self, network: nn.Module, codes: np.ndarray, weights: np.ndarray, objective: Objective
    ) -> None:
        self.network, self.objective, self.device = network, objective, device_of(network)
        self.weights = torch.from_numpy(np.asarray(weights, np.float32)).to(self.device)
        self.reference = self._value(torch.from_numpy(codes).to(self.device)[None])

    @torch.no_grad()
    def differences(self, rows: Tensor, span: slice) -> Tensor:
        """See ``Carried.differences``."""
        size = max(1, min(BATCH, LARGEST // rows.shape[1]))
        return torch.cat([self._value(some) for some in rows.split(size)]) - self.reference

    @torch.no_grad()
    def _value(self, rows: Tensor) -> Tensor:
        return value_of(self.network, rows, self.weights, self.objective)


class OfWords:
    """The gapped k-mers of a network alone, beside what the rest of it says of the sequence as it is.

    Parameters
    ----------
    scorer
        Of the sequence and of a network that has them.
    """

    def __init__(self, scorer: Carried) -> None:
        self.scorer, self.objective, self.device = scorer, scorer.objective, scorer.device
        with torch.no_grad():
            self.rest = scorer.network.head(scorer.features[-1].transpose(0, 1), scorer.valid)
        self.reference = self._value(scorer.codes[None])

    def differences(self, rows: Tensor, span: slice) -> Tensor:
        """See ``Carried.differences``."""
        return (
            torch.cat([self._value(some) for some in rows.split(max(1, LARGEST // rows.shape[1]))])
            - self.reference
        )

    @torch.no_grad()
    def _value(self, rows: Tensor) -> Tensor:
        return self.objective.of_classes(self.rest + self.scorer.words(rows))


def value_of(network: nn.Module, rows: Tensor, weights: Tensor, objective: Objective) -> Tensor:
    """The objective of whole windows: uint8 (rows, bins * pool) to float32 (rows, channels)."""
    if objective.sequence:
        bins = torch.full((len(rows),), rows.shape[1] // network.config.pool, device=rows.device)
        return objective.of_classes(network.forward_sequences(rows, bins))
    return objective.of_bases(network.forward_bins(rows), weights)


def settle(scorer: Carried, codes: np.ndarray, stretch: slice, tolerance: float) -> None:
    """Find how far beside the objective changes must be followed, by mutants that are spread over a stretch.

    What leaves the sight of the objective comes back to it through a deeper layer only, fading twice.
    The margin is doubled until following changes twice as far changes the objective by less than the
    tolerance, in log-odds.
    """
    places = np.unique(np.linspace(stretch.start, stretch.stop - 1, SAMPLES).astype(int))
    rows = np.repeat(codes[None], len(places), axis=0)
    rows[np.arange(len(places)), places] = np.where(codes[places] == BASES[0], BASES[1], BASES[0])
    mutants = torch.from_numpy(rows).to(scorer.device)

    def found(margin: int) -> Tensor:
        scorer.margin = margin
        spans = [slice(place, place + 1) for place in places.tolist()]
        return torch.cat([scorer.differences(mutants[[row]], span) for row, span in enumerate(spans)])

    margin, before = FIRST_MARGIN, found(FIRST_MARGIN)
    while margin < scorer.bins:
        after = found(2 * margin)
        if (after - before).abs().max() < SHARE * tolerance:
            break
        margin, before = 2 * margin, after
    scorer.margin = margin


def mutate(scorer: Scorer, codes: np.ndarray, stretch: slice, *, workers: int = 1) -> np.ndarray:
    """Change of the objective with each base of a stretch exchanged for A, C, G, T.

    Parameters
    ----------
    scorer
        Of the sequence as it is.
    codes
        uint8 (bins * pool,): the window.
    stretch
        Which bases of it; any N is left as it is.
    workers
        Threads that compute side by side; the result does not depend on it.

    Returns
    -------
    numpy.ndarray
        float32 (bases, 4, channels); 0 where the base is that one already, and at N.
    """
    starts = range(stretch.start, stretch.stop, SPAN)
    spans = [slice(start, min(start + SPAN, stretch.stop)) for start in starts]
    with ThreadPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(lambda span: _mutants(scorer, codes, span), spans)))


def _mutants(scorer: Scorer, codes: np.ndarray, span: slice) -> np.ndarray:
    own = codes[span, None]
    place, base = np.nonzero((own != BASES) & (own != N))
    changes = np.zeros((len(own), 4, len(scorer.objective.slope)), np.float32)
    if len(place):
        rows = np.repeat(codes[None], len(place), axis=0)
        rows[np.arange(len(place)), span.start + place] = BASES[base]
        found = scorer.differences(torch.from_numpy(rows).to(scorer.device), span)
        changes[place, base] = found.cpu().numpy()
    return changes
