"""One batch of windows through a network, in short tiles with the state carried from tile to tile.

The working set of a tile stays in the cache however long the windows are. Steps are the outer axis,
so that a tile is one piece of memory. Rows are aligned at the left; the backward direction starts each
row at that row's own end with a state of zero, so a row does not feel the padding behind it, and a
contig's end is what it is in a sweep of the contig alone.
"""

import threading
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.ensemble import Ensemble
from dnabilstm.model.network import BiLSTM
from dnabilstm.model.recurrent import LSTMLayer, Reading, RecurrentLayer
from dnabilstm.model.runtime import device_of
from dnabilstm.native import sweep as native
from dnabilstm.score import recurrence
from dnabilstm.score.stem import TableStem, fits_tables

TILES = {"cpu": 64, "cuda": 4096}
"""Bins of a tile, at least: long enough that a GPU is not kept waiting."""
STEPS = 4096
"""Steps of all rows of a tile, about: few enough for a processor's cache, and enough that calls cost little."""


class Program:
    """A network made ready to score: weights derived, cast and laid out once.

    Parameters
    ----------
    network
        In evaluation mode, on the device where it is to run; an ensemble gives the channels of all its
        members side by side.
    precision
        float32, or bfloat16 for the arithmetic of stem, LSTM and head.
    tile
        Bins of a tile; 0 is what suits the device.

    Attributes
    ----------
    bases : int
        Bases of a step of the result: those of a bin, or 1 where each base has a logit of its own.
    in_c : bool
        Whether every sweep is by our own kernel, which is at its best with few rows.
    """

    def __init__(self, network: nn.Module, precision: torch.dtype = torch.float32, tile: int = 0) -> None:
        parts = list(network.members) if isinstance(network, Ensemble) else [network]
        kinds = [_Bins if isinstance(part, BiLSTM) else _Whole for part in parts]
        self.parts = [kind(part, precision, tile) for kind, part in zip(kinds, parts, strict=True)]
        self.bases = min(part.bases for part in self.parts)
        self.device, self.precision = self.parts[0].device, precision
        self.in_c = all(part.in_c for part in self.parts)

    @property
    def bytes_per_bin(self) -> int:
        """Memory that a bin of a batch takes, about."""
        return max(part.bytes_per_bin for part in self.parts)

    @torch.inference_mode()
    def __call__(self, codes: Tensor, lengths: list[int]) -> Tensor:
        """Logits of a batch of windows.

        Parameters
        ----------
        codes
            uint8 (rows, bins * pool) on the network's device, padded at the right.
        lengths
            Bins of each row, the longest first.

        Returns
        -------
        torch.Tensor
            float32 (steps, rows, channels), a step being ``bases`` bases; what lies behind a row's end
            has no meaning.
        """
        rough = self.precision == torch.bfloat16
        with torch.autocast(codes.device.type, dtype=torch.bfloat16, enabled=rough, cache_enabled=False):
            found = [part(codes, lengths) for part in self.parts]
        if len(found) == 1:
            return found[0]
        steps = max(len(logits) for logits in found)
        return torch.cat([logits.repeat_interleave(steps // len(logits), dim=0) for logits in found], dim=2)


class _Whole:
    """A network whose parts are not known: rows of one length together, as wholes."""

    bases = 1
    in_c = False

    def __init__(self, network: nn.Module, precision: torch.dtype, tile: int) -> None:
        self.network = network
        self.device = device_of(network)
        self.bytes_per_bin = 4 * _widest(network.config)

    def __call__(self, codes: Tensor, lengths: list[int]) -> Tensor:
        pool = self.network.config.pool
        logits = torch.zeros(*codes.shape, len(self.network.config.channels), device=codes.device)
        for bins in sorted(set(lengths)):
            rows = [row for row, length in enumerate(lengths) if length == bins]
            logits[rows, : bins * pool] = self.network.forward_bins(codes[rows, : bins * pool]).float()
        return logits.transpose(0, 1)


def _widest(config: BiLSTMConfig) -> int:
    """Channels of the two arrays that are held at a time, about."""
    return 2 * max(2 * config.filters, 2 * config.hidden * (2 if config.cell == "grid" else 1))


class _Bins:
    """A ``BiLSTM``: its parts run one after another over all bins, each tile by tile."""

    def __init__(self, network: BiLSTM, precision: torch.dtype, tile: int) -> None:
        self.network, self.precision = network, precision
        self.device = device_of(network)
        self.tile = tile
        self.bases = 1 if network.skip is not None else network.config.pool
        self.tables = TableStem(network, precision) if fits_tables(network, self.device, precision) else None
        with torch.no_grad():
            self.layers = [directions_of(layer, self.device, precision) for layer in network.lstms]
            self.in_c = all(isinstance(one, native.Direction) for layer in self.layers for one in layer)
            self.head = [(weight.to(precision), bias.to(precision)) for weight, bias in network.head.plain()]
        self.bytes_per_bin = precision.itemsize * _widest(network.config)
        self._memory = threading.local()

    def __call__(self, codes: Tensor, lengths: list[int]) -> Tensor:
        bins = codes.shape[1] // self.network.config.pool
        least = TILES.get(self.device.type, TILES["cuda"])
        self._memory.tile = self.tile or max(least, STEPS // len(codes))
        ends = torch.tensor(lengths, device=self.device)
        valid = torch.arange(bins, device=self.device).unsqueeze(1) < ends
        features, skipped = self._stem(codes, bins)
        features = self._deepen(features, valid)
        for index in range(len(self.layers)):
            features = self._layer(index, features, lengths, ends)
        logits = self._decide(features, valid)
        if skipped is None:
            return logits
        return logits.repeat_interleave(self.network.config.pool, dim=0) + skipped.flatten(0, 1)

    def _array(self, slot: str, *shape: int) -> Tensor:
        """Memory of a worker that serves batch after batch; its content has no meaning."""
        size = torch.Size(shape).numel()
        kept = getattr(self._memory, slot, None)
        if kept is None or kept.numel() < size:
            setattr(self._memory, slot, None)
            kept = torch.empty(size, dtype=self.precision, device=self.device)
            setattr(self._memory, slot, kept)
        return kept[:size].view(shape)

    def _tiles(self, bins: int, least: int = 0) -> list[slice]:
        tile = max(self._memory.tile, least)
        return [slice(start, min(start + tile, bins)) for start in range(0, bins, tile)]

    def _stem(self, codes: Tensor, bins: int) -> tuple[Tensor, Tensor | None]:
        """Pooled features (bins, rows, channels), and what the skip adds: (bins, bases, rows, channels)."""
        channels = 2 * self.network.config.filters or 4
        pooled, skipped = self._array("even", bins, len(codes), channels), []
        margin = self.network.config.filter_width // 2 if self.network.config.filters else 0
        padded = self.tables.padded(codes) if self.tables else functional.pad(codes, (margin, margin))
        for tile in self._tiles(bins):
            run = self.tables if self.tables else self._convolve
            pooled[tile], more = run(padded, tile.start, tile.stop, self.network.skip)
            skipped += [] if more is None else [more]
        return pooled, torch.cat(skipped) if skipped else None

    def _convolve(
        self, padded: Tensor, start: int, end: int, skip: nn.Module | None
    ) -> tuple[Tensor, Tensor | None]:
        """As ``TableStem``, by the network's own convolution."""
        network, pool = self.network, self.network.config.pool
        margin = network.config.filter_width // 2 if network.config.filters else 0
        features = network.stem(padded[:, start * pool : end * pool + 2 * margin])
        features = features[:, :, margin : margin + (end - start) * pool]
        skipped = None
        if skip is not None:
            skipped = skip(features.transpose(1, 2)).float().unflatten(1, (-1, pool)).permute(1, 2, 0, 3)
        return network.pool(features).transpose(0, 1), skipped

    def _deepen(self, features: Tensor, valid: Tensor) -> Tensor:
        """The stem's further convolutions over (bins, rows, channels)."""
        network = self.network
        if not len(network.deeper):
            return features
        margin = len(network.deeper) * (network.config.stem_width // 2)
        out = self._array("odd", *features.shape)
        for tile in self._tiles(len(features)):
            wide, inner = _around(tile, margin, len(features))
            deeper = network.deepen(features[wide].transpose(0, 1), valid[wide].t())
            out[tile] = deeper[:, inner].transpose(0, 1)
        return out

    def _layer(self, index: int, features: Tensor, lengths: list[int], ends: Tensor) -> Tensor:
        """(bins, rows, inputs) to (bins, rows, merged outputs) of one recurrent layer."""
        layer, directions = self.network.lstms[index], self.layers[index]
        bins, rows, _ = features.shape
        slot = "odd" if self._is("even", features) else "even"
        outputs = self._array(slot, bins, rows, len(directions) * layer.width)
        joined, starts = outputs, set(lengths)
        for number, sweep in enumerate(directions):
            place = slice(number * layer.width, (number + 1) * layer.width)
            state = self._start(rows, layer.hidden)
            for tile in self._pieces(bins, lengths) if number else self._tiles(bins):
                found = self.network.enter(index, features[tile]).to(self.precision)
                if number and tile.stop in starts:
                    state = _keep(state, ends > tile.stop)
                state = sweep(found, state, outputs[tile, :, place])
                if number + 1 == len(directions):
                    joined = self._join(index, tile, features, outputs, joined)
        return joined

    def _join(self, index: int, tile: slice, features: Tensor, outputs: Tensor, joined: Tensor) -> Tensor:
        """Merge the directions of a tile, where that is more than having them side by side."""
        part = outputs[tile]
        merged = self.network.join(index, features[tile], part)
        if merged is part:
            return joined
        if merged.shape == part.shape:
            part.copy_(merged)
            return joined
        if joined is outputs:
            joined = outputs.new_empty(len(outputs), *merged.shape[1:])
        joined[tile] = merged
        return joined

    def _is(self, slot: str, features: Tensor) -> bool:
        kept = getattr(self._memory, slot, None)
        return kept is not None and kept.data_ptr() == features.data_ptr()

    def _start(self, rows: int, hidden: int) -> tuple[Tensor, Tensor]:
        return tuple(torch.zeros(rows, hidden, device=self.device) for _ in range(2))

    def _pieces(self, bins: int, lengths: list[int]) -> list[slice]:
        """Tiles from the right to the left, none of which reaches over the end of a row."""
        borders = {tile.stop for tile in self._tiles(bins)} | set(lengths) | {0}
        return [slice(start, end) for start, end in pairwise(sorted(borders))][::-1]

    def _decide(self, features: Tensor, valid: Tensor) -> Tensor:
        """(bins, rows, width) to logits, float32 (bins, rows, channels)."""
        network = self.network
        margin = network.config.attention_window if network.attention is not None else 0
        logits = torch.empty(
            *features.shape[:2], len(self.head[-1][1]), device=self.device, dtype=torch.float32
        )
        # Tiles no shorter than what attention looks at on each side, which is computed anew for each.
        for tile in self._tiles(len(features), margin):
            seen = features[tile]
            if network.attention is not None:
                wide, inner = _around(tile, margin, len(features))
                seen = network.look(features[wide].transpose(0, 1), valid[wide].t())
                seen = seen[:, inner].transpose(0, 1).to(self.precision)
            for weight, bias in self.head[:-1]:
                seen = functional.linear(seen, weight, bias).relu_()
            logits[tile] = functional.linear(seen, *self.head[-1])
        return logits


def directions_of(
    layer: RecurrentLayer, device: torch.device, precision: torch.dtype
) -> list[recurrence.Sweep]:
    """The directions of a layer, ready to sweep (steps, rows, inputs): left to right, then right to left."""
    if isinstance(layer, LSTMLayer):
        return [
            recurrence.direction(weights, device, precision, backward=bool(number))
            for number, weights in enumerate(layer.weights())
        ]
    return [
        recurrence.placed(_steps_first(reading), backward=bool(number))
        for number, reading in enumerate(layer.readings())
    ]


def _around(tile: slice, margin: int, bins: int) -> tuple[slice, slice]:
    """A tile with up to ``margin`` bins on both sides, and where the tile lies in that."""
    wide = slice(max(0, tile.start - margin), min(bins, tile.stop + margin))
    return wide, slice(tile.start - wide.start, tile.stop - wide.start)


def _keep(state: tuple[Tensor, Tensor], started: Tensor) -> tuple[Tensor, Tensor]:
    """The state of the rows that have started; of the others zero."""
    return tuple(torch.where(started.unsqueeze(1), part, 0) for part in state)


def _steps_first(reading: Reading) -> recurrence.Forward:
    """A reading of (rows, steps, inputs) as one of (steps, rows, inputs)."""

    def sweep(features: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        outputs, state = reading.step(features.transpose(0, 1), state)
        return outputs.transpose(0, 1), state

    return sweep
