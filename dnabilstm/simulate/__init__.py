"""The demo genome: a known grammar planted in random DNA, with its truth; a seed gives the same bytes.

``background``  random contigs: GC drift, dinucleotides
``grammar``     motifs, the elements that they form, decoys that break the rules
``plant``       contigs with elements, decoys, repeats and N, never overlapping
``render``      the genome as the text of files
"""

from pathlib import Path

from dnabilstm.errors import Problems
from dnabilstm.files import atomic_folder

BASES = 600_000
MIN_BASES = 50_000
SEED = 1


def simulate(folder: Path, *, bases: int = BASES, seed: int = SEED) -> None:
    """Write the demo genome, its labels and its truth into ``folder``, atomically.

    The files are ``genome.fa``, the labels ``promoter.bed`` and ``enhancer.bed``, the truth ``truth.bed``
    (every planted motif), ``decoys.bed``, ``repeats.bed``, ``ambiguous.bed``, the motifs ``motifs.meme``,
    and ``grammar.txt``, which says in words and figures what was planted. BED is BED6: 0-based, half-open.

    Parameters
    ----------
    folder
        Replaced if it is there, unless it holds other files.
    bases
        Of all contigs together.
    seed
        The same seed and number of bases give the same bytes, on every machine.

    Raises
    ------
    DnabilstmError
        If there are too few bases, the seed is negative, or the folder cannot be written or replaced.
    """
    problems = Problems()
    if bases < MIN_BASES:
        problems.add(
            f"bases: found {bases}; wanted at least {MIN_BASES}, fewer leave contigs without any region;"
            " give more bases"
        )
    if seed < 0:
        problems.add(f"seed: found {seed}; wanted 0 or more; give another seed")
    problems.raise_if_any()
    # Here, so that the command line knows the defaults above without the cost of numpy.
    from dnabilstm.simulate.plant import make_demo
    from dnabilstm.simulate.render import RENDERERS

    with atomic_folder(folder, RENDERERS) as part:
        demo = make_demo(bases, seed)
        for name, render in RENDERERS.items():
            (part / name).write_bytes(render(demo))
