"""Where bins lie: the same on both strands, and every base in one."""

import pytest

from dnabilstm.model.bins import before_first, bins_of, phase


@pytest.mark.parametrize("pool", [1, 3, 5, 7, 9])
def test_bin_borders_mirror_for_every_length(pool):
    for length in range(1, 60):
        borders = {p for p in range(length + 1) if (p - phase(length, pool)) % pool == 0}
        assert borders == {length - p for p in borders}


@pytest.mark.parametrize("pool", [1, 3, 5, 7, 9])
def test_the_bins_of_a_contig_hold_its_bases_and_no_whole_bin_more(pool):
    for length in range(1, 60):
        left, bins = before_first(length, pool), bins_of(length, pool)
        assert 0 <= left < pool
        assert (left + phase(length, pool)) % pool == 0
        assert 0 <= bins * pool - left - length < pool
