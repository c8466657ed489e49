"""The default network: stem, pooling, stacked bidirectional LSTM, back to every base, head."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.alphabet import PAD
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.heads import PositionHead
from dnabilstm.model.layers import (
    Convolution,
    LSTMLayer,
    OneHot,
    VariationalDropout,
    phase,
    swap_of_halves,
    swap_of_one_hot,
)


class BiLSTM(nn.Module):
    """A per-position model; see ``BiLSTMConfig`` for every choice.

    The three parts ``stem``, ``recur`` and ``head`` are public, since the scoring engine runs them
    tile by tile; ``forward`` is their plain composition over whole windows.
    """

    def __init__(self, config: BiLSTMConfig) -> None:
        super().__init__()
        self.config = config
        tied = config.strand != "none"
        self.one_hot = OneHot()
        self.convolution = None
        features, swap = 4, swap_of_one_hot()
        if config.filters:
            self.convolution = Convolution(4, config.filters, config.filter_width, swap if tied else None)
            features, swap = 2 * config.filters, swap_of_halves(2 * config.filters)
        self.lstms = nn.ModuleList()
        for _ in range(config.layers):
            self.lstms.append(
                LSTMLayer(features, config.hidden, swap if tied else None, config.bidirectional)
            )
            features, swap = self._merged(config)
        width = config.hidden * (2 if config.bidirectional else 1)
        self.head = PositionHead(width, config.hidden, len(config.tasks), config.strand)
        self.skip = None
        if config.skip and config.filters:
            self.skip = PositionHead(2 * config.filters, 0, len(config.tasks), config.strand)
        self.dropout = VariationalDropout(config.dropout)

    @staticmethod
    def _merged(config: BiLSTMConfig) -> tuple[int, Tensor]:
        if config.merge == "concat" and config.bidirectional:
            return 2 * config.hidden, swap_of_halves(2 * config.hidden)
        return config.hidden, torch.arange(config.hidden)

    def stem(self, codes: Tensor) -> Tensor:
        """Features of each base: codes (batch, length) to (batch, channels, length), 0 at padding."""
        one_hot = self.one_hot(codes).transpose(1, 2)
        if self.convolution is None:
            return one_hot
        features = functional.relu(self.convolution(one_hot))
        # Past the ends of a contig a filter would still see its bias: nothing there may win a maximum.
        return features * (codes != PAD).unsqueeze(1)

    def pool(self, features: Tensor) -> Tensor:
        """Maximum of each bin: (batch, channels, length) to (batch, bins, channels)."""
        if self.config.pool > 1:
            features = functional.max_pool1d(features, self.config.pool)
        return features.transpose(1, 2)

    def merge(self, outputs: Tensor) -> Tensor:
        """Both directions of a layer to the next layer's input."""
        if self.config.merge == "sum" and self.config.bidirectional:
            forward, backward = outputs.chunk(2, dim=-1)
            return forward + backward
        return outputs

    def decide(self, outputs: Tensor, features: Tensor) -> Tensor:
        """Logits of each base: last layer (batch, bins, width) and stem features to (batch, length, channels)."""
        logits = self.head(self.dropout(outputs))
        if self.config.pool > 1:
            logits = logits.repeat_interleave(self.config.pool, dim=1)
        if self.skip is not None:
            logits = logits + self.skip(features.transpose(1, 2))
        return logits

    def forward_bins(self, codes: Tensor) -> Tensor:
        """Logits of windows that are whole bins: codes (batch, bins * pool) to (batch, bins * pool, channels)."""
        features = self.stem(codes)
        outputs = self.pool(features)
        for index, lstm in enumerate(self.lstms):
            outputs = lstm(self.dropout(self.merge(outputs) if index else outputs))
        return self.decide(outputs, features)

    def forward(self, codes: Tensor) -> Tensor:
        """Logits of whole sequences of one length, bins placed as on a contig.

        Parameters
        ----------
        codes
            uint8 (batch, length), no padding inside.

        Returns
        -------
        torch.Tensor
            (batch, length, channels)
        """
        length, pool = codes.shape[1], self.config.pool
        left = -phase(length, pool) % pool
        right = -(left + length) % pool
        logits = self.forward_bins(functional.pad(codes, (left, right), value=PAD))
        return logits[:, left : left + length]
