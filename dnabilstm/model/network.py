"""The network: stem, pooling, stacked recurrent layers, and a head for every base or for whole sequences."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.alphabet import PAD
from dnabilstm.model.attention import LocalAttention
from dnabilstm.model.bins import before_first
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.gapped import GappedKmers
from dnabilstm.model.heads import PositionHead, SequenceHead
from dnabilstm.model.layers import (
    BinMaximum,
    Convolution,
    Dropout,
    OneHot,
    PairedNorm,
    swap_of_halves,
    swap_of_one_hot,
)
from dnabilstm.model.places import PlaceBias
from dnabilstm.model.recurrent import CELLS, RecurrentLayer


class BiLSTM(nn.Module):
    """The family of BiLSTM models; see ``BiLSTMConfig`` for every choice.

    The parts (``stem``, ``pool``, ``deepen``, ``enter``, the layers ``lstms``, ``join``, ``look``,
    ``decide``) are public, since the scoring engine runs them tile by tile; ``forward_bins`` and
    ``forward_sequences`` are their plain composition.
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
        self.places: PlaceBias | None = None
        if config.filters and config.aligned not in ("auto", 0):
            self.places = PlaceBias(config.aligned * config.pool, config.filters, tied)
        self.deeper = nn.ModuleList(
            Convolution(features, config.filters, config.stem_width, swap if tied else None)
            for _ in range(config.stem_layers)
        )
        self.lstms, self.norms = nn.ModuleList(), nn.ModuleList()
        for index in range(config.layers):
            layer = self._layer(index, features, swap if tied else None)
            normal = config.norm and config.cell != "grid" and (index or config.filters)
            paired = tied and (index == 0 or config.merge == "concat")
            self.norms.append(PairedNorm(features, paired) if normal else nn.Identity())
            self.lstms.append(layer)
            features, swap = self._merged(layer)
        self._build_head(features, tied)
        self.dropout = Dropout(config.dropout, config.dropout_mask)

    def _layer(self, index: int, inputs: int, swap: Tensor | None) -> RecurrentLayer:
        config = self.config
        kind = CELLS[config.cell]
        if config.cell != "grid":
            return kind(inputs, config.hidden, swap, config.bidirectional)
        last = index == config.layers - 1
        return kind(inputs, config.hidden, swap, config.bidirectional, first=index == 0, last=last)

    def _merged(self, layer: RecurrentLayer) -> tuple[int, Tensor]:
        """Channels that the next layer or the head gets, and their swap."""
        if not layer.bidirectional or (self.config.merge == "sum" and not self._keeps_directions(layer)):
            return layer.width, torch.arange(layer.width)
        return 2 * layer.width, swap_of_halves(2 * layer.width)

    @staticmethod
    def _keeps_directions(layer: RecurrentLayer) -> bool:
        """A grid's memory runs along depth: its directions stay apart until the last layer."""
        return layer.width != layer.hidden

    def _build_head(self, features: int, tied: bool) -> None:
        config = self.config
        paired = tied and config.merge == "concat"
        self.attention, self.skip = None, None
        self.gapped = GappedKmers(config) if config.kmers == "gapped" else None
        if config.head == "sequence":
            self.head: nn.Module = SequenceHead(config, features, paired)
            return
        self.head = PositionHead(features, config.hidden, len(config.tasks), config.strand, paired)
        if config.attention == "local":
            self.attention = LocalAttention(
                features, config.attention_heads, config.attention_window, paired, even=tied
            )
        if config.skip and config.filters:
            self.skip = PositionHead(2 * config.filters, 0, len(config.tasks), config.strand)

    def place_bias(self, lengths: Tensor, size: int) -> Tensor | None:
        """What the stem's filters get by their place in sequences that are aligned, else None.

        Parameters
        ----------
        lengths
            int64 (batch,): bins of each sequence.
        size
            Bases of a row, whole bins.

        Returns
        -------
        torch.Tensor or None
            (batch or 1, channels, size)
        """
        if self.places is None:
            return None
        return self.places(lengths * self.config.pool, size).transpose(1, 2)

    def stem(self, codes: Tensor, bias: Tensor | None = None) -> Tensor:
        """Features of each base: codes (batch, length) to (batch, channels, length), 0 at padding.

        ``bias`` is what ``place_bias`` says of these bases.
        """
        one_hot = self.one_hot(codes).transpose(1, 2)
        if self.convolution is None:
            return one_hot
        features = self.convolution(one_hot)
        features = functional.relu(features if bias is None else features + bias.to(features.dtype))
        # Past the ends of a contig a filter would still see its bias: nothing there may win a maximum.
        seen = codes != PAD
        if not seen.is_cuda and seen.all():
            return features
        return features * seen.unsqueeze(1)

    def pool(self, features: Tensor) -> Tensor:
        """Maximum of each bin: (batch, channels, length) to (batch, bins, channels)."""
        if self.config.pool == 1:
            return features.transpose(1, 2)
        return BinMaximum.apply(features.transpose(1, 2).unflatten(1, (-1, self.config.pool)))

    def valid(self, codes: Tensor) -> Tensor:
        """Which bins have a base: bool (batch, bins)."""
        return (codes != PAD).unflatten(1, (-1, self.config.pool)).any(dim=2)

    def deepen(self, features: Tensor, valid: Tensor) -> Tensor:
        """The stem's further convolutions: (batch, bins, channels) to the same shape, 0 where not ``valid``."""
        if not len(self.deeper):
            return features
        features, kept = features.transpose(1, 2), valid.unsqueeze(1)
        for convolution in self.deeper:
            more = functional.relu(convolution(features)) * kept
            features = features + more if self.config.stem_residual else more
        return features.transpose(1, 2)

    def enter(self, index: int, features: Tensor) -> Tensor:
        """What layer ``index`` reads: its input normalised, and while training thinned out."""
        features = self.norms[index](features)
        if index and self._keeps_directions(self.lstms[index - 1]):
            hidden, memory = features.unflatten(2, (-1, 2, self.config.hidden)).unbind(3)
            hidden = self.dropout(hidden.flatten(2)).view_as(memory)
            return torch.stack([hidden, memory], dim=3).flatten(2)
        return self.dropout(features)

    def join(self, index: int, features: Tensor, outputs: Tensor) -> Tensor:
        """The outputs of layer ``index``, its directions merged, and its input added where that is asked for."""
        layer = self.lstms[index]
        if self.config.merge == "sum" and not self._keeps_directions(layer):
            forward, backward = outputs.chunk(2, dim=-1)
            outputs = forward + backward
        if self._adds(index) and features.shape[-1] == outputs.shape[-1]:
            outputs = outputs + features
        return outputs

    def _adds(self, index: int) -> bool:
        """Whether the input of a layer may be added to its output: both must turn over alike with the strand."""
        config = self.config
        alike = index > 0 or config.strand == "none" or (config.filters > 0 and config.merge == "concat")
        return config.residual and config.cell != "grid" and alike

    def look(self, outputs: Tensor, valid: Tensor) -> Tensor:
        """Local attention, where there is any: (batch, bins, width) to the same shape."""
        return outputs if self.attention is None else self.attention(outputs, valid)

    def decide(self, outputs: Tensor, features: Tensor) -> Tensor:
        """Logits of each base: last layer (batch, bins, width) and stem features to (batch, length, channels)."""
        logits = self.head(self.dropout(outputs))
        if self.config.pool > 1:
            logits = logits.repeat_interleave(self.config.pool, dim=1)
        if self.skip is not None:
            logits = logits + self.skip(features.transpose(1, 2))
        return logits

    def _trunk(self, features: Tensor, valid: Tensor, lengths: Tensor | None) -> Tensor:
        """From stem features to the last layer's merged outputs, (batch, bins, width)."""
        outputs = self.deepen(self.pool(features), valid)
        for index, layer in enumerate(self.lstms):
            outputs = self.join(index, outputs, layer(self.enter(index, outputs), lengths))
        return outputs

    def forward_bins(self, codes: Tensor) -> Tensor:
        """Logits of windows that are whole bins: codes (batch, bins * pool) to (batch, bins * pool, channels)."""
        features, valid = self.stem(codes), self.valid(codes)
        outputs = self._trunk(features, valid, None)
        return self.decide(self.look(outputs, valid), features)

    def forward_sequences(self, codes: Tensor, lengths: Tensor) -> Tensor:
        """Logits of whole sequences, of a network with a sequence head.

        Parameters
        ----------
        codes
            uint8 (batch, bins * pool): each sequence from its first bin on, padding behind.
        lengths
            int64 (batch,): bins of each sequence, at least 1.

        Returns
        -------
        torch.Tensor
            (batch, classes)
        """
        outputs, valid = self.states(codes, lengths)
        return self.classes(outputs, valid, self.words(codes, lengths))

    def words(self, codes: Tensor, lengths: Tensor) -> Tensor | None:
        """What gapped k-mers add to the logits of sequences, (batch, classes); None of a network without."""
        return None if self.gapped is None else self.gapped(codes, lengths)

    def classes(self, outputs: Tensor, valid: Tensor, words: Tensor | None) -> Tensor:
        """Logits of ``states`` and ``words``: (batch, classes)."""
        logits = self.head(outputs, valid)
        return logits if words is None else logits.to(words.dtype) + words

    def states(self, codes: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """What the sequence head sees: the last layer's (batch, bins, width), and which bins count."""
        valid = torch.arange(codes.shape[1] // self.config.pool, device=codes.device) < lengths.unsqueeze(1)
        whole = bool((lengths == valid.shape[1]).all())
        stem = self.stem(codes, self.place_bias(lengths, codes.shape[1]))
        return self._trunk(stem, valid, None if whole else lengths), valid

    def forward(self, codes: Tensor) -> Tensor:
        """Logits of whole sequences of one length, bins placed as on a contig.

        Parameters
        ----------
        codes
            uint8 (batch, length), no padding inside.

        Returns
        -------
        torch.Tensor
            (batch, length, channels), or (batch, classes) with a sequence head.
        """
        length, pool = codes.shape[1], self.config.pool
        left = before_first(length, pool)
        right = -(left + length) % pool
        placed = functional.pad(codes, (left, right), value=PAD)
        if self.config.head == "sequence":
            bins = torch.full((len(codes),), placed.shape[1] // pool, device=codes.device)
            return self.forward_sequences(placed, bins)
        return self.forward_bins(placed)[:, left : left + length]
