"""Stretches drawn at random, beside which the loci stand out."""

import numpy as np

from dnabilstm.explain.select import Choice, Region, choice_of
from dnabilstm.genome import Genome
from dnabilstm.model.bundle import Model


def draw_background(
    model: Model, genome: Genome, choices: list[Choice], count: int, rng: np.random.Generator
) -> list[Choice]:
    """Stretches of the contigs that the loci lie on, as long as the median locus, every place as likely as another.

    They may overlap the loci and each other, as a sample of the contigs must. A contig that is shorter
    gives none.
    """
    if not count or not choices:
        return []
    size = int(np.median([len(choice.locus) for choice in choices]))
    names = {choice.locus.contig.name for choice in choices}
    contigs = [
        (number, contig)
        for number, contig in enumerate(genome.contigs)
        if contig.name in names and contig.length >= size
    ]
    rooms = np.array([contig.length - size + 1 for _, contig in contigs])
    if not len(rooms):
        return []
    borders = np.cumsum(rooms)
    drawn = []
    for place in rng.integers(borders[-1], size=count).tolist():
        which = int(np.searchsorted(borders, place, side="right"))
        number, contig = contigs[which]
        start = place - int(borders[which] - rooms[which])
        name = f"{contig.name}:{start}-{start + size}"
        region = Region(number, start, start + size, 0, name, np.nan, start + size // 2)
        drawn.append(choice_of(model, genome, region, 0))
    return drawn
