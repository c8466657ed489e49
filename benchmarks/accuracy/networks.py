"""Networks of others, rebuilt to be trained and judged beside ours: plug-in architectures of the benchmarks.

    python -m benchmarks.accuracy.networks train ... --set model.architecture=danq

is `dnabilstm` with these architectures. Layers that both have, LSTM and maximum, are ours, so that minutes compare
networks and not kernels. Both give a score a base as ours does, so that windows, losses, bases and figures are the same
for all; neither is tied between the strands.
"""

from torch import Tensor, nn
from torch.nn import functional

from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.layers import BinMaximum, Dropout, OneHot
from dnabilstm.model.recurrent import LSTMLayer
from dnabilstm.model.registry import ARCHITECTURES


class DanQ(nn.Module):
    """DanQ (Quang & Xie 2016, Nucleic Acids Research 44:e107): convolution, pooling by 13, a BiLSTM, dense layers.

    320 filters of 26, dropout .2, 320 units a direction, dropout .5, 925 dense units, as in its paper. There the
    dense layer reads all bins of 1,000 bases for one answer about the 200 in their middle; here it reads each
    bin's states for an answer about the bin. `model.pool` is 13.
    """

    def __init__(self, config: BiLSTMConfig) -> None:
        super().__init__()
        self.config = config
        self.one_hot = OneHot()
        self.convolution = nn.Conv1d(4, 320, 26)
        self.lstm = LSTMLayer(320, 320, None)
        self.dense, self.outer = nn.Linear(640, 925), nn.Linear(925, len(config.channels))
        self.thin, self.thinner = Dropout(0.2, "element"), Dropout(0.5, "element")

    def forward_bins(self, codes: Tensor) -> Tensor:
        """Codes uint8 (batch, length) to logits (batch, length, channels)."""
        bases = functional.pad(self.one_hot(codes).transpose(1, 2), (12, 13))
        features = functional.relu(self.convolution(bases)).transpose(1, 2)
        features = self.thin(BinMaximum.apply(features.unflatten(1, (-1, self.config.pool))))
        states = self.thinner(self.lstm(features))
        logits = self.outer(functional.relu(self.dense(states)))
        return logits.repeat_interleave(self.config.pool, dim=1)


class DilatedCNN(nn.Module):
    """Residual convolutions that each look twice as far, at single bases, as in BPNet (Avsec et al. 2021).

    64 filters of 21, then eight layers of 64 filters of 3 with dilations of 2 to 256: it sees 521 bases on either
    side, with as many parameters as our default (Nature Genetics 53:354, with eight layers instead of nine).
    `model.pool` is 1.
    """

    def __init__(self, config: BiLSTMConfig) -> None:
        super().__init__()
        self.config = config
        self.one_hot = OneHot()
        self.first = nn.Conv1d(4, 64, 21, padding="same")
        self.more = nn.ModuleList(nn.Conv1d(64, 64, 3, padding="same", dilation=2**i) for i in range(1, 9))
        self.thin, self.outer = Dropout(0.2), nn.Conv1d(64, len(config.channels), 1)

    def forward_bins(self, codes: Tensor) -> Tensor:
        """Codes uint8 (batch, length) to logits (batch, length, channels)."""
        features = functional.relu(self.first(self.one_hot(codes).transpose(1, 2)))
        for convolution in self.more:
            features = features + functional.relu(convolution(features))
        return self.outer(self.thin(features.transpose(1, 2)).transpose(1, 2)).transpose(1, 2)


ARCHITECTURES |= {"danq": DanQ, "dilated": DilatedCNN}

if __name__ == "__main__":
    from dnabilstm.cli import main

    main()
