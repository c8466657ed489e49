"""The page in a real browser: what it asks for, what it draws, and how it is used."""

import threading

import pytest

from dnabilstm.browse.serve import HOST, make_server
from dnabilstm.colours import colour_of
from tests.browse.chromium import chromium
from tests.browse.test_page import browse
from tests.browse.world import BUMP, CONTIGS, GAP, GENE

Keys = pytest.importorskip("selenium.webdriver.common.keys", reason="no selenium").Keys
Select = pytest.importorskip("selenium.webdriver.support.ui", reason="no selenium").Select

pytestmark = pytest.mark.slow
COLOUR = tuple(int(colour_of(0)[at : at + 2], 16) for at in (1, 3, 5))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def site(world, tmp_path_factory):
    """The address of the folder, served; and one file that is opened from disk."""
    place = tmp_path_factory.mktemp("site")
    asked = [
        "--tracks",
        world.tracks,
        "--genome",
        world.folder / "codes",
        "--labels",
        f"promoter={world.labels}",
    ]
    asked += ["--genes", world.genes, "--split", world.split]
    listed = ["chr1\t1000\t1300\tfirst\n", "chr1\t1900\t2500\tgap\n"]
    listed += [f"{name}\t950\t1400\tx\n" for name in CONTIGS[1:]]
    (place / "r.bed").write_text("".join(listed), encoding="utf-8", errors="surrogateescape")
    single = ["--regions", place / "r.bed", "--single", place / "one é.html", "--flank", "300"]
    result = browse(*asked, "--output", place / "page", *single)
    assert result.exit_code == 0, result.output or result.exception
    with make_server(place / "page", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield {"folder": f"http://{HOST}:{server.server_port}/", "file": (place / "one é.html").as_uri()}
        server.shutdown()
        thread.join()


@pytest.fixture(params=["folder", "file"])
def opened(request, browser, site):
    """The page, opened, its tracks drawn."""
    return ready(browser, site[request.param])


@pytest.fixture
def folder(browser, site):
    return ready(browser, site["folder"])


def ready(browser, url, **how):
    browser.open(url, **how)
    browser.wait(lambda: "bases of" in browser.text("#status"), "the tracks are not there")
    return browser


def go(browser, text):
    """Search for something, and wait until the view has changed."""
    before = browser.place()
    field = browser.find("#place")
    field.clear()
    field.send_keys(text, Keys.ENTER)
    browser.wait(lambda: browser.place() not in (before, ("", 0, 0)) and browser.place()[2], f"not at {text}")
    return browser.place()


def drawn(browser, track="promoter"):
    """The heights of a track, the scores as a rule, once it is drawn."""

    def heights():
        found = browser.heights(track, COLOUR)
        return found if max(found.values()) > 0.2 else None

    return browser.wait(heights, f"{track}: is not drawn")


def test_it_loads_without_a_word_and_asks_its_own_server_only(browser, site):
    for kind, url in site.items():
        browser.logs()
        ready(browser, url)
        drawn(browser)
        asked, said = browser.logs()
        assert said == []
        own = ("data:", "blob:", url)
        assert [address for address in asked if not address.startswith(own)] == []
        if kind == "file":
            assert [address for address in asked if not address.startswith("data:")] == [url]
        assert browser.driver.title == "tracks of 'it' é"


def test_the_score_is_drawn_where_there_is_one_and_the_gap_is_blank(opened):
    # All of it in one view, in the file as in the folder.
    go(opened, "chr1:701-2,700")
    heights = drawn(opened)
    bump = [heights[base] for base in range(BUMP[0] + 10, BUMP[1] - 10)]
    assert min(bump) > 0.8
    assert max(bump) < 0.95
    low = [heights[base] for base in (*range(800, 950), *range(1400, 1900), *range(GAP[1] + 20, 2650))]
    assert max(low) < 0.1
    assert [heights[base] for base in range(GAP[0] + 10, GAP[1] - 10)] == [0.0] * 380
    called = drawn(opened, "promoter, called")
    assert min(called[base] for base in range(BUMP[0] + 10, BUMP[1] - 10)) > 0.2
    assert max(called[base] for base in range(1600, 2600)) == 0


def test_a_click_on_a_row_moves_the_view(opened):
    go(opened, "chr1:1-2,000")
    rows = opened.driver.find_elements("css selector", "#rows tr")
    kind = "listed" if opened.driver.current_url.startswith("file") else "missed"
    row = next(row for row in rows if row.text.startswith(kind))
    _, _, span = row.find_element("css selector", "button").text.rpartition(":")
    start, end = (int(word.replace(",", "")) for word in span.split("-"))
    row.click()
    opened.wait(lambda: opened.place() != ("chr1", 0, 2000), "the view stays")
    contig, first, last = opened.place()
    assert contig == "chr1"
    assert first < start - 1 < end < last
    assert row.get_attribute("aria-current") == "true"


def test_names_are_found(folder):
    assert go(folder, "abc1")[:2] == ("chr1", 0)
    go(folder, "chr1:1-100")
    found = go(folder, GENE.replace("<", "\u2039").replace(">", "\u203a"))
    assert found[0] == "chr1"
    assert found[1] < 500 < 900 < found[2]
    assert go(folder, CONTIGS[1])[0] == CONTIGS[1]
    field = folder.find("#place")
    field.clear()
    field.send_keys("no such <b>thing</b>", Keys.ENTER)
    folder.wait(
        lambda: folder.text("#status").startswith("no such <b>thing</b>: not found"), "nothing is said"
    )


def test_names_are_suggested(folder):
    field = folder.find("#place")
    field.clear()
    field.send_keys("ab")
    wanted = "return [...document.querySelectorAll('#found option')].map((option) => option.value)"
    folder.wait(lambda: folder.run(wanted) == ["ABC1"], "nothing is suggested")


def test_every_contig_is_drawn_whatever_it_is_called(opened):
    opened.logs()
    select = Select(opened.find("#contig"))
    assert len(select.options) == len(CONTIGS)
    assert [option.text for option in select.options if option.text.endswith("(test)")] == ["chr1 (test)"]
    for number in range(1, len(CONTIGS)):
        before = opened.place()
        select.select_by_index(number)
        opened.wait(lambda before=before: opened.place() != before, f"contig {number}: the view stays")
        heights = drawn(opened)
        assert min(heights[base] for base in range(BUMP[0] + 20, BUMP[1] - 20)) > 0.8
        assert max(heights[base] for base in range(GAP[0] + 20, GAP[1] - 20)) == 0
        called = drawn(opened, "promoter, called")
        assert min(called[base] for base in range(BUMP[0] + 20, BUMP[1] - 20)) > 0.2
        assert max(called[base] for base in range(1600, 2900)) == 0
    assert opened.logs()[1] == []
    assert opened.driver.title == "tracks of 'it' é"


def test_it_is_used_by_the_keyboard(folder):
    go(folder, "chr1:1,001-2,000")
    body = folder.find("body")
    folder.run("document.activeElement.blur()")
    for key, wanted in (
        (Keys.ARROW_RIGHT, (1500, 2500)),
        (Keys.ARROW_LEFT, (1000, 2000)),
        ("+", (1250, 1750)),
        ("-", (1000, 2000)),
    ):
        body.send_keys(key)
        folder.wait(
            lambda wanted=wanted: all(
                abs(have - want) <= 2 for have, want in zip(folder.place()[1:], wanted, strict=True)
            ),
            f"{key}: {folder.place()}, wanted {wanted}",
        )
    body.send_keys("n")
    folder.wait(lambda: folder.find("#rows tr").get_attribute("aria-current") == "true", "no row is chosen")
    assert folder.run("return document.activeElement.closest('tr').rowIndex") == 1
    folder.find("#rows tr button").send_keys("n")
    assert folder.run("return document.activeElement.closest('tr').rowIndex") == 2
    body.send_keys("/")
    assert folder.run("return document.activeElement.id") == "place"


def test_labels_of_the_tracks_are_taken_away_and_back(folder):
    shown = """
        const labels = document.getElementById("igv").shadowRoot.querySelectorAll(".igv-track-label");
        return [...labels].filter((label) => label.checkVisibility()).length;
    """
    before = folder.run(shown)
    assert before > 4
    for pressed, wanted in (("false", 0), ("true", before)):
        folder.find("body").send_keys("l")
        assert folder.find("#labels").get_attribute("aria-pressed") == pressed
        assert folder.run(shown) == wanted


def test_rows_are_sorted_and_filtered(folder):
    def column(number):
        cells = "[...document.querySelectorAll(`#rows td:nth-child(${arguments[0]})`)]"
        return folder.run(f"return {cells}.map((cell) => cell.textContent)", number)

    heads = folder.driver.find_elements("css selector", "#columns button")
    heads[4].click()
    falling = [float(word) for word in column(5) if word]
    assert falling == sorted(falling, reverse=True)
    heads[4].click()
    assert [float(word) for word in column(5) if word] == falling[::-1]
    assert (
        folder.driver.find_elements("css selector", "#columns th")[4].get_attribute("aria-sort")
        == "ascending"
    )
    Select(folder.find("#kind")).select_by_visible_text("missed")
    assert set(column(1)) == {"missed"}
    Select(folder.find("#kind")).select_by_index(0)
    folder.find("#filter").send_keys("<SCRIPT>")
    assert {name.rpartition(":")[0] for name in column(3)} == {CONTIGS[1]}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1400])
def test_it_fits_every_width_in_both_themes(browser, site, width, theme):
    ready(browser, site["folder"], width=width, theme=theme)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.run("return document.documentElement.dataset.theme") == theme
    back = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(255, 255, 255)") == (theme == "light")


def test_the_theme_is_switched_and_kept(folder, site):
    folder.find("#theme").click()
    assert folder.run("return document.documentElement.dataset.theme") == "dark"
    ready(folder, site["folder"])
    assert folder.run("return document.documentElement.dataset.theme") == "dark"
    folder.run("localStorage.clear()")


def test_all_that_can_be_used_has_a_name(opened):
    roles = {"button", "textbox", "searchbox", "combobox", "table", "region", "img"}
    nodes = opened.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    seen = [
        (node["role"]["value"], node.get("name", {}).get("value", "").strip())
        for node in nodes
        if not node.get("ignored") and node.get("role", {}).get("value") in roles
    ]
    assert len(seen) > 20
    assert [role for role, name in seen if not name and role != "table"] == []


def test_a_folder_that_is_opened_from_disk_says_what_to_do(browser, site, world, tmp_path):
    result = browse(
        "--tracks", world.tracks, "--genome", world.folder / "codes", "--output", tmp_path / "page"
    )
    assert result.exit_code == 0
    browser.open((tmp_path / "page/index.html").as_uri())
    browser.wait(lambda: "dnabilstm browse --serve" in browser.text("#status"), "nothing is said")
