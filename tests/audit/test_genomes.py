"""Leaks between the parts of a genome: planted, looked up in sets of letters, and in real genomes."""

import numpy as np
import pytest

from dnabilstm.alphabet import decode, encode
from dnabilstm.audit import genomes
from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.genomes import KmerSet, find_genome_leaks, leaked_intervals, work_of
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig, Genome, open_genome
from dnabilstm.intervals.algebra import make_intervals
from dnabilstm.windows import Stretch, choose_split
from tests.audit.oracle import bag, mutated, random_text, turned

SPLIT = (
    Stretch("train", 0, 40_000, "train"),
    Stretch("valid", 0, 10_000, "valid"),
    Stretch("test", 0, 10_000, "test"),
)


def genome_of(texts):
    contigs, offset = [], 0
    for name, text in texts.items():
        contigs.append(Contig(name, len(text), offset, name))
        offset += len(text)
    return Genome(tuple(contigs), encode("".join(texts.values()).encode()), "texts")


@pytest.fixture
def texts():
    rng = np.random.default_rng(0)
    return {
        part: random_text(rng, size)
        for part, size in (("train", 40_000), ("valid", 10_000), ("test", 10_000))
    }


def put(text, place, piece):
    return text[:place] + piece + text[place + len(piece) :]


def test_a_random_genome_has_no_leak(texts):
    report = find_genome_leaks(genome_of(texts), SPLIT)
    assert report.bases == {"train": 40_000, "valid": 10_000, "test": 10_000}
    assert all(not len(found) for kind in (report.found, report.overlaps) for found in kind.values())
    assert leaked_intervals(report, "test") == leaked_intervals(report, "valid") == []
    assert report.wrong < 0.05


def test_planted_repeats_are_found_where_they_lie(texts):
    rng = np.random.default_rng(1)
    copy = turned(texts["train"][7_123:8_123])
    alike = mutated(rng, texts["train"][20_000:20_400], 4)  # 1 in 100
    distant = mutated(rng, texts["train"][30_000:30_400], 40)  # 1 in 10
    for place, piece in ((2_000, copy), (5_000, alike), (8_000, distant)):
        texts["test"] = put(texts["test"], place, piece)
    texts["valid"] = put(texts["valid"], 600, texts["test"][2_000:2_200] + texts["test"][9_000:9_400])
    report = find_genome_leaks(genome_of(texts), SPLIT)
    assert report.named(report.found["test", "train"]) == [("test", 2_000, 3_000), ("test", 5_000, 5_400)]
    assert report.named(report.found["valid", "train"]) == [("valid", 600, 800)]
    assert report.named(report.found["test", "valid"]) == [("test", 2_000, 2_200), ("test", 9_000, 9_400)]
    assert leaked_intervals(report, "test", ("valid",)) == [("test", 2_000, 2_200), ("test", 9_000, 9_400)]
    both = [("test", 2_000, 3_000), ("test", 5_000, 5_400), ("test", 9_000, 9_400)]
    assert leaked_intervals(report, "test") == both
    assert leaked_intervals(report, "train") == []


@pytest.mark.parametrize("length", [73, 80, 120, 300])
def test_no_copy_hides_between_tiles(texts, length):
    """Of a tRNA gene's length and more, wherever it lies."""
    places = range(300, 9_500, 307)
    for place in places:
        texts["test"] = put(texts["test"], place, texts["train"][3 * place : 3 * place + length])
    found = leaked_intervals(find_genome_leaks(genome_of(texts), SPLIT), "test")
    bases = {base for _, start, end in found for base in range(start, end)}
    copied = {base for place in places for base in range(place, place + length)}
    assert all(bases.intersection(range(place, place + length)) for place in places)
    assert len(copied & bases) > 0.9 * len(copied)
    assert len(bases - copied) < 60 * len(places)


def test_tiles_are_those_that_sets_of_letters_tell(texts, monkeypatch):
    monkeypatch.setattr(genomes, "_READ", 1_000)
    rng = np.random.default_rng(2)
    for place in range(100, 9_500, 450):
        start, length = int(rng.integers(0, 39_000)), int(rng.integers(60, 420))
        piece = mutated(rng, texts["train"][start : start + length], int(rng.integers(0, 4)))
        texts["test"] = put(texts["test"], place, piece if rng.random() < 0.5 else turned(piece))
    texts["test"] = put(texts["test"], 3_000, "N" * 500)
    config = AuditConfig(tile=100, tile_k=20)
    report = find_genome_leaks(genome_of(texts), SPLIT, config)
    seen, held, hit = bag(texts["train"], 20), {}, {}
    for start in range(0, 10_000, 50):
        # The k-mers whose middle lies in half of a tile.
        here = bag(texts["test"][max(start - 10, 0) : start + 59], 20)
        held[start] = here.total()
        hit[start] = sum(count for kmer, count in here.items() if kmer in seen)
    leaked = set()
    for start in range(0, 9_950, 50):
        two = (start, start + 50)
        if sum(hit[half] for half in two) >= max(4, 0.5 * sum(held[half] for half in two)):
            leaked.update(half for half in two if hit[half] > 0.125 * held[half])
    wanted = [base for half in sorted(leaked) for base in range(half, half + 50)]
    found = [
        base for _, start, end in report.named(report.found["test", "train"]) for base in range(start, end)
    ]
    assert found == wanted
    assert 1_000 < len(found) < 8_000


def test_a_sample_of_the_kmers_finds_the_same(monkeypatch):
    rng = np.random.default_rng(3)
    texts = {
        name: random_text(rng, size)
        for name, size in (("train", 1_200_000), ("valid", 20_000), ("test", 20_000))
    }
    texts["test"] = put(texts["test"], 4_000, turned(texts["train"][900_000:902_000]))
    split = tuple(Stretch(name, 0, len(text), name) for name, text in texts.items())
    found = {}
    for many in (1 << 25, 1 << 18):
        monkeypatch.setattr(genomes, "_MANY", many)
        for memory in (1, 16):
            report = find_genome_leaks(genome_of(texts), split, AuditConfig(memory=memory))
            found[many, memory] = report.scale, leaked_intervals(report, "test")
            assert leaked_intervals(report, "valid") == []
    # 1 MiB is 2**23 bits, 8 of them for each of 1.2 million k-mers: one k-mer in 2.
    assert {key: scale for key, (scale, _) in found.items()} == {
        (1 << 25, 1): 2,
        (1 << 25, 16): 1,
        (1 << 18, 1): 2,
        (1 << 18, 16): 2,
    }
    assert {tuple(rows) for _, rows in found.values()} == {(("test", 4_000, 6_000),)}


def test_a_genome_too_large_for_the_memory_gets_longer_tiles():
    assert genomes._size(3_000_000_000, AuditConfig()) == (216, 12, 31)
    assert genomes._size(17_000_000_000, AuditConfig())[:2] == (64 * 16 + 24, 64)
    assert genomes._size(12_000_000, AuditConfig()) == (100, 1, 27)


def test_a_bad_split_overlaps(texts):
    split = (*SPLIT, Stretch("train", 39_000, 40_000, "valid"), Stretch("train", 39_500, 39_900, "test"))
    report = find_genome_leaks(genome_of(texts), split)
    assert report.named(report.overlaps["valid", "train"]) == [("train", 39_000, 40_000)]
    assert report.named(report.overlaps["test", "train"]) == [("train", 39_500, 39_900)]
    assert report.named(report.overlaps["test", "valid"]) == [("train", 39_500, 39_900)]
    assert leaked_intervals(report, "test") == [("train", 39_500, 39_900)]
    assert leaked_intervals(report, "valid") == [("train", 39_000, 40_000)]


def test_neighbouring_contigs_and_parts_share_nothing(texts):
    """K-mers over the end of a contig or a stretch are nobody's."""
    whole = "".join(texts.values())
    split = tuple(
        Stretch("one", start, start + 500, ("train", "valid", "test")[number % 3])
        for number, start in enumerate(range(0, 60_000, 500))
    )
    report = find_genome_leaks(genome_of({"one": whole}), split)
    assert report.bases == {"train": 20_000, "valid": 20_000, "test": 20_000}
    assert leaked_intervals(report, "test") == leaked_intervals(report, "valid") == []


def test_regions_that_lie_in_two_parts(texts):
    split = (
        Stretch("train", 0, 20_000, "train"),
        Stretch("train", 20_000, 21_000, "guard"),
        Stretch("train", 21_000, 30_000, "test"),
        Stretch("train", 30_000, 40_000, "valid"),
    )
    start, end = [100, 19_990, 19_990, 29_999, 29_000], [200, 20_500, 21_001, 30_001, 30_000]
    regions = {"promoter": make_intervals(0, np.array(start), np.array(end))}
    report = find_genome_leaks(genome_of(texts), split, regions=regions)
    assert report.named(report.straddling["promoter"]) == [
        ("train", 19_990, 21_001),
        ("train", 29_999, 30_001),
    ]


def test_what_does_not_lie_on_the_genome_is_refused_at_once(texts):
    split = (*SPLIT, Stretch("chr9", 0, 10, "test"), Stretch("test", 9_990, 10_001, "test"))
    with pytest.raises(DnabilstmError) as caught:
        find_genome_leaks(genome_of(texts), split)
    assert caught.value.problems == (
        "split: texts has no contig 'chr9'; give the split of this genome",
        "split: test:9990-10001 does not lie on a contig of 10000 bases; give the split of this genome",
    )


@pytest.mark.parametrize("text", ["ACGT", "N" * 5_000, "A" * 30])
def test_what_has_no_kmers_leaks_nothing(texts, text):
    texts["test"] = text
    split = (*SPLIT[:2], Stretch("test", 0, len(text), "test"))
    assert leaked_intervals(find_genome_leaks(genome_of(texts), split), "test") == []


@pytest.mark.parametrize("split", [(), SPLIT[:1], SPLIT[2:]])
def test_parts_may_be_empty(texts, split):
    report = find_genome_leaks(genome_of(texts), split)
    assert leaked_intervals(report, "test") == []
    assert sum(report.bases.values()) == sum(row.end - row.start for row in split)


def test_progress_counts_every_base_that_is_read(texts, monkeypatch):
    monkeypatch.setattr(genomes, "_READ", 777)
    done = []
    find_genome_leaks(genome_of(texts), SPLIT, progress=done.append)
    assert sum(done) == work_of(SPLIT) == 80_000


def test_a_set_forgets_nothing_and_errs_as_often_as_it_says():
    rng = np.random.default_rng(4)
    values = rng.integers(0, 2**64, 30_000, dtype=np.uint64)
    seen = KmerSet(17)
    for part in np.split(values[:20_000], 4):
        seen.add(part)
    seen.add(values[:0])
    assert seen.has(values[:20_000]).all()
    # Two of 2**17 bits for each of 20,000: (1 - exp(-2 * 20,000 / 2**17)) ** 2
    assert seen.has(values[20_000:]).mean() == pytest.approx((1 - np.exp(-40_000 / 2**17)) ** 2, abs=0.01)
    assert seen.wrong == pytest.approx((1 - np.exp(-40_000 / 2**17)) ** 2, abs=0.01)


def test_the_ends_of_yeast_chromosomes_are_alike(data):
    genome = open_genome(data / "yeast/sacCer3.fa.gz")
    split = choose_split(genome, test=["chr9"], valid=["chr3"])
    report = find_genome_leaks(genome, split)
    found = report.named(report.found["test", "train"])
    assert found[0] == ("chr9", 0, 19_599)
    assert 0.03 < sum(end - start for _, start, end in found) / genome.contig("chr9").length < 0.15
    # K-mers of it, looked up in the letters of the other chromosomes.
    piece = decode(genome.sequence("chr9")[10_000:11_000]).decode()
    others = "|".join(
        decode(genome.sequence(name)).decode() for name in genome.names if name not in ("chr9", "chr3")
    )
    kmers = [piece[start : start + 24] for start in range(0, 970, 60)]
    assert sum(kmer in others or turned(kmer) in others for kmer in kmers) > 0.9 * len(kmers)
