"""Windows of a genome lie where nothing else is, anywhere there, with the GC content that is asked for."""

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import open_genome
from dnabilstm.intervals.algebra import concatenate, intersect, make_intervals, merge
from dnabilstm.negatives import windows
from dnabilstm.negatives.compose import GC_OF_CODE
from dnabilstm.negatives.windows import draw_windows


def opened(folder, **contigs):
    (folder / "g.fa").write_text("".join(f">{name}\n{text}\n" for name, text in contigs.items()))
    return open_genome(folder / "g.fa")


@pytest.fixture
def genome(tmp_path):
    rng = np.random.default_rng(0)
    a = rng.choice(list("ACGT"), 6000, p=[0.3, 0.2, 0.2, 0.3])
    b = rng.choice(list("ACGT"), 3000, p=[0.2, 0.3, 0.3, 0.2])
    a[1000:1100] = "N"
    a[2000] = "N"
    return opened(tmp_path, a="".join(a), b="".join(b), c="ACG")


NOTHING = make_intervals([], [], [])
BLOCKED = make_intervals([0, 0, 1], [0, 3000, 500], [400, 3500, 1500])


@pytest.mark.parametrize("gc", [None, 0.4])
@pytest.mark.parametrize("seed", range(3))
def test_windows_lie_on_nothing_and_on_their_contig(genome, gc, seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 60, 60)
    wanted = None if gc is None else np.full(60, gc)
    found = draw_windows(genome, BLOCKED, lengths, rng, gc=wanted, tolerance=0.1)
    assert np.array_equal(found.end - found.start, lengths)
    assert (found.start >= 0).all()
    assert (found.end <= np.array([6000, 3000, 3])[found.contig]).all()
    assert intersect(found, BLOCKED).bases == 0
    assert intersect(found, make_intervals([0, 0], [1000, 2000], [1100, 2001])).bases == 0
    assert merge(found).bases == lengths.sum()
    assert set(found.strand.tolist()) == {1, -1}


def test_each_window_has_the_gc_content_that_is_asked_for(genome):
    rng = np.random.default_rng(1)
    lengths = rng.integers(5, 50, 60)
    wanted = rng.integers(2 * lengths // 10, 7 * lengths // 10 + 1) / lengths
    found = draw_windows(genome, NOTHING, lengths, rng, gc=wanted, tolerance=0.02)
    names = genome.names
    for row, contig in enumerate(found.contig.tolist()):
        codes = genome.sequence(names[contig])[found.start[row] : found.end[row]]
        assert abs(GC_OF_CODE[codes].mean() - wanted[row]) <= max(0.02, 0.5 / lengths[row]) + 1e-9


def test_every_place_is_equally_likely(tmp_path):
    genome = opened(tmp_path, a="ACGTACG", b="AC", c="ACGT")
    blocked = make_intervals([0], [3], [4])
    # Windows of 2 bases: a:0, a:1, a:4, a:5, b:0, c:0, c:1, c:2.
    counts = np.zeros((3, 6), int)
    rng = np.random.default_rng(5)
    for _ in range(1600):
        found = draw_windows(genome, blocked, np.array([2]), rng)
        counts[found.contig[0], found.start[0]] += 1
    likely = np.zeros((3, 6), bool)
    likely[[0, 0, 0, 0, 1, 2, 2, 2], [0, 1, 4, 5, 0, 0, 1, 2]] = True
    assert (counts[~likely] == 0).all()
    assert ((counts[likely] - 200) ** 2 / 200).sum() < 7 + 5 * 14**0.5


def test_a_genome_can_be_filled_to_the_last_base(tmp_path):
    genome = opened(tmp_path, a="ACGTACGT", b="ACGT")
    found = draw_windows(genome, make_intervals([0], [3], [4]), np.ones(11, int), np.random.default_rng(0))
    assert merge(concatenate([found, make_intervals([0], [3], [4])])).bases == 12


@pytest.mark.parametrize(
    ("lengths", "gc", "said"),
    [
        (np.full(400, 50), None, "g.fa: has room for "),
        (np.array([5, 4000]), None, "none for one more of 4,000 bases; ask for fewer (--ratio)"),
        (
            np.array([50, 50]),
            np.array([0.4, 1.0]),
            "negatives without a window outside the regions: 1, such as of 50 bases with a GC content of 1.000 +- 0.02",
        ),
        (
            np.array([2, 50]),
            np.array([0.5, 1.0]),
            "; --gc-tolerance {needed:g} would do, or take another kind",
        ),
        (np.array([5000]), np.array([0.4]), "has room for 0 of 1 windows"),
    ],
)
def test_a_genome_that_cannot_give_enough_is_one_clear_line(genome, lengths, gc, said):
    with pytest.raises(DnabilstmError) as caught:
        draw_windows(genome, BLOCKED, lengths, np.random.default_rng(0), gc=gc, tolerance=0.02)
    free = [genome.sequence("a")[400:3000], genome.sequence("a")[3500:],
            genome.sequence("b")[:500], genome.sequence("b")[1500:]]  # fmt: skip
    richest = max(
        GC_OF_CODE[part[i : i + 50]].mean()
        for part in free
        for i in range(len(part) - 49)
        if 15 not in part[i : i + 50]
    )
    assert said.format(needed=np.ceil((1 - richest) * 1000) / 1000) in str(caught.value)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("block", [7, 64, 1 << 22])
def test_rare_windows_are_searched_for_in_the_whole_genome(tmp_path, monkeypatch, block):
    monkeypatch.setattr(windows, "_BLOCK", block)
    monkeypatch.setattr(windows, "TRIES", 8)
    a, b = list("AT" * 300), list("TTA" * 100)
    a[100:104], a[301:305], b[296:300], b[0:4] = "GGCC", "CGCG", "SGSC", "GGGG"
    genome = opened(tmp_path, a="".join(a), b="".join(b))
    found = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        one = draw_windows(genome, make_intervals([1], [3], [9]), np.array([4]), rng, gc=np.array([1.0]))
        found.add((int(one.contig[0]), int(one.start[0])))
    assert found == {(0, 100), (0, 301), (1, 296)}
    three = draw_windows(genome, make_intervals([1], [3], [9]), np.full(3, 4), rng, gc=np.ones(3))
    assert set(zip(three.contig.tolist(), three.start.tolist(), strict=True)) == found
    with pytest.raises(DnabilstmError, match="--gc-tolerance 1 would do"):
        draw_windows(genome, make_intervals([1], [3], [9]), np.full(4, 4), rng, gc=np.ones(4))


def test_a_search_without_end_is_refused(genome, monkeypatch):
    monkeypatch.setattr(windows, "SEARCHED", genome.total)
    with pytest.raises(
        DnabilstmError, match="windows for 2 negatives are rare outside the regions, such as of 50"
    ):
        draw_windows(genome, BLOCKED, np.full(2, 50), np.random.default_rng(0), gc=np.ones(2), tolerance=0.02)
