"""FASTA to codes: what is read, what is refused, and digests that others can recompute."""

import base64
import gzip
import hashlib
import json

import numpy as np
import pysam
import pytest
from Bio import bgzf

from dnabilstm.alphabet import N, decode, encode
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import (
    encode_fasta,
    no_call_intervals,
    open_genome,
    read_fasta,
    sequence_digest,
    shown_names,
)

FASTA = ">chr1 first\nACGT\nacgtN\n>chr2\n\nRYKM\n"


def records(path):
    return {name: decode(codes).decode() for name, codes in read_fasta(path)}


def fasta(folder, text, name="a.fa"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        FASTA,
        FASTA.replace("\n", "\r\n"),
        FASTA.rstrip("\n"),
        "\n\n" + FASTA + "\n\n",
        ">chr1\tfirst\nA\nCG\nT acgtn\n>chr2\nryKM\n",
        "\ufeff" + FASTA,
    ],
    ids=["plain", "crlf", "no-final-newline", "blank-lines", "ragged", "byte-order-mark"],
)
def test_every_way_to_lay_out_a_fasta_gives_the_same_sequences(tmp_path, text):
    assert records(fasta(tmp_path, text)) == {"chr1": "ACGTACGTN", "chr2": "RYKM"}


def test_gzip_and_bgzip_give_the_same_genome(tmp_path):
    plain = open_genome(fasta(tmp_path, FASTA))
    packed = open_genome(fasta(tmp_path, gzip.compress(FASTA.encode()), "b.fa"))
    with bgzf.open(str(tmp_path / "c.fa.gz"), "wt") as out:
        out.write(FASTA)
    assert plain.digest == packed.digest == open_genome(tmp_path / "c.fa.gz").digest


def test_a_record_without_sequence_is_a_contig_of_no_length(tmp_path):
    genome = open_genome(fasta(tmp_path, ">a\n>b\nAC\n>c\n"))
    assert [(c.name, c.length, c.offset) for c in genome.contigs] == [("a", 0, 0), ("b", 2, 0), ("c", 0, 2)]
    assert genome.total == 2


def test_the_folder_holds_what_the_fasta_says(tmp_path):
    genome = encode_fasta(fasta(tmp_path, FASTA), tmp_path / "genome")
    again = open_genome(tmp_path / "genome")
    assert genome.names == again.names == ["chr1", "chr2"]
    assert again.digest == genome.digest
    assert decode(again.sequence("chr2")) == b"RYKM"
    assert (tmp_path / "genome" / "codes.u8").read_bytes() == encode(b"ACGTACGTNRYKM").tobytes()
    assert "chr2" in again
    assert "chr3" not in again
    with pytest.raises(DnabilstmError, match="has no contig 'chr3'; it has chr1, chr2"):
        again.sequence("chr3")


def test_contig_names_are_kept_byte_for_byte(tmp_path):
    encode_fasta(fasta(tmp_path, b">chr\xff|\xc3\xa9 x\nAC\n"), tmp_path / "genome")
    assert open_genome(tmp_path / "genome").names[0].encode("utf-8", "surrogateescape") == b"chr\xff|\xc3\xa9"


def test_digests_are_refgets():
    # GA4GH refget specification: the worked example of sha512t24u.
    assert sequence_digest(encode(b"acgt")) == "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"
    long = np.tile(encode(b"ACGTN"), 1_000_000)
    whole = base64.urlsafe_b64encode(hashlib.sha512(decode(long)).digest()[:24]).decode()
    assert sequence_digest(long) == f"SQ.{whole}"


def test_the_digest_of_a_genome_depends_on_names_sequences_and_order(tmp_path):
    texts = [">a\nAC\n>b\nGT\n", ">b\nGT\n>a\nAC\n", ">a\nAC\n>c\nGT\n", ">a\nAC\n>b\nGA\n", ">a\nAC\n"]
    assert len({open_genome(fasta(tmp_path, text)).digest for text in texts}) == len(texts)
    assert (
        open_genome(fasta(tmp_path, ">a x\nac\n>b\ngt\n")).digest
        == open_genome(fasta(tmp_path, texts[0])).digest
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "a.fa: is empty"),
        (" \n\t\n", "a.fa: is empty"),
        ("chr1\nACGT\n", "a.fa:1: 'chr1' before the first '>'"),
        (">a\nAC\n>\nGT\n", "a.fa:3: record 2 has no name"),
        (">a\nAC\n>b\nGT\n>a x\nAC\n", "a.fa:5: duplicate name 'a', first on line 1"),
        (">a\nAC\nAC-T\n", "a.fa:3: record 'a' has the byte '-' at column 3"),
        (b">a\nAC\xa4T\n", "a.fa:2: record 'a' has the byte '¤' at column 3"),
        (">p\nMELQVS\n", "a protein sequence?"),
        (">a\n>b\n", "has 2 records but not one base"),
    ],
)
def test_what_is_no_genome_is_refused_with_its_line(tmp_path, text, wanted):
    with pytest.raises(DnabilstmError) as caught:
        encode_fasta(fasta(tmp_path, text), tmp_path / "genome")
    assert wanted in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["a.fa"]


def test_every_bad_line_is_reported_up_to_ten(tmp_path):
    text = ">a\nAX\n>a\nAC\n" + "A.\n" * 20
    with pytest.raises(DnabilstmError) as caught:
        open_genome(fasta(tmp_path, text))
    problems = caught.value.problems
    assert [problem.split(":")[1] for problem in problems[:4]] == ["2", "3", "5", "6"]
    assert problems[-1].endswith("and 12 more problems")


def test_a_damaged_folder_is_refused(tmp_path):
    folder = tmp_path / "genome"
    encode_fasta(fasta(tmp_path, FASTA), folder)
    (folder / "codes.u8").write_bytes(b"\1\2")
    with pytest.raises(DnabilstmError, match="has 2 bytes, its table says 13"):
        open_genome(folder)
    for table in ("[]", '{"contigs": [{"name": "a"}], "source": "x"}', "{"):
        (folder / "genome.json").write_text(table)
        with pytest.raises(DnabilstmError, match=r"genome\.json"):
            open_genome(folder)
    (folder / "genome.json").unlink()
    with pytest.raises(DnabilstmError, match="not an encoded genome"):
        open_genome(folder)


@pytest.mark.parametrize("run", [1, 3, 10])
def test_runs_of_n_are_found_wherever_they_lie(run):
    rng = np.random.default_rng(run)
    for _ in range(50):
        codes = np.repeat(rng.choice([1, N], 30), rng.integers(1, 15, 30)).astype(np.uint8)
        found = {(int(a), int(b)) for a, b in no_call_intervals(codes, run)}
        text, wanted, start = decode(codes).decode() + "A", set(), 0
        for place, letter in enumerate(text):  # by hand, letter by letter
            if letter != "N":
                wanted |= {(start, place)} if place - start >= run else set()
                start = place + 1
        assert found == wanted


def test_a_run_of_n_counts_from_ten():
    codes = encode(b"N" * 9 + b"A" + b"n" * 10 + b"C")
    assert no_call_intervals(codes).tolist() == [[10, 20]]
    assert no_call_intervals(codes[:0]).shape == (0, 2)


def test_a_few_names_stand_for_many():
    assert shown_names(["a", "b"]) == "a, b"
    assert shown_names([f"c{k}" for k in range(8)], 2) == "c0, c1, ... (8 in all)"


def test_yeast_is_read_as_pysam_reads_it(data, tmp_path):
    genome = encode_fasta(data / "yeast/sacCer3.fa.gz", tmp_path / "genome")
    assert genome.total == 12_071_326
    assert genome.names == [f"chr{k}" for k in range(1, 17)]
    assert not any(len(no_call_intervals(genome.sequence(name))) for name in genome.names)
    (tmp_path / "chr9.fa").write_bytes(gzip.decompress((data / "yeast/sacCer3.fa.gz").read_bytes()))
    with pysam.FastaFile(str(tmp_path / "chr9.fa")) as reader:
        assert list(reader.references) == genome.names
        assert reader.fetch("chr9").upper().encode() == decode(genome.sequence("chr9"))
    assert json.loads((tmp_path / "genome/genome.json").read_text())["contigs"][0]["length"] == 230_218


def test_human_soft_mask_is_read_as_bases_and_its_five_gaps_are_no_calls(data):
    path = data / "human_chr1_3Mb/hg19_chr1_0-3004950.fa.gz"
    genome = open_genome(path)
    letters = b"".join(gzip.decompress(path.read_bytes()).split(b"\n")[1:])
    assert sum(letters.count(low) for low in (b"a", b"c", b"g", b"t")) > 1_000_000
    assert decode(genome.sequence("chr1")) == letters.upper()
    gaps = no_call_intervals(genome.sequence("chr1"))
    assert len(gaps) == 5
    assert int((gaps[:, 1] - gaps[:, 0]).sum()) == 210_000 == letters.count(b"N")
