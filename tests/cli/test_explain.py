"""``dnabilstm explain``: files that others can read, and one line for each thing that is wrong."""

import gzip
import json
import sys

import numpy as np
import pyBigWig
import pysam
import pytest

from dnabilstm.alphabet import decode
from dnabilstm.cli import main
from dnabilstm.genome import encode_fasta, open_genome
from dnabilstm.model.bundle import save_model
from tests.explain.made import made_ensemble, made_genome, made_model

REGIONS = "c\t300\t340\tone\t5\t.\nc\t700\t760\ttwo\t9\t.\nc\t1000\t1030\tthree\t7\t.\n"
MEME = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF known\nletter-probability matrix: alength= 4 w= 5 nsites= 9 E= 0\n"
MEME += "0.97 0.01 0.01 0.01\n" * 5
SMALL = {"width": 40, "top": 2, "shuffles": 1, "least-seqlets": 2, "level": 0.2, "tolerance": 0.01}
QUICK = [word for name, value in SMALL.items() for word in (f"--{name}", value)]
ONE = ("--check", 1, "--pictures", 1)
UNSEEN = ("--check", 0, "--pictures", 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("explain")
    (place / "genome.fa").write_text(f">c\n{decode(made_genome().codes).decode()}\n>d\nACGT\n")
    encode_fasta(place / "genome.fa", place / "codes")
    (place / "regions.bed").write_text(REGIONS)
    (place / "known.meme").write_text(MEME)
    (place / "sequences.fa").write_text(
        f">s\n{decode(made_genome().codes[:90]).decode()}\n>t\n{'ACGTTGCA' * 9}\n"
    )
    save_model(made_model(), place / "model.safetensors")
    save_model(made_ensemble(), place / "ensemble.safetensors")
    save_model(made_model(head="sequence"), place / "classes.safetensors")
    return place


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["dnabilstm", "explain", *map(str, words)])
    try:
        main()
    except SystemExit as exit:
        return exit.code
    return 0


def on_genome(folder, output, *more, model="model"):
    given = ("--model", folder / f"{model}.safetensors", "--genome", folder / "codes", "--output", output)
    return (*given, *(() if "--regions" in more else ("--regions", folder / "regions.bed")), *QUICK, *more)


def rows(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt") as handle:
        head, *lines = (line.rstrip("\n").split("\t") for line in handle)
    return [dict(zip(head, line, strict=True)) for line in lines]


@pytest.fixture(scope="module")
def explained(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("output")
    with pytest.MonkeyPatch.context() as patch:
        assert run(patch, *on_genome(folder, output, "--motifs", folder / "known.meme", *ONE)) == 0
    return output


def test_the_best_regions_are_explained_and_summed_up(explained):
    assert [row["locus"] for row in rows(explained / "attribution/loci.tsv")] == ["two", "three"]
    told = json.loads((explained / "explain.json").read_text())
    assert told["settings"]["width"] == 40
    assert told["model"]["digest"]
    assert set(told["parts"]) == {"attribution", "motifs"}
    agreement = told["parts"]["attribution"]["agreement"]
    assert agreement["loci"] == 1
    assert -1 <= agreement["correlation"]["a"] <= 1
    assert agreement["largest_gap"] >= 0


def test_table_bigwig_and_bedgraph_say_the_same(explained):
    table = rows(explained / "attribution/a.tsv.gz")
    assert len(table) == 80
    sequence = decode(made_genome().codes).decode()
    with pyBigWig.open(str(explained / "attribution/a.bw")) as bigwig:
        assert bigwig.chroms() == {"c": 1203, "d": 4}
        track = np.array(bigwig.values("c", 0, 1203))
    assert np.isfinite(track).sum() == 80
    for row in table:
        position = int(row["position"])
        assert row["base"] == sequence[position]
        assert row[row["base"]] == row["attribution"]
        assert track[position] == pytest.approx(float(row["attribution"]), abs=1e-6)
        assert sum(float(row[letter]) for letter in "ACGT") == pytest.approx(0, abs=3e-4)
    assert min(track[np.isfinite(track)]) < 0
    with pysam.TabixFile(str(explained / "attribution/a.bedgraph.gz")) as bedgraph:
        for line in bedgraph.fetch("c"):
            _, start, end, value = line.split("\t")
            assert track[int(start) : int(end)] == pytest.approx(float(value), abs=1e-6)


def test_motifs_are_meme_text_with_hits_and_matches(explained):
    from Bio import motifs as bio

    found = rows(explained / "motifs/a.tsv")
    with (explained / "motifs/a.meme").open() as handle:
        names = [motif.name for motif in bio.parse(handle, "minimal")]
    assert names == [row["motif"] for row in found]
    assert {row["match"] for row in found} <= {"known"}
    for hit in rows(explained / "motifs/a.hits.tsv"):
        assert hit["motif"] in names
        assert 0 <= int(hit["start"]) < int(hit["end"]) <= 1203
    pictures = sorted(path.name for path in (explained / "attribution/a").iterdir())
    assert pictures == ["001_two.png", "001_two.svg"]


def test_one_part_of_one_output_by_gradients_of_an_ensemble(folder, tmp_path, monkeypatch):
    more = ("--only", "attribution", "--channels", "b", "--method", "gradients", *UNSEEN)
    assert run(monkeypatch, *on_genome(folder, tmp_path, *more, model="ensemble")) == 0
    assert not (tmp_path / "motifs").exists()
    assert not (tmp_path / "attribution/a.bw").exists()
    assert len(rows(tmp_path / "attribution/b.tsv.gz")) == 80


@pytest.mark.parametrize("model", ["model", "classes"])
def test_sequences_are_explained_by_either_head(folder, tmp_path, monkeypatch, model):
    words = (
        "--model",
        folder / f"{model}.safetensors",
        "--sequences",
        folder / "sequences.fa",
        "--output",
        tmp_path,
    )
    assert run(monkeypatch, *words, *QUICK, *UNSEEN) == 0
    table = rows(tmp_path / "attribution/a.tsv.gz")
    assert {row["locus"] for row in table} == {"s", "t"}
    assert len(table) == 90 + 72
    assert not (tmp_path / "attribution/a.bw").exists()


def test_regions_are_explained_by_a_head_for_whole_sequences(folder, tmp_path, monkeypatch):
    assert run(monkeypatch, *on_genome(folder, tmp_path, *UNSEEN, model="classes")) == 0
    with pyBigWig.open(str(tmp_path / "attribution/a.bw")) as bigwig:
        assert np.isfinite(bigwig.values("c", 710, 750)).all()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--channels", "zzz"), "--channels zzz: the model has a, b"),
        (("--only", "zzz"), "--only zzz: no such part; wanted some of attribution, motifs"),
        (("--contigs", "zzz"), "has no contig 'zzz'"),
        (("--contigs", "d"), "none of them on d"),
        (("--sequences", "x.fa"), "--regions or --sequences: wanted one of them"),
        (("--motifs", "{folder}/regions.bed"), "wanted MEME text"),
        (("--regions", "{folder}/empty.bed"), "is empty"),
        (("--regions", "{folder}/beyond.bed"), "past the end of c (1203)"),
        (("--tolerance", "0"), "explain.tolerance"),
        (("--output", "/proc/nowhere"), "cannot be written"),
    ],
)
def test_what_is_wrong_is_one_line(folder, tmp_path, monkeypatch, capsys, more, said):
    (folder / "empty.bed").write_text("")
    (folder / "beyond.bed").write_text("c\t1200\t1300\n")
    more = [str(word).format(folder=folder) for word in more]
    assert run(monkeypatch, *on_genome(folder, tmp_path / "x", *more)) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert said in lines[0]
    assert not (tmp_path / "x").exists()


def test_the_genome_on_disk_is_left_as_it_is(folder, explained):
    assert (open_genome(folder / "codes").sequence("c") == made_genome().codes).all()
