"""The page opens anywhere, fetches nothing, and does no harm."""

import base64
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from dnabilstm.report.draw import as_svg, shown
from dnabilstm.report.figures import FIGURES
from dnabilstm.report.page import page, warnings_of
from dnabilstm.report.write import figures_folder, write_report


class Parsed(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = Counter(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def written(run, tmp_path_factory):
    output = tmp_path_factory.mktemp("report") / "report.html"
    write_report(run, output)
    return output


def test_names_that_mean_harm_are_text(written):
    parsed = Parsed(written.read_text("utf-8"))
    assert parsed.tags["script"] == parsed.tags["i"] == parsed.tags["b"] == parsed.tags["model"] == 0
    assert any("<i>mind</i>" in text for text in parsed.text)
    assert any("<script>" in text for text in parsed.text)


def test_nothing_is_fetched(written):
    parsed = Parsed(written.read_text("utf-8"))
    links = [value for name, value in parsed.attributes if name in ("href", "src", "xlink:href")]
    assert len(links) > 30
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not re.search(r"@import|url\((?!#)", written.read_text("utf-8"))
    assert parsed.tags["link"] == parsed.tags["img"] == parsed.tags["iframe"] == 0


def test_ids_are_unique_and_links_lead_somewhere(written):
    parsed = Parsed(written.read_text("utf-8"))
    ids = Counter(value for name, value in parsed.attributes if name == "id")
    assert max(ids.values()) == 1
    targets = {value[1:] for name, value in parsed.attributes if name == "href" and value.startswith("#")}
    assert targets <= set(ids)


def test_the_data_of_each_figure_are_in_the_page_and_beside_it(run, written):
    parsed = Parsed(written.read_text("utf-8"))
    attributes = parsed.attributes
    data = {
        attributes[k - 1][1]: base64.b64decode(value.partition("base64,")[2]).decode()
        for k, (_, value) in enumerate(attributes)
        if str(value).startswith("data:text/tab")
    }
    assert set(data) == {f"{key}.tsv" for key in FIGURES}
    for key, figure in FIGURES.items():
        assert data[f"{key}.tsv"] == figure.table(run).tsv()
        assert (figures_folder(written) / f"{key}.tsv").read_text("utf-8") == data[f"{key}.tsv"]
        assert (figures_folder(written) / f"{key}.svg").read_text("utf-8").count("<svg") == 1


def test_a_picture_follows_its_data(run):
    table = FIGURES["pr"].table(run)
    moved = replace(table, rows=[(*row[:3], row[3], 0.5 if row[4] else None, *row[5:]) for row in table.rows])
    assert as_svg("pr", table) != as_svg("pr", moved)


def test_the_same_run_gives_the_same_bytes(run, written, tmp_path):
    write_report(run, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_bytes() == written.read_bytes()


def test_warnings_stand_before_everything_else(run):
    assert warnings_of(run) == ["<i>mind</i>"]
    far = replace(run, audit={}, card={**run.card, "context": {"within": False}})
    assert len(warnings_of(far)) == 2
    text = page(run, {key: f.table(run) for key, f in FIGURES.items()}, {})
    assert text.index("mind") < text.index("held-out bases")


def test_a_figure_that_is_not_there_says_why(run):
    bare = replace(run, scores=None)
    text = page(bare, {key: figure.table(bare) for key, figure in FIGURES.items()}, {})
    assert "There are no scores of this genome" in text


def test_long_names_are_shortened_in_pictures():
    assert shown("a  b\nc") == "a b c"
    assert shown("x" * 300) == "x" * 27 + "…"


@pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium")
def test_a_browser_opens_it_without_an_error(written, tmp_path):
    flags = (
        "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
    )
    done = subprocess.run(
        ["chromium", *flags.split(), f"--user-data-dir={tmp_path}", "--enable-logging=stderr", "--dump-dom",
         written.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr
    assert Parsed(done.stdout).tags["svg"] == len(FIGURES)
