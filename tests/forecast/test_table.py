"""The forecast of a genome against the plan that is carried out."""

import numpy as np
import pytest

from dnabilstm.forecast.rates import Rates
from dnabilstm.forecast.table import forecast, text_of, total_of, work_of
from dnabilstm.genome import Contig
from dnabilstm.score.plan import Grid, windows_of

RATES = Rates(bins=1000.0, encoded=1e4, written=1e5, track_bytes=2.0, memory=400_000_000, precision="fp32")


@pytest.mark.parametrize("grid", [Grid(5, 100, 20), Grid(1, 500, 0), Grid(5, 0, 7)])
def test_the_work_is_that_of_the_windows(grid):
    lengths = np.random.default_rng(0).integers(0, 20_000, 50)
    windows = [w for k, n in enumerate(lengths.tolist()) for w in windows_of(Contig(f"c{k}", n, 0, ""), grid)]
    count, bins = work_of(lengths, grid)
    assert abs(count - len(windows)) <= 0.05 * len(windows) + 1
    assert abs(bins - sum(w.bins for w in windows)) <= 0.03 * bins


def test_a_genome_and_all():
    row = forecast("g", np.array([5000, 5000]), Grid(5, 0, 0), 2, RATES)
    assert (row.bases, row.contigs, row.windows) == (10_000, 2, 2)
    assert row.seconds == pytest.approx(2000 / 1000 + 1 + 0.1)
    assert row.disk == 10_000 * (1 + 8 + 2)
    assert row.memory >= 400_000_000
    both = total_of([row, row])
    assert both.bases == 20_000
    assert both.seconds == pytest.approx(2 * row.seconds)
    assert both.memory == row.memory
    lines = text_of([row, row]).splitlines()
    assert [line.split()[0] for line in lines] == ["genome", "g", "g", "all"]
    assert "10,000" in lines[1]
    assert len({len(line) for line in lines}) == 1
