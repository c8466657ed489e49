import json
import random

import numpy as np
import pyBigWig
import pytest
from click.testing import CliRunner

from dnabilstm.cli import cli
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import encode_fasta
from dnabilstm.score.store import create_scores
from tests.browse.readers import read_hub, read_jbrowse, read_session

LENGTHS = {"chr1": 300, "chr2": 200}


@pytest.fixture
def folder(tmp_path):
    """A genome, its scores and tracks, and what may lie beside them."""
    bases = random.Random(1)
    records = [f">{name} a title\n{''.join(bases.choices('ACGT', k=n))}\n" for name, n in LENGTHS.items()]
    (tmp_path / "g.fa").write_text("".join(records))
    genome = encode_fasta(tmp_path / "g.fa", tmp_path / "codes")
    with create_scores(tmp_path / "scores", genome.contigs, ("promoter",)) as scores:
        scores.values[0] = np.random.default_rng(1).random(500, np.float32)
        scores.info["genome"] = {"source": "g.fa", "digest": genome.digest}
    (tmp_path / "promoters.bed").write_text("chr1\t50\t60\tp\t0\t+\nchr2\t100\t120\tp\t0\t-\n")
    (tmp_path / "genes.gff3").write_text("I\ts\tgene\t1\t90\t.\t+\t.\tID=g1\n")
    (tmp_path / "alias.tsv").write_text("chr1\tI\nchr2\tII\n")
    (tmp_path / "m.split.bed").write_text("chr1\t0\t300\ttrain\nchr2\t0\t200\ttest\n")
    for step in ("tracks", "call"):
        run(tmp_path, step, "--scores", "scores", "--output", "tracks")
    (tmp_path / "tracks/nocall.bed").write_text("")
    return tmp_path


def run(folder, *words):
    paths = {
        "scores",
        "tracks",
        "codes",
        "hub",
        "genes.gff3",
        "alias.tsv",
        "m.split.bed",
        "x.sizes",
        "labels",
    }
    return CliRunner().invoke(
        cli, [f"{folder}/{word}" if word in paths and i else word for i, word in enumerate(words)]
    )


def hub(folder, *more):
    return run(folder, "hub", "--tracks", "tracks", "--genome", "codes", "--output", "hub", *more)


def test_everything_that_is_given_is_shown(folder):
    labels = ["--labels", f"promoter={folder}/promoters.bed", "--promoter", "promoter=10,5"]
    beside = ["--genes", "genes.gff3", "--alias", "alias.tsv", "--split", "m.split.bed", "--organism", "A b"]
    done = hub(folder, *labels, *beside, "--name", "mine", "--email", "a@example.org")
    assert done.exit_code == 0, done.output
    settings, genome, tracks = read_hub(folder / "hub")
    names = ["promoter", "promoter_called", "promoter_measured", "genes", "parts_of_the_genome"]
    assert list(tracks) == names
    assert settings["email"] == "a@example.org"
    assert (genome["genome"], genome["organism"]) == ("mine", "A b")
    assert len(read_session(folder / "hub")[1]) == len(read_jbrowse(folder / "hub")[1]) == 5
    assert "left out: no score: has no interval" in done.stderr
    assert f"5 tracks: {folder}/hub/README.txt says how to open them" in done.stderr
    with pyBigWig.open(str(folder / "hub/tracks/promoter_measured.bb")) as file:
        # 10 bases before and 5 behind the 5' end, which on the - strand is the right one.
        assert [file.entries(name, 0, n)[0][:2] for name, n in LENGTHS.items()] == [(40, 55), (115, 130)]
    with pyBigWig.open(str(folder / "hub/tracks/genes.bb")) as file:
        assert file.entries("chr1", 0, 300) == [(0, 90, "g1\t0\t+")]


def test_labels_that_are_made_already(folder):
    made = run(
        folder,
        "label",
        "--genome",
        "codes",
        "--labels",
        f"promoter={folder}/promoters.bed",
        "--output",
        "labels",
    )
    assert made.exit_code == 0, made.output
    done = hub(folder, "--labels", "labels", "--genes", "genes.gff3", "--alias", "alias.tsv")
    assert done.exit_code == 0, done.output
    with pyBigWig.open(str(folder / "hub/tracks/promoter_measured.bb")) as file:
        assert file.entries("chr1", 0, 300) == [(50, 60, "promoter\t0\t.")]


def test_a_fasta_does_as_well_and_the_folder_gives_the_name(folder):
    done = run(folder, "hub", "--tracks", "tracks", "--genome", f"{folder}/g.fa", "--output", "hub")
    assert done.exit_code == 0, done.output
    assert read_hub(folder / "hub")[1]["genome"] == "tracks"


def test_names_of_contigs_are_held_to_ucscs(folder):
    done = hub(folder, "--ucsc", "x1")
    assert "hub.txt: contigs must be named as in x1; --ucsc-sizes checks it" in done.stderr
    (folder / "x.sizes").write_text("chr1\t300\nchr2\t200\nchrM\t9\n")
    done = hub(folder, "--ucsc", "x1", "--ucsc-sizes", "x.sizes")
    assert done.exit_code == 0, done.output
    assert read_hub(folder / "hub")[1] == {"genome": "x1"}
    (folder / "x.sizes").write_text("chrI\t300\nchr2\t201\n")
    problems = str(hub(folder, "--ucsc", "x1", "--ucsc-sizes", "x.sizes").exception).splitlines()
    assert problems[0].startswith(
        "--ucsc x1: 1 of 2 contigs are not in it: chr1; it has chrI, chr2; name the"
    )
    assert problems[1] == "--ucsc x1: chr2 has 200 bases, and there 201; is this the same assembly?"
    (folder / "x.sizes").write_text("chr1 300\n")
    done = hub(folder, "--ucsc", "x1", "--ucsc-sizes", "x.sizes")
    assert "x.sizes:1: found 'chr1 300" in str(done.exception)


def test_all_that_is_wrong_is_said_at_once(folder):
    (folder / "tracks/promoter.bw").unlink()
    wrong = ["--email", "nobody", "--ucsc-sizes", "x.sizes", "--promoter", "promoter=3,4"]
    done = hub(folder, *wrong)
    assert isinstance(done.exception, DnabilstmError)
    said = str(done.exception)
    for part in (
        "hub.email: 'nobody'",
        "promoter.bw: is not there",
        "--ucsc-sizes: goes with",
        "--promoter: goes with",
    ):
        assert part in said
    assert not (folder / "hub").exists()


def test_a_genome_that_was_not_scored_is_refused(folder):
    (folder / "other.fa").write_text(">chr1\nACGT\n")
    done = run(folder, "hub", "--tracks", "tracks", "--genome", f"{folder}/other.fa", "--output", "hub")
    assert "is not the genome that was scored" in str(done.exception)
    assert not (folder / "hub").exists()


def test_the_values_of_the_bigwig_are_the_scores(folder):
    hub(folder)
    table = json.loads((folder / "scores/scores.json").read_text())
    scores = np.memmap(folder / "scores/scores.f32", "<f4", "r")
    (path,) = [path for path, row in read_jbrowse(folder / "hub")[1].items() if row[0] == "promoter"]
    with pyBigWig.open(str(folder / "hub" / path)) as file:
        for contig in table["contigs"]:
            found = file.values(contig["name"], 0, contig["length"], numpy=True)
            wanted = scores[contig["offset"] : contig["offset"] + contig["length"]]
            assert np.abs(found - wanted).max() < 6e-4
