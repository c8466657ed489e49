"""What the demo genome says: motifs, the elements that they form, and decoys that break the rules.

All of it is made up; names like ``tata`` say only what a motif looks like.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dnabilstm.alphabet import CODE_OF_BYTE, reverse_complement
from dnabilstm.simulate.background import BASES, Draws

HIT = 970
"""Thousandths of the sites that have the consensus at one position of a motif."""


@dataclass(frozen=True)
class Motif:
    """A motif as an IUPAC consensus; every position has it in ``HIT`` of 1,000 sites."""

    name: str
    consensus: str

    @property
    def permille(self) -> np.ndarray:
        """int64 (length, 4): thousandths of A, C, G, T at each position; every row sums to 1,000."""
        named = (CODE_OF_BYTE[list(self.consensus.encode())][:, None] & BASES) > 0
        count = named.sum(1, keepdims=True)
        return np.where(named, HIT // count, (1000 - HIT) // (4 - count))

    @property
    def bits(self) -> float:
        """Information against even base content, in bits."""
        share = self.permille / 1000
        return float((share * np.log2(4 * share)).sum())

    def draw(self, draws: Draws) -> np.ndarray:
        """One site on the + strand, drawn position by position: uint8 codes (length,)."""
        drawn = draws.below(1000, len(self.consensus))
        return BASES[(drawn[:, None] >= self.permille.cumsum(1)[:, :3]).sum(1)]


@dataclass(frozen=True)
class Element:
    """The rule of one task: motifs, the gaps between them, and the region around them that is labelled.

    Attributes
    ----------
    gaps : tuple of (int, int)
        Fewest and most bases between one motif and the next.
    flanks : (int, int)
        Bases of the region before the first motif and after the last one.
    ordered : bool
        Whether motifs keep their order on one strand; else any order, each on either strand.
    share : float
        Share of the genome that the regions cover, about.
    """

    task: str
    motifs: tuple[Motif, ...]
    gaps: tuple[tuple[int, int], ...]
    flanks: tuple[int, int]
    ordered: bool
    share: float

    @property
    def mean_length(self) -> float:
        """Bases of a region, on average."""
        return sum(self.flanks) + sum(len(m.consensus) for m in self.motifs) + sum(map(sum, self.gaps)) / 2


PROMOTER = Element(
    task="promoter",
    motifs=(
        Motif("gc_box", "GRGGGCGGAGCY"),
        Motif("tata", "CSTATAAAARGC"),
        Motif("initiator", "RGCTCAGTCTTY"),
    ),
    gaps=((10, 25), (24, 32)),
    flanks=(0, 30),
    ordered=True,
    share=0.08,
)
ENHANCER = Element(
    task="enhancer",
    motifs=(Motif("ets", "RACCGGAAGTGA"), Motif("tcf", "CCTTTGATSTCA")),
    gaps=((8, 30),),
    flanks=(30, 30),
    ordered=False,
    share=0.06,
)
ELEMENTS = (PROMOTER, ENHANCER)
MOTIFS = tuple(motif for element in ELEMENTS for motif in element.motifs)

WRONG_GAP = (60, 120)
"""Bases between two motifs in a decoy whose spacing is wrong; beyond the gaps of every element."""


@dataclass(frozen=True)
class Site:
    """Bases to write into a contig: where, counted from the piece's start, and what is read there."""

    name: str
    start: int
    strand: int
    codes: np.ndarray

    @property
    def end(self) -> int:
        """Where it ends, half-open."""
        return self.start + len(self.codes)


@dataclass(frozen=True)
class Piece:
    """Something planted at one place: an element, a decoy, a repeat, a run of N, an ambiguity code.

    Attributes
    ----------
    kind : str
        Which list it belongs to: a task, ``decoy``, ``repeat`` or ``ambiguous``.
    strand : int
        1, -1, or 0 where it has none.
    sites : tuple of Site
        What is written; the bases between are the background's.
    """

    kind: str
    name: str
    length: int
    strand: int
    sites: tuple[Site, ...]


def flipped(piece: Piece) -> Piece:
    """The same piece on the other strand."""
    sites = tuple(
        Site(site.name, piece.length - site.end, -site.strand, reverse_complement(site.codes))
        for site in reversed(piece.sites)
    )
    return Piece(piece.kind, piece.name, piece.length, -piece.strand, sites)


Row = list[tuple[Motif, int]]
"""Motifs in their order along the + strand, each with its strand."""


def line_up(
    draws: Draws, row: Row, gaps: list[tuple[int, int]], flanks: tuple[int, int]
) -> tuple[int, tuple[Site, ...]]:
    """Draw the sites of motifs in a row; returns the length in bases, flanks included, and the sites."""
    sites = []
    place = flanks[0]
    for number, (motif, strand) in enumerate(row):
        place += draws.between(*gaps[number - 1]) if number else 0
        codes = motif.draw(draws)
        sites.append(Site(motif.name, place, strand, codes if strand > 0 else reverse_complement(codes)))
        place = sites[-1].end
    return place + flanks[1], tuple(sites)


def legal_row(draws: Draws, element: Element) -> Row:
    """Motifs as the element's rule wants them, before it is put on a strand."""
    if element.ordered:
        return [(motif, 1) for motif in element.motifs]
    return [(element.motifs[which], _strand(draws)) for which in draws.order(len(element.motifs))]


def make_element(draws: Draws, element: Element) -> Piece:
    """One region of a task, on a random strand where the rule has one."""
    length, sites = line_up(draws, legal_row(draws, element), list(element.gaps), element.flanks)
    piece = Piece(element.task, element.task, length, int(element.ordered), sites)
    return flipped(piece) if element.ordered and _strand(draws) < 0 else piece


def make_decoy(draws: Draws, element: Element, rule: str) -> Piece:
    """One decoy that breaks an element's rule in the way that ``DECOYS`` names, on a random strand."""
    row, gaps = DECOYS[element.task][rule](draws, element)
    length, sites = line_up(draws, row, gaps, (0, 0))
    piece = Piece("decoy", f"{element.task}_{rule}", length, 1, sites)
    return flipped(piece) if _strand(draws) < 0 else piece


Rule = Callable[[Draws, Element], tuple[Row, list[tuple[int, int]]]]


def _alone(draws: Draws, element: Element) -> tuple[Row, list[tuple[int, int]]]:
    return [(element.motifs[draws.between(0, len(element.motifs) - 1)], 1)], []


def _wrong_spacing(draws: Draws, element: Element) -> tuple[Row, list[tuple[int, int]]]:
    gaps = list(element.gaps)
    gaps[draws.between(0, len(gaps) - 1)] = WRONG_GAP
    return legal_row(draws, element), gaps


def _one_missing(draws: Draws, element: Element) -> tuple[Row, list[tuple[int, int]]]:
    """The first or the last motif is left out, the rest stands right."""
    row, gaps = legal_row(draws, element), list(element.gaps)
    return (row[1:], gaps[1:]) if draws.between(0, 1) else (row[:-1], gaps[:-1])


def _wrong_order(draws: Draws, element: Element) -> tuple[Row, list[tuple[int, int]]]:
    """Two neighbours have changed places."""
    row = legal_row(draws, element)
    left = draws.between(0, len(row) - 2)
    row[left : left + 2] = row[left + 1], row[left]
    return row, list(element.gaps)


def _wrong_strand(draws: Draws, element: Element) -> tuple[Row, list[tuple[int, int]]]:
    """One motif is on the other strand."""
    row = legal_row(draws, element)
    which = draws.between(0, len(row) - 1)
    row[which] = (row[which][0], -1)
    return row, list(element.gaps)


def _twice_the_same(draws: Draws, element: Element) -> tuple[Row, list[tuple[int, int]]]:
    motif = element.motifs[draws.between(0, len(element.motifs) - 1)]
    return [(motif, _strand(draws)), (motif, _strand(draws))], list(element.gaps)


DECOYS: dict[str, dict[str, Rule]] = {
    "promoter": {
        "alone": _alone,
        "spacing": _wrong_spacing,
        "missing": _one_missing,
        "order": _wrong_order,
        "strand": _wrong_strand,
    },
    "enhancer": {"alone": _alone, "spacing": _wrong_spacing, "twice": _twice_the_same},
}
"""What a decoy of each task breaks."""


def _strand(draws: Draws) -> int:
    return 1 - 2 * draws.between(0, 1)
