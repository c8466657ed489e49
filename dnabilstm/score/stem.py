"""The stem over codes by table look-up: a convolution over one of 16 codes a base is a sum of table rows.

A table has a row for each of the 4,096 triplets of codes; a filter of 19 bases reads seven of them.
Only the 64 rows of A, C, G and T are ever hot, so the tables stay in the cache.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.alphabet import PAD
from dnabilstm.model.network import BiLSTM

BASES = 3
ROWS = 16**BASES
LARGEST = 256 << 20
"""Bytes of tables; longer or more filters are convolved instead."""
_NEVER = -1e4
"""What a base that is none adds to every filter, so that it never wins a maximum."""
_INTEGERS = {torch.float32: torch.int32, torch.bfloat16: torch.int16}


def fits_tables(network: BiLSTM, device: torch.device, precision: torch.dtype) -> bool:
    """Whether a network's stem is looked up: on a CPU, where the tables are of bearable size."""
    config = network.config
    if device.type != "cpu" or not config.filters or precision not in _INTEGERS:
        return False
    return -(-config.filter_width // BASES) * ROWS * 2 * config.filters * precision.itemsize <= LARGEST


class TableStem:
    """The stem of a network as tables.

    Parameters
    ----------
    network
        With filters.
    precision
        float32 or bfloat16, of the tables and of the features; sums are formed in float32.
    """

    def __init__(self, network: BiLSTM, precision: torch.dtype) -> None:
        config = network.config
        self.pool, self.margin = config.pool, config.filter_width // 2
        self.lookups = -(-config.filter_width // BASES)
        self.integer = _INTEGERS[precision]
        with torch.inference_mode():
            self.tables = _tables(*network.convolution.kernel(), network.one_hot.table).to(precision)
        self.offsets = torch.arange(self.lookups, dtype=torch.int32) * ROWS

    def padded(self, codes: Tensor) -> Tensor:
        """Codes (rows, bases) with what the filters see beyond both ends."""
        return functional.pad(codes, (self.margin, BASES * self.lookups), value=PAD)

    def __call__(
        self, padded: Tensor, start: int, end: int, skip: nn.Module | None
    ) -> tuple[Tensor, Tensor | None]:
        """Features of the bins ``start`` to ``end``.

        Parameters
        ----------
        padded
            uint8, of ``padded``.
        start, end
            In bins.
        skip
            What the network's skip connection makes of the features of each base.

        Returns
        -------
        features
            (bins, rows, 2 * filters): the maximum over the bases of each bin.
        skipped
            float32 (bins, bases a bin, rows, channels), or None without ``skip``.
        """
        codes = padded[:, start * self.pool : end * self.pool + BASES * self.lookups].int()
        triplets = codes[:, :-2] + (codes[:, 1:-1] << 4) + (codes[:, 2:] << 8)
        shape = (end - start, len(codes), self.lookups)
        strides = (self.pool, triplets.stride(0), BASES)
        top, skipped = None, []
        for base in range(self.pool):
            rows = triplets.as_strided(shape, strides, base) + self.offsets
            found = functional.embedding_bag(rows.reshape(-1, self.lookups), self.tables, mode="sum")
            if skip is not None:
                skipped.append(skip(found.relu().view(*shape[:2], -1)).float())
            # As integers, floats that are not negative keep their order, and negative ones stay below.
            number = found.view(self.integer)
            top = number if top is None else torch.maximum(top, number, out=top)
        features = top.view(found.dtype).relu_().view(*shape[:2], -1)
        return features, torch.stack(skipped, dim=1) if skipped else None


def _tables(weight: Tensor, bias: Tensor, one_hot: Tensor) -> Tensor:
    """Tables end to end, float32 (tables * 4096, filters), from a kernel (filters, 4, width)."""
    filters, _, width = weight.shape
    tables = -(-width // BASES)
    by_code = torch.zeros(tables * BASES, 16, filters)
    by_code[:width] = torch.einsum("cb,fbw->wcf", one_hot, weight)
    by_code[width // 2] += bias
    by_code[width // 2, PAD] = _NEVER
    first, second, third = by_code.unflatten(0, (tables, BASES)).unbind(1)
    # The first base of a triplet counts single, so it is the fastest axis.
    sums = third[:, :, None, None] + second[:, None, :, None] + first[:, None, None, :]
    return sums.reshape(tables * ROWS, filters)
