"""An architecture for dnabilstm: dilated convolutions, averaged over the two strands."""

from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.layers import OneHot


class DilatedCNN(nn.Module):
    """Convolutions that each look twice as far; options ``depth`` (6 of them) and ``width`` (32 channels)."""

    def __init__(self, config: BiLSTMConfig) -> None:
        super().__init__()
        if unknown := set(config.options) - {"depth", "width"}:
            raise DnabilstmError(f"model.options: {', '.join(sorted(unknown))}; wanted depth or width")
        if config.strand != "symmetric":
            raise DnabilstmError(f"model.strand: {config.strand}; dilated wants strand: symmetric")
        depth, width = config.options.get("depth", 6), config.options.get("width", 32)
        self.config = config
        self.one_hot = OneHot()
        self.first = nn.Conv1d(4, width, 15, padding="same")
        self.more = nn.ModuleList(
            nn.Conv1d(width, width, 3, padding="same", dilation=2**i) for i in range(depth)
        )
        self.last = nn.Conv1d(width, len(config.channels), 1)

    def forward_bins(self, codes: Tensor) -> Tensor:
        """Codes uint8 (batch, length) to logits (batch, length, channels)."""
        bases = self.one_hot(codes).transpose(1, 2)
        other_strand = self._read(bases.flip(1, 2)).flip(2)
        return (self._read(bases) + other_strand).transpose(1, 2) / 2

    def _read(self, bases: Tensor) -> Tensor:
        features = functional.relu(self.first(bases))
        for convolution in self.more:
            features = features + functional.relu(convolution(features))
        return self.last(features)
