"""workflow/scripts/fetch.py: a file reaches its place only when it is the one that is wanted."""

import gzip
import hashlib
import os
import subprocess
import sys

import pytest

from dnabilstm.genome import open_genome
from tests.conftest import ROOT

FASTA = b">chrII x\nacgtN\nGG\n>chrM\nTTTT\n>chrI\nCCCAA\n"
# By hand: sha512t24u of ACGTNGG and CCCAA, as GA4GH refget v2 defines it.
DIGESTS = {"chr1": "CCCAA", "chr2": "ACGTNGG"}


def fetch(output, *options, data=None):
    """Run the script; its exit status and what it says."""
    kept = {name: value for name, value in os.environ.items() if name != "DNABILSTM_DATA"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "workflow/scripts/fetch.py"), "--output", str(output), *options],
        env={**kept, "DNABILSTM_DATA": str(data)} if data else kept,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


def contigs(tmp_path):
    """Options for the wanted contigs, with digests from the package, which computes them by itself."""
    (tmp_path / "wanted.fa").write_text("".join(f">{name}\n{s}\n" for name, s in DIGESTS.items()))
    pairs = [f"{contig.name}={contig.digest}" for contig in open_genome(tmp_path / "wanted.fa").contigs]
    return [word for pair in pairs for word in ("--contig", pair)]


def only(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_contigs_are_found_by_digest_renamed_and_put_in_order(tmp_path, pack):
    (tmp_path / "public").write_bytes(pack(FASTA))
    output = tmp_path / "out/genome.fa"
    status, said = fetch(output, "--url", (tmp_path / "public").as_uri(), *contigs(tmp_path))
    assert status == 0, said
    assert output.read_bytes() == b">chr1\nCCCAA\n>chr2\nACGTNGG\n"
    assert "2 contigs, 12 bases (left out: chrM)" in said
    assert only(tmp_path / "out") == ["genome.fa"]


def test_a_genome_that_lacks_a_wanted_contig_is_refused(tmp_path):
    (tmp_path / "public").write_bytes(FASTA.replace(b"CCCAA", b"CCCAT"))
    status, said = fetch(
        tmp_path / "out/genome.fa", "--url", (tmp_path / "public").as_uri(), *contigs(tmp_path)
    )
    assert status == 2
    assert said.startswith("error: file://")
    assert "has no contig with the sequence of chr1 (SQ." in said
    assert said.count("\n") == 1
    assert only(tmp_path / "out") == []


def test_a_file_is_unpacked_and_checked_and_an_older_one_stays_where_it_is_not_the_one(tmp_path):
    (tmp_path / "public.gz").write_bytes(gzip.compress(b"chr1\t1\t2\n"))
    digest, address = hashlib.sha256(b"chr1\t1\t2\n").hexdigest(), (tmp_path / "public.gz").as_uri()
    output = tmp_path / "out/regions.bed"
    assert fetch(output, "--url", address, "--sha256", digest)[0] == 0
    assert output.read_bytes() == b"chr1\t1\t2\n"
    status, said = fetch(output, "--url", address, "--sha256", "0" * 64)
    assert status == 2
    assert f"its SHA-256 is {digest}, wanted {'0' * 64}" in said
    assert output.read_bytes() == b"chr1\t1\t2\n"
    assert only(tmp_path / "out") == ["regions.bed"]


def test_a_gzip_that_is_cut_short_is_refused(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(bytes(range(256)) * 99)[:-9])
    status, said = fetch(tmp_path / "x", "--url", (tmp_path / "cut.gz").as_uri(), "--sha256", "0" * 64)
    assert (status, said.count("\n")) == (2, 1)
    assert "damaged or cut short" in said


def test_the_data_folder_comes_before_the_address_and_is_checked_too(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/r.bed").write_bytes(b"mine\n")
    (tmp_path / "public").write_bytes(b"public\n")
    where = ["--local", "r.bed", "--url", (tmp_path / "public").as_uri()]
    mine, public = (hashlib.sha256(text).hexdigest() for text in (b"mine\n", b"public\n"))
    assert fetch(tmp_path / "r", *where, "--sha256", mine, data=tmp_path / "data")[0] == 0
    assert fetch(tmp_path / "r", *where, "--sha256", public)[0] == 0
    status, said = fetch(tmp_path / "r", *where, "--sha256", public, data=tmp_path / "data")
    assert status == 2
    assert str(tmp_path / "data/r.bed") in said


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--url", "file:///no/such/file"], "cannot be reached"),
        # Port 9 of this machine, where nothing listens: as without a network.
        (["--url", "http://127.0.0.1:9/x", "--local", "a/b"], "go online, or set DNABILSTM_DATA to a folder"),
        (["--without", "ask the authors"], "has no public address; ask the authors"),
    ],
)
def test_what_cannot_be_had_is_one_line_that_says_what_to_do(tmp_path, options, wanted):
    status, said = fetch(tmp_path / "x", *options, "--sha256", "0" * 64)
    assert status == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert wanted in said


def test_yeast_has_the_labels_of_its_bed_files(data, tmp_path):
    """Promoters made of the GFF3 are those of the BED; the digests are those of the data."""
    import yaml

    from dnabilstm.genome import encode_fasta
    from dnabilstm.intervals import read_aliases
    from dnabilstm.labels import LabelSpec, make_labels

    download = yaml.safe_load((ROOT / "config/yeast.yaml").read_text())["download"]
    for name, entry in download.items():
        check = [
            word for pair in entry.get("contigs", {}).items() for word in ("--contig", f"{pair[0]}={pair[1]}")
        ]
        check = check or ["--sha256", entry["sha256"]]
        status, said = fetch(tmp_path / name, "--local", entry["local"], *check, data=data)
        assert status == 0, said
    genome = encode_fasta(tmp_path / "yeast/sacCer3.fa", tmp_path / "codes")
    gff3 = LabelSpec(
        "promoter", tmp_path / "yeast/Xu_2009_ORF-Ts_V64.gff3", feature="transcript", promoter=(200, 50)
    )
    bed = LabelSpec("promoter", data / "yeast/promoters_tss-200+50_xu2009.bed")
    aliases = read_aliases(ROOT / "config/yeast_alias.tsv", genome)
    made = make_labels(genome, [gff3], tmp_path / "gff3", aliases=aliases)
    wanted = make_labels(genome, [bed], tmp_path / "bed")
    assert (made.values == wanted.values).all()
    assert made.info["of_channel"]["promoter"]["intervals"] == 5171
