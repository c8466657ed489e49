"""The IUPAC table, held against Biopython's and the BAM format's own order."""

import numpy as np
import pytest
from Bio.Data.IUPACData import ambiguous_dna_values
from Bio.Seq import Seq

from dnabilstm.alphabet import (
    CODE_OF_BYTE,
    COMPLEMENT,
    INVALID,
    ONE_HOT,
    PAD,
    decode,
    encode,
    reverse_complement,
)

LETTERS = sorted(set(ambiguous_dna_values) - {"X"})


def test_codes_are_the_masks_of_bam():
    assert encode(b"ACGTRNacgtrnUu").tolist() == [1, 2, 4, 8, 5, 15, 1, 2, 4, 8, 5, 15, 8, 8]
    assert encode(b"MSWYKVHDB").tolist() == [3, 6, 9, 10, 12, 7, 11, 13, 14]


def test_only_iupac_bytes_have_a_code():
    valid = {byte for byte in range(256) if CODE_OF_BYTE[byte] != INVALID}
    assert valid == {ord(letter) for word in LETTERS + ["U"] for letter in word + word.lower()}
    assert (encode(b"=-.*X \n\xff") == INVALID).all()


@pytest.mark.parametrize("letter", LETTERS)
def test_one_hot_shares_the_unit_among_the_bases_of_a_letter(letter):
    row = ONE_HOT[encode(letter.encode())[0]]
    bases = ambiguous_dna_values[letter]
    assert row.tolist() == pytest.approx([("ACGT"[k] in bases) / len(bases) for k in range(4)])


def test_padding_is_no_base():
    assert ONE_HOT.shape == (16, 4)
    assert ONE_HOT.dtype == np.float32
    assert ONE_HOT[PAD].tolist() == [0, 0, 0, 0]
    assert COMPLEMENT[PAD] == PAD


def test_reverse_complement_is_biopythons_and_flips_both_axes_of_one_hot():
    sequence = "ACGTRYSWKMBDHVNAAC"
    codes = encode(sequence.encode())
    assert decode(reverse_complement(codes)).decode() == str(Seq(sequence).reverse_complement())
    assert np.array_equal(ONE_HOT[reverse_complement(codes)], ONE_HOT[codes][::-1, ::-1])
    assert np.array_equal(reverse_complement(reverse_complement(codes)), codes)


def test_decode_undoes_encode_in_upper_case():
    assert decode(encode(b"acgtuNRy")) == b"ACGTTNRY"
