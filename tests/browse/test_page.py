import gzip
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from dnabilstm.browse.page import NAMES, link_or_copy
from dnabilstm.browse.template import part_of_page
from dnabilstm.cli import cli
from dnabilstm.errors import DnabilstmError
from tests.browse.world import CHANNELS, CONTIGS, GENE


def browse(*words):
    return CliRunner().invoke(cli, ["browse", *map(str, words)])


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


@pytest.fixture
def page(asked, tmp_path):
    result = browse(*asked, "--name", "<script>alert('x')</script>", "--output", tmp_path / "page")
    assert result.exit_code == 0, result.output or result.exception
    return tmp_path / "page"


def test_a_folder_has_all_that_it_needs_and_nothing_else(page):
    assert {path.name for path in page.iterdir()} == set(NAMES)
    data = data_of((page / "index.html").read_text(encoding="utf-8"))
    urls = [track[key] for track in data["tracks"] for key in ("url", "indexURL") if key in track]
    urls += [*data["reference"].values(), data["namesURL"]]
    for url in urls:
        assert re.fullmatch(r"[a-z0-9._/-]+", url), url
        assert (page / url).is_file()
    there = {str(path.relative_to(page)) for path in page.rglob("*") if path.is_file()}
    assert there == {*urls, "index.html", "page.css", "page.js", "igv.js"}
    assert "id" not in data["reference"]


def test_names_are_text_in_the_page(page):
    text = (page / "index.html").read_text(encoding="utf-8")
    assert "<title>&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;</title>" in text
    inside = re.sub(r'<script (type="application/json" id="data"|src="\w+\.js")>', "", text)
    assert "<script" not in inside
    assert "<img" not in text
    data = data_of(text)
    assert [contig[0] for contig in data["contigs"]] == [*CONTIGS[:-1], "\ufffd"]
    assert all("<" not in track["name"] for track in data["tracks"])
    assert GENE.replace("<", "\u2039").replace(">", "\u203a") in (page / "data/names.tsv").read_text(
        encoding="utf-8"
    )


def test_the_policy_allows_the_folder_and_nothing_else(page):
    text = (page / "index.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1].replace("&#x27;", "'")
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert "connect-src 'self';" in policy
    assert "http" not in policy
    for name in ("page.html", "page.js", "page.css"):
        assert not re.search(r"https?://", part_of_page(name))


def test_tracks_come_task_by_task_on_a_fixed_scale(page):
    tracks = data_of((page / "index.html").read_text(encoding="utf-8"))["tracks"]
    hostile = CHANNELS[1].replace("<", "\u2039").replace(">", "\u203a")
    assert [track["name"] for track in tracks] == [
        "promoter", "promoter, called", "promoter, measured",
        hostile, f"{hostile}, called", "genes", "parts of the genome", "no score",
    ]  # fmt: skip
    scores = [track for track in tracks if track["type"] == "wig"]
    assert [(track["min"], track["max"], track["autoscale"]) for track in scores] == [(0, 1, False)] * 2


def test_the_table_has_what_the_labels_say(page):
    data = data_of((page / "index.html").read_text(encoding="utf-8"))
    rows = [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]
    mine = [
        (row["kind"], row["contig"], row["start"], row["score"], row["disagreement"], row["test"])
        for row in rows
        if row["channel"] == "promoter"
    ]
    assert mine[:3] == [
        ("best", "chr1", 1000, 0.9, 0.1, True),
        ("missed", "chr1", 1500, 0.02, 0.98, True),
        ("false", CONTIGS[1], 1000, 0.9, 0.9, False),
    ]
    assert ("false", "chr1", 100, 0.7, 0.7, True) in mine
    assert {row["kind"] for row in rows if row["channel"] != "promoter"} == {"called"}


def test_every_task_keeps_its_own_labels(asked, world, tmp_path):
    (tmp_path / "l.bed").write_text("chr1\t7\t9\n")
    assert (
        browse(*asked, "--labels", f"other={tmp_path / 'l.bed'}", "--output", tmp_path / "page").exit_code
        == 0
    )
    tracks = data_of((tmp_path / "page/index.html").read_text(encoding="utf-8"))["tracks"]
    measured = [track for track in tracks if track["name"].endswith(", measured")]
    of = {
        track["name"]: gzip.decompress((tmp_path / "page" / track["url"]).read_bytes()) for track in measured
    }
    assert of["other, measured"] == b"chr1\t7\t9\n"
    assert of["promoter, measured"] == b"chr1\t1010\t1310\nchr1\t1500\t1600\n"


def test_a_model_that_calls_nothing_has_missed_all(asked, world, tmp_path):
    tracks = shutil.copytree(world.tracks, tmp_path / "tracks")
    (tracks / "promoter.regions.bed").write_text("")
    asked[asked.index("--tracks") + 1] = str(tracks)
    assert browse(*asked, "--output", tmp_path / "page").exit_code == 0
    data = data_of((tmp_path / "page/index.html").read_text(encoding="utf-8"))
    assert [row[0] for row in data["rows"] if row[1] == "promoter"] == ["missed", "missed"]
    assert "promoter, called" not in [track["name"] for track in data["tracks"]]


def test_bigwigs_are_links_and_survive_their_source(page, world, tmp_path):
    assert (page / "data/promoter.bw").samefile(world.tracks / "promoter.bw")
    (tmp_path / "a").write_text("old")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    (tmp_path / "new").write_text("new")
    (tmp_path / "new").replace(tmp_path / "a")
    assert (tmp_path / "b").read_text() == "old"


def test_bigwigs_are_copied_where_they_cannot_be_linked(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "a").write_text("text")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "text"
    assert not (tmp_path / "a").samefile(tmp_path / "b")


def test_a_page_is_made_again_with_less(page, asked):
    without = asked[: asked.index("--labels")]
    assert browse(*without, "--output", page).exit_code == 0
    assert not (page / "data/genes.bed.gz").exists()


def test_a_folder_of_something_else_is_left_alone(asked, tmp_path):
    (tmp_path / "thesis.doc").write_text("x")
    result = browse(*asked, "--output", tmp_path)
    assert "holds files that would be lost (thesis.doc)" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], "--tracks: wanted a folder"),
        (["--serve"], "--serve: wanted --output"),
        (["--tracks", "t"], "--genome: wanted the genome"),
        (["--tracks", "t", "--genome", "g"], "--output: wanted the folder of the page"),
        (["--tracks", "t", "--genome", "g", "--single", "x.html"], "--single and --regions: go together"),
    ],
)
def test_what_is_missing_is_said(words, wanted):
    result = browse(*words)
    assert isinstance(result.exception, DnabilstmError)
    assert wanted in str(result.exception)


def test_all_that_is_wrong_is_said_at_once(world, tmp_path):
    missing = ["--genome", tmp_path / "none.fa", "--igv", tmp_path / "none.js"]
    result = browse("--tracks", tmp_path, *missing, "--output", tmp_path / "x")
    said = str(result.exception)
    for wanted in ("tracks.json: is not there", "none.fa", "none.js"):
        assert wanted in said
    assert not (tmp_path / "x").exists()


def test_another_genome_is_refused(asked, world, tmp_path):
    other = tmp_path / "other.fa"
    other.write_text(">chr1\nACGT\n")
    asked[asked.index("--genome") + 1] = str(other)
    result = browse(*asked[: asked.index("--labels")], "--output", tmp_path / "x")
    assert "is not the genome whose tracks are in" in str(result.exception)


def test_the_template_is_part_of_the_package():
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    assert '"dnabilstm.browse" = ["template/*"]' in project.read_text()
