"""Which places are explained: regions of a genome, the best of them first, or whole sequences."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dnabilstm.alphabet import PAD
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.explain.config import ExplainConfig
from dnabilstm.explain.loci import Locus, locus_of, locus_of_sequence
from dnabilstm.files import open_text
from dnabilstm.genome import Genome, no_call_intervals
from dnabilstm.intervals import read_aliases, read_intervals
from dnabilstm.intervals.parse import PEAK_COLUMNS, parse
from dnabilstm.model.bins import before_first
from dnabilstm.model.bundle import Model
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.settings import cut_of
from dnabilstm.sequences.store import SequenceSet

_PEAK = PEAK_COLUMNS[".narrowpeak"]


@dataclass(frozen=True)
class Choice:
    """A locus that is explained, and the region in it whose score it is about.

    Attributes
    ----------
    locus : Locus
        The stretch whose bases get attributions.
    start, end : int
        The region, 0-based, half-open, on the locus' contig; it lies inside the stretch.
    score : float
        Of the file, NaN where it has none.
    """

    locus: Locus
    start: int
    end: int
    score: float = math.nan

    @property
    def codes(self) -> np.ndarray:
        """Of the stretch, uint8 (bases,)."""
        return self.locus.codes[self.locus.inside]

    @property
    def weights(self) -> np.ndarray:
        """What each base of the window counts in the objective: 1 / n for the n bases of the region with a score."""
        place = slice(self.start - self.locus.origin, self.end - self.locus.origin)
        counted = np.zeros(len(self.locus.codes))
        counted[place] = self.locus.codes[place] != PAD
        for start, end in no_call_intervals(self.locus.codes[place]):
            counted[place.start + start : place.start + end] = 0
        if not counted.any():
            raise DnabilstmError(f"{self.locus.name}: has no base with a score, only N; leave it out")
        return counted / counted.sum()


@dataclass(frozen=True)
class Region:
    """A region of a file: index of its contig, place, strand, name, score, and the base that it is centred on."""

    contig: int
    start: int
    end: int
    strand: int
    name: str
    score: float
    centre: int


def choose_regions(
    model: Model,
    genome: Genome,
    path: Path,
    config: ExplainConfig,
    *,
    alias: Path | None = None,
    note: Callable[[str], None],
) -> list[Choice]:
    """The regions of a BED, narrowPeak or GFF3 file that the settings ask for, the best first.

    Parameters
    ----------
    model
        Decides the window: a head for whole sequences sees the stretch alone, any other the halo too.
    genome
        Where the regions lie.
    path
        Of the regions.
    config
        ``top``, ``width`` and ``contigs``.
    alias
        A table of other names of the contigs.
    note
        Takes a line on what was chosen.

    Raises
    ------
    DnabilstmError
        If the file, or a contig that is asked for, does not fit the genome, or no region is left.
    """
    problems = Problems()
    for name in config.contigs:
        with problems.collect():
            genome.contig(name)
    regions: list[Region] = []
    with problems.collect():
        regions = read_regions(path, genome, alias)
    problems.raise_if_any()
    where, kept = _asked_for(model, genome, regions, config.contigs)
    if not kept:
        raise DnabilstmError(
            f"{path}: has {len(regions):,} regions, none of them on {where}; choose other --contigs"
        )
    if len(kept) < len(regions):
        note(f"{path}: {len(kept):,} of {len(regions):,} regions are on {where}")
    scored = any(not math.isnan(one.score) for one in kept)
    if scored:
        kept.sort(key=lambda one: -one.score if not math.isnan(one.score) else math.inf)
    if config.top:
        kept, left = kept[: config.top], len(kept)
        if left > len(kept):
            which = "the best" if scored else "the first"
            note(f"{path}: {which} {len(kept):,} of {left:,} regions are explained; --top 0 takes all")
    return _with_scores([choice_of(model, genome, one, config.width) for one in kept])


def _asked_for(
    model: Model, genome: Genome, regions: list[Region], contigs: tuple[str, ...]
) -> tuple[str, list[Region]]:
    """Where regions are taken from, in words, and those there: on contigs, or else where the model was tested."""
    names = genome.names
    if contigs:
        return ", ".join(contigs), [one for one in regions if names[one.contig] in contigs]
    own = model.card.get("genome", {}).get("digest") == genome.digest
    tested = [place[:3] for place in model.card.get("split", []) if own and place[3] == "test"]
    if not tested:
        return "the genome", regions
    inside = [
        one
        for one in regions
        if any(
            names[one.contig] == name and start <= one.start and one.end <= end for name, start, end in tested
        )
    ]
    return "the test part of the model's split", inside


def _with_scores(choices: list[Choice]) -> list[Choice]:
    """The same, if each has a base with a score."""
    problems = Problems()
    for choice in choices:
        with problems.collect():
            _ = choice.weights
    problems.raise_if_any()
    return choices


def read_regions(path: Path, genome: Genome, alias: Path | None = None) -> list[Region]:
    """The regions of a BED, narrowPeak or GFF3 file, in its order; see ``read_intervals`` for what is refused."""
    problems = Problems()
    aliases = read_aliases(alias, genome, unknown=None) if alias else None
    intervals, _ = read_intervals(path, genome, aliases=aliases, unknown=None, problems=problems)
    problems.raise_if_any()
    rows = _rows(path, parse(path, Problems()).line.tolist())
    columns = (intervals.contig, intervals.start, intervals.end, intervals.strand)
    places = zip(*(column.tolist() for column in columns), strict=True)
    return [_region(genome, place, fields) for place, fields in zip(places, rows, strict=True)]


def _rows(path: Path, numbers: list[int]) -> list[list[str]]:
    """The fields of some lines, numbered from 1, ascending."""
    wanted, rows = set(numbers), []
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if number in wanted:
                rows.append(line.rstrip("\r\n").split("\t" if "\t" in line else None))
    return rows


def _region(genome: Genome, place: tuple[int, int, int, int], fields: list[str]) -> Region:
    contig, start, end, strand = place
    peak = len(fields) == _PEAK and fields[_PEAK - 1].lstrip("-").isdigit()
    score, column = math.nan, 6 if peak else 4
    if len(fields) > column:
        try:
            score = float(fields[column])
        except ValueError:
            score = math.nan
    named = fields[3] if len(fields) > 3 and fields[3] not in ("", ".") and fields[1].isdigit() else ""
    summit = int(fields[_PEAK - 1]) if peak else -1
    centre = start + summit if 0 <= summit < end - start else (start + end) // 2
    name = named or f"{genome.contigs[contig].name}:{start}-{end}"
    return Region(contig, start, end, strand, name, score, centre)


def choice_of(model: Model, genome: Genome, region: Region, width: int) -> Choice:
    """The locus of a region: ``width`` bases about its centre, or the region itself where that is 0."""
    contig = genome.contigs[region.contig]
    start, end = region.start, region.end
    if width:
        start = max(0, region.centre - width // 2)
        end = min(contig.length, region.centre - width // 2 + width)
    pool = model.network.config.pool
    if model.network.config.head == "sequence":
        codes, origin = _placed(genome.sequence(contig.name)[start:end], pool)
        return Choice(Locus(region.name, contig, start, end, codes, start + origin), start, end, region.score)
    locus = locus_of(genome, contig.name, start, end, pool=pool, halo=halo_of(model), name=region.name)
    return Choice(locus, max(start, region.start), min(end, region.end), region.score)


def halo_of(model: Model) -> int:
    """Bases of context on each side that scores need, as the model's card says; of a sequence head there is none."""
    pool = model.network.config.pool
    return 0 if model.network.config.head == "sequence" else cut_of(model.card, pool, ScoreConfig())[1] * pool


def _placed(codes: np.ndarray, pool: int) -> tuple[np.ndarray, int]:
    """Codes in whole bins, placed as on a contig of their own; and where the first one lies, at most 0."""
    left = before_first(len(codes), pool)
    right = -(left + len(codes)) % pool
    return np.pad(codes, (left, right), constant_values=PAD), -left


def choose_sequences(model: Model, sequences: SequenceSet, config: ExplainConfig) -> list[Choice]:
    """Whole sequences, the first ``top`` of them, each a locus of its own."""
    pool, most = model.network.config.pool, config.top or len(sequences)
    chosen = []
    for index, name in enumerate(sequences.names[:most]):
        locus = locus_of_sequence(name, sequences.sequence(index), pool=pool)
        chosen.append(Choice(locus, 0, len(locus)))
    return _with_scores(chosen)
