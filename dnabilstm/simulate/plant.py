"""The demo genome put together: backgrounds, and the pieces planted in them without overlap."""

from dataclasses import dataclass

import numpy as np

from dnabilstm.alphabet import CODE_OF_BYTE, N
from dnabilstm.simulate.background import Draws, make_background, mutate
from dnabilstm.simulate.grammar import DECOYS, ELEMENTS, Piece, Site, flipped, make_decoy, make_element

CONTIGS = {"chrA": 0.35, "chrB": 0.22, "chrC": 0.17, "chrD": 0.14, "chrE": 0.114}
"""Shares of the bases; what is left over is the scaffold."""

SCAFFOLD = "scaffold_1"
MARGIN = 60
"""Fewest bases between two pieces, and between a piece and a contig's end."""

DECOYS_PER_REGION = 0.4
REPEATS = {"repeat_a": 310, "repeat_b": 240, "repeat_c": 180}
"""Families of repeats, and the length of each in bases."""

REPEAT_SHARE = 0.10
REPEAT_DIVERGENCE = (30, 200)
"""Least and most thousandths of the bases in which a copy differs from its family."""

NO_CALL_CONTIG, NO_CALL_BASES = "chrB", 600
SHORT_N_CONTIG, SHORT_N_BASES = "chrA", 5
AMBIGUOUS = "RYSWKMBDHV"
"""Ambiguity codes, planted one by one along the contigs in turn."""


@dataclass(frozen=True)
class Feature:
    """One row of a BED: a planted thing on a contig, 0-based, half-open; strand 0 is none."""

    contig: str
    start: int
    end: int
    name: str
    strand: int


@dataclass
class PlantedContig:
    """A contig with everything in it.

    Attributes
    ----------
    codes : numpy.ndarray
        uint8 (length,).
    soft : numpy.ndarray
        bool (length,): soft-masked, written in lower case.
    placed : list of (int, Piece)
        Where each piece starts, ascending.
    """

    name: str
    codes: np.ndarray
    soft: np.ndarray
    placed: list[tuple[int, Piece]]


@dataclass
class Demo:
    """The demo genome: its contigs, and the features of each kind in the order of the genome."""

    bases: int
    seed: int
    contigs: list[PlantedContig]
    features: dict[str, list[Feature]]


def contig_lengths(bases: int) -> dict[str, int]:
    """Bases of each contig; they sum to ``bases``, and the first five leave 0, 1, 2, 3, 4 (modulo 5)."""
    lengths = {name: int(bases * share) // 5 * 5 + rest for rest, (name, share) in enumerate(CONTIGS.items())}
    return lengths | {SCAFFOLD: bases - sum(lengths.values())}


def make_demo(bases: int, seed: int) -> Demo:
    """Draw the whole genome; the same seed and size give the same genome.

    Parameters
    ----------
    bases
        Of all contigs together, at least ``dnabilstm.simulate.MIN_BASES``.
    seed
        Not negative.
    """
    draws = Draws(seed)
    families = {name: make_background(draws, length) for name, length in REPEATS.items()}
    lengths = contig_lengths(bases)
    extras = _extras(draws, list(lengths))
    contigs = []
    for name, length in lengths.items():
        pieces = regions(draws, length) + repeats(draws, families, length) + extras[name]
        contigs.append(plant(draws, name, make_background(draws, length), pieces))
    return Demo(bases, seed, contigs, _features(contigs))


def regions(draws: Draws, length: int) -> list[Piece]:
    """Elements and decoys for a contig of that many bases; a task's kinds of decoy take turns."""
    pieces = []
    for element in ELEMENTS:
        count = round(length * element.share / element.mean_length)
        pieces += [make_element(draws, element) for _ in range(count)]
        rules = list(DECOYS[element.task])
        # The turn starts anywhere, or short contigs would all have the first kind only.
        first = draws.between(0, len(rules) - 1)
        for number in range(round(count * DECOYS_PER_REGION)):
            pieces.append(make_decoy(draws, element, rules[(first + number) % len(rules)]))
    return pieces


def repeats(draws: Draws, families: dict[str, np.ndarray], length: int) -> list[Piece]:
    """Copies of repeat families for a contig, each diverged in its own degree, on either strand."""
    names = list(families)
    mean = sum(map(len, families.values())) / len(families)
    pieces = []
    for _ in range(round(length * REPEAT_SHARE / mean)):
        name = names[draws.between(0, len(names) - 1)]
        copy = mutate(draws, families[name], draws.between(*REPEAT_DIVERGENCE))
        piece = Piece("repeat", name, len(copy), 1, (Site(name, 0, 1, copy),))
        pieces.append(flipped(piece) if draws.between(0, 1) else piece)
    return pieces


def _extras(draws: Draws, contigs: list[str]) -> dict[str, list[Piece]]:
    """Runs of N and ambiguity codes, by contig; the scaffold has none."""
    extras: dict[str, list[Piece]] = {name: [] for name in contigs}
    extras[NO_CALL_CONTIG].append(_written("n_run", np.full(NO_CALL_BASES, N, np.uint8)))
    extras[SHORT_N_CONTIG].append(_written("n_short", np.full(SHORT_N_BASES, N, np.uint8)))
    for number, letter in enumerate(AMBIGUOUS):
        name = contigs[number % len(CONTIGS)]
        extras[name].append(_written(f"iupac_{letter}", CODE_OF_BYTE[[ord(letter)]]))
    return extras


def _written(name: str, codes: np.ndarray) -> Piece:
    return Piece("ambiguous", name, len(codes), 0, (Site(name, 0, 0, codes),))


def plant(draws: Draws, name: str, background: np.ndarray, pieces: list[Piece]) -> PlantedContig:
    """Write pieces into a copy of a background, in random order and at random places, never overlapping.

    Neighbours are at least ``MARGIN`` apart; ``pieces`` must leave room for that.
    """
    shuffled = [pieces[which] for which in draws.order(len(pieces))]
    sizes = np.array([piece.length + MARGIN for piece in shuffled], np.int64)
    free = len(background) - MARGIN - int(sizes.sum())
    starts = np.sort(draws.below(free + 1, len(shuffled))) + sizes.cumsum() - sizes + MARGIN
    contig = PlantedContig(name, background.copy(), np.zeros(len(background), bool), [])
    for start, piece in zip(starts.tolist(), shuffled, strict=True):
        for site in piece.sites:
            contig.codes[start + site.start : start + site.end] = site.codes
        contig.soft[start : start + piece.length] = piece.kind == "repeat"
        contig.placed.append((start, piece))
    return contig


def _features(contigs: list[PlantedContig]) -> dict[str, list[Feature]]:
    """Features by kind: each task, ``decoy``, ``repeat``, ``ambiguous``, and ``site`` (motifs).

    Regions and decoys are numbered within their name; a site is called ``motif:region``.
    """
    kinds = [element.task for element in ELEMENTS] + ["decoy", "repeat", "ambiguous", "site"]
    features: dict[str, list[Feature]] = {kind: [] for kind in kinds}
    seen: dict[str, int] = {}
    for contig in contigs:
        for start, piece in contig.placed:
            name = piece.name
            if piece.kind not in ("repeat", "ambiguous"):
                seen[name] = seen.get(name, 0) + 1
                name = f"{name}_{seen[piece.name]}"
                for site in piece.sites:
                    place = (start + site.start, start + site.end)
                    features["site"].append(Feature(contig.name, *place, f"{site.name}:{name}", site.strand))
            features[piece.kind].append(Feature(contig.name, start, start + piece.length, name, piece.strand))
    return features
