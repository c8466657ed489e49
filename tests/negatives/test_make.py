"""Every kind gives as many negatives as asked, as long as the positives, the same for the same seed."""

from collections import Counter
from typing import get_args, get_type_hints

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import open_genome
from dnabilstm.intervals.algebra import intersect, make_intervals
from dnabilstm.negatives import KINDS, NegativesConfig, make_negatives
from dnabilstm.negatives.compose import gc_content
from dnabilstm.sequences.read import from_texts, read_sequences


@pytest.fixture
def genome(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "g.fa").write_text(">a\n" + "".join(rng.choice(list("ACGT"), 20_000)) + "\n")
    return open_genome(tmp_path / "g.fa")


@pytest.fixture
def regions(tmp_path, genome):
    starts = np.arange(0, 20_000, 500)
    rows = (f"a\t{s}\t{s + 40 + s // 250}\t.\t0\t{'+-'[s // 500 % 2]}\n" for s in starts)
    (tmp_path / "p.bed").write_text("".join(rows))
    return read_sequences([f"positive={tmp_path / 'p.bed'}"], genome=genome)


def intervals(sequences):
    places = sequences.places
    return make_intervals([0] * len(places), [p.start for p in places], [p.end for p in places])


def test_the_settings_name_every_kind():
    assert get_args(get_type_hints(NegativesConfig)["kind"]) == tuple(KINDS)


@pytest.mark.parametrize("where", [None, "genome"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(kind, where, genome, regions):
    more = {"genome": genome if where else None, "gc_tolerance": 0.05}
    made = make_negatives(regions, kind, seed=3, **more)
    assert made.classes == ("negative",)
    assert made.labels.tolist() == [0] * len(regions)
    assert made.lengths.tolist() == regions.lengths.tolist()
    assert len(set(made.names)) == len(made)
    assert not {regions.text(i) for i in range(40)} & {made.text(i) for i in range(40)}
    again, other = (make_negatives(regions, kind, seed=seed, **more) for seed in (3, 4))
    assert again.digest == made.digest
    assert again.names == made.names
    assert other.digest != made.digest
    assert bool(made.places) == (where is not None and kind in ("random", "gc"))
    if made.places:
        assert intersect(intervals(made), intervals(regions)).bases == 0
    if kind == "gc":
        off = np.abs(gc_content(made.codes, made.borders) - gc_content(regions.codes, regions.borders))
        assert (off <= 0.05 + 1e-9).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["A", "N", "AC", "GGGGGG", "NNNN", "ACGTRYSWKMBDHVN"])
def test_every_kind_takes_the_smallest_and_the_odd(kind, text):
    made = make_negatives(from_texts([text]), kind)
    assert made.lengths.tolist() == [len(text)]


@pytest.mark.parametrize(
    ("ratio", "counts"), [(1, {1: 10}), (3, {3: 10}), (0.5, {1: 5}), (1.5, {1: 5, 2: 5}), (0.01, {1: 1})]
)
def test_the_ratio_is_shared_out_evenly(ratio, counts):
    positives = from_texts(["AACAGATAC"] * 10, [f"p{i}" for i in range(10)])
    made = make_negatives(positives, ratio=ratio, seed=1)
    models = Counter(name.partition("_")[0] for name in made.names)
    assert Counter(models.values()) == counts
    assert made.names[0].endswith("_dinucleotide_1")


def test_windows_keep_away_from_what_is_excluded(genome, regions):
    away = make_intervals([0], [5_000], [20_000])
    made = make_negatives(regions, "random", genome=genome, exclude=away, ratio=0.5)
    assert intersect(intervals(made), away).bases == 0
    fasta = from_texts(["ACGT"] * 9)
    assert len(make_negatives(fasta, "random", genome=genome, exclude=away).places) == 9


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda genome: make_negatives(from_texts([], source="p.fa")), "p.fa: has no sequence"),
        (
            lambda genome: make_negatives(from_texts(["ACGT"], source="p.fa"), "gc", genome=genome),
            "p.fa: nobody can say where these lie on",
        ),
    ],
)
def test_what_cannot_be_made_is_one_clear_line(genome, call, said):
    with pytest.raises(DnabilstmError) as caught:
        call(genome)
    assert said in str(caught.value)


def test_real_promoters_get_windows_of_their_gc_content(data):
    genome = open_genome(data / "yeast/sacCer3.fa.gz")
    regions = read_sequences([f"p={data}/yeast/promoters_tss-200+50_xu2009.bed"], genome=genome)
    made = make_negatives(regions, "gc", genome=genome)
    off = gc_content(made.codes, made.borders) - gc_content(regions.codes, regions.borders)
    assert np.abs(off).max() <= 0.02 + 1e-9
    taken = {(p.contig, base) for p in regions.places[:500] for base in range(p.start, p.end)}
    assert not any((p.contig, base) in taken for p in made.places for base in (p.start, p.end - 1))
