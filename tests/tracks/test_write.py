import json
import subprocess
import sys

import numpy as np
import pybigtools
import pysam
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig
from dnabilstm.score.store import Scores
from dnabilstm.tracks import write
from dnabilstm.tracks.write import write_tracks

NAN = np.nan


@pytest.fixture
def scores():
    values = np.array([[0.1234, 0.1236, 1, NAN, 0.5], [NAN] * 5], np.float32)
    info = {"genome": {"digest": "G"}, "model": {"digest": "M"}, "calibrated": True}
    return Scores((Contig("b", 4, 0, "SQ.b"), Contig("a", 1, 4, "SQ.a")), ("p.plus", "q"), values, info)


def test_the_folder_holds_all_tracks_and_what_they_mean(scores, tmp_path):
    table = write_tracks(scores, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "chrom.sizes",
        "p.plus.bedgraph.gz",
        "p.plus.bedgraph.gz.tbi",
        "p.plus.bw",
        "q.bedgraph.gz",
        "q.bedgraph.gz.tbi",
        "q.bw",
        "tracks.json",
    ]
    contigs = [
        {"name": "b", "length": 4, "digest": "SQ.b"},
        {"name": "a", "length": 1, "digest": "SQ.a"},
    ]
    assert json.loads((tmp_path / "out/tracks.json").read_text()) == {**table, "contigs": contigs}
    assert (tmp_path / "out/chrom.sizes").read_text() == "b\t4\na\t1\n"
    assert table["units"] == "calibrated probability"
    assert (table["genome"], table["model"], table["digits"]) == ({"digest": "G"}, {"digest": "M"}, 3)
    assert table["channels"]["p.plus"] == {
        "bedgraph": "p.plus.bedgraph.gz",
        "index": "p.plus.bedgraph.gz.tbi",
        "bigwig": "p.plus.bw",
        "units": "calibrated probability",
        "strand": "+",
        "summary": {
            "bases_scored": 4,
            "bases_no_call": 1,
            "minimum": 0.123,
            "mean": 0.43675,
            "maximum": 1.0,
        },
    }
    assert table["channels"]["q"]["summary"] == {
        "bases_scored": 0,
        "bases_no_call": 5,
        "minimum": None,
        "mean": None,
        "maximum": None,
    }


def test_both_formats_hold_the_same_scores(make_scores, random_track, tmp_path):
    track = random_track(20_000, 1)
    write_tracks(make_scores({"x": random_track(3, 2), "c": track}), tmp_path, digits=2, workers=2)
    text = np.full(len(track), NAN, np.float32)
    with pysam.TabixFile(str(tmp_path / "promoter.bedgraph.gz")) as file:
        for row in file.fetch("c"):
            _, start, end, score = row.split("\t")
            text[int(start) : int(end)] = float(score)
    with pybigtools.open(str(tmp_path / "promoter.bw")) as file:
        binary = np.array(file.values("c", 0, len(track), fillna=None), np.float32)
    np.testing.assert_array_equal(text, binary)
    np.testing.assert_array_equal(text, np.round(track.astype(float), 2).astype(np.float32))


def test_uncalibrated_scores_are_called_so(scores, tmp_path):
    scores.info["calibrated"] = False
    assert write_tracks(scores, tmp_path)["units"] == "probability, not calibrated"


def test_the_spread_of_an_ensemble_is_a_track_that_is_no_probability(scores, tmp_path):
    scores = Scores(scores.contigs, ("p.plus", "p.plus.spread"), scores.values, scores.info)
    scores.info["spread"] = {"p.plus": "p.plus.spread"}
    table = write_tracks(scores, tmp_path)
    assert table["channels"]["p.plus"]["units"] == "calibrated probability"
    assert "spread_of" not in table["channels"]["p.plus"]
    spread = table["channels"]["p.plus.spread"]
    assert spread["units"] == "standard deviation of the members' probabilities"
    assert (spread["spread_of"], spread["strand"]) == ("p.plus", "+")
    assert (tmp_path / spread["bigwig"]).exists()
    assert (tmp_path / spread["bedgraph"]).exists()


def test_progress_counts_every_file(scores, tmp_path):
    done = []
    write_tracks(scores, tmp_path, progress=done.append)
    assert sum(done) == 2 * 2 * 5


def test_a_failed_run_leaves_no_table(scores, tmp_path, monkeypatch):
    write_tracks(scores, tmp_path)

    def fail(*_, **__):
        raise DnabilstmError("no space")

    monkeypatch.setattr(write, "write_in_one_pass", fail)
    with pytest.raises(DnabilstmError, match="no space"):
        write_tracks(scores, tmp_path)
    assert not (tmp_path / "tracks.json").exists()


def test_an_unwritable_place_is_an_error(scores, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DnabilstmError, match="cannot be written"):
        write_tracks(scores, tmp_path / "file")


def test_tracks_need_no_torch():
    code = "import dnabilstm.tracks.write, dnabilstm.tracks.regions, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
