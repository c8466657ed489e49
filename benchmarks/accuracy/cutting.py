"""How far scores move when a genome is cut, batched, ordered or read another way.

Run ``python benchmarks/accuracy/cutting.py MODEL GENOME [CONTIG ...]``; prints a table in markdown: the
worst base, the 99.9th percentile and the mean of the difference in probability, before any rounding, in fp32.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from dnabilstm.alphabet import reverse_complement
from dnabilstm.genome import Genome, open_genome
from dnabilstm.model.bundle import load_model
from dnabilstm.model.runtime import prepare_process
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import score_genome


def subset(genome: Genome, names: list[str], other_strand: bool = False) -> Genome:
    """Some contigs in an order of their own, as they are or as their other strand reads."""
    contigs, codes, offset = [], [], 0
    for name in names:
        sequence = genome.sequence(name)
        codes.append(reverse_complement(sequence) if other_strand else sequence)
        contigs.append(replace(genome.contig(name), offset=offset))
        offset += len(sequence)
    return Genome(tuple(contigs), np.concatenate(codes), genome.source)


def main() -> None:
    prepare_process()
    model, genome = load_model(Path(sys.argv[1])), open_genome(Path(sys.argv[2]))
    names = sys.argv[3:] or genome.names
    partner = [model.channels.index(_partner(channel)) for channel in model.channels]

    def scored(**settings) -> dict[str, np.ndarray]:
        order = settings.pop("order", names)
        flipped = settings.pop("flipped", False)
        with tempfile.TemporaryDirectory() as folder:
            scores = score_genome(
                subset(genome, order, flipped),
                model,
                Path(folder),
                ScoreConfig(**{"precision": "fp32"} | settings),
            )
            found = {name: np.array(scores.contig(name)) for name in names}
        return {name: found[name][::-1, partner] for name in names} if flipped else found

    def row(text: str, got: dict, want: dict) -> None:
        off = np.concatenate([np.abs(got[n] - want[n]).ravel() for n in names])
        off = off[np.isfinite(off)]
        same = "yes" if all(np.array_equal(got[n], want[n], equal_nan=True) for n in names) else "no"
        p999 = np.quantile(off, 0.999)
        print(f"| {text} | {off.max():.1e} | {p999:.1e} | {off.mean():.1e} | {same} |", flush=True)

    context = model.card.get("context", {})
    print(f"halo {context.get('halo')} bases, chunk {context.get('chunk')} bases; {', '.join(names)}\n")
    print("| scores | worst | 99.9th percentile | mean | identical bytes |\n|---|---|---|---|---|")
    exact, default = scored(exact=True), scored()
    row("default grid against exact", default, exact)
    for chunk in (1000, 4096, 50_000):
        row(f"--chunk {chunk} against exact", scored(chunk=chunk), exact)
    row("--halo 0 against exact", scored(halo=0), exact)
    row("--batch 1 against 64", scored(batch=1), default)
    row("--workers 1 against 2", scored(workers=1), scored(workers=2))
    row("contigs in another order", scored(order=names[::-1]), default)
    row("the other strand, reversed", scored(flipped=True), default)
    row("the other strand, reversed, --exact", scored(flipped=True, exact=True), exact)
    row("--precision bf16 against fp32", scored(precision="bf16"), default)


def _partner(channel: str) -> str:
    if channel.endswith(".plus"):
        return channel.removesuffix(".plus") + ".minus"
    return channel.removesuffix(".minus") + ".plus" if channel.endswith(".minus") else channel


if __name__ == "__main__":
    main()
