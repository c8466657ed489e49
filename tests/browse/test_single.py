import base64
import gzip
import hashlib
import re

import numpy as np
import pytest

from dnabilstm.alphabet import decode
from dnabilstm.browse import single
from dnabilstm.browse.single import neighbourhoods
from dnabilstm.errors import DnabilstmError
from dnabilstm.intervals.algebra import make_intervals
from tests.browse.test_page import browse, data_of
from tests.browse.world import CONTIGS


@pytest.fixture
def regions(tmp_path):
    path = tmp_path / "regions.bed"
    path.write_text(f"chr1\t1200\t1300\tfirst\n{CONTIGS[1]}\t1950\t2000\t<b>second\n", encoding="utf-8")
    return path


@pytest.fixture
def page(asked, regions, tmp_path):
    path = tmp_path / "one <file>.html"
    result = browse(*asked, "--regions", regions, "--single", path, "--flank", "100")
    assert result.exit_code == 0, result.output or result.exception
    assert "2 regions are in" in result.stderr
    return path.read_text(encoding="utf-8")


def unpacked(url):
    head, _, text = url.partition(",")
    assert head == "data:application/gzip;base64"
    return gzip.decompress(base64.b64decode(text)).decode("utf-8")


def test_stretches_are_widened_cut_and_joined(world):
    found = neighbourhoods(make_intervals([1, 0, 0], [2900, 10, 200], [2990, 20, 300]), 100, world.genome)
    rows = zip(found.contig.tolist(), found.start.tolist(), found.end.tolist(), strict=True)
    assert list(rows) == [(0, 0, 400), (1, 2800, 3000)]


def test_sequence_and_scores_have_their_places_in_the_genome(page, world):
    data = data_of(page)
    sequence = decode(world.genome.sequence("chr1")[1100:1400]).decode()
    assert unpacked(data["reference"]["fastaURL"]).startswith(f">chr1:1101-1400 @len=3000\n{sequence}\n>")
    scores = next(track for track in data["tracks"] if track["type"] == "wig")
    name = "%3Cscript%3Ealert(1)%3C%2Fscript%3E"
    assert unpacked(scores["url"]).splitlines() == [
        "chr1\t1100\t1300\t0.9", "chr1\t1300\t1400\t0.02", f"{name}\t1850\t2000\t0.02",
    ]  # fmt: skip


def test_what_lies_near_is_there_and_what_does_not_is_not(page):
    data = data_of(page)
    texts = {
        track["name"]: unpacked(track["url"]) for track in data["tracks"] if track["type"] == "annotation"
    }
    assert "ABC1" in texts["genes"]
    assert "svg" not in texts["genes"]
    assert texts["promoter, called"].count("\n") == 1
    assert "\u2039b\u203asecond" in texts["listed regions"]
    rows = [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]
    listed = [row for row in rows if row["kind"] == "listed"]
    told = [(row["channel"], row["name"], row["score"], row["disagreement"]) for row in listed]
    assert told[:2] == [("promoter", "first", 0.9, 0.1), ("promoter", "\u2039b\u203asecond", 0.02, 0.02)]
    assert [row["start"] for row in rows if row["kind"] == "best"] == []


def test_the_file_asks_for_nothing_and_runs_its_own_scripts_only(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#x27;", "'")
    assert "connect-src 'none'" in policy
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    assert len(scripts) == 2
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.search(r'(src|href)="(?!data:)', re.sub(r"<script>.*?</script>", "", page, flags=re.S))


def test_a_script_that_would_end_early_is_kept_together():
    assert single._inline('a="</script>";b="<!--"') == 'a="<\\/script>";b="<\\!--"'


def test_too_much_is_refused(asked, regions, tmp_path, monkeypatch):
    monkeypatch.setattr(single, "MOST_BASES", 400)
    result = browse(*asked, "--regions", regions, "--single", tmp_path / "x.html", "--flank", "100")
    assert isinstance(result.exception, DnabilstmError)
    assert "are 550 bases; wanted at most 400 in one file" in str(result.exception)
    assert not (tmp_path / "x.html").exists()


def test_regions_that_are_not_on_the_genome_are_refused(asked, tmp_path):
    (tmp_path / "r.bed").write_text("chrQ\t1\t2\n")
    words = [*asked, "--regions", tmp_path / "r.bed", "--single", tmp_path / "x.html"]
    assert "not in the genome: chrQ" in str(browse(*words).exception)
    said = str(browse(*words, "--unknown-contigs", "skip").exception)
    assert "has no interval on the genome; left out 1 on contigs that the genome lacks (chrQ 1)" in said


def test_no_region_is_no_score_of_nothing(world):
    assert not len(neighbourhoods(make_intervals([], [], []), 5, world.genome))
    assert np.array_equal(neighbourhoods(make_intervals([0], [5], [6]), 0, world.genome).start, [5])
