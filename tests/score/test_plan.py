"""Every base in exactly one window, whatever the lengths; grids that read the same from both ends."""

import numpy as np
import pytest

from dnabilstm.genome import Contig
from dnabilstm.score import plan
from dnabilstm.score.plan import (
    Grid,
    Limits,
    Window,
    batches,
    bins_of,
    chunk_borders,
    codes_of,
    scored_bases,
    windows_of,
)


def contig_of(length: int) -> Contig:
    return Contig("c", length, 0, "")


@pytest.mark.parametrize("pool", [1, 3, 5])
@pytest.mark.parametrize("chunk", [0, 1, 7, 50])
@pytest.mark.parametrize("halo", [0, 4])
def test_every_base_is_scored_once(pool, chunk, halo):
    for length in [1, 2, 3, 4, 5, 6, 49, 50, 51, 52, 53, 54, 300, 1001]:
        count = np.zeros(length, int)
        for window in windows_of(contig_of(length), Grid(pool, chunk, halo)):
            first, last, place = scored_bases(window, pool)
            count[first:last] += 1
            sequence = (np.arange(length) % 251 + 1).astype(np.uint8)
            codes = codes_of(window, sequence, pool)
            assert len(codes) == window.bins * pool
            assert (codes[place : place + last - first] == sequence[first:last]).all()
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
    windows = list(windows_of(contig_of(1000), Grid(5, 20, 4)))
    assert windows[0].start == windows[0].first == 0
    assert windows[-1].end == windows[-1].last == 200
    assert all(w.first - w.start == 4 for w in windows[1:])
    assert all(w.end - w.last == 4 for w in windows[:-1])


def test_a_contig_that_fits_into_a_window_is_swept_whole():
    assert len(list(windows_of(contig_of(28 * 5), Grid(5, 20, 4)))) == 1
    assert len(list(windows_of(contig_of(29 * 5), Grid(5, 20, 4)))) > 1


def window_of(bins: int) -> Window:
    return Window(contig_of(bins * 5), 0, bins, 0, bins)


@pytest.mark.parametrize("group", [1, 40, 1000, 1 << 22])
@pytest.mark.parametrize("limits", [Limits(3, 60, 1), Limits(1, 10, 1), Limits(50, 10_000, 4)])
def test_batches_keep_to_their_limits_and_lose_nothing(limits, group, monkeypatch):
    monkeypatch.setattr(plan, "GROUP", group)
    monkeypatch.setattr(plan, "SMALL", 1)
    sizes = np.random.default_rng(0).integers(1, 100, 500).tolist()
    planned = list(batches(map(window_of, sizes), limits))
    assert sorted(w.bins for batch in planned for w in batch) == sorted(sizes)
    for batch in planned:
        assert len(batch) <= limits.rows
        assert len(batch) == 1 or len(batch) * batch[0].bins <= limits.bins
        assert batch[0].bins == max(w.bins for w in batch)


def test_windows_of_like_length_meet_and_short_ones_in_larger_batches():
    rng = np.random.default_rng(0)
    planned = list(batches(map(window_of, rng.integers(1, 2000, 20_000).tolist()), Limits(64, 10**9, 16)))
    padding = sum(batch[0].bins * len(batch) - sum(w.bins for w in batch) for batch in planned)
    assert padding < 0.02 * sum(w.bins for batch in planned for w in batch)
    short = [batch for batch in planned if batch[0].bins < 100]
    assert max(len(batch) for batch in short) > 64
    # The last batches are small, so that no worker is left alone with a large one.
    assert len(planned[-1]) <= 16


def test_only_a_bounded_number_of_windows_is_held(monkeypatch):
    monkeypatch.setattr(plan, "GROUP", 1000)
    drawn = []

    def windows():
        for number in range(10_000):
            drawn.append(number)
            yield window_of(10)

    given = 0
    for batch in batches(windows(), Limits(8, 10**9, 1)):
        given += len(batch)
        assert len(drawn) - given <= 2_000
    assert given == 10_000
