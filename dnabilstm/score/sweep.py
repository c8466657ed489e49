"""One batch of windows through the model, in short tiles with the state carried from tile to tile.

The working set of a tile stays in the cache however long the windows are. Rows are aligned at the
left; each direction reads every row from that row's own end, so a row does not feel the padding
behind it and a contig's end is a state of zero, as in a sweep of the contig alone.
"""

import torch
from torch import Tensor
from torch.nn import functional

from dnabilstm.model.layers import sweep
from dnabilstm.model.network import BiLSTM

TILE = 128


@torch.inference_mode()
def logits_of(
    network: BiLSTM, codes: Tensor, lengths: Tensor, precision: torch.dtype = torch.float32
) -> Tensor:
    """Logits of a batch of windows.

    Parameters
    ----------
    network
        In evaluation mode.
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
    device = codes.device.type
    rough = precision == torch.bfloat16
    with torch.autocast(device, dtype=torch.bfloat16, enabled=rough, cache_enabled=False):
        outputs, skipped = _stem(network, codes, precision)
        for index, lstm in enumerate(network.lstms):
            outputs = _layer(lstm, network.merge(outputs) if index else outputs, lengths)
        return _head(network, outputs, skipped)


def _tiles(steps: int) -> list[slice]:
    return [slice(start, min(start + TILE, steps)) for start in range(0, steps, TILE)]


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


def _layer(lstm: torch.nn.Module, features: Tensor, lengths: Tensor) -> Tensor:
    """(rows, bins, inputs) to (rows, bins, directions * hidden)."""
    rows, bins, _ = features.shape
    weights = lstm.weights()
    outputs = features.new_empty(rows, bins, len(weights) * lstm.hidden)
    order = _reading_order(bins, lengths)
    row = torch.arange(rows, device=features.device).unsqueeze(1)
    for direction, plain in enumerate(weights):
        place = slice(direction * lstm.hidden, (direction + 1) * lstm.hidden)
        state = (features.new_zeros(1, rows, lstm.hidden),) * 2
        for tile in _tiles(bins):
            if direction == 0:
                outputs[:, tile, place], state = sweep(features[:, tile], plain, state)
            else:
                read = order[:, tile]
                outputs[row, read, place], state = sweep(features[row, read], plain, state)
    return outputs


def _reading_order(bins: int, lengths: Tensor) -> Tensor:
    """Where the backward direction reads at each step, int64 (rows, bins): a row's end first, padding last."""
    step = torch.arange(bins, device=lengths.device)
    backward = lengths.unsqueeze(1) - 1 - step
    return torch.where(backward >= 0, backward, step)


def _head(network: BiLSTM, outputs: Tensor, skipped: Tensor | None) -> Tensor:
    """(rows, bins, width) to logits of each base, float32 (rows, bins * pool, channels)."""
    parts = [network.head(outputs[:, tile]).float() for tile in _tiles(outputs.shape[1])]
    logits = torch.cat(parts, dim=1).repeat_interleave(network.config.pool, dim=1)
    return logits if skipped is None else logits + skipped
