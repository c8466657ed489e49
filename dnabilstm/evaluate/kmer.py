"""The baseline: logistic regression on the k-mers around a base.

A linear model of counts in a window is a sliding sum of one weight a k-mer, so every base of a genome
is scored exactly with cumulative sums, without building counts for it. Unstranded channels count a k-mer
and its reverse complement together; the window reaches equally far to both sides, so both strands then
get the same score. Stranded tasks share one model: the minus channel reads the reverse complement.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dnabilstm.alphabet import BASE_OF_CODE, PAD, complement_words
from dnabilstm.calibrate import sigmoid
from dnabilstm.errors import DnabilstmError
from dnabilstm.evaluate.assess import Interval, Tracks
from dnabilstm.genome import Genome, no_call_intervals

Weights = list[list[np.ndarray]]
PLUS, MINUS = ".plus", ".minus"
_ROWS = 1024
_BASES = 1 << 20


@dataclass(frozen=True)
class KmerSettings:
    """What is counted, and what it is fitted on.

    Attributes
    ----------
    longest
        All k from 1 to this many bases are counted.
    reaches
        Bases on each side of the base, one window each: a narrow one for the place, a wide one for the
        neighbourhood.
    sample
        Training bases a task, half of them positive where there are enough; the offset is set back to the
        true base rate afterwards. With the other defaults the counts of 40,000 bases take 0.9 GB, and
        fitting about as much again.
    strength
        Inverse of the L2 penalty on standardised counts.
    seed
        Of the sample.
    """

    longest: int = 6
    reaches: tuple[int, ...] = (60, 150)
    sample: int = 40_000
    strength: float = 0.0003
    seed: int = 1


def kmer_indices(codes: np.ndarray, k: int) -> np.ndarray:
    """Number of the k-mer that starts at each base: int64 (..., length - k + 1); 4**k where not all ACGT."""
    bases = BASE_OF_CODE[codes]
    length = max(codes.shape[-1] - k + 1, 0)
    shape = (*codes.shape[:-1], length)
    index, whole = np.zeros(shape, np.int64), np.ones(shape, bool)
    for place in range(k):
        base = bases[..., place : place + length]
        index = index * 4 + base
        whole &= base >= 0
    return np.where(whole, index, 4**k)


def count_columns(longest: int, *, canonical: bool) -> tuple[list[np.ndarray], int]:
    """The column of counts of each k-mer, an int64 (4**k,) for every k, and the number of columns."""
    columns, total = [], 0
    for k in range(1, longest + 1):
        numbers = np.arange(4**k)
        kept = np.minimum(numbers, complement_words(k)) if canonical else numbers
        distinct, column = np.unique(kept, return_inverse=True)
        columns.append(column + total)
        total += len(distinct)
    return columns, total


class KmerBaseline:
    """Probabilities of every base from weights of k-mers; has ``channels`` and ``track`` as scores have.

    Attributes
    ----------
    channels : tuple of str
    weights : dict
        Channel to a list a window of a float64 (4**k,) for every k: what one k-mer adds to the logit.
    offsets : dict
        Channel to the logit of empty windows.
    """

    def __init__(
        self, genome: Genome, reaches: tuple[int, ...], weights: dict[str, Weights], offsets: dict[str, float]
    ) -> None:
        self.channels = tuple(weights)
        self.weights = weights
        self.offsets = offsets
        self._genome = genome
        self._reaches = reaches

    def track(self, channel: str, contig: str) -> np.ndarray:
        """Probabilities along one contig: float32 (length,); NaN inside long runs of N."""
        codes = self._genome.sequence(contig)
        out = np.empty(len(codes), np.float32)
        for start in range(0, len(codes), _BASES):
            end = min(start + _BASES, len(codes))
            first, last = max(start - max(self._reaches), 0), min(end + max(self._reaches), len(codes))
            logits = self._logits(channel, codes[first:last])
            out[start:end] = sigmoid(logits[start - first : end - first])
        for start, end in no_call_intervals(codes):
            out[start:end] = np.nan
        return out

    def _logits(self, channel: str, codes: np.ndarray) -> np.ndarray:
        """Sum of the weights of the k-mers that lie whole in each base's windows: float64 (length,)."""
        at = np.arange(len(codes))
        logits = np.full(len(codes), self.offsets[channel])
        for place in range(len(self.weights[channel][0])):
            numbers = kmer_indices(codes, place + 1)
            for reach, by_k in zip(self._reaches, self.weights[channel], strict=True):
                summed = np.r_[0, np.cumsum(np.append(by_k[place], 0)[numbers])]
                low, high = np.maximum(at - reach, 0), np.minimum(at + reach + 1, len(codes)) - place
                logits += summed[np.maximum(high, low).clip(max=len(summed) - 1)]
                logits -= summed[low.clip(max=len(summed) - 1)]
        return logits


def fit_kmer_baseline(
    genome: Genome, labels: Tracks, intervals: Sequence[Interval], settings: KmerSettings | None = None
) -> KmerBaseline:
    """Fit one logistic regression a task on a sample of the training bases.

    Parameters
    ----------
    genome, labels
        Sequence, and uint8 labels with ``channels`` and ``track(channel, contig)``.
    intervals
        (contig, start, end), 0-based, half-open: the training part.
    settings
        See ``KmerSettings``.

    Raises
    ------
    DnabilstmError
        If a task has only one class in the training part.
    """
    settings = settings or KmerSettings()
    weights: dict[str, Weights] = {}
    offsets: dict[str, float] = {}
    for channel in labels.channels:
        if channel in weights:
            continue
        minus = channel.removesuffix(PLUS) + MINUS if channel.endswith(PLUS) else None
        columns, total = count_columns(settings.longest, canonical=minus is None)
        strands = {channel: columns}
        if minus is not None:
            strands[minus] = [column[complement_words(k)] for k, column in enumerate(columns, start=1)]
        share = settings.sample // len(strands)
        drawn = {name: _draw(labels, name, intervals, share, settings.seed) for name in strands}
        parts = [(drawn[name], read) for name, read in strands.items()]
        coefficients, offset = _fit(*_counts_of(genome, parts, settings.reaches, total), settings.strength)
        for name, read in strands.items():
            of_window = np.split(coefficients, len(settings.reaches))
            weights[name] = [[window[column] for column in read] for window in of_window]
            offsets[name] = offset + float(np.mean([sample.log_odds for sample in drawn.values()]))
    return KmerBaseline(genome, settings.reaches, weights, offsets)


@dataclass(frozen=True)
class _Sample:
    """Drawn bases of each contig, their labels, and what takes their odds back to those of the genome."""

    bases: dict[str, np.ndarray]
    truth: dict[str, np.ndarray]
    log_odds: float


def _draw(labels: Tracks, channel: str, intervals: Sequence[Interval], sample: int, seed: int) -> _Sample:
    """Draw as many positive as negative bases, each class evenly over the training part."""
    rng = np.random.default_rng(seed)
    held = [
        np.bincount(labels.track(channel, name)[a:b].clip(max=2), minlength=3) for name, a, b in intervals
    ]
    available = np.sum(held, axis=0, dtype=np.int64)[:2]
    wanted = np.minimum(available, sample // 2)
    if not wanted.all():
        raise DnabilstmError(
            f"k-mer baseline: {channel} has {available[1]} positive and {available[0]} other bases in the"
            " training part; wanted both classes; evaluate on other contigs, or leave the baseline out"
        )
    ranks = [np.sort(rng.choice(n, m, replace=False)) for n, m in zip(available, wanted, strict=True)]
    before, bases, truth = np.zeros(2, np.int64), {}, {}
    for (name, start, end), counts in zip(intervals, held, strict=True):
        for value in (0, 1):
            low, high = np.searchsorted(ranks[value], [before[value], before[value] + counts[value]])
            places = np.flatnonzero(labels.track(channel, name)[start:end] == value)
            chosen = start + places[ranks[value][low:high] - before[value]]
            bases[name] = np.r_[bases.get(name, chosen[:0]), chosen]
            truth[name] = np.r_[truth.get(name, np.empty(0, bool)), np.full(len(chosen), value == 1)]
            before[value] += counts[value]
    log_odds = np.log(available[1] / available[0]) - np.log(wanted[1] / wanted[0])
    return _Sample(bases, truth, float(log_odds))


def _counts_of(
    genome: Genome, parts: list[tuple[_Sample, list[np.ndarray]]], reaches: tuple[int, ...], total: int
) -> tuple[np.ndarray, np.ndarray]:
    """Counts, float32 (bases, windows * total), and labels, bool (bases,), of samples and their columns."""
    truth = np.concatenate([of_contig for sample, _ in parts for of_contig in sample.truth.values()])
    counts, row = np.empty((len(truth), len(reaches) * total), np.float32), 0
    for sample, columns in parts:
        for name, bases in sample.bases.items():
            codes = genome.sequence(name)
            for at in np.array_split(bases, -(-len(bases) // _ROWS) or 1):
                for place, reach in enumerate(reaches):
                    counted = count_windows(codes, at, reach, columns, total)
                    counts[row : row + len(at), place * total : (place + 1) * total] = counted
                row += len(at)
    return counts, truth


def count_windows(
    codes: np.ndarray, at: np.ndarray, reach: int, columns: list[np.ndarray], total: int
) -> np.ndarray:
    """Counts of the k-mers that lie whole in the window of each base ``at``: int64 (bases, total)."""
    place = at[:, None] + np.arange(-reach, reach + 1)
    inside = (place >= 0) & (place < len(codes))
    windows = np.where(inside, codes[place.clip(0, len(codes) - 1)], PAD)
    rows, counts = np.arange(len(at))[:, None] * (total + 1), np.zeros(len(at) * (total + 1), np.int64)
    for k, column in enumerate(columns, start=1):
        numbers = np.append(column, total)[kmer_indices(windows, k)]  # what is not ACGT: an extra column
        counts += np.bincount((rows + numbers).ravel(), minlength=len(counts))
    return counts.reshape(len(at), total + 1)[:, :total]


def _fit(counts: np.ndarray, truth: np.ndarray, strength: float) -> tuple[np.ndarray, float]:
    """Weights of raw counts, float64 (columns,), and the offset; ``counts`` is standardised in place."""
    from sklearn.linear_model import LogisticRegression

    # Without a second array of that size, which counts.std would make.
    mean = counts.mean(axis=0)
    counts -= mean
    spread = np.sqrt(np.einsum("ij,ij->j", counts, counts) / len(counts))
    spread[spread == 0] = 1
    counts /= spread
    model = LogisticRegression(C=strength, max_iter=300).fit(counts, truth)
    weights = model.coef_[0].astype(np.float64) / spread
    return weights, float(model.intercept_[0] - weights @ mean)
