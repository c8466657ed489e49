"""The demo genome as the text of its files: FASTA, BED, MEME, and the grammar in words."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from dnabilstm.alphabet import decode
from dnabilstm.simulate import plant
from dnabilstm.simulate.background import GC_RANGE, NEIGHBOURS
from dnabilstm.simulate.grammar import ELEMENTS, HIT, MOTIFS, WRONG_GAP, Element
from dnabilstm.simulate.plant import Demo, PlantedContig

LINE = 60
_CASE = 0x20  # what a lower-case ASCII letter has and an upper-case one has not


def fasta(demo: Demo) -> bytes:
    """The contigs, 60 bases a line, soft-masked bases in lower case."""
    return b"".join(_record(contig, demo.seed) for contig in demo.contigs)


def _record(contig: PlantedContig, seed: int) -> bytes:
    letters = np.frombuffer(decode(contig.codes), np.uint8) | np.where(contig.soft, _CASE, 0).astype(np.uint8)
    text = letters.tobytes()
    lines = [text[start : start + LINE] + b"\n" for start in range(0, len(text), LINE)]
    head = f">{contig.name} simulated contig, {len(text)} bases, seed {seed}\n"
    return head.encode() + b"".join(lines)


def bed(demo: Demo, kind: str) -> bytes:
    """BED6 of one kind of feature, in the order of the genome."""
    rows = [
        f"{f.contig}\t{f.start}\t{f.end}\t{f.name}\t1000\t{'.+-'[f.strand]}\n" for f in demo.features[kind]
    ]
    return "".join(rows).encode()


def meme(demo: Demo) -> bytes:
    """The motifs in MEME's minimal format, version 4 (meme-suite.org/doc/meme-format.html)."""
    lines = ["MEME version 4", "", "ALPHABET= ACGT", "", "strands: + -", ""]
    lines += ["Background letter frequencies", "A 0.25 C 0.25 G 0.25 T 0.25", ""]
    sites = Counter(site.name.split(":")[0] for site in demo.features["site"])
    for motif in MOTIFS:
        lines.append(f"MOTIF {motif.name} {motif.consensus}")
        lines.append(
            f"letter-probability matrix: alength= 4 w= {len(motif.consensus)} nsites= {sites[motif.name]} E= 0"
        )
        lines += [" ".join(f"{value / 1000:.3f}" for value in row) for row in motif.permille.tolist()]
        lines.append("")
    return "\n".join(lines).encode()


def grammar(demo: Demo) -> bytes:
    """What was planted, in words and figures, for a human."""
    parts = (_contigs(demo), _motifs(), *(_element(demo, element) for element in ELEMENTS), _rest(demo))
    return "\n".join(line for part in parts for line in [*part, ""]).encode()


def _contigs(demo: Demo) -> Iterator[str]:
    yield f"A simulated genome: {demo.bases} bases, seed {demo.seed}. Everything in it is made up."
    yield ""
    kinds = [element.task for element in ELEMENTS] + ["decoy", "repeat"]
    yield f"{'contig':<12}{'bases':>8}{'GC %':>7}" + "".join(f"{kind + 's':>11}" for kind in kinds)
    for contig in demo.contigs:
        gc = 100 * np.isin(contig.codes, (2, 4)).mean()
        counts = (sum(f.contig == contig.name for f in demo.features[kind]) for kind in kinds)
        row = "".join(f"{count:>11}" for count in counts)
        yield f"{contig.name:<12}{len(contig.codes):>8}{gc:>7.1f}{row}"


def _motifs() -> Iterator[str]:
    yield f"Motifs. Each position has the base of the consensus in {HIT / 10:g} % of the sites (motifs.meme)."
    for motif in MOTIFS:
        yield f"  {motif.name:<10} {motif.consensus}  {motif.bits:.1f} bits"


def _element(demo: Demo, element: Element) -> Iterator[str]:
    found = demo.features[element.task]
    share = 100 * sum(f.end - f.start for f in found) / demo.bases
    names = [motif.name for motif in element.motifs]
    gaps = [f"{low} to {high}" for low, high in element.gaps]
    yield f"{element.task}: {len(found)} regions, {share:.1f} % of the bases ({element.task}.bed)"
    if element.ordered:
        row = names[0] + "".join(f", {gap} bases, {name}" for gap, name in zip(gaps, names[1:], strict=True))
        yield f"  {row}; in this order on one strand, the region's."
    else:
        yield f"  {' and '.join(names)}, {gaps[0]} bases between, in either order, each on either strand."
    before, after = element.flanks
    yield f"  The region reaches {before} bases before the first motif and {after} beyond the last."
    decoys = Counter(f.name.split("_")[1] for f in demo.features["decoy"] if f.name.startswith(element.task))
    yield "  Decoys that break the rule (decoys.bed), no part of a region:"
    for rule, count in decoys.items():
        yield f"    {count:>5} {rule:<8} {DECOY_WORDS[rule]}"


DECOY_WORDS = {
    "alone": "one motif alone",
    "spacing": f"a gap of {WRONG_GAP[0]} to {WRONG_GAP[1]} bases in place of the right one",
    "missing": "the first or the last motif left out",
    "order": "two neighbouring motifs exchanged",
    "strand": "one motif on the other strand",
    "twice": "one of the motifs twice, at the right spacing",
}


def _rest(demo: Demo) -> Iterator[str]:
    low, high = plant.REPEAT_DIVERGENCE
    yield f"Background: GC content drifts between {GC_RANGE[0] / 10:g} and {GC_RANGE[1] / 10:g} %; each base"
    yield f"  depends on the one before it (CG {NEIGHBOURS[1, 2]:g} times as frequent as by chance)."
    yield f"Repeats: {len(demo.features['repeat'])} copies of {len(plant.REPEATS)} families, on either strand,"
    yield f"  {low / 10:g} to {high / 10:g} % diverged, in lower case (repeats.bed)."
    yield "Ambiguous bases (ambiguous.bed): a long run of N, which gets no score; a short one and single"
    yield "  ambiguity codes, which do."
    yield f"Planted things lie at least {plant.MARGIN} bases apart. truth.bed has every planted motif, decoys'"
    yield "  included, as motif:region, on the strand on which the motif reads as in motifs.meme."


RENDERERS: dict[str, Callable[[Demo], bytes]] = {
    "genome.fa": fasta,
    **{f"{element.task}.bed": partial(bed, kind=element.task) for element in ELEMENTS},
    "truth.bed": partial(bed, kind="site"),
    "decoys.bed": partial(bed, kind="decoy"),
    "repeats.bed": partial(bed, kind="repeat"),
    "ambiguous.bed": partial(bed, kind="ambiguous"),
    "motifs.meme": meme,
    "grammar.txt": grammar,
}
"""What writes each file of the demo's folder."""
