import math

import numpy as np
import pyBigWig
import pysam
import pytest

from dnabilstm.explain.tracks import Sparse, write_tracks
from dnabilstm.genome import Contig

CONTIGS = (Contig("z", 1000, 0, ""), Contig("a", 3_000_000, 1000, ""), Contig("empty", 10, 3_001_000, ""))


def test_negative_values_are_read_back_and_the_rest_is_a_gap(tmp_path):
    places = np.array([5, 6, 7, 2_000_000, 2_000_001, 999, 1000])
    values = np.array([-1.25, -1.25, 0.5, -0.00004, 2.00006, 1.5, -3.0], np.float32)
    written = write_tracks(Sparse(places, values), CONTIGS, tmp_path / "x", 4)
    assert [path.name for path in written] == ["x.bw", "x.bedgraph.gz", "x.bedgraph.gz.tbi"]
    with pyBigWig.open(str(written[0])) as bigwig:
        assert bigwig.chroms() == {"z": 1000, "a": 3_000_000, "empty": 10}
        found = bigwig.values("z", 4, 9)
        assert math.isnan(found[0])
        assert found[1:4] == [-1.25, -1.25, 0.5]
        assert math.isnan(found[4])
        assert bigwig.values("a", 0, 1) == [-3.0]
        assert bigwig.values("a", 1_999_000, 1_999_002) == pytest.approx([0, 2.0001])
        assert bigwig.header()["minVal"] == -3
        assert bigwig.stats("a", 0, 128, exact=False) == [-3.0]
    with pysam.TabixFile(str(written[1])) as bedgraph:
        assert list(bedgraph.fetch("z")) == ["z\t5\t7\t-1.2500", "z\t7\t8\t0.5000", "z\t999\t1000\t1.5000"]
        assert list(bedgraph.fetch("a", 1_999_001, 1_999_002)) == ["a\t1999001\t1999002\t2.0001"]


def test_where_loci_overlap_stands_their_mean():
    track = Sparse(np.array([3, 4, 4, 9]), np.array([1, 2, 4, 7], np.float32))
    assert track[slice(3, 6)][:2].tolist() == [1, 3]
    assert math.isnan(track[slice(3, 6)][2])
    assert track.within(5, 9) == slice(2, 2)
