import numpy as np
import pytest

from dnabilstm.genome import Contig
from dnabilstm.tracks.batches import BLOCK, Layout, batches, spread


def layout_of(*lengths):
    return Layout(tuple(Contig(f"c{i}", length, 0, "") for i, length in enumerate(lengths)))


def test_a_long_contig_is_cut_at_multiples_of_the_block_and_short_ones_share_a_batch():
    found = list(batches(layout_of(25, 0, 3, 7, 12), 10))
    assert [(batch.start, batch.end) for batch in found] == [(0, 10), (10, 20), (20, 35), (35, 45), (45, 47)]
    assert [batch.contig.tolist() for batch in found] == [[0], [0], [0, 2, 3], [4], [4]]
    assert [batch.local.tolist() for batch in found] == [[0], [10], [20, 0, 0], [0], [10]]
    assert [batch.at.tolist() for batch in found] == [[0], [0], [0, 5, 8], [0], [0]]
    assert [batch.size.tolist() for batch in found] == [[10], [10], [5, 3, 7], [10], [2]]
    assert [batch.more for batch in found] == [15, 5, 0, 2, 0]


@pytest.mark.parametrize("lengths", [[], [0], [0, 0]])
def test_nothing_has_no_batch(lengths):
    assert list(batches(layout_of(*lengths), 10)) == []


def test_every_base_is_in_one_batch_of_less_than_two_blocks():
    rng = np.random.default_rng(1)
    layout = layout_of(*rng.integers(0, 60, 500).tolist())
    place = 0
    for batch in batches(layout, 32):
        assert batch.start == place
        assert 0 < batch.end - batch.start < 64
        assert batch.size.sum() == batch.end - batch.start
        assert (layout.offset[batch.contig] + batch.local == batch.start + batch.at).all()
        place = batch.end
    assert place == layout.length.sum()


def test_a_million_contigs_are_few_batches():
    layout = layout_of(*[2000] * 100_000)
    assert sum(1 for _ in batches(layout)) <= 200_000_000 // BLOCK + 1


def test_numbers_are_spread():
    assert spread(np.array([5, 0, 7]), np.array([2, 0, 3]), 10).tolist() == [5, 15, 7, 17, 27]


def test_names_keep_their_bytes():
    name = b"chr\xff".decode("utf-8", "surrogateescape")
    assert Layout((Contig(name, 1, 0, ""),)).names == [b"chr\xff"]
