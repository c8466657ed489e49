"""Figures without leaks: the held-out bases whose sequence the models have seen in training are masked."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dnabilstm.audit.genomes import find_genome_leaks, leaked_intervals
from dnabilstm.evaluate.assess import Interval, Tracks
from dnabilstm.evaluate.held_out import overlaps, same_genome
from dnabilstm.genome import Genome
from dnabilstm.labels import MASK
from dnabilstm.windows import Stretch

SEEN = ("train", "valid")


class Masked:
    """Labels with some intervals masked on top.

    Parameters
    ----------
    labels
        uint8 a base: 1 = in a region, 0 = not, 255 = masked.
    intervals
        (contig, start, end), 0-based, half-open: what is masked.
    """

    def __init__(self, labels: Tracks, intervals: Iterable[Interval]) -> None:
        self.channels = labels.channels
        self._labels = labels
        self._of_contig: dict[str, list[tuple[int, int]]] = {}
        for contig, start, end in intervals:
            self._of_contig.setdefault(contig, []).append((start, end))

    def track(self, channel: str, contig: str) -> np.ndarray:
        """Labels of one channel along one contig: uint8 (length,)."""
        values = self._labels.track(channel, contig)
        if contig in self._of_contig:
            values = values.copy()
            for start, end in self._of_contig[contig]:
                values[start:end] = MASK
        return values


def find_leaks(
    genome: Genome, cards: Mapping[str, dict[str, Any]], intervals: Sequence[Interval]
) -> list[Interval]:
    """The evaluated bases whose sequence was in the training or validation part of a model.

    Parameters
    ----------
    genome
        That the models are judged on.
    cards
        Of the models; one that was trained on another genome cannot be checked and is left out.
    intervals
        The evaluated bases.

    Returns
    -------
    list of tuple
        (contig, start, end), sorted, disjoint: near-duplicates of tiles, as ``audit.genomes`` finds them,
        without the bases that a model was itself trained on, of which ``leak_warnings`` tells.
    """
    found: dict[tuple[Any, ...], list[Interval]] = {}
    for card in cards.values():
        rows = [Stretch(*row) for row in card.get("split", []) if row[3] in SEEN]
        seen = [row for row in rows if not overlaps((row.contig, row.start, row.end), intervals)]
        if same_genome(genome, card) and seen and tuple(seen) not in found:
            split = (*seen, *(Stretch(*interval, "test") for interval in intervals))
            found[tuple(seen)] = leaked_intervals(find_genome_leaks(genome, split), "test")
    return _joined(interval for rows in found.values() for interval in rows)


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for contig, start, end in sorted(intervals):
        if joined and joined[-1][0] == contig and start <= joined[-1][2]:
            joined[-1] = (contig, joined[-1][1], max(end, joined[-1][2]))
        else:
            joined.append((contig, start, end))
    return joined
