"""Canonical k-mers against letters, on both strands."""

import numpy as np
import pytest

from dnabilstm.alphabet import encode, reverse_complement
from dnabilstm.audit import kmers
from dnabilstm.audit.kmers import canonical_columns, canonical_kmers, hashes, is_new
from tests.audit.oracle import random_text, turned


def number(kmer):
    return sum("ACGT".index(letter) * 4**place for place, letter in enumerate(reversed(kmer)))


def test_a_kmer_and_its_reverse_complement_have_the_smaller_number():
    found, whole = canonical_kmers(encode(b"AACGTT"), 3)
    # AAC 1 < GTT 47, ACG 6 < CGT 27, CGT, GTT
    assert found.tolist() == [1, 6, 6, 1]
    assert whole.all()


@pytest.mark.parametrize("k", range(1, kmers.LONGEST + 1))
def test_numbers_are_those_of_the_letters(k):
    text = random_text(np.random.default_rng(k), 120, "ACGT" * 8 + "N")
    found, whole = canonical_kmers(encode(text.encode()), k)
    wanted = [text[i : i + k] for i in range(len(text) - k + 1)]
    assert whole.tolist() == ["N" not in kmer for kmer in wanted]
    numbers = [min(number(kmer), number(turned(kmer))) for kmer in wanted if "N" not in kmer]
    assert found[whole].tolist() == numbers


@pytest.mark.parametrize("length", [0, 1, 4])
def test_what_is_shorter_than_k_has_no_kmer(length):
    found, whole = canonical_kmers(encode(b"A" * length), 5)
    assert len(found) == len(whole) == 0
    assert list(hashes(encode(b"A" * length), 5)) == []


def test_only_a_c_g_and_t_make_kmers():
    _, whole = canonical_kmers(encode(b"ACRGT=NACGTU".replace(b"=", b"-".replace(b"-", b"N"))), 2)
    assert whole.tolist() == [True, False, False, True, False, False, False, True, True, True, True]


def collected(codes, k, scale=1):
    parts = list(hashes(codes, k, scale))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def test_blocks_leave_nothing_out_and_repeat_nothing(monkeypatch):
    codes = encode(random_text(np.random.default_rng(1), 5_000).encode())
    whole = collected(codes, 21)
    monkeypatch.setattr(kmers, "_BLOCK", 64)
    for one, other in zip(whole, collected(codes, 21), strict=True):
        assert one.tolist() == other.tolist()
    assert whole[0].tolist() == list(range(4_980))


def test_a_sample_has_the_same_kmers_on_the_other_strand_and_about_its_share():
    codes = encode(random_text(np.random.default_rng(2), 40_000).encode())
    positions, values = collected(codes, 21, scale=8)
    turned_positions, turned_values = collected(reverse_complement(codes), 21, scale=8)
    assert sorted(values.tolist()) == sorted(turned_values.tolist())
    assert sorted((40_000 - 21 - turned_positions).tolist()) == positions.tolist()
    assert len(values) / 39_980 == pytest.approx(1 / 8, abs=0.01)
    assert set(values.tolist()) < set(collected(codes, 21)[1].tolist())


def test_there_are_136_canonical_4mers():
    columns, count = canonical_columns(4)
    assert count == 136  # (256 + 16 that are their own reverse complement) / 2
    assert columns[number("AACC")] == columns[number("GGTT")]
    assert len(set(columns.tolist())) == 136


def test_first_of_each_run():
    assert is_new(np.array([1, 1, 4, 5, 5, 5])).tolist() == [True, False, True, True, False, False]
    assert is_new(np.array([])).tolist() == []
