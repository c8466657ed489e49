"""What a change of a few bases does to a network's output, computed only where it does anything.

A sequence is swept once, and the state of every layer and direction is kept at the borders of its tiles.
Of the same sequence with some bases changed, everything before the change is the same to a direction that
comes from there: it starts from the kept state, and ends where its state is the kept one again. A layer's
changed outputs reach as far as the changes of both of its directions, and the next layer starts
from there. So the result is that of a sweep of the whole, but for what ``TOLERANCE`` lets go; where a
memory does not fade, the sweep runs to the ends, and is that of the whole.

Rows are the same sequence with different changes inside one span; steps are the outer axis, as in the
scoring engine, whose kernels do the work.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from dnabilstm.explain.objective import Objective
from dnabilstm.model.network import BiLSTM
from dnabilstm.model.runtime import device_of
from dnabilstm.score.recurrence import Sweep
from dnabilstm.score.sweep import directions_of

TOLERANCE = 1e-6
"""Largest difference of a state under which a direction counts as unchanged: about the rounding of float32."""
TILE_BASES, TILE_BINS = 80, 16
"""A tile has the bins of so many bases, or at least so many bins."""

CELLS, LEAST_ROWS = 1 << 25, 8
"""Numbers of a layer's outputs that are held at a time, about, but at least so many rows."""

State = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Change:
    """Bins ``start`` to ``stop``, whole tiles, in which features differ: (stop - start, rows, channels)."""

    start: int
    stop: int
    features: Tensor


@dataclass
class _Kept:
    """One direction of a layer, where its outputs lie, and its states where it enters the tiles, by border."""

    sweep: Sweep
    backward: bool
    place: slice
    states: dict[int, State] = field(default_factory=dict)

    def agrees(self, state: State, border: int) -> bool:
        """Whether the states of all rows at a border are those that were kept."""
        pairs = zip(state, self.states[border], strict=True)
        return all(bool((part - old).abs().max() < TOLERANCE) for part, old in pairs)


def prepare(network: nn.Module) -> list[list[Sweep]] | None:
    """The directions of each layer, ready to sweep; None of a network whose parts are not known."""
    if not isinstance(network, BiLSTM):
        return None
    with torch.no_grad():
        return [directions_of(layer, device_of(network), torch.float32) for layer in network.lstms]


class Carried:
    """One network and one sequence, swept and ready for changes.

    Parameters
    ----------
    network
        In evaluation mode.
    directions
        Of ``prepare``, which takes longer than most sweeps.
    codes
        uint8 (bins * pool,): the window.
    weights
        float (bins * pool,): what each base counts in the objective; without effect with a sequence head.
    objective
        What is explained.
    """

    def __init__(
        self,
        network: BiLSTM,
        directions: list[list[Sweep]],
        codes: np.ndarray,
        weights: np.ndarray,
        objective: Objective,
    ) -> None:
        self.network, self.objective = network, objective
        self.device, self.pool = device_of(network), network.config.pool
        self.codes = torch.from_numpy(codes).to(self.device)
        self.weights = torch.from_numpy(np.asarray(weights, np.float32)).to(self.device)
        self.bins = len(codes) // self.pool
        self.tile = max(TILE_BINS, TILE_BASES // self.pool)
        self.look = 0 if network.attention is None else network.config.attention_window
        self.margin = self.bins
        self.bias = None
        if objective.sequence:
            self.bias = network.place_bias(torch.tensor([self.bins], device=self.device), len(codes))
        self.seen = self._seen(np.flatnonzero(weights) // self.pool)
        self.kept = [
            [
                _Kept(sweep, bool(number), slice(number * layer.width, (number + 1) * layer.width))
                for number, sweep in enumerate(sweeps)
            ]
            for layer, sweeps in zip(network.lstms, directions, strict=True)
        ]
        self._sweep_once()

    def _seen(self, counted: np.ndarray) -> tuple[int, int]:
        """The bins of the last layer that the objective sees."""
        if self.objective.sequence or not len(counted):
            return 0, self.bins
        return max(0, int(counted[0]) - self.look), min(self.bins, int(counted[-1]) + 1 + self.look)

    @torch.no_grad()
    def _sweep_once(self) -> None:
        """Fill in the features of every layer, their outputs, and the states at the borders of tiles."""
        self.valid = self.network.valid(self.codes[None])
        pooled, self.stem = self._stem(self.codes[None], 0, self.bins)
        self.features, self.outputs = [pooled], []
        for index, directions in enumerate(self.kept):
            layer = self.network.lstms[index]
            outputs = torch.empty(self.bins, 1, len(directions) * layer.width, device=self.device)
            for kept in directions:
                state = tuple(torch.zeros(1, layer.hidden, device=self.device) for _ in range(2))
                for tile in self._tiles(0, self.bins, kept.backward):
                    kept.states[_enters(tile, kept.backward)] = state
                    entered = self.network.enter(index, self.features[index][tile])
                    state = kept.sweep(entered, state, outputs[tile, :, kept.place])
                kept.states[_leaves(tile, kept.backward)] = state
            self.outputs.append(outputs)
            self.features.append(self.network.join(index, self.features[index], outputs))

    def _tiles(self, start: int, stop: int, backward: bool = False) -> list[slice]:
        """Tiles of the fixed grid that cover some bins, in the order in which a direction reads them."""
        first, last = start // self.tile, -(-stop // self.tile)
        tiles = [slice(k * self.tile, min((k + 1) * self.tile, self.bins)) for k in range(first, last)]
        return tiles[::-1] if backward else tiles

    def sight(self, stretch: slice) -> tuple[int, int]:
        """The bins, whole tiles, in which changes of a stretch of bases are followed: start, stop."""
        reach = reach_of(self.network)
        first = min(self.seen[0], stretch.start // self.pool - reach) - self.margin
        last = max(self.seen[1], -(-stretch.stop // self.pool) + reach) + self.margin
        tiles = self._tiles(max(0, first), min(self.bins, last))
        return tiles[0].start, tiles[-1].stop

    def _stem(self, codes: Tensor, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Features of some bins, (bins, rows, channels), and of their bases, (rows, channels, bases)."""
        # The filters reach over the border, and the further convolutions over theirs.
        margin = 2 * reach_of(self.network)
        first, last = max(0, start - margin), min(self.bins, stop + margin)
        seen = slice(first * self.pool, last * self.pool)
        bases = self.network.stem(codes[:, seen], self.bias_of(seen))
        valid = self.valid[:, first:last].expand(len(codes), -1)
        pooled = self.network.deepen(self.network.pool(bases), valid).transpose(0, 1)
        inner = slice((start - first) * self.pool, (stop - first) * self.pool)
        return pooled[start - first : stop - first], bases[:, :, inner]

    def bias_of(self, bases: slice) -> Tensor | None:
        """What the stem's filters get by their place at some bases of the window; see ``BiLSTM.place_bias``."""
        return None if self.bias is None else self.bias[:, :, bases]

    @torch.no_grad()
    def differences(self, rows: Tensor, span: slice) -> Tensor:
        """How far the objective of each row is from that of the sequence as it is.

        Parameters
        ----------
        rows
            uint8 (rows, bins * pool) on the network's device: the sequence with bases changed.
        span
            Bases outside of which the rows are the sequence.

        Returns
        -------
        torch.Tensor
            float32 (rows, channels)
        """
        start, stop = self.sight(span)
        size = max(LEAST_ROWS, CELLS // ((stop - start) * self.features[-1].shape[2]))
        return torch.cat([self._differences(some, span) for some in rows.split(size)])

    def _differences(self, rows: Tensor, span: slice) -> Tensor:
        change, stem = self._entered(rows, span)
        for index in range(len(self.kept)):
            change = self._layer(index, change)
        if self.objective.sequence:
            own = self._of_classes(self._unchanged(change), self.codes[None])
            return self._of_classes(change, rows) - own
        return self._of_bases(change, stem) - self._of_bases(self._unchanged(change), None)

    def _entered(self, rows: Tensor, span: slice) -> tuple[Change, Change]:
        """What the changed bases change of the features of bins, and of bases (rows, channels, bases)."""
        reach = reach_of(self.network)
        first = max(0, span.start // self.pool - reach)
        last = min(self.bins, -(-span.stop // self.pool) + reach)
        tiles = self._tiles(first, last)
        start, stop = tiles[0].start, tiles[-1].stop
        features, bases = self._stem(rows, start, stop)
        return Change(start, stop, features), Change(start, stop, bases)

    def _layer(self, index: int, change: Change) -> Change:
        """What a change of a layer's features changes of its outputs, joined."""
        rows = change.features.shape[1]
        pieces = [self._direction(index, kept, change) for kept in self.kept[index]]
        start = min(change.start, *(first for first, _ in pieces))
        stop = max(change.stop, *(first + len(found) for first, found in pieces))
        outputs = self.outputs[index][start:stop].repeat(1, rows, 1)
        for kept, (first, found) in zip(self.kept[index], pieces, strict=True):
            outputs[first - start : first - start + len(found), :, kept.place] = found
        features = self._laid(self.features[index], change, start, stop)
        return Change(start, stop, self.network.join(index, features, outputs))

    @staticmethod
    def _laid(features: Tensor, change: Change, start: int, stop: int) -> Tensor:
        """The features of bins that hold a change, the change laid over them."""
        laid = features[start:stop].repeat(1, change.features.shape[1], 1)
        first, last = max(start, change.start), min(stop, change.stop)
        laid[first - start : last - start] = change.features[first - change.start : last - change.start]
        return laid

    def _direction(self, index: int, kept: _Kept, change: Change) -> tuple[int, Tensor]:
        """Sweep from where the input changes to where nothing differs any more: first bin, and outputs."""
        rows = change.features.shape[1]
        tiles = self._tiles(0, change.stop, True) if kept.backward else self._tiles(change.start, self.bins)
        # Contiguous, each row with memory of its own: oneDNN misreads anything else.
        state = tuple(part.repeat(rows, 1) for part in kept.states[_enters(tiles[0], kept.backward)])
        swept, found = [], []
        for tile in tiles:
            inside = change.start <= tile.start < change.stop
            if not inside and (self._unseen(index, tile) or kept.agrees(state, _enters(tile, kept.backward))):
                break
            if inside:
                features = change.features[tile.start - change.start : tile.stop - change.start]
            else:
                features = self.features[index][tile].repeat(1, rows, 1)
            out = torch.empty(
                tile.stop - tile.start, rows, kept.place.stop - kept.place.start, device=self.device
            )
            state = kept.sweep(self.network.enter(index, features).contiguous(), state, out)
            swept.append(tile.start)
            found.append(out)
        return min(swept), torch.cat(found[::-1] if kept.backward else found)

    def _unseen(self, index: int, tile: slice) -> bool:
        """Whether what a layer gives in a tile, and beyond, is out of the objective's sight."""
        margin = 0 if index + 1 == len(self.kept) else self.margin
        return tile.stop <= self.seen[0] - margin or tile.start >= self.seen[1] + margin

    def _unchanged(self, change: Change) -> Change:
        """The last layer's outputs in the same bins, as they are, in one row."""
        return Change(change.start, change.stop, self.features[-1][change.start : change.stop])

    def _of_classes(self, change: Change, codes: Tensor) -> Tensor:
        whole = self._laid(self.features[-1], change, 0, self.bins).transpose(0, 1)
        valid = self.valid.expand(len(whole), -1)
        return self.objective.of_classes(self.network.classes(whole, valid, self.words(codes)))

    def words(self, codes: Tensor) -> Tensor | None:
        """What gapped k-mers add of rows of the window, (rows, classes); see ``BiLSTM.words``."""
        return self.network.words(codes, torch.full((len(codes),), self.bins, device=self.device))

    def _of_bases(self, change: Change, stem: Change | None) -> Tensor:
        """The part of the objective that lies where a change of the last layer's outputs is felt."""
        start, stop = max(0, change.start - self.look), min(self.bins, change.stop + self.look)
        first, last = max(0, start - self.look), min(self.bins, stop + self.look)
        outputs = self._laid(self.features[-1], change, first, last).transpose(0, 1)
        looked = self.network.look(outputs, self.valid[:, first:last].expand(len(outputs), -1))
        looked = looked[:, start - first : stop - first]
        bases = slice(start * self.pool, stop * self.pool)
        features = self.stem[:, :, bases]
        if self.network.skip is not None:
            features = features.repeat(len(looked), 1, 1)
            if stem is not None:
                inner = slice((stem.start - start) * self.pool, (stem.stop - start) * self.pool)
                features[:, :, inner] = stem.features
        return self.objective.of_bases(self.network.decide(looked, features), self.weights[bases])


def reach_of(network: BiLSTM) -> int:
    """Bins on each side to which a base reaches by the filters and the further convolutions."""
    config = network.config
    near = -(-(config.filter_width // 2) // config.pool) if config.filters else 0
    return near + len(network.deeper) * (config.stem_width // 2)


def _enters(tile: slice, backward: bool) -> int:
    return tile.stop if backward else tile.start


def _leaves(tile: slice, backward: bool) -> int:
    return tile.start if backward else tile.stop
