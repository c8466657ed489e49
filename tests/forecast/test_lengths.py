"""Lengths of contigs, from a FASTA, its index, or codes."""

import gzip
import os

import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.forecast.lengths import contig_lengths
from dnabilstm.genome import encode_fasta

TEXT = ">a one\nACGT\nAC\n>b\n\n>c\nNNN\r\n"


@pytest.fixture
def fasta(tmp_path):
    path = tmp_path / "g.fa"
    path.write_text(TEXT)
    return path


def test_lines_are_joined(fasta, tmp_path):
    assert contig_lengths(fasta).tolist() == [6, 0, 3]
    packed = tmp_path / "g.fa.gz"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    assert contig_lengths(packed).tolist() == [6, 0, 3]
    encode_fasta(fasta, tmp_path / "codes")
    assert contig_lengths(tmp_path / "codes").tolist() == [6, 0, 3]


def test_an_index_is_believed_unless_it_is_older_or_damaged(fasta, tmp_path):
    index = tmp_path / "g.fa.fai"
    index.write_text("a\t7\t3\t60\t61\n")
    assert contig_lengths(fasta).tolist() == [7]
    index.write_text("a\tseven\n")
    assert contig_lengths(fasta).tolist() == [6, 0, 3]
    index.write_text("a\t7\t3\t60\t61\n")
    os.utime(index, (1, 1))
    assert contig_lengths(fasta).tolist() == [6, 0, 3]


@pytest.mark.parametrize("text", ["", "ACGT\n", "\x00\x01"])
def test_what_is_no_fasta_is_refused(tmp_path, text):
    path = tmp_path / "g.fa"
    path.write_text(text)
    with pytest.raises(DnabilstmError, match="no FASTA record"):
        contig_lengths(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DnabilstmError, match=r"none\.fa"):
        contig_lengths(tmp_path / "none.fa")
