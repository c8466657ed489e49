import shutil
from pathlib import Path

import numpy as np
import pytest

from dnabilstm.browse.values import open_values
from dnabilstm.errors import DnabilstmError
from dnabilstm.intervals.algebra import make_intervals
from tests.browse.world import CHANNELS, CONTIGS


@pytest.mark.parametrize("channel", CHANNELS)
def test_scores_of_every_contig_are_read_and_cut(world, channel):
    values = open_values(world.tracks / f"{channel}.bedgraph.gz", world.genome)
    for contig in range(1, len(CONTIGS)):
        assert list(values.runs(contig, 990, 1010)) == [(990, 1000, "0.02"), (1000, 1010, "0.9")]
        assert list(values.runs(contig, 1990, 2410)) == [(1990, 2000, "0.02"), (2400, 2410, "0.02")]


def test_peaks_are_the_highest_scores(world):
    values = open_values(world.tracks / "promoter.bedgraph.gz", world.genome)
    intervals = make_intervals([0, 0, 0, 9], [0, 300, 2100, 900], [150, 400, 2200, 1001])
    assert np.array_equal(values.peaks(intervals), [0.7, 0.02, np.nan, 0.9], equal_nan=True)


def test_an_index_that_is_not_there_is_made_for_the_while(world, tmp_path):
    path = shutil.copy(world.tracks / "promoter.bedgraph.gz", tmp_path)
    assert list(open_values(Path(path), world.genome).runs(0, 1290, 1310)) == [
        (1290, 1300, "0.9"),
        (1300, 1310, "0.02"),
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["promoter.bedgraph.gz"]


def test_a_track_that_is_not_there_is_an_error(world, tmp_path):
    with pytest.raises(DnabilstmError, match=r"none\.bedgraph\.gz: is not there"):
        open_values(tmp_path / "none.bedgraph.gz", world.genome)
