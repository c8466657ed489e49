"""One batch of windows through the model, in short tiles with the state carried from tile to tile.

The working set of a tile stays in the cache however long the windows are. Rows are aligned at the
left; each direction reads every row from that row's own end, so a row does not feel the padding
behind it and a contig's end is a state of zero, as in a sweep of the contig alone.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.model.ensemble import Ensemble
from dnabilstm.model.network import BiLSTM
from dnabilstm.model.recurrent import RecurrentLayer, reading_order

TILE = 128


@torch.inference_mode()
def logits_of(
    network: nn.Module, codes: Tensor, lengths: Tensor, precision: torch.dtype = torch.float32
) -> Tensor:
    """Logits of a batch of windows.

    Parameters
    ----------
    network
        In evaluation mode. One that is not a ``BiLSTM`` is run as a whole, rows of one length together;
        of an ensemble, the channels of all members stand side by side.
    codes
        uint8 (rows, bins * pool) on the network's device, padded at the right.
    lengths
        int64 (rows,): bins of each row.
    precision
        float32, or bfloat16 for the arithmetic of stem and LSTM.

    Returns
    -------
    torch.Tensor
        float32 (rows, bins * pool, channels); what lies behind a row's end has no meaning.
    """
    if isinstance(network, Ensemble):
        return torch.cat([logits_of(member, codes, lengths, precision) for member in network.members], dim=2)
    device = codes.device.type
    rough = precision == torch.bfloat16
    with torch.autocast(device, dtype=torch.bfloat16, enabled=rough, cache_enabled=False):
        if not isinstance(network, BiLSTM):
            return _as_a_whole(network, codes, lengths)
        valid = torch.arange(codes.shape[1] // network.config.pool, device=codes.device) < lengths.unsqueeze(
            1
        )
        outputs, skipped = _stem(network, codes, precision)
        outputs = _deepen(network, outputs, valid)
        for index, layer in enumerate(network.lstms):
            outputs = network.join(index, outputs, _layer(layer, network.enter(index, outputs), lengths))
        return _head(network, outputs, valid, skipped)


def _as_a_whole(network: nn.Module, codes: Tensor, lengths: Tensor) -> Tensor:
    """Logits of a network whose parts are not known: a row must not feel the padding behind it."""
    pool = network.config.pool
    logits = torch.zeros(*codes.shape, len(network.config.channels), device=codes.device)
    for bins in lengths.unique().tolist():
        rows = lengths == bins
        logits[rows, : bins * pool] = network.forward_bins(codes[rows, : bins * pool]).float()
    return logits


def _tiles(steps: int, tile: int = 0) -> list[slice]:
    tile = tile or TILE
    return [slice(start, min(start + tile, steps)) for start in range(0, steps, tile)]


def _around(tile: slice, margin: int, steps: int) -> tuple[slice, slice]:
    """A tile with up to ``margin`` steps on both sides, and where the tile lies in that."""
    wide = slice(max(0, tile.start - margin), min(steps, tile.stop + margin))
    return wide, slice(tile.start - wide.start, tile.stop - wide.start)


def _stem(network: BiLSTM, codes: Tensor, precision: torch.dtype) -> tuple[Tensor, Tensor | None]:
    """Pooled features (rows, bins, channels), and what the skip adds to each base's logits."""
    pool = network.config.pool
    margin = network.config.filter_width // 2 if network.config.filters else 0
    padded = functional.pad(codes, (margin, margin))
    pooled, skipped = None, []
    for tile in _tiles(codes.shape[1] // pool):
        inner = slice(margin, margin + (tile.stop - tile.start) * pool)
        features = network.stem(padded[:, tile.start * pool : tile.stop * pool + 2 * margin])[:, :, inner]
        part = network.pool(features)
        if pooled is None:
            pooled = part.new_empty(len(codes), codes.shape[1] // pool, part.shape[2], dtype=precision)
        pooled[:, tile] = part
        if network.skip is not None:
            skipped.append(network.skip(features.transpose(1, 2)).float())
    return pooled, torch.cat(skipped, dim=1) if skipped else None


def _deepen(network: BiLSTM, features: Tensor, valid: Tensor) -> Tensor:
    """The stem's further convolutions over (rows, bins, channels), tile by tile."""
    if not len(network.deeper):
        return features
    margin = len(network.deeper) * (network.config.stem_width // 2)
    out = torch.empty_like(features)
    for tile in _tiles(features.shape[1]):
        wide, inner = _around(tile, margin, features.shape[1])
        out[:, tile] = network.deepen(features[:, wide], valid[:, wide])[:, inner]
    return out


def _layer(layer: RecurrentLayer, features: Tensor, lengths: Tensor) -> Tensor:
    """(rows, bins, inputs) to (rows, bins, directions * width)."""
    rows, bins, _ = features.shape
    readings = layer.readings()
    outputs = features.new_empty(rows, bins, len(readings) * layer.width)
    order = reading_order(bins, lengths)
    row = torch.arange(rows, device=features.device).unsqueeze(1)
    for direction, reading in enumerate(readings):
        place = slice(direction * layer.width, (direction + 1) * layer.width)
        state = reading.start(features)
        for tile in _tiles(bins):
            if direction == 0:
                out, state = reading.step(features[:, tile], state)
                outputs[:, tile, place] = out.to(outputs.dtype)
            else:
                read = order[:, tile]
                out, state = reading.step(features[row, read], state)
                outputs[row, read, place] = out.to(outputs.dtype)
    return outputs


def _head(network: BiLSTM, outputs: Tensor, valid: Tensor, skipped: Tensor | None) -> Tensor:
    """(rows, bins, width) to logits of each base, float32 (rows, bins * pool, channels)."""
    margin = network.config.attention_window if network.attention is not None else 0
    parts = []
    # Tiles no shorter than what attention looks at on each side, which is computed anew for each.
    for tile in _tiles(outputs.shape[1], max(TILE, margin)):
        wide, inner = _around(tile, margin, outputs.shape[1])
        parts.append(network.head(network.look(outputs[:, wide], valid[:, wide])[:, inner]).float())
    logits = torch.cat(parts, dim=1).repeat_interleave(network.config.pool, dim=1)
    return logits if skipped is None else logits + skipped
