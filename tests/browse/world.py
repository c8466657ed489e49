"""A genome whose names are as bad as names can be, with scores, regions, labels and genes."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dnabilstm.genome import encode_fasta
from dnabilstm.score.store import create_scores
from dnabilstm.tracks.regions import write_regions
from dnabilstm.tracks.write import write_tracks

HOSTILE = (
    "<script>alert(1)</script>",
    "<img/src=x/onerror=document.title=1>",
    "../../etc/passwd",
    '"quo\'te"',
    "chré:1-5",
    "HLA-A*01:02",
    "All",
    "%41",
    "x" * 300,
    "\udcff",
)
"""Names of contigs; the last one is a byte that is no UTF-8."""
CONTIGS = ("chr1", *HOSTILE)
LENGTH = 3000
BUMP, GAP = (1000, 1300), (2000, 2400)
CHANNELS = ("promoter", "<b onclick=x>\"prom' é")
GENE = "<svg/onload=document.title=1> ge'ne \"é"


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> SimpleNamespace:
    """Folder of tracks, genome, labels, genes and split: paths, and the genome."""
    folder = tmp_path_factory.mktemp("world")
    bases = np.random.default_rng(1)
    with (folder / "genome.fa").open("w", encoding="utf-8", errors="surrogateescape") as fasta:
        for name in CONTIGS:
            letters = bases.choice(list("ACGT"), LENGTH)
            letters[slice(*GAP)] = "N"
            fasta.write(f">{name}\n{''.join(letters)}\n")
    genome = encode_fasta(folder / "genome.fa", folder / "codes")
    tracks = folder / "tracks of 'it' é"
    with create_scores(tracks, genome.contigs, CHANNELS) as scores:
        values = scores.values.reshape(len(CHANNELS), len(CONTIGS), LENGTH)
        values[:] = 0.02
        values[:, :, slice(*BUMP)] = 0.9
        values[:, 0, 100:200] = 0.7
        values[:, :, slice(*GAP)] = np.nan
        scores.info["genome"] = {"digest": genome.digest}
    write_tracks(scores, tracks, workers=1)
    write_regions(scores, tracks)
    gaps = "".join(f"{name}\t{GAP[0]}\t{GAP[1]}\n" for name in CONTIGS)
    (tracks / "nocall.bed").write_text(gaps, encoding="utf-8", errors="surrogateescape")
    return SimpleNamespace(folder=folder, genome=genome, tracks=tracks, **_beside(folder))


def _beside(folder: Path) -> dict[str, Path]:
    """Labels, genes and split: the first contig's bump and an uncalled stretch are labelled."""
    texts = {
        "labels": "chr1\t1010\t1310\nchr1\t1500\t1600\n",
        "genes": f"chr1\t500\t900\t{GENE}\t0\t+\nchr1\t1000\t2900\tABC1\t0\t-\n",
        "split": f"chr1\t0\t{LENGTH}\ttest\n" + "".join(f"{name}\t0\t{LENGTH}\ttrain\n" for name in HOSTILE),
    }
    for name, text in texts.items():
        (folder / f"{name}.bed").write_text(text, encoding="utf-8", errors="surrogateescape")
    return {name: folder / f"{name}.bed" for name in texts}


@pytest.fixture
def asked(world) -> list[str]:
    """The options of ``dnabilstm browse`` for that world, but for where to write."""
    options = {
        "--tracks": world.tracks,
        "--genome": world.folder / "codes",
        "--labels": f"promoter={world.labels}",
        "--genes": world.genes,
        "--split": world.split,
    }
    return [str(word) for pair in options.items() for word in pair]
