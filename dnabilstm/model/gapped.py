"""Gapped k-mers of a whole sequence: what a sequence head adds that no network needs to learn.

A linear model of which words with gaps a sequence has (Ghandi et al. 2014, PLoS Comput Biol 10:e1003711, count
them) tells bound sequences about as well as a recurrent network, and errs elsewhere, so the sum of the two
errs less. Its weights are not trained by gradient steps, but fitted once (``dnabilstm.train.gapped``).
"""

import itertools
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from dnabilstm.alphabet import BASE_OF_CODE, complement_words
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.native import words as compiled

Pattern = tuple[int, ...]
"""Offsets of the bases that a word has, from its first one."""


def _within(bases: int, longest: int) -> list[Pattern]:
    """All patterns of so many bases over at most ``longest``."""
    return [
        (0, *inner, span - 1)
        for span in range(bases, longest + 1)
        for inner in itertools.combinations(range(1, span - 1), bases - 2)
    ]


ANYWHERE: tuple[Pattern, ...] = (
    *_within(4, 7),
    *_within(6, 8),
    *((0, 1, 2, 3 + gap, 4 + gap, 5 + gap) for gap in range(3, 13)),
)
"""Words that count wherever they are: 4 bases in 7, 6 in 8, and two of 3 with 3 to 12 between them."""
PLACED: tuple[Pattern, ...] = ((0,), (0, 1), (0, 1, 2))
"""Words that count by where they are, about the middle of sequences that are aligned."""


class GappedKmers(nn.Module):
    """What the words of a sequence add to the logits of its classes; nothing before it is fitted.

    Attributes
    ----------
    parts : torch.nn.ModuleList
        Words anywhere, and of sequences that are aligned also words at their places.
    """

    def __init__(self, config: BiLSTMConfig) -> None:
        super().__init__()
        self.pool = config.pool
        columns, symmetric = len(config.tasks) - 1, config.strand == "symmetric"
        self.parts = nn.ModuleList([Words(ANYWHERE, 0, columns, symmetric)])
        if config.aligned not in ("auto", 0):
            self.parts.append(Words(PLACED, config.aligned * config.pool, columns, symmetric))

    def forward(self, codes: Tensor, lengths: Tensor) -> Tensor:
        """What is added: codes and bins as of ``BiLSTM.forward_sequences`` to float32 (batch, classes)."""
        return torch.stack([part(codes, lengths * self.pool) for part in self.parts]).sum(dim=0)


class Words(nn.Module):
    """A weight for each word of some patterns: those of the words that a sequence has are added up.

    Parameters
    ----------
    patterns
        With each also its mirror image.
    places
        0, or how many bases about the middle of a sequence each have weights of their own.
    columns
        Numbers that are given beside the first, which is 0: one less than there are classes.
    symmetric
        Whether a word and its reverse complement, at mirrored places, have one weight and count once.
    """

    def __init__(self, patterns: tuple[Pattern, ...], places: int, columns: int, symmetric: bool) -> None:
        super().__init__()
        self.patterns, self.places = patterns, places
        rows, distinct = _rows_of(patterns, places, symmetric)
        self.register_buffer("rows", torch.from_numpy(rows), persistent=False)
        self.register_buffer("bases", torch.from_numpy(BASE_OF_CODE.copy()), persistent=False)
        self.register_buffer("table", torch.zeros(distinct, columns))

    def forward(self, codes: Tensor, lengths: Tensor) -> Tensor:
        """Sums of weights.

        Parameters
        ----------
        codes
            uint8 (batch, length), padding on either side.
        lengths
            int64 (batch,): bases of the whole bins of each row.

        Returns
        -------
        torch.Tensor
            (batch, columns + 1), of the type of the table; the first column is 0.
        """
        sums = self.table.new_zeros(len(codes), 1 + self.table.shape[1])
        shifts = self.shifts(lengths)
        for shift in shifts:
            if compiled.adds(codes, self.table):
                own = compiled.sums(codes, shift, self.patterns, self.places, self.rows, self.table)
                sums[:, 1:] += own / len(shifts)
                continue
            there = self.table.new_zeros(len(codes), len(self.table) + 1)
            for rows in self.found(codes, shift):
                there.scatter_(1, rows, 1.0)
            with torch.autocast(codes.device.type, enabled=False):
                sums[:, 1:] += there[:, :-1] @ self.table / len(shifts)
        return sums

    def shifts(self, lengths: Tensor) -> list[Tensor]:
        """The place of the first base of each row, int64 (batch,); two of them where the middle is between places.

        The mean over both is the same for both strands.
        """
        if not self.places:
            return [torch.zeros_like(lengths)]
        twice = self.places - lengths
        ways = [twice.div(2, rounding_mode="floor"), (twice + 1).div(2, rounding_mode="floor")]
        return ways if bool((twice % 2).any()) else ways[:1]

    def found(self, codes: Tensor, shift: Tensor) -> Iterator[Tensor]:
        """Rows of the table that words of sequences have, a pattern at a time.

        Parameters
        ----------
        codes
            uint8 (batch, length), padding on either side.
        shift
            int64 (batch,): the place of the first base of a row.

        Yields
        ------
        torch.Tensor
            int64 (batch, starts); ``len(table)`` where no word is, or none that has a weight.
        """
        bases, none = self.bases[codes.long()], len(self.table)
        first = 0
        for pattern in self.patterns:
            words, starts = 4 ** len(pattern), codes.shape[1] - pattern[-1]
            places = max(0, self.places - pattern[-1]) if self.places else 1
            if starts > 0 and places:
                letters = [bases[:, offset : offset + starts] for offset in pattern]
                number, whole = torch.zeros_like(letters[0]), torch.ones_like(letters[0], dtype=torch.bool)
                for own in letters:
                    number, whole = number * 4 + own, whole & (own >= 0)
                if self.places:
                    place = shift.unsqueeze(1) + torch.arange(starts, device=codes.device)
                    whole = whole & (place >= 0) & (place < places)
                    number = place * words + number
                number = number.clamp(0, places * words - 1)
                yield torch.where(whole, self.rows[first + number].long(), none)
            first += places * words


@lru_cache(maxsize=16)
def _rows_of(patterns: tuple[Pattern, ...], places: int, symmetric: bool) -> tuple[np.ndarray, int]:
    """The row of each word, int32 (words,), patterns one after another and places within; and how many rows."""
    counts = [max(0, places - pattern[-1]) if places else 1 for pattern in patterns]
    borders = np.concatenate(
        [[0], np.cumsum([n * 4 ** len(p) for n, p in zip(counts, patterns, strict=True)])]
    ).astype(np.int64)
    total = int(borders[-1])
    if not symmetric:
        return np.arange(total, dtype=np.int32), total
    first = dict(zip(patterns, borders[:-1].tolist(), strict=True))
    least = np.empty(total, np.int64)
    for pattern, start, end, places_left in zip(patterns, borders[:-1], borders[1:], counts, strict=True):
        words = 4 ** len(pattern)
        mirrored = tuple(pattern[-1] - offset for offset in reversed(pattern))
        place = np.arange(places_left)[:, None]
        other = first[mirrored] + (places_left - 1 - place) * words + complement_words(len(pattern))
        least[start:end] = np.minimum(np.arange(start, end), other.ravel())
    distinct, rows = np.unique(least, return_inverse=True)
    return rows.astype(np.int32), len(distinct)
