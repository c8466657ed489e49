"""Every base in exactly one window, whatever the lengths; grids that read the same from both ends."""

import numpy as np
import pytest

from dnabilstm.score.plan import (
    Grid,
    Window,
    batches,
    bins_of,
    chunk_borders,
    codes_of,
    scored_bases,
    windows_of,
)


@pytest.mark.parametrize("pool", [1, 3, 5])
@pytest.mark.parametrize("chunk", [0, 1, 7, 50])
@pytest.mark.parametrize("halo", [0, 4])
def test_every_base_is_scored_once(pool, chunk, halo):
    for length in [1, 2, 3, 4, 5, 6, 49, 50, 51, 52, 53, 54, 300, 1001]:
        count = np.zeros(length, int)
        for window in windows_of("c", length, Grid(pool, chunk, halo)):
            first, last, place = scored_bases(window, length, pool)
            count[first:last] += 1
            codes = codes_of(window, np.arange(1, length + 1, dtype=np.uint16), pool)
            assert len(codes) == window.bins * pool
            assert codes[place : place + last - first].tolist() == list(range(first + 1, last + 1))
        assert (count == 1).all()


def test_bins_hold_the_contig_and_little_more():
    for pool in (1, 3, 5, 7):
        for length in range(1, 40):
            bins, origin = bins_of(length, pool)
            assert -pool < origin <= 0
            assert origin + (bins - 1) * pool < length <= origin + bins * pool


def test_the_grid_reads_the_same_from_both_ends():
    for bins in range(1, 400):
        for chunk in (1, 2, 7, 64):
            borders = chunk_borders(bins, chunk)
            sizes = np.diff(borders)
            assert borders[0] == 0
            assert borders[-1] == bins
            assert sizes.max() <= chunk
            assert sizes.min() >= sizes.max() - 1
            assert (sizes == sizes[::-1]).all()


def test_windows_have_their_halo_but_for_the_ends_of_the_contig():
    windows = list(windows_of("c", 1000, Grid(5, 20, 4)))
    assert windows[0].start == windows[0].first == 0
    assert windows[-1].end == windows[-1].last == 200
    assert all(w.first - w.start == 4 for w in windows[1:])
    assert all(w.end - w.last == 4 for w in windows[:-1])


def test_a_contig_that_fits_into_a_window_is_swept_whole():
    assert len(list(windows_of("c", 28 * 5, Grid(5, 20, 4)))) == 1
    assert len(list(windows_of("c", 29 * 5, Grid(5, 20, 4)))) > 1


def test_batches_keep_to_their_limits_and_lose_nothing():
    windows = [Window("c", 0, size, 0, size) for size in (5, 100, 7, 30, 8, 9, 100)]
    planned = batches(windows, rows=3, bins=60)
    assert sorted(w.bins for batch in planned for w in batch) == sorted(w.bins for w in windows)
    for batch in planned:
        assert len(batch) <= 3
        assert len(batch) == 1 or len(batch) * batch[0].bins <= 60
        assert batch[0].bins == max(w.bins for w in batch)
