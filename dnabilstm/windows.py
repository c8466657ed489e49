"""Which bases train, validate and test a model, and the windows that are drawn for training."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dnabilstm.alphabet import PAD
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import atomic_file, open_text
from dnabilstm.genome import Genome
from dnabilstm.labels import MASK, Labels

PARTS = ("train", "valid", "test", "guard")
GUARD = 5_000
BLOCKS = 20


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
        whole contigs that come closest to ``fraction`` of the bases, or blocks where there are too
        few contigs for that.
    fraction
        Share of the bases for each part that is chosen.
    guard
        Bases between neighbours of different parts on one contig, which serve no part.

    Raises
    ------
    DnabilstmError
        Unknown contigs, regions past an end, parts that overlap, a part that is left without bases.
    """
    problems = Problems()
    asked = [
        (region, part) for part, regions in (("test", test), ("valid", valid)) for region in regions or ()
    ]
    rows = [row for region, part in asked if (row := _parse_region(genome, region, part, problems))]
    problems.raise_if_any()
    for part, regions in (("test", test), ("valid", valid)):
        if regions is None:
            rows += _choose_part(genome, rows, part, fraction)
    split = _fill(genome, rows, guard)
    for part in PARTS[:3]:
        if not sum(row.end - row.start for row in of_part(split, part)):
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
        try:
            genome.contig(name)
        except DnabilstmError as error:
            problems.add(f"--{part} {text}: {error}")
        return None
    length = genome.contig(name).length
    start, dash, end = span.replace(",", "").partition("-")
    if not span:
        return Stretch(name, 0, length, part)
    if not (dash and start.isdigit() and end.isdigit() and int(start) < int(end) <= length):
        problems.add(
            f"--{part} {text}: wanted contig or contig:start-end with start < end <= {length}, 0-based"
        )
        return None
    return Stretch(name, int(start), int(end), part)


def _choose_part(genome: Genome, taken: list[Stretch], part: str, fraction: float) -> list[Stretch]:
    """Whole contigs near the wanted share of bases; else two blocks of the longest free contigs."""
    wanted = fraction * genome.total
    used = {row.contig for row in taken}
    free = sorted((c for c in genome.contigs if c.name not in used and c.length), key=lambda c: -c.length)
    chosen: list[Stretch] = []
    room = wanted * 1.25
    # The largest contig always trains; the middle-sized ones stand best for the rest.
    for contig in free[1:]:
        if contig.length <= room:
            chosen.append(Stretch(contig.name, 0, contig.length, part))
            room -= contig.length
        if room < 0.25 * wanted + wanted * 0.25:
            break
    if sum(row.end for row in chosen) >= 0.5 * wanted:
        return chosen
    return _choose_blocks(genome, taken, part, wanted)


def _choose_blocks(genome: Genome, taken: list[Stretch], part: str, wanted: float) -> list[Stretch]:
    """Every so many blocks of each contig, so that a part is spread over the genome."""
    size = max(1, round(genome.total / BLOCKS))
    every = max(2, round(genome.total / max(wanted, 1)))
    shift = {"test": every // 3, "valid": every // 3 + every // 2}[part]
    blocks = [
        Stretch(contig.name, start, min(start + size, contig.length), part)
        for contig in genome.contigs
        for start in range(0, contig.length, size)
    ]
    overlaps = lambda a, b: a.contig == b.contig and a.start < b.end and b.start < a.end  # noqa: E731
    return [
        block
        for i, block in enumerate(blocks)
        if i % every == shift % every and not any(overlaps(block, t) for t in taken)
    ]


def _fill(genome: Genome, rows: list[Stretch], guard: int) -> Split:
    """Everything that is not asked for trains; guards go between unlike neighbours."""
    filled: list[Stretch] = []
    for contig in genome.contigs:
        here = sorted((r for r in rows if r.contig == contig.name), key=lambda r: r.start)
        position, pieces = 0, []
        for row in here:
            if row.start < position:
                raise DnabilstmError(
                    f"the split has {row.contig}:{row.start}-{row.end} ({row.part}) over another part of the same contig"
                )
            if row.start > position:
                pieces.append(Stretch(contig.name, position, row.start, "train"))
            pieces.append(row)
            position = row.end
        if position < contig.length:
            pieces.append(Stretch(contig.name, position, contig.length, "train"))
        filled += _guarded(pieces, guard)
    return tuple(filled)


def _guarded(pieces: list[Stretch], guard: int) -> list[Stretch]:
    """Cut half a guard gap off both sides of each border between unlike parts."""
    out: list[Stretch] = []
    for index, piece in enumerate(pieces):
        before = guard // 2 if index and pieces[index - 1].part != piece.part else 0
        after = guard - guard // 2 if index + 1 < len(pieces) and pieces[index + 1].part != piece.part else 0
        start, end = piece.start + before, piece.end - after
        if start >= end:
            out.append(Stretch(piece.contig, piece.start, piece.end, "guard"))
            continue
        if before:
            out.append(Stretch(piece.contig, piece.start, start, "guard"))
        out.append(Stretch(piece.contig, start, end, piece.part))
        if after:
            out.append(Stretch(piece.contig, end, piece.end, "guard"))
    return out


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
                or not (fields[1].isdigit() and fields[2].isdigit())
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
    """

    def __init__(
        self,
        genome: Genome,
        labels: Labels,
        stretches: list[Stretch],
        window: int,
        positive_share: float,
        seed: int,
    ) -> None:
        self.codes, self.values = genome.codes, labels.values
        self.window, self.positive_share, self.seed = window, positive_share, seed
        offsets = np.array([genome.contig(s.contig).offset for s in stretches])
        self.starts = offsets + [s.start for s in stretches]
        self.ends = offsets + [s.end for s in stretches]
        self.cumulative = np.concatenate([[0], np.cumsum(self.ends - self.starts)])
        self.regions = [self._regions(track) for track in self.values]

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
        regions = self.regions[rng.integers(len(self.regions))]
        if len(regions) and rng.random() < self.positive_share:
            start, end, stretch = regions[rng.integers(len(regions))]
            return int(rng.integers(start, end)), int(stretch)
        place = rng.integers(self.bases)
        stretch = int(np.searchsorted(self.cumulative, place, side="right")) - 1
        return int(self.starts[stretch] + place - self.cumulative[stretch]), stretch
