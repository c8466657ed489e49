"""Splits and the windows that are drawn from them."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from dnabilstm.alphabet import PAD, N, encode
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig, Genome
from dnabilstm.labels import MASK
from dnabilstm.windows import Stretch, WindowSampler, choose_split, of_part, read_split, write_split

# Lengths as in the assemblies (yeast R64; GRCh38, a hundredth of it; the demo genome).
YEAST = (230218, 813184, 316620, 1531933, 576874, 270161, 1090940, 562643)
YEAST += (439888, 745751, 666816, 1078177, 924431, 784333, 1091291, 948066)
HUMAN = (2489, 2421, 1982, 1902, 1815, 1708, 1593, 1451, 1383, 1337, 1350, 1332, 1143, 1070, 1019, 903)
HUMAN += (832, 803, 586, 644, 467, 508, 1560, 572)
DEMO = (210_000, 132_001, 102_002, 84_003, 68_404, 3_590)

GENOMES = {
    "yeast": YEAST,
    "human": tuple(1000 * length for length in HUMAN),
    "human, 3 Mb of one contig": (3_004_950,),
    "E. coli": (4_641_652,),
    "E. coli with two plasmids": (4_600_000, 60_000, 4_000),
    "demo": DEMO,
    "1000 equal scaffolds": (7_000,) * 1000,
    "scaffolds of falling length": tuple(1_000_000 // k for k in range(1, 300)),
    "two contigs": (1_000_000,) * 2,
    "three contigs": (1_000_000,) * 3,
    "five contigs": (1_000_000,) * 5,
    "one large, one small": (880_000, 120_000),
    "100 kb of one contig": (100_000,),
}
WHOLE = ("yeast", "human", "demo", "1000 equal scaffolds", "scaffolds of falling length")


def genome_of(lengths, codes=None):
    offsets = np.cumsum([0, *lengths])
    contigs = [
        Contig(f"c{k}", length, int(at), "")
        for k, (length, at) in enumerate(zip(lengths, offsets, strict=False))
    ]
    codes = np.full(int(offsets[-1]), 1, np.uint8) if codes is None else codes
    return Genome(tuple(contigs), codes, "g.fa")


def shares(split, genome):
    counts = Counter()
    for row in split:
        counts[row.part] += row.end - row.start
    return {part: count / genome.total for part, count in counts.items()}


def part_of_each_base(split, genome):
    """The part of each base, as an array of words; each base is in exactly one stretch."""
    out = np.full(genome.total, "", "U5")
    for row in split:
        offset = genome.contig(row.contig).offset
        assert row.start < row.end <= genome.contig(row.contig).length
        assert (out[offset + row.start : offset + row.end] == "").all()
        out[offset + row.start : offset + row.end] = row.part
    assert (out != "").all()
    return out


class OfValues:
    """What a sampler needs of labels."""

    def __init__(self, values):
        self.values = np.asarray(values, np.uint8)


def problems_of(*args, **more):
    with pytest.raises(DnabilstmError) as caught:
        choose_split(*args, **more)
    return caught.value.problems


@pytest.mark.parametrize("name", GENOMES)
def test_a_tenth_of_the_bases_tests_and_a_tenth_validates(name):
    genome = genome_of(GENOMES[name])
    split = choose_split(genome)
    part_of_each_base(split, genome)
    found = shares(split, genome)
    assert 0.07 <= found["test"] <= 0.15
    assert 0.07 <= found["valid"] <= 0.15
    assert found["train"] >= 0.6
    parts_of = Counter(contig for contig, _ in {(row.contig, row.part) for row in split})
    assert (max(parts_of.values()) == 1) == (name in WHOLE)


@pytest.mark.parametrize("name", GENOMES)
def test_unlike_parts_of_one_contig_lie_a_guard_apart(name):
    genome = genome_of(GENOMES[name])
    for guard in (0, 1, 5_000):
        rows = [row for row in choose_split(genome, guard=guard) if row.part != "guard"]
        for one, other in pairwise(rows):
            if one.contig == other.contig and one.part != other.part:
                assert other.start - one.end >= guard


def test_the_longest_contig_trains_and_no_contig_is_chosen_twice():
    split = choose_split(genome_of(DEMO))
    assert [(r.contig, r.part) for r in split] == [
        ("c0", "train"), ("c1", "train"), ("c2", "train"), ("c3", "test"), ("c4", "valid"), ("c5", "train"),
    ]  # fmt: skip


def test_contigs_that_are_asked_for_are_taken_whole():
    split = choose_split(genome_of((50, 40, 30)), ["c2"], ["c0"])
    assert split == (
        Stretch("c0", 0, 50, "valid"),
        Stretch("c1", 0, 40, "train"),
        Stretch("c2", 0, 30, "test"),
    )


def test_regions_keep_their_bases_and_the_guards_come_off_training():
    split = choose_split(genome_of((1000,)), ["c0:300-400"], ["c0:900-1000"], guard=50)
    assert split == (
        Stretch("c0", 0, 250, "train"),
        Stretch("c0", 250, 300, "guard"),
        Stretch("c0", 300, 400, "test"),
        Stretch("c0", 400, 450, "guard"),
        Stretch("c0", 450, 850, "train"),
        Stretch("c0", 850, 900, "guard"),
        Stretch("c0", 900, 1000, "valid"),
    )


def test_between_validation_and_test_the_guard_comes_off_validation():
    split = choose_split(genome_of((500, 500)), ["c0:0-100"], ["c0:100-200"], guard=30)
    assert split[:4] == (
        Stretch("c0", 0, 100, "test"),
        Stretch("c0", 100, 130, "guard"),
        Stretch("c0", 130, 200, "valid"),
        Stretch("c0", 200, 230, "guard"),
    )


def test_a_part_that_is_shorter_than_the_guard_becomes_guard():
    split = choose_split(genome_of((500, 9)), ["c0:0-100"], ["c0:100-110", "c1"], guard=30)
    # The validation stretch drowns; training still keeps away from both.
    assert [(r.start, r.end, r.part) for r in split if r.contig == "c0"] == [
        (0, 100, "test"), (100, 110, "guard"), (110, 140, "guard"), (140, 500, "train"),
    ]  # fmt: skip


def test_the_part_that_is_not_asked_for_is_chosen_from_what_is_left():
    genome = genome_of((1_000_000,))
    split = choose_split(genome, ["c0:0-500000"])
    assert shares(split, genome)["valid"] == pytest.approx(0.1)
    assert of_part(split, "test") == [Stretch("c0", 0, 500_000, "test")]
    assert min(row.start for row in of_part(split, "valid")) > 500_000


def test_a_name_with_a_colon_is_a_name():
    contigs = (Contig("HLA:1-9", 90, 0, ""), Contig("HLA", 90, 90, ""), Contig("x", 90, 180, ""))
    genome = Genome(contigs, np.ones(270, np.uint8), "g.fa")
    split = choose_split(genome, ["HLA:1-9"], ["HLA:5-60"], guard=5)
    assert of_part(split, "test") == [Stretch("HLA:1-9", 0, 90, "test")]
    assert of_part(split, "valid") == [Stretch("HLA", 5, 60, "valid")]
    assert of_part(choose_split(genome, ["HLA:1-9:10-20"], ["x"], guard=5), "test")[0].start == 10


@pytest.mark.parametrize(
    "region", ["c0:5", "c0:", "c0:-5-9", "c0:9-5", "c0:5-5", "c0:0-51", "c0:a-b", "c0:1-²", "c0:0-10-20"]
)
def test_a_region_that_makes_no_sense_is_refused(region):
    assert problems_of(genome_of((50, 50, 50)), [region]) == (
        f"--test {region}: wanted contig or contig:start-end with start < end <= 50, 0-based",
    )


def test_all_problems_are_reported_at_once():
    found = problems_of(genome_of((50, 40, 30)), ["chr1", "c0:0-51"], ["c1", "c1:5-9", "chr1:2-3"])
    assert found == (
        "--test chr1: g.fa has no contig 'chr1'; it has c0, c1, c2",
        "--test c0:0-51: wanted contig or contig:start-end with start < end <= 50, 0-based",
        "--valid chr1:2-3: g.fa has no contig 'chr1'; it has c0, c1, c2",
        "--valid c1:5-9 overlaps --valid c1:0-40; a base can serve one part only",
    )


def test_parts_that_overlap_are_refused():
    genome = genome_of((50, 40, 30))
    overlap = "--valid c1:0-40 overlaps --test c1:0-40; a base can serve one part only"
    assert problems_of(genome, ["c1"], ["c1"]) == (overlap,)
    assert "overlaps" in problems_of(genome, ["c1:0-20"], ["c1:19-40"])[0]
    assert "overlaps" in problems_of(genome, ["c1", "c1"], ["c2"])[0]
    assert choose_split(genome, ["c1:0-20"], ["c1:20-40"], guard=0)


def test_a_part_without_a_base_is_refused():
    genome = genome_of((50, 40, 30))
    assert problems_of(genome, ["c0", "c1"], ["c2"]) == (
        "the split leaves no base for the part 'train'; name its contigs with --test and --valid",
    )
    assert "'test'" in problems_of(genome, [], ["c2"])[0]
    # A virus: two blocks and their guards take it all.
    assert "'train'" in problems_of(genome_of((9_000,)))[0]


def test_a_split_survives_writing_and_reading(tmp_path):
    contigs = (Contig("chr", 700, 0, ""), Contig("b\udcff", 300, 700, ""))
    split = choose_split(
        Genome(contigs, np.ones(1000, np.uint8), "g.fa"), ["b\udcff"], ["chr:0-100"], guard=9
    )
    write_split(split, tmp_path / "s.bed")
    assert (tmp_path / "s.bed").read_bytes() == (
        b"chr\t0\t100\tvalid\nchr\t100\t109\tguard\nchr\t109\t700\ttrain\nb\xff\t0\t300\ttest\n"
    )
    assert read_split(tmp_path / "s.bed") == split


@pytest.mark.parametrize("line", ["c0\t0\t5", "c0\t0\t5\tlearn", "c0\t0\tx\ttrain", "c0\t-1\t5\ttrain"])
def test_a_file_that_is_no_split_is_refused_with_its_line(tmp_path, line):
    (tmp_path / "s.bed").write_text(f"c0\t0\t9\ttest\n{line}\n")
    with pytest.raises(DnabilstmError, match=r"s\.bed:2: wanted contig, start, end and one of train"):
        read_split(tmp_path / "s.bed")


A, C = encode(b"AC")


@pytest.fixture
def sampler():
    """Train 100-400 and 700-1000 of one contig and all of a short one (A); all else is C and positive."""
    codes, labels = np.full(1030, C, np.uint8), np.ones((2, 1030), np.uint8)
    stretches = [
        Stretch("c0", 100, 400, "train"),
        Stretch("c0", 700, 1000, "train"),
        Stretch("c2", 0, 20, "train"),
    ]
    for start, end in ((100, 400), (700, 1000), (1010, 1030)):
        codes[start:end], labels[:, start:end] = A, 0
    labels[0, 150:160] = labels[0, 390:400] = 1
    labels[1, 300:340] = MASK

    def make(window=50, positive_share=0.5, seed=1, values=labels):
        return WindowSampler(
            genome_of((1000, 10, 20), codes), OfValues(values), stretches, window, positive_share, seed
        )

    return make


def test_a_draw_depends_on_the_seed_and_the_step_alone(sampler):
    one, other = sampler(), sampler()
    first = [one.draw(step, 4) for step in range(5)]
    for step in (3, 0, 4):
        for found, wanted in zip(other.draw(step, 4), first[step], strict=True):
            np.testing.assert_array_equal(found, wanted)
    assert not np.array_equal(first[0][1], first[1][1])
    assert not np.array_equal(sampler(seed=2).draw(0, 4)[1], first[0][1])


@pytest.mark.parametrize("window", [1, 50, 700])
def test_no_window_holds_a_base_of_another_part(sampler, window):
    codes, labels = sampler(window).draw(0, 300)
    assert codes.shape == (300, window)
    assert labels.shape == (300, window, 2)
    assert set(np.unique(codes)) <= {PAD, A}
    assert (codes == A).any(axis=1).all()
    np.testing.assert_array_equal((labels == MASK)[..., 0], codes == PAD)
    assert (labels[codes == PAD] == MASK).all()
    # What is drawn is one run: padding is before and behind it, never within.
    assert (np.abs(np.diff((codes == A).astype(int), prepend=0, append=0)).sum(axis=1) == 2).all()


def test_a_contig_shorter_than_the_window_is_drawn_and_padded(sampler):
    codes, labels = sampler(40, positive_share=0).draw(0, 2_000)
    assert 20 in (codes == A).sum(axis=1)  # whole
    # Of 620 bases that may be hit, 20 are the short contig's, whose windows hold at most 20 bases.
    assert (labels[..., 1] == 1).sum() == 0


def test_every_base_of_the_stretches_is_drawn_about_as_often(sampler):
    positions = np.tile(np.arange(1030) % 251, (1, 1)).astype(np.uint8)
    drawn = sampler(1, positive_share=0, values=positions)
    _, labels = drawn.draw(0, 40_000)
    wanted = np.bincount(positions[0, np.r_[100:400, 700:1000, 1010:1030]], minlength=251)
    found = np.bincount(labels.ravel(), minlength=251)
    assert drawn.bases == wanted.sum() == 620
    assert (found[wanted == 0] == 0).all()
    # 40,000 draws over 620 bases: 64.5 each, five standard deviations either way.
    np.testing.assert_allclose(found / 40_000 * 620, wanted, atol=5 * np.sqrt(3 / 64.5))


def test_the_positive_share_of_windows_covers_a_positive_region(sampler):
    for share in (0.0, 0.5, 1.0):
        _, labels = sampler(1, positive_share=share).draw(0, 4_000)
        rate = (labels[..., 0] == 1).mean()
        # Channel 1 has no region, so that its half of the draws is anywhere: 20 of 620 bases.
        wanted = share / 2 + (1 - share / 2) * 20 / 620
        assert rate == pytest.approx(wanted, abs=0.04)


def test_both_regions_are_as_likely_and_their_places_vary(sampler):
    _, labels = sampler(30, positive_share=1.0, values=np.repeat(sampler().values[:1], 2, axis=0)).draw(
        0, 2_000
    )
    assert (labels[..., 0] == 1).any(axis=1).all()
    starts = np.argmax(labels[..., 0] == 1, axis=1)
    assert len(np.unique(starts)) == 30


def test_a_stretch_of_n_is_drawn_as_it_is():
    genome = genome_of((100,), np.full(100, N, np.uint8))
    labels = np.full((1, 100), MASK, np.uint8)
    codes, drawn = WindowSampler(genome, OfValues(labels), [Stretch("c0", 0, 100, "train")], 10, 0.5, 3).draw(
        0, 20
    )
    assert set(np.unique(codes)) <= {PAD, N}
    assert (drawn == MASK).all()
