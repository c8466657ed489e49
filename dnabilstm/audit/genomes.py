"""Which held-out bases of a genome training has seen elsewhere: repeats, and a split whose parts overlap.

The k-mers of a part's stretches go into a set of fixed size (a Bloom filter). Over the stretches of a later part
goes a tile, half of its length at a time; one most of whose k-mers are in the set is a leak. So a copy of three
quarters of a tile (with the defaults of 73 bases: a tRNA gene) cannot hide between two. Of a large genome a
sample of the k-mers is looked at, the same ones everywhere (FracMinHash, see ``kmers``), so the set never takes
more than ``AuditConfig.memory``; the time is that of reading the training part once and the others twice, at 10 to 20
million bases a second.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.kmers import hashes, is_new
from dnabilstm.audit.overlaps import find_overlaps
from dnabilstm.errors import Problems
from dnabilstm.genome import Genome
from dnabilstm.intervals import Intervals, intersect, merge
from dnabilstm.intervals.algebra import concatenate, make_intervals
from dnabilstm.windows import PARTS, Split, of_part

Span = tuple[str, int, int]
JUDGED = tuple(part for part in PARTS if part != "guard")
MIN_KMERS = 4
"""K-mers of a tile that have to be in the set at least, whatever their share."""
HARDLY = 0.25
"""Share of what makes a leak of a tile, below which a half of it is not counted in: the set errs by up to 5 %."""
_LOAD = 8  # bits of the set for each k-mer
_ENOUGH, _LEAST = 32, 16  # k-mers of a tile that a sample keeps: where memory allows more, and where not
_MANY = 1 << 25  # k-mers that are all looked at
_READ = 1 << 22  # bases at a time
_APART = 1 << 16  # bases between stretches that are not worth reading
_SEEN = 1 << 20  # bytes of a set from which its share of errors is told
_ODD = np.uint64(0x9E3779B97F4A7C15)


class KmerSet:
    """Hashes that were added; one that was not is taken for one that was with a probability of ``wrong``.

    A Bloom filter of two bits a hash (Bloom 1970, https://doi.org/10.1145/362686.362692) and 2**``exponent``
    bits in all.
    """

    def __init__(self, exponent: int) -> None:
        self._exponent = np.uint64(exponent)
        self._bytes = np.zeros(1 << (exponent - 3), np.uint8)

    def add(self, values: np.ndarray) -> None:
        """Add hashes, uint64 (hashes,)."""
        for places in self._places(values):
            places = np.sort(places)
            byte = places >> np.uint64(3)
            first = np.flatnonzero(is_new(byte))
            if len(first):
                self._bytes[byte[first]] |= np.bitwise_or.reduceat(_bit(places), first)

    def has(self, values: np.ndarray) -> np.ndarray:
        """Which hashes were added: bool (hashes,)."""
        found = np.ones(len(values), bool)
        for places in self._places(values):
            found &= (self._bytes[places >> np.uint64(3)] & _bit(places)) > 0
        return found

    @property
    def wrong(self) -> float:
        """Share of the hashes that were not added but that ``has`` takes for added."""
        return float(np.unpackbits(self._bytes[:_SEEN]).mean() ** 2)

    def _places(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # The low bits, since a sample has only hashes with low high bits; and the high bits of a product.
        mask = (np.uint64(1) << self._exponent) - np.uint64(1)
        return values & mask, (values * _ODD) >> (np.uint64(64) - self._exponent)


def _bit(places: np.ndarray) -> np.ndarray:
    return np.uint8(1) << (places & np.uint64(7)).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class GenomeReport:
    """What ``find_genome_leaks`` found.

    Attributes
    ----------
    contigs : tuple of str
        Names of the genome's contigs.
    bases : dict
        Bases of the stretches of each part.
    found : dict
        (part, earlier part) to the intervals of the part that repeat it: tiles, joined where they touch.
    overlaps : dict
        (part, earlier part) to the intervals that the split gives to both.
    straddling : dict
        Channel to the labelled regions that lie on bases of two parts.
    tile, scale, wrong
        Bases of a tile, one k-mer in how many was looked at, and the share of k-mers that were taken for seen
        by mistake, at most.
    """

    contigs: tuple[str, ...]
    bases: dict[str, int]
    found: dict[tuple[str, str], Intervals]
    overlaps: dict[tuple[str, str], Intervals]
    straddling: dict[str, Intervals]
    tile: int
    scale: int
    wrong: float

    def named(self, intervals: Intervals) -> list[Span]:
        """Intervals as (contig, start, end), 0-based, half-open."""
        rows = zip(intervals.contig.tolist(), intervals.start.tolist(), intervals.end.tolist(), strict=True)
        return [(self.contigs[contig], start, end) for contig, start, end in rows]


def leaked_intervals(report: GenomeReport, part: str, of: tuple[str, ...] | None = None) -> list[Span]:
    """The intervals of a part to mask for a figure without leaks: sorted, disjoint.

    ``of``: the parts that they may not repeat or overlap; None for all before ``part``.
    """
    before = JUDGED[: JUDGED.index(part)] if of is None else of
    rows = [kind[part, other] for kind in (report.found, report.overlaps) for other in before]
    return report.named(merge(concatenate(rows)))


def find_genome_leaks(
    genome: Genome,
    split: Split,
    config: AuditConfig | None = None,
    *,
    regions: Mapping[str, Intervals] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> GenomeReport:
    """Look for what the parts of a split of a genome have in common.

    Parameters
    ----------
    genome, split
        The genome, and which stretches train, validate and test.
    config
        What makes a leak of a tile.
    regions
        Channel to labelled regions, to be told which lie on bases of two parts.
    progress
        Takes how many bases were just read, of ``work_of`` in all.

    Raises
    ------
    DnabilstmError
        For stretches that do not lie on the genome, all at once.
    """
    config = config or AuditConfig()
    spans = {part: _intervals(genome, split, part) for part in JUDGED}
    tile, scale, exponent = _size(max(one.bases for one in spans.values()), config)
    pairs = [(part, other) for i, part in enumerate(JUDGED) for other in JUDGED[:i]]
    found, wrong = {}, 0.0
    for other in JUDGED[:-1]:
        seen = KmerSet(exponent)
        for _, values in _hashes(genome, spans[other], config.tile_k, scale, progress):
            seen.add(values)
        wrong = max(wrong, seen.wrong)
        for part in JUDGED[JUDGED.index(other) + 1 :]:
            found[part, other] = _seen_tiles(genome, spans[part], seen, tile, scale, config, progress)
    overlaps = {(part, other): intersect(spans[part], spans[other]) for part, other in pairs}
    straddling = {
        channel: rows[_parts_touched(genome, rows, spans) > 1] for channel, rows in (regions or {}).items()
    }
    bases = {part: one.bases for part, one in spans.items()}
    return GenomeReport(tuple(genome.names), bases, found, overlaps, straddling, tile, scale, wrong)


def work_of(split: Split) -> int:
    """Bases that ``find_genome_leaks`` reads, those that it reads twice counted twice."""
    train, valid, test = (sum(row.end - row.start for row in of_part(split, part)) for part in JUDGED)
    return train + 2 * valid + 2 * test


def _intervals(genome: Genome, split: Split, part: str) -> Intervals:
    """The stretches of a part, merged; refused where they do not lie on the genome."""
    problems, numbers = Problems(), {name: number for number, name in enumerate(genome.names)}
    rows = of_part(split, part)
    for row in rows:
        if row.contig not in numbers:
            problems.add(
                f"split: {genome.source} has no contig {row.contig!r}; give the split of this genome"
            )
        elif not 0 <= row.start <= row.end <= genome.contig(row.contig).length:
            problems.add(
                f"split: {row.contig}:{row.start}-{row.end} does not lie on a contig of"
                f" {genome.contig(row.contig).length} bases; give the split of this genome"
            )
    problems.raise_if_any()
    columns = [[numbers[row.contig] for row in rows], [row.start for row in rows], [row.end for row in rows]]
    return merge(make_intervals(*(np.array(column, np.int64) for column in columns)))


def _size(bases: int, config: AuditConfig) -> tuple[int, int, int]:
    """Bases of a tile, one k-mer in how many, and the exponent of the set's size, for a part of so many bases."""
    most = int(np.log2(config.memory * 8 * (1 << 20)))
    exponent = int(min(most, max(np.ceil(np.log2(max(bases, 1) * _LOAD)), 16)))
    needed = -(-bases * _LOAD // (1 << exponent))
    # Where there are many, no more than a tile needs: that is faster.
    wanted = min((config.tile - config.tile_k) // _ENOUGH, -(-bases // _MANY))
    scale = max(1, needed, wanted)
    # Of a genome too large for the memory: longer tiles, so that each keeps enough k-mers.
    return max(config.tile, _LEAST * scale + config.tile_k), scale, exponent


def _on_axis(genome: Genome, intervals: Intervals) -> np.ndarray:
    """Start and end among the codes of the genome: int64 (intervals, 2)."""
    offsets = np.array([contig.offset for contig in genome.contigs], np.int64)[intervals.contig]
    return np.stack([intervals.start + offsets, intervals.end + offsets], axis=1)


def _hashes(
    genome: Genome, intervals: Intervals, k: int, scale: int, progress: Callable[[int], None]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Positions among the genome's codes and hashes of the k-mers that lie whole in one of the intervals."""
    spans = _on_axis(genome, intervals)
    apart = np.flatnonzero(spans[1:, 0] - spans[:-1, 1] > _APART) + 1
    for near in np.split(spans, apart) if len(spans) else ():
        first, last = near[0, 0], near[-1, 1]
        for start in range(first, last, _READ):
            end = min(start + _READ, last)
            for positions, values in hashes(genome.codes[start : min(end + k - 1, last)], k, scale):
                positions = positions + start
                owner = np.searchsorted(near[:, 0], positions, side="right") - 1
                inside = positions + k <= near[owner, 1]
                yield positions[inside], values[inside]
            progress(int((np.minimum(near[:, 1], end) - np.maximum(near[:, 0], start)).clip(min=0).sum()))


def _seen_tiles(
    genome: Genome,
    intervals: Intervals,
    seen: KmerSet,
    tile: int,
    scale: int,
    config: AuditConfig,
    progress: Callable[[int], None],
) -> Intervals:
    """The tiles of the intervals most of whose k-mers are in the set, merged, but not a half that has hardly any."""
    halves = _cut(intervals, tile / 2)
    starts = _on_axis(genome, halves)[:, 0]
    held, hit = np.zeros(len(halves), np.int64), np.zeros(len(halves), np.int64)
    for positions, values in _hashes(genome, intervals, config.tile_k, scale, progress):
        at = np.searchsorted(starts, positions + config.tile_k // 2, side="right") - 1
        if len(at):  # a block reaches over few of them
            here = slice(at[0], at[-1] + 1)
            held[here] += np.bincount(at - at[0])
            hit[here] += np.bincount(at - at[0], weights=seen.has(values)).astype(np.int64)

    def leaks(hit: np.ndarray, held: np.ndarray) -> np.ndarray:
        return (hit >= MIN_KMERS) & (hit >= config.tile_share * held)

    # The intervals are merged, so halves that touch are of one interval.
    touch = (halves.contig[1:] == halves.contig[:-1]) & (halves.start[1:] == halves.end[:-1])
    of_two = touch & leaks(hit[1:] + hit[:-1], held[1:] + held[:-1])
    alone = ~(np.append(touch, False) | np.append(False, touch))
    some = hit > config.tile_share * HARDLY * held
    leaked = (np.append(of_two, False) | np.append(False, of_two)) & some | alone & leaks(hit, held)
    return merge(halves[leaked])


def _cut(intervals: Intervals, bases: float) -> Intervals:
    """Intervals cut into pieces of about that many bases, of like lengths within an interval."""
    lengths = intervals.end - intervals.start
    counts = np.maximum(1, np.rint(lengths / bases).astype(np.int64))
    of = np.repeat(np.arange(len(intervals)), counts)
    number = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    start = intervals.start[of] + lengths[of] * number // counts[of]
    end = intervals.start[of] + lengths[of] * (number + 1) // counts[of]
    return make_intervals(intervals.contig[of], start, end)


def _parts_touched(genome: Genome, regions: Intervals, spans: Mapping[str, Intervals]) -> np.ndarray:
    """How many parts each region shares a base with: int64 (regions,)."""
    touched, places = np.zeros(len(regions), np.int64), _on_axis(genome, regions)
    for intervals in spans.values():
        touched[find_overlaps(places, _on_axis(genome, intervals))[0]] += 1
    return touched
