"""Real genomes through the real command line: N runs, soft-masking, names, splits, memory."""

import gzip
import json
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pybigtools
import pysam
import pytest
import torch
from safetensors import safe_open

from dnabilstm.genome import open_genome
from dnabilstm.model.bundle import Model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.score.store import open_scores
from dnabilstm.simulate import simulate
from dnabilstm.windows import choose_split, of_part

pytestmark = pytest.mark.slow

HUMAN, LENGTH = "human_chr1_3Mb/hg19_chr1_0-3004950.fa.gz", 3_004_950
# UCSC's gap table of hg19, chr1, clipped to these bases.
GAPS = [[0, 10_000], [177_417, 227_417], [267_719, 317_719], [471_368, 521_368], [2_634_220, 2_684_220]]
YEAST, YEAST_BASES = "yeast/sacCer3.fa.gz", 12_071_326
ECOLI = "ecoli/GCF_000005845.2_ASM584v2_genomic.fna.gz"
TSS = "ecoli/tss_thomason2015_lifted_NC_000913.3.bed"
TINY = {"hidden": 4, "filters": 4, "layers": 1}
MB = 1 << 20


# A process starts with the peak of the one that it was forked from: a small one has to be in between.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen([sys.executable, "-m", "dnabilstm", *sys.argv[1:]])
_, status, used = os.wait4(process.pid, 0)
print(used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def dnabilstm(*words):
    """Run the command line; its peak of resident memory in bytes."""
    command = [sys.executable, "-c", MEASURE, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def write_model(path, **config):
    """An untrained model, with a context that a short memory allows."""
    torch.manual_seed(0)
    network = build(BiLSTMConfig(tasks=("promoter",), **config)).eval()
    save_model(Model(network, {"context": {"halo": 200, "chunk": 20_000}}), path)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model") / "tiny.safetensors", **TINY)


@pytest.fixture(scope="module")
def human(data, model, tmp_path_factory):
    """The 3 Mb of human chromosome 1, scored and written as tracks."""
    out = tmp_path_factory.mktemp("human")
    dnabilstm("score", "--genome", data / HUMAN, "--model", model, "--output", out)
    dnabilstm("tracks", "--scores", out, "--output", out)
    return out


def bedgraph(path):
    """Contig names in order, and start, end and score of every line."""
    with gzip.open(path, "rt") as handle:
        rows = [line.split("\t") for line in handle]
    names = list(dict.fromkeys(row[0] for row in rows))
    return names, np.array([row[1:] for row in rows], np.float64)


def gaps_of(covered):
    """Runs of False of an array of bases, as lists."""
    edges = np.flatnonzero(np.diff(np.r_[True, covered, True].astype(np.int8)))
    return edges.reshape(-1, 2).tolist()


def test_runs_of_n_are_gaps_everywhere(human):
    scores = open_scores(human)
    name = scores.contigs[0].name
    track = scores.track("promoter", name)
    assert gaps_of(~np.isnan(track)) == GAPS
    called = (human / "nocall.bed").read_text().splitlines()
    assert called == [f"{name}\t{start}\t{end}" for start, end in GAPS]
    assert scores.info["bases"] == {"in": LENGTH, "scored": LENGTH - 210_000, "no_call": 210_000}

    names, lines = bedgraph(human / "promoter.bedgraph.gz")
    covered = np.zeros(LENGTH, bool)
    for start, end in lines[:, :2].astype(int).tolist():
        covered[start:end] = True
    assert names == [name]
    assert gaps_of(covered) == GAPS
    with pysam.TabixFile(str(human / "promoter.bedgraph.gz")) as index:
        assert list(index.fetch(name, 177_417, 227_417)) == []
        assert len(list(index.fetch(name, 177_416, 227_418))) == 2

    with pybigtools.open(str(human / "promoter.bw")) as bigwig:
        values = bigwig.values(name, 0, LENGTH, fillna=np.nan, oob=np.nan)
    np.testing.assert_array_equal(np.isnan(values), np.isnan(track))
    np.testing.assert_allclose(values, track, atol=0.00051)


def test_a_soft_masked_base_is_scored_as_its_base(human, data, model, tmp_path):
    with gzip.open(data / HUMAN, "rt") as handle:
        lines = handle.read().splitlines()
    assert sum(letter in "acgt" for line in lines[1:] for letter in line) > 1_000_000
    (tmp_path / "upper.fa").write_text("\n".join([lines[0], *map(str.upper, lines[1:])]) + "\n")
    dnabilstm("score", "--genome", tmp_path / "upper.fa", "--model", model, "--output", tmp_path / "upper")
    assert (tmp_path / "upper/scores.f32").read_bytes() == (human / "scores.f32").read_bytes()


def test_every_base_and_name_of_yeast_is_in_every_output(data, model, tmp_path):
    with gzip.open(data / YEAST, "rt") as handle:
        lengths = {}
        for line in handle:
            if line.startswith(">"):
                name = line[1:].split()[0]
                lengths[name] = 0
            else:
                lengths[name] += len(line.strip())
    assert (len(lengths), sum(lengths.values())) == (16, YEAST_BASES)
    out = tmp_path / "out"
    dnabilstm("score", "--genome", data / YEAST, "--model", model, "--output", out)
    dnabilstm("tracks", "--scores", out, "--output", out, "--digits", 2)

    bases = json.loads((out / "scores.json").read_text())["bases"]
    assert bases["in"] == bases["scored"] + bases["no_call"] == YEAST_BASES
    assert {c.name: c.length for c in open_scores(out).contigs} == lengths
    sizes = [line.split("\t") for line in (out / "chrom.sizes").read_text().splitlines()]
    assert sizes == [[name, str(length)] for name, length in lengths.items()]
    table = json.loads((out / "tracks.json").read_text())
    assert [(row["name"], row["length"]) for row in table["contigs"]] == list(lengths.items())
    names, lines = bedgraph(out / "promoter.bedgraph.gz")
    assert names == list(lengths)
    assert (lines[:, 1] - lines[:, 0]).sum() == bases["scored"]
    with pybigtools.open(str(out / "promoter.bw")) as bigwig:
        assert dict(bigwig.chroms()) == lengths
        # The tree of names is sorted; what is asked of each contig is that contig's.
        for name in ("chr1", "chr10", "chr2"):
            track = open_scores(out).track("promoter", name)
            values = bigwig.values(name, 0, lengths[name], fillna=np.nan, oob=np.nan)
            np.testing.assert_allclose(values, track, atol=0.0051)


def test_a_genome_of_one_contig_is_split_by_blocks_with_guards(data):
    genome = open_genome(data / ECOLI)
    split = choose_split(genome)
    assert [c.name for c in genome.contigs] == ["NC_000913.3"]
    assert (split[0].start, split[-1].end) == (0, genome.total)
    for one, other in pairwise(split):
        assert one.end == other.start
        assert "guard" in (one.part, other.part)
        assert one.part != other.part
    for part in ("test", "valid"):
        rows = of_part(split, part)
        assert len(rows) == 2
        assert sum(row.end - row.start for row in rows) / genome.total == pytest.approx(0.1, abs=0.001)
    assert all(row.end - row.start == 5_000 for row in of_part(split, "guard"))
    assert sum(row.end - row.start for row in of_part(split, "train")) > 0.78 * genome.total


def test_a_stranded_model_trains_on_a_genome_of_one_contig(data, tmp_path):
    settings = [f"model.{name}={value}" for name, value in TINY.items()]
    settings += ["model.strand=stranded", "train.steps=3", "train.window=500", "train.batch=4"]
    dnabilstm(
        "train", "--genome", data / ECOLI, "--labels", f"tss={data / TSS}", "--slop", "tss=20",
        "--output", tmp_path / "m.safetensors", *[word for s in settings for word in ("--set", s)],
    )  # fmt: skip
    with safe_open(str(tmp_path / "m.safetensors"), framework="pt") as handle:
        card = json.loads(handle.metadata()["dnabilstm"])
    assert card["channels"] == ["tss.plus", "tss.minus"]
    assert {row[3] for row in card["split"]} == {"train", "valid", "test", "guard"}
    # 2,664 sites, one base each, 20 added on both sides: at most 41 bases each, less where they overlap.
    summary = card["labels"]["summary"]["of_channel"]
    assert sum(row["intervals"] for row in summary.values()) == 2_664
    for row in summary.values():
        assert 41 * row["regions"] <= row["positive"] <= 41 * row["intervals"]


def test_memory_does_not_grow_with_the_genome(data, model, tmp_path):
    with gzip.open(data / HUMAN, "rb") as handle:
        sequence = handle.read().partition(b"\n")[2]
    peaks, mapped = [], []
    for copies in (1, 4):
        fasta = tmp_path / f"{copies}.fa"
        fasta.write_bytes(b"".join(b">c%d\n%s" % (k, sequence) for k in range(copies)))
        out = tmp_path / f"{copies}"
        peaks.append(dnabilstm("score", "--genome", fasta, "--model", model, "--output", out))
        mapped.append((out / "scores.f32").stat().st_size + copies * LENGTH)
    assert peaks[1] - peaks[0] < mapped[1] - mapped[0] + 50 * MB


def test_a_default_model_scores_the_demo_genome_in_less_than_a_gigabyte(tmp_path):
    simulate(tmp_path / "demo")
    network = write_model(tmp_path / "default.safetensors")
    out = tmp_path / "out"
    peak = dnabilstm("score", "--genome", tmp_path / "demo/genome.fa", "--model", network, "--output", out)
    assert peak < 1024 * MB
