"""Which motifs explain the best nucleosome-free regions of held-out yeast chromosomes.

    python -m benchmarks.explain.yeast MODEL CODES REGIONS OUTPUT

MODEL, CODES and REGIONS (nfr.regions.bed) are those of `snakemake --configfile config/yeast.yaml`. Writes
explanations into OUTPUT, and prints a table for README.md. Attributions, which take most of the time, are kept
in OUTPUT/attributions.npy, and an interrupted run goes on from there.
"""

import argparse
from pathlib import Path

import numpy as np

from dnabilstm.alphabet import CODE_OF_BYTE
from dnabilstm.cli.progress import note, progress_bar
from dnabilstm.explain.attribution import Attribution
from dnabilstm.explain.config import ExplainConfig
from dnabilstm.explain.known import best_match
from dnabilstm.explain.meme import Known
from dnabilstm.explain.run import Run
from dnabilstm.explain.select import choose_regions
from dnabilstm.explain.write_motifs import write_motifs
from dnabilstm.genome import open_genome
from dnabilstm.model.bundle import load_model
from dnabilstm.model.runtime import prepare_process

# General regulatory factors that make nucleosome-free regions, and the tract that keeps nucleosomes off, as
# consensus: Badis et al. 2008 (Mol. Cell 32:878); Raisner et al. 2005 (Cell 123:233) for Reb1 and the tract.
CONSENSUS = {
    "Reb1": "TTACCCG",
    "poly-dA:dT": "AAAAAAAA",
    "Abf1": "TCRYNNNNNACG",
    "Rap1": "ACACCCATACAT",
    "Mcm1": "CCNAATTNGG",
    "Rsc3": "CGCGCG",
    "Cbf1": "CACGTGA",
    "Tbf1": "AACCCTAA",
    "TATA": "TATAAA",
}
CONFIG = ExplainConfig(channels=("nfr",), contigs=("chr4", "chr13"), top=200, tolerance=1e-3, check=4)


def matrix(consensus):
    """Shares of A, C, G, T at each place: 97 in a hundred sites have what the consensus says."""
    named = (CODE_OF_BYTE[list(consensus.encode())][:, None] >> np.arange(4)) & 1
    count = named.sum(axis=1, keepdims=True)
    shares = np.where(named, 0.97 / count, 0.03 / np.maximum(4 - count, 1))
    return shares / shares.sum(axis=1, keepdims=True)


def explained(run, path):
    """Attributions of all loci; NaN in the file where they are still to be computed."""
    shape = len(run.choices), CONFIG.width, 4, len(run.model.channels)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        np.save(path, np.full(shape, np.nan, np.float32))
    values, found = np.load(path, mmap_mode="r+"), []
    for number, choice in enumerate(run.choices):
        if np.isnan(values[number]).any():
            values[number] = run.explainer.mutagenesis(choice).hypothetical
            values.flush()
            note(f"{number + 1} of {len(values)} loci")
        found.append(Attribution(choice, np.array(values[number])))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "codes", "regions", "output"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    prepare_process(one_heap=True)
    model, genome = load_model(options.model), open_genome(options.codes)
    choices = choose_regions(model, genome, options.regions, CONFIG, note=note)
    known = [Known(name, matrix(consensus)) for name, consensus in CONSENSUS.items()]
    run = Run(model, choices, options.output, CONFIG, genome, known, bar=progress_bar)
    run.attributions = explained(run, options.output / "attributions.npy")
    for row, motif in zip(write_motifs(run)["nfr"], run.motifs["nfr"], strict=True):
        match = best_match(motif.shares, known)
        print(
            f"| {row['motif']} | `{row['consensus']}` | {row['sign']} | {row['seqlets']} | {row['loci']} |"
            f" {row['mean_attribution']:.2f} | {match.name} | {match.correlation:.2f} | {match.p_value:.3f} |"
        )


if __name__ == "__main__":
    main()
