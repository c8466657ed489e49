import json

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.score.store import Scores
from dnabilstm.tracks.regions import strand_of, write_regions

NAN = np.nan


def test_strands_of_channels():
    assert [strand_of(name) for name in ("p", "p.plus", "p.minus", "plus")] == [".", "+", "-", "."]


def test_the_bed_holds_sorted_unique_regions(make_scores, tmp_path):
    bump = [0.1] * 5 + [0.8] * 12 + [0.1] * 40 + [1.0] * 11
    scores = make_scores({"chr2": bump, "empty": [], "gap": [NAN] * 30, "chr1": bump}, "p.minus")
    table = write_regions(scores, tmp_path, threshold=0.5)
    assert (tmp_path / "p.minus.regions.bed").read_text() == (
        "chr2\t5\t17\tp.minus_1\t800\t-\t0.8000\t0.8000\t5\n"
        "chr2\t57\t68\tp.minus_2\t1000\t-\t1.0000\t1.0000\t5\n"
        "chr1\t5\t17\tp.minus_3\t800\t-\t0.8000\t0.8000\t5\n"
        "chr1\t57\t68\tp.minus_4\t1000\t-\t1.0000\t1.0000\t5\n"
    )
    assert table["channels"]["p.minus"] == {
        "file": "p.minus.regions.bed",
        "threshold": 0.5,
        "extend": 0.25,
        "regions": 4,
        "bases": 46,
    }
    assert json.loads((tmp_path / "regions.json").read_text()) == table


def test_thresholds_come_from_the_model_unless_given(make_scores, tmp_path):
    track = {"a": [0.1] * 20 + [0.3] * 20 + [0.1] * 20 + [0.6] * 20}
    with_own = make_scores(track, thresholds={"promoter": 0.25})
    assert write_regions(with_own, tmp_path)["channels"]["promoter"]["regions"] == 2
    assert write_regions(with_own, tmp_path, threshold=0.4)["channels"]["promoter"]["regions"] == 1
    assert write_regions(make_scores(track), tmp_path)["channels"]["promoter"]["threshold"] == 0.5


def test_the_spread_of_an_ensemble_calls_nothing(make_scores, tmp_path):
    one = make_scores({"a": [0.1] * 20 + [0.9] * 20})
    both = Scores(one.contigs, ("promoter", "promoter.spread"), np.repeat(one.values, 2, axis=0), {})
    assert set(write_regions(both, tmp_path)["channels"]) == {"promoter", "promoter.spread"}
    both.info["spread"] = {"promoter": "promoter.spread"}
    assert set(write_regions(both, tmp_path / "b")["channels"]) == {"promoter"}
    assert [path.name for path in sorted((tmp_path / "b").iterdir())] == [
        "promoter.regions.bed",
        "regions.json",
    ]


def test_extending_above_the_threshold_is_refused(make_scores, tmp_path):
    scores = make_scores({"a": [0.5]}, thresholds={"promoter": 0.2})
    with pytest.raises(DnabilstmError, match=r"promoter: extend is 0\.3 and the threshold 0\.2"):
        write_regions(scores, tmp_path, extend=0.3)
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_an_error(make_scores, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DnabilstmError, match="cannot be written"):
        write_regions(make_scores({"a": [0.5]}), tmp_path / "file")
