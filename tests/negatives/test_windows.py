"""Windows of a genome lie where nothing else is, anywhere there, with the GC content that is asked for."""

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import open_genome
from dnabilstm.intervals.algebra import concatenate, intersect, make_intervals, merge
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
            "found no window outside the regions for 1 of 2 negatives",
        ),
        (np.array([50]), np.array([1.0]), "one of 50 bases with a GC content of 1.000 +- 0.02; allow more"),
        (np.array([5000]), np.array([0.4]), "has room for 0 of 1 windows"),
    ],
)
def test_a_genome_that_cannot_give_enough_is_one_clear_line(genome, lengths, gc, said):
    with pytest.raises(DnabilstmError) as caught:
        draw_windows(genome, BLOCKED, lengths, np.random.default_rng(0), gc=gc, tolerance=0.02)
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1
