"""Compositions against counts of letters, and what chance does to them."""

import json
from collections import Counter

import numpy as np
import pytest

from dnabilstm.alphabet import encode, reverse_complement
from dnabilstm.audit import counts
from dnabilstm.audit.composition import (
    FLOOR,
    compare_composition,
    composition_of,
    divergence,
    genome_shifts,
    sampled,
    shifts_between,
)
from dnabilstm.audit.counts import blocks_of, count_sequences
from dnabilstm.genome import open_genome
from dnabilstm.sequences.read import read_sequences
from tests.audit.oracle import bag, random_text, sequences
from tests.audit.test_genomes import genome_of


def with_gc(rng, gc, length):
    return random_text(rng, length, p=[(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2])


def of_gc(rng, gc, count, length=100):
    text = with_gc(rng, gc, count * length)
    return sequences([text[i * length : (i + 1) * length] for i in range(count)])


def test_divergence_by_hand():
    assert divergence(np.array([3, 0]), np.array([0, 7])) == 1.0
    assert divergence(np.array([1, 3]), np.array([2, 6])) == 0.0
    # H(1/4, 3/4) - H(1/2, 1/2) / 2 - H(0, 1) / 2
    assert divergence(np.array([1, 1]), np.array([0, 5])) == pytest.approx(0.8112781 - 0.5)
    assert divergence(np.array([0, 0]), np.array([1, 1])) == 0.0


def test_a_summary_counts_what_the_letters_have():
    text = random_text(np.random.default_rng(0), 3_400, "ACGT" * 9 + "NRS")
    found = composition_of(encode(text.encode()))
    blocks = [text[start : start + 1_000] for start in range(0, 3_400, 1_000)]
    held = sum((bag(block.replace("R", "N").replace("S", "N"), 4) for block in blocks), Counter())
    assert found["kmers"] == {
        kmer: pytest.approx(held[kmer] / held.total(), abs=1e-8) for kmer in found["kmers"]
    }
    assert len(found["kmers"]) == 136
    assert sum(found["kmers"].values()) == pytest.approx(1, abs=1e-5)
    assert found["bases"] == len(text) - text.count("N") - text.count("R")
    gc = [sum(map(block.count, "CGS")) / sum(map(block.count, "ACGTS")) for block in blocks[:3]]
    assert found["gc_quantiles"]["0.5"] == pytest.approx(np.median(gc), abs=1e-6)
    assert sum(found["gc_histogram"]) == 3  # the last window has less than half of its bases
    assert json.loads(json.dumps(found)) == found


def test_both_strands_have_one_composition():
    codes = encode(random_text(np.random.default_rng(1), 5_000).encode())
    one, other = composition_of(codes), composition_of(reverse_complement(codes))
    # K-mers over the borders of the blocks are not counted, and those lie elsewhere.
    assert one["kmers"] == pytest.approx(other["kmers"], abs=2e-3)
    assert one["gc_quantiles"] == other["gc_quantiles"]


def test_small_contigs_are_put_together_and_no_kmer_spans_two():
    texts = {f"c{number}": "ACGT"[number % 4] * 150 for number in range(40)}
    found = composition_of(genome_of(texts))
    held = {kmer: share for kmer, share in found["kmers"].items() if share}
    # A contig that is cut by a block's border loses up to three.
    assert held == pytest.approx({"AAAA": 0.5, "CCCC": 0.5}, abs=2e-3)
    assert found["bases"] == 6_000
    assert len(blocks_of(genome_of(texts)).counts) == 6


def test_no_kmer_spans_two_sequences():
    found = composition_of(sequences(["AAAAAA", "CCCC", "AC"]))
    assert {kmer: share for kmer, share in found["kmers"].items() if share} == {"AAAA": 0.75, "CCCC": 0.25}
    assert found["bases"] == 12


def test_a_large_genome_is_sampled_evenly():
    genome = genome_of({"a": "A" * 120_000, "c": "C" * 100_000})
    assert sampled(genome, 110_000) == [("a", 0, 50_000), ("a", 100_000, 120_000), ("c", 50_000, 100_000)]
    assert sum(end - start for _, start, end in sampled(genome)) == genome.total


def test_spans_take_a_part_of_a_genome():
    genome = genome_of({"a": "A" * 3_000, "c": "C" * 3_000})
    found = composition_of(genome, [("a", 500, 2_500), ("c", 0, 2_000)])
    assert {kmer: share for kmer, share in found["kmers"].items() if share} == pytest.approx(
        {"AAAA": 0.5, "CCCC": 0.5}
    )
    assert found["gc_quantiles"]["0.01"] == 0
    assert found["bases"] == 4_000


@pytest.mark.parametrize("text", ["", "ACG", "N" * 3_000])
def test_where_there_is_nothing_to_count(text):
    found = composition_of(encode(text.encode()))
    assert found["gc_quantiles"] == {}
    assert set(found["kmers"].values()) == {0.0}
    compared = compare_composition(found, found)
    assert (compared["divergence"], compared["shifted"]) == (0.0, False)


@pytest.mark.parametrize("seed", range(5))
def test_parts_of_the_same_are_not_shifted(seed):
    rng = np.random.default_rng(seed)
    parts = {"train": of_gc(rng, 0.42, 800), "valid": of_gc(rng, 0.42, 60), "test": of_gc(rng, 0.42, 100)}
    found = shifts_between(parts)
    assert [pair["parts"] for pair in found["pairs"]] == [
        ["train", "valid"],
        ["train", "test"],
        ["valid", "test"],
    ]
    assert not any(pair["shifted"] for pair in found["pairs"])
    assert found["parts"]["test"]["gc_quantiles"]["0.5"] == pytest.approx(0.42, abs=0.02)


def test_a_part_with_more_gc_is_shifted():
    rng = np.random.default_rng(10)
    parts = {"train": of_gc(rng, 0.42, 800), "valid": sequences([]), "test": of_gc(rng, 0.47, 300)}
    (pair,) = shifts_between(parts)["pairs"]
    assert pair["shifted"]
    assert pair["divergence"] > pair["by_chance"]["maximum"] > pair["by_chance"]["mean"] > 0


def test_the_floor_is_a_point_and_a_half_of_gc():
    rng = np.random.default_rng(11)
    totals = [
        blocks_of(encode(with_gc(rng, gc, 3_000_000).encode())).counts.sum(axis=0) for gc in (0.42, 0.435)
    ]
    assert divergence(*totals) == pytest.approx(FLOOR, rel=0.4)


def test_of_many_sequences_some_are_looked_at(monkeypatch):
    parts = {"train": of_gc(np.random.default_rng(12), 0.5, 500)}
    whole = count_sequences(parts["train"])
    monkeypatch.setattr(counts, "ROWS", 50)
    some = count_sequences(parts["train"])
    assert (whole.shape, some.shape) == ((500, 136), (50, 136))
    assert (some[0] == whole[0]).all()
    assert (some[-1] == whole[-1]).all()


def test_parts_of_a_genome():
    rng = np.random.default_rng(13)
    texts = {name: with_gc(rng, gc, 300_000) for name, gc in (("a", 0.4), ("b", 0.4), ("c", 0.5))}
    spans = {part: [(name, 0, 300_000)] for part, name in zip(("train", "valid", "test"), "abc", strict=True)}
    genome = genome_of(texts)
    found = {tuple(pair["parts"]): pair["shifted"] for pair in genome_shifts(genome, spans)["pairs"]}
    assert found == {("train", "valid"): False, ("train", "test"): True, ("valid", "test"): True}


def test_genomes_of_different_gc_differ_and_their_windows_lie_outside():
    rng = np.random.default_rng(14)
    one, same, other = (composition_of(encode(with_gc(rng, gc, 300_000).encode())) for gc in (0.4, 0.4, 0.5))
    alike = compare_composition(one, same)
    assert not alike["shifted"]
    assert alike["gc_outside"] < 0.1
    assert "is alike" in alike["verdict"]
    different = compare_composition(json.loads(json.dumps(one)), other)
    assert different["shifted"]
    assert different["gc_outside"] > 0.9
    assert different["gc_median"] == pytest.approx([0.4, 0.5], abs=0.01)
    assert different["divergence"] == compare_composition(other, one)["divergence"]


def test_real_genomes(data):
    yeast = open_genome(data / "yeast/sacCer3.fa.gz")
    own = composition_of(yeast, [(name, 0, 200_000) for name in yeast.names[1:5]])
    part = composition_of(yeast, [(name, 0, 200_000) for name in yeast.names[6:10]])
    other = composition_of(open_genome(data / "ecoli/GCF_000005845.2_ASM584v2_genomic.fna.gz"))
    assert not compare_composition(own, part)["shifted"]
    assert compare_composition(own, other)["shifted"]
    assert other["gc_quantiles"]["0.5"] == pytest.approx(0.51, abs=0.02)


def test_the_test_part_of_gue_tf_0_differs_and_the_validation_part_does_not(data):
    folder = data / "benchmarks/gue/tf/0"
    files = {"train": "train", "valid": "dev", "test": "test"}
    parts = {part: read_sequences([f"{folder}/{file}.csv.gz"]) for part, file in files.items()}
    shifted = {tuple(pair["parts"]): pair["shifted"] for pair in shifts_between(parts)["pairs"]}
    assert shifted == {("train", "valid"): False, ("train", "test"): True, ("valid", "test"): True}
