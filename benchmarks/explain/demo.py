"""Whether attributions find what was planted in the demo genome, and whether they are exact and quick.

    python -m benchmarks.explain.demo FOLDER [--top 200] [--width 400]

FOLDER is where `snakemake` has made the demo: it holds results/ and resources/. Prints tables for README.md.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from dnabilstm.explain.config import ExplainConfig
from dnabilstm.explain.known import best_match
from dnabilstm.explain.meme import read_meme
from dnabilstm.explain.mutagenesis import BASES, Whole
from dnabilstm.explain.run import Run
from dnabilstm.explain.select import choose_regions, read_regions
from dnabilstm.genome import open_genome
from dnabilstm.model.bundle import load_model
from dnabilstm.model.runtime import prepare_process


def open_run(folder, task, options):
    model = load_model(folder / "results/models/demo/model.safetensors")
    genome = open_genome(folder / "results/demo/codes")
    config = ExplainConfig(
        channels=(task,),
        top=options.top,
        width=options.width,
        contigs=("chrD", "chrE"),
    )
    regions = folder / f"results/demo/demo/{task}.regions.bed"
    return Run(model, choose_regions(model, genome, regions, config, note=print), folder, config, genome)


def planted(run, folder):
    """Which bases of each locus lie in a planted site."""
    sites = read_regions(folder / "resources/demo/truth.bed", run.genome)
    for choice in run.choices:
        locus = choice.locus
        inside = np.zeros(len(locus), bool)
        for site in sites:
            if run.genome.contigs[site.contig].name == locus.contig.name:
                inside[max(0, site.start - locus.start) : max(0, site.end - locus.start)] = True
        yield inside


def ratios(run, folder):
    column = run.columns[0]
    own = np.concatenate([one.own[:, column] for one in run.attributions])
    inside = np.concatenate(list(planted(run, folder)))
    size, signed = np.abs(own), own.astype(float)
    return size[inside].mean(), size[~inside].mean(), signed[inside].mean(), signed[~inside].mean()


def largest_error(run, mutants=40):
    """Largest difference of mutagenesis from sweeps of whole windows, over mutants of three loci."""
    rng, worst, largest = np.random.default_rng(0), 0.0, 0.0
    for number in (0, len(run.choices) // 2, len(run.choices) - 1):
        choice, one = run.choices[number], run.attributions[number]
        codes, inside = choice.locus.codes, choice.locus.inside
        places = rng.choice(len(choice.locus), mutants, replace=False)
        bases = rng.integers(4, size=mutants)
        rows = np.repeat(codes[None], mutants, axis=0)
        rows[np.arange(mutants), inside.start + places] = BASES[bases]
        whole = Whole(run.model.network, codes, choice.weights, run.explainer.objectives[0])
        wanted = whole.differences(torch.from_numpy(rows), inside).numpy()
        own = np.log2(choice.codes[places]).astype(int)
        found = one.hypothetical[places, bases] - one.hypothetical[places, own]
        worst, largest = max(worst, np.abs(found - wanted).max()), max(largest, np.abs(wanted).max())
    return worst, largest


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--top", type=int, default=200)
    parser.add_argument("--width", type=int, default=400)
    options = parser.parse_args()
    prepare_process(one_heap=True)
    known = read_meme(options.folder / "resources/demo/motifs.meme")
    best, rows = {}, []
    for task in ("promoter", "enhancer"):
        run = open_run(options.folder, task, options)
        started = time.monotonic()
        bases = sum(len(one.choice.locus) for one in run.attributions)
        seconds = time.monotonic() - started
        inside, outside, signed_in, signed_out = ratios(run, options.folder)
        worst, largest = largest_error(run)
        rows.append(
            f"| {task} | {len(run.choices)} | {inside:.3f} | {outside:.4f} | **{inside / outside:.1f}** |"
            f" {signed_in:.3f} | {signed_out:.4f} | {worst:.1e} of {largest:.1f} | {1000 * seconds / bases:.1f} |"
        )
        for motif in run.motifs[task]:
            match = best_match(motif.shares, known)
            if motif.sign > 0 and match.correlation > best.get(match.name, (0,))[0]:
                best[match.name] = (match.correlation, match.p_value, motif)
    print("| task | loci | size inside | outside | ratio | mean inside | outside | largest error | s a kb |")
    print("|---|---|---|---|---|---|---|---|---|", *rows, sep="\n")
    print("\n| planted | found | seqlets | r | p |\n|---|---|---|---|---|")
    for one in known:
        r, p, motif = best.get(one.name, (float("nan"), float("nan"), None))
        found = f"{motif.name} `{motif.consensus}` | {len(motif.hits)}" if motif else "- | 0"
        print(f"| {one.name} | {found} | {r:.3f} | {p:.3f} |")


if __name__ == "__main__":
    main()
