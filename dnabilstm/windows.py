"""Which bases train, validate and test a model, and the windows that are drawn for training."""

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from dnabilstm.alphabet import PAD
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import atomic_file, open_text
from dnabilstm.genome import Genome, shown_names
from dnabilstm.intervals import Intervals
from dnabilstm.labels import MASK, Labels

PARTS = ("train", "valid", "test", "guard")
GUARD = 5_000
"""Bases between different parts on one contig."""
BLOCKS_FROM = 8
"""A held-out part is cut into two blocks where it has at least this many guards of bases."""


@dataclass(frozen=True)
class Stretch:
    """A part of a contig, 0-based, half-open, and what it serves: train, valid, test, or guard (nothing)."""

    contig: str
    start: int
    end: int
    part: str


Split = tuple[Stretch, ...]


def of_part(split: Split, part: str) -> list[Stretch]:
    """The stretches of one part, in the order of the genome."""
    return [stretch for stretch in split if stretch.part == part]


def choose_split(
    genome: Genome,
    test: list[str] | None = None,
    valid: list[str] | None = None,
    *,
    fraction: float = 0.1,
    guard: int = GUARD,
) -> Split:
    """Divide a genome into training, validation and test parts.

    Parameters
    ----------
    genome
        The genome to divide.
    test, valid
        Contigs (``chr4``) or regions of them (``chr4:100000-200000``); None leaves the choice to us:
        whole contigs that come near ``fraction`` of the bases, or one or two blocks where no contigs do.
    fraction
        Share of the bases for each part that is chosen.
    guard
        Bases between different parts on one contig, which serve no part. They are taken from the
        training part, and between the other two from the validation part: the test part stays as asked.

    Raises
    ------
    DnabilstmError
        Unknown contigs, regions past an end, parts that overlap, a part that is left without bases.
    """
    problems = Problems()
    rows: list[Stretch] = []
    for part, regions in (("test", test), ("valid", valid)):
        for region in regions or ():
            row = _parse_region(genome, region, part, problems)
            rows += [row] if row else []
    _refuse_overlaps(rows, problems)
    problems.raise_if_any()
    wanted = fraction * genome.total
    for part, regions in (("test", test), ("valid", valid)):
        if regions is None:
            rows += _choose_contigs(genome, rows, part, wanted) or _choose_blocks(
                genome, rows, part, wanted, guard
            )
    split = _guarded(rows + _free(genome, rows), genome, guard)
    for part in PARTS[:3]:
        if not of_part(split, part):
            problems.add(
                f"the split leaves no base for the part {part!r}; name its contigs with --test and --valid"
            )
    problems.raise_if_any()
    return split


def _parse_region(genome: Genome, text: str, part: str, problems: Problems) -> Stretch | None:
    name, colon, span = text.rpartition(":")
    if text in genome or not colon:
        name, span = text, ""
    if name not in genome:
        problems.add(
            f"--{part} {text}: {genome.source} has no contig {name!r}; it has {shown_names(genome.names)}"
        )
        return None
    length = genome.contig(name).length
    if not span and not text.endswith(":"):
        return Stretch(name, 0, length, part)
    start, dash, end = span.partition("-")
    if not (dash and start.isdecimal() and end.isdecimal() and int(start) < int(end) <= length):
        problems.add(
            f"--{part} {text}: wanted contig or contig:start-end with start < end <= {length}, 0-based"
        )
        return None
    return Stretch(name, int(start), int(end), part)


def _refuse_overlaps(rows: list[Stretch], problems: Problems) -> None:
    ordered = sorted(rows, key=lambda row: (row.contig, row.start, row.end))
    for one, other in pairwise(ordered):
        if one.contig == other.contig and other.start < one.end:
            problems.add(
                f"--{other.part} {other.contig}:{other.start}-{other.end} overlaps --{one.part}"
                f" {one.contig}:{one.start}-{one.end}; a base can serve one part only"
            )


def _choose_contigs(genome: Genome, taken: list[Stretch], part: str, wanted: float) -> list[Stretch]:
    """Whole contigs, long ones first, of together half to one and a half of the wanted bases; or none."""
    used = {row.contig for row in taken}
    free = sorted((c for c in genome.contigs if c.name not in used), key=lambda c: -c.length)
    chosen, missing = [], wanted
    for contig in free[1:]:  # the longest always trains
        if 0 < contig.length < 1.5 * missing:
            chosen.append(Stretch(contig.name, 0, contig.length, part))
            missing -= contig.length
    return chosen if missing <= wanted / 2 else []


def _choose_blocks(
    genome: Genome, taken: list[Stretch], part: str, wanted: float, guard: int
) -> list[Stretch]:
    """One or two blocks of the free bases end to end; those of the two parts interleave."""
    free = _free(genome, taken)
    total = sum(row.end - row.start for row in free)
    places = {"test": (0.25, 0.75), "valid": (1.0, 0.5)}[part]
    places = places if wanted >= BLOCKS_FROM * guard else places[:1]
    size = min(round(wanted / len(places)), total)
    chosen, position = [], 0
    for place in sorted(places):
        first = min(round(place * total - size / 2), total - size)
        chosen.append((max(first, position), max(first, position) + size))
        position = chosen[-1][1]
    blocks, position = [], 0
    for row in free:
        for first, last in chosen:
            start, end = max(first - position, 0) + row.start, min(last - position + row.start, row.end)
            if start < end:
                blocks.append(Stretch(row.contig, start, end, part))
        position += row.end - row.start
    return blocks


def _free(genome: Genome, taken: list[Stretch]) -> list[Stretch]:
    """What no row takes: it trains."""
    free, by_contig = [], _by_contig(taken)
    for contig in genome.contigs:
        position = 0
        for start, end in [(r.start, r.end) for r in by_contig.get(contig.name, ())] + [(contig.length,) * 2]:
            if position < start:
                free.append(Stretch(contig.name, position, start, "train"))
            position = end
    return free


def _guarded(rows: list[Stretch], genome: Genome, guard: int) -> Split:
    """The rows in the order of the genome; what lies within ``guard`` of a later one of ``PARTS`` is a guard."""
    out, by_contig = [], _by_contig(rows)
    for contig in genome.contigs:
        here = by_contig.get(contig.name, [])
        for row in here:
            strong = [other for other in here if PARTS.index(other.part) > PARTS.index(row.part)]
            left = max((other.end + guard for other in strong if other.end <= row.start), default=0)
            right = min((other.start - guard for other in strong if other.start >= row.end), default=row.end)
            start, end = min(max(row.start, left), row.end), max(min(row.end, right), row.start)
            if start >= end:
                start = end = row.end
            pieces = ((row.start, start, "guard"), (start, end, row.part), (end, row.end, "guard"))
            out += [Stretch(row.contig, *piece) for piece in pieces if piece[0] < piece[1]]
    return tuple(out)


def _by_contig(rows: list[Stretch]) -> dict[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = {}
    for row in sorted(rows, key=lambda r: r.start):
        found.setdefault(row.contig, []).append(row)
    return found


def fold_splits(split: Split, genome: Genome, folds: int) -> list[Split]:
    """Splits whose validation parts take turns: the training and validation contigs in ``folds`` groups.

    The test part stays as it is, and so do the guards beside it. Groups are of about as many bases each.

    Raises
    ------
    DnabilstmError
        If there are fewer contigs than folds.
    """
    free = [row for row in split if row.part in ("train", "valid")]
    sizes: dict[str, int] = {}
    for row in free:
        sizes[row.contig] = sizes.get(row.contig, 0) + row.end - row.start
    if len(sizes) < folds:
        raise DnabilstmError(
            f"train.folds: {folds} with {len(sizes)} contigs outside the test part of {genome.source};"
            " wanted at most one fold a contig; use train.members for an ensemble over seeds"
        )
    groups: list[list[str]] = [[] for _ in range(folds)]
    for name in sorted(sizes, key=lambda contig: -sizes[contig]):
        min(groups, key=lambda group: sum(sizes[contig] for contig in group)).append(name)
    return [
        tuple(
            replace(row, part="valid" if row.contig in group else "train") if row in free else row
            for row in split
        )
        for group in groups
    ]


def write_split(split: Split, path: Path) -> None:
    """Write a split as BED4: contig, start, end, part."""
    with atomic_file(path) as part, part.open("w", encoding="utf-8", errors="surrogateescape") as out:
        out.writelines(f"{row.contig}\t{row.start}\t{row.end}\t{row.part}\n" for row in split)


def read_split(path: Path) -> Split:
    """Read a split that ``write_split`` wrote."""
    rows = []
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            fields = line.rstrip("\n").split("\t")
            if (
                len(fields) != 4
                or fields[3] not in PARTS
                or not (fields[1].isdecimal() and fields[2].isdecimal())
            ):
                raise DnabilstmError(
                    f"{path}:{number}: wanted contig, start, end and one of {', '.join(PARTS)}"
                )
            rows.append(Stretch(fields[0], int(fields[1]), int(fields[2]), fields[3]))
    return tuple(rows)


class WindowSampler:
    """Draws training windows; what step *n* draws depends on the seed and on *n* alone.

    A bounded share of the windows is placed over positive regions, each region as likely as any
    other, at a random offset; the rest lies anywhere in the training part. A window may hang over the
    end of its stretch: what lies outside is padding and is not trained on, as at a contig's end.

    Parameters
    ----------
    genome, labels, stretches
        The codes, the labels, and the stretches that may be drawn from.
    window
        Bases a window.
    positive_share
        Share of the windows that are placed over a positive region, 0 to 1.
    seed
        Of the draws.
    hard, hard_share
        Regions that are hard to tell, and the share of the windows that is placed over one of them.
    """

    def __init__(
        self,
        genome: Genome,
        labels: Labels,
        stretches: list[Stretch],
        window: int,
        positive_share: float,
        seed: int,
        *,
        hard: Intervals | None = None,
        hard_share: float = 0.0,
    ) -> None:
        self.codes, self.values = genome.codes, labels.values
        self.window, self.positive_share, self.seed = window, positive_share, seed
        offsets = np.array([genome.contig(s.contig).offset for s in stretches])
        self.starts = offsets + [s.start for s in stretches]
        self.ends = offsets + [s.end for s in stretches]
        self.cumulative = np.concatenate([[0], np.cumsum(self.ends - self.starts)])
        self.regions = [self._regions(track) for track in self.values]
        self.hard, self.hard_share = np.empty((0, 3), np.int64), hard_share
        if hard is not None:
            track = np.zeros(genome.total, np.uint8)
            for row, start, end in zip(hard.contig, hard.start, hard.end, strict=True):
                offset = genome.contigs[row].offset
                track[offset + start : offset + end] = 1
            self.hard = self._regions(track)

    def _regions(self, track: np.ndarray) -> np.ndarray:
        """Positive regions inside the stretches: int64 (regions, 3) of start, end and stretch."""
        found = [np.empty((0, 3), np.int64)]
        for index, (start, end) in enumerate(zip(self.starts, self.ends, strict=True)):
            edges = np.diff(np.concatenate([[0], track[start:end] == 1, [0]]).astype(np.int8))
            left, right = np.flatnonzero(edges == 1) + start, np.flatnonzero(edges == -1) + start
            found.append(np.stack([left, right, np.full_like(left, index)], axis=1))
        return np.concatenate(found)

    @property
    def bases(self) -> int:
        """Bases that may be drawn."""
        return int(self.cumulative[-1])

    def draw(self, step: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The windows of one step.

        Returns
        -------
        codes
            uint8 (count, window); padding outside the window's stretch.
        labels
            uint8 (count, window, channels); ``MASK`` where nothing is to be learned.
        """
        rng = np.random.Generator(np.random.Philox(key=self.seed, counter=[0, 0, 0, step]))
        codes = np.full((count, self.window), PAD, np.uint8)
        labels = np.full((count, self.window, len(self.values)), MASK, np.uint8)
        for row in range(count):
            center, stretch = self._place(rng)
            start = center - rng.integers(self.window)
            left, right = max(start, self.starts[stretch]), min(start + self.window, self.ends[stretch])
            codes[row, left - start : right - start] = self.codes[left:right]
            labels[row, left - start : right - start] = self.values[:, left:right].T
        return codes, labels

    def _place(self, rng: np.random.Generator) -> tuple[int, int]:
        """A base that the window covers, and its stretch."""
        if len(self.hard) and rng.random() < self.hard_share:
            start, end, stretch = self.hard[rng.integers(len(self.hard))]
            return int(rng.integers(start, end)), int(stretch)
        regions = self.regions[rng.integers(len(self.regions))]
        if len(regions) and rng.random() < self.positive_share:
            start, end, stretch = regions[rng.integers(len(regions))]
            return int(rng.integers(start, end)), int(stretch)
        place = rng.integers(self.bases)
        stretch = int(np.searchsorted(self.cumulative, place, side="right")) - 1
        return int(self.starts[stretch] + place - self.cumulative[stretch]), stretch
