"""The folder that other browsers open, read back by readers of its own."""

import json
import os
import shutil
from html.parser import HTMLParser

import numpy as np
import pyBigWig
import pytest
import twobitreader

from dnabilstm.alphabet import decode
from dnabilstm.browse.catalogue import read_catalogue
from dnabilstm.browse.folder import CONTENT, write_hub
from dnabilstm.browse.options import HubConfig
from dnabilstm.errors import DnabilstmError
from dnabilstm.intervals import Aliases
from tests.browse.conftest import HOSTILE_CONTIGS, HOSTILE_TASKS, make_genome
from tests.browse.readers import inside, read_hub, read_jbrowse, read_session, values_at


def random_places(genome, number, seed=5):
    rng = np.random.default_rng(seed)
    contigs = [contig for contig in genome.contigs if contig.length]
    chosen = [contigs[i] for i in rng.integers(0, len(contigs), number)]
    return [(contig.name, int(rng.integers(0, contig.length))) for contig in chosen]


def assert_same_scores(path, scored, channel, places):
    wanted = [
        np.round(float(scored.scores.track(channel, contig)[place]), 3) if place is not None else None
        for contig, place in places
    ]
    assert np.allclose(values_at(path, places), wanted, atol=1e-6, equal_nan=True)


def rgb(colour):
    return ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))


def test_all_three_lead_to_the_scores(make_scored, tmp_path):
    scored = make_scored(tasks=("promoter", "ctcf.plus", "ctcf.minus", "promoter.spread"))
    catalogue = scored.catalogue()
    write_hub(catalogue, scored.genome, tmp_path / "hub")
    hub = read_hub(tmp_path / "hub")[2]
    session, jbrowse = read_session(tmp_path / "hub")[1], read_jbrowse(tmp_path / "hub")[1]
    by_path = {track["bigDataUrl"]: track for track in hub.values()}
    assert by_path.keys() == session.keys() == jbrowse.keys()
    places = [*random_places(scored.genome, 10), ("chr1", 25)]
    for track in catalogue.scores:
        (path,) = [path for path, (name, _, _) in session.items() if name == track.name]
        assert_same_scores(inside(tmp_path / "hub", path), scored, track.name, places)
        assert session[path] == (track.name, rgb(track.colour), track.top)
        assert jbrowse[path] == (track.name, track.colour, track.top)
        stanza = by_path[path]
        assert stanza["color"] == rgb(track.colour)
        assert stanza["viewLimits"] == f"0:{track.top:g}"
        units = "standard deviation of the members" if track.spread else "calibrated probability"
        assert units in stanza["longLabel"]
        assert stanza["longLabel"].endswith("rounded to 3 decimals; model 55555555")


def test_called_regions_are_those_of_the_bed(make_scored, tmp_path):
    scored = make_scored()
    write_hub(scored.catalogue(), scored.genome, tmp_path / "hub")
    stanza = read_hub(tmp_path / "hub")[2]["nfr_called"]
    assert (stanza["type"], stanza["spectrum"]) == ("bigBed 6 +", "on")
    assert "reaches 0.9, stays at 0.45 or above" in stanza["longLabel"]
    with pyBigWig.open(str(tmp_path / "hub" / stanza["bigDataUrl"])) as file:
        found = [
            "\t".join([contig.name, str(start), str(end), rest])
            for contig in scored.genome.contigs
            for start, end, rest in file.entries(contig.name, 0, contig.length) or []
        ]
    assert found == (scored.folder / "c1.regions.bed").read_text().splitlines()
    assert found


def test_what_lies_beside_is_shown_and_what_is_empty_is_left_out(make_scored, tmp_path):
    scored = make_scored(gap=False)
    for name, text in {
        "l.bed": "chr1\t0\t9\n",
        "g.gff3": "chr2\ts\tgene\t1\t9\t.\t+\t.\tID=<b>\n",
        "s.bed": "chr1\t0\t20\ttrain\nchr1\t20\t30\ttest\n",
    }.items():
        (tmp_path / name).write_text(text)
    catalogue = scored.catalogue(
        labels=[("nfr", tmp_path / "l.bed")], genes=tmp_path / "g.gff3", split=tmp_path / "s.bed"
    )
    shared = write_hub(catalogue, scored.genome, tmp_path / "hub")
    tracks = read_hub(tmp_path / "hub")[2]
    assert list(tracks) == [
        *("promoter", "promoter_called", "nfr", "nfr_called", "nfr_measured", "genes", "parts_of_the_genome")
    ]
    assert shared.left_out == ("no score: has no interval",)
    assert "no score: has no interval" in (tmp_path / "hub/README.txt").read_text()
    assert tracks["nfr_measured"]["color"] == tracks["nfr"]["color"] == tracks["nfr_called"]["color"]
    assert tracks["nfr_measured"]["parent"] == "task_nfr"
    with pyBigWig.open(str(tmp_path / "hub" / tracks["parts_of_the_genome"]["bigDataUrl"])) as file:
        assert file.entries("chr1", 0, 40) == [(0, 20, "train\t0\t."), (20, 30, "test\t0\t.")]


def test_the_genome_is_what_was_scored(make_scored, tmp_path):
    scored = make_scored()
    write_hub(scored.catalogue("my <genome>"), scored.genome, tmp_path / "hub")
    genome = read_hub(tmp_path / "hub")[1]
    assert (genome["genome"], genome["organism"]) == ("my_genome", "my _genome_")
    bases = twobitreader.TwoBitFile(str(inside(tmp_path / "hub", genome["twoBitPath"])))
    for contig in scored.genome.contigs:
        assert str(bases[contig.name][:]).encode() == decode(scored.genome.sequence(contig.name))
    sizes = (tmp_path / "hub" / genome["chromSizes"]).read_text().splitlines()
    assert sizes == [f"{contig.name}\t{contig.length}" for contig in scored.genome.contigs]
    end = min(50_000, scored.genome.contigs[0].length)
    assert genome["defaultPos"] == f"chr1:1-{end}"
    igv = json.loads((tmp_path / "hub/igv_genome.json").read_text())
    inside(tmp_path / "hub", igv["twoBitURL"])
    inside(tmp_path / "hub", igv["chromSizesURL"])
    assert igv["chromosomeOrder"] == ["chr1", "chr2"]
    root = read_session(tmp_path / "hub")[0]
    assert (root.get("genome"), root.get("locus")) == ("igv_genome.json", f"chr1:1-{end}")
    assert root.get("hasSequenceTrack") == "true"


def test_a_genome_of_ucsc_needs_tracks_only(make_scored, tmp_path):
    scored = make_scored()
    settings = HubConfig(ucsc="sacCer3", email="me@example.org")
    write_hub(scored.catalogue(), scored.genome, tmp_path / "hub", settings=settings)
    hub, genome, tracks = read_hub(tmp_path / "hub")
    assert genome == {"genome": "sacCer3"}
    assert hub["email"] == "me@example.org"
    assert not any("group" in track for track in tracks.values())


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attributes)

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def hostile(make_scored, tmp_path):
    """The hub of a genome of hostile names, and how it was scored."""
    scored = make_scored(HOSTILE_CONTIGS, HOSTILE_TASKS, folder="a 'b' <c> \N{GREEK SMALL LETTER ALPHA} &")
    gene = "chr1\t0\t9\t</td><script>\u00e9'\"\nchr\udcff\t0\t9\t" + "z" * 300 + "\n"
    genes = tmp_path / "genes ;$(x) '\".bed"
    genes.write_text(gene, errors="surrogateescape")
    name = "../<script>'\"\n" + "g" * 300
    write_hub(scored.catalogue(name, genes=genes), scored.genome, tmp_path / "hub")
    return scored, tmp_path / "hub"


def test_hostile_names_do_no_harm_in_the_hub(hostile):
    scored, folder = hostile
    hub = read_hub(folder)[2]
    session, jbrowse = read_session(folder)[1], read_jbrowse(folder)[1]
    assert {track["bigDataUrl"] for track in hub.values()} == session.keys() == jbrowse.keys()
    assert len([path for path in session if path.endswith(".bw")]) == len(HOSTILE_TASKS)
    assert b"<script" not in (folder / "hub.txt").read_bytes()
    # In the order of the tasks, those of a task together, as in the catalogue.
    places = random_places(scored.genome, 10)
    tracks = [path for path in session if path.endswith(".bw")]
    for path, task in zip(tracks, HOSTILE_TASKS, strict=True):
        # pyBigWig takes no names that are not UTF-8.
        plain = [place for place in places if place[0].isprintable()]
        assert_same_scores(folder / path, scored, task, plain)


def test_names_are_shown_as_they_are_where_they_can_be(hostile):
    _, folder = hostile
    names = [name for name, _, _ in read_session(folder)[1].values()]
    assert "<script>alert(1)</script>, called" in names
    assert "../../../etc/passwd" in names
    assert "two\N{REPLACEMENT CHARACTER}lines\N{REPLACEMENT CHARACTER}track evil" in names
    assert "y" * 300 in names
    assert names == [name for name, _, _ in read_jbrowse(folder)[1].values()]


def test_hostile_names_do_no_harm_in_the_pages(hostile):
    _, folder = hostile
    text = ""
    for page in (folder / "pages").iterdir():
        parser = _Tags()
        parser.feed(page.read_text())
        parser.close()
        assert parser.tags <= {
            *("html", "head", "meta", "title", "body", "h2", "table", "tr", "td", "dl", "dt", "dd")
        }
        text += "".join(parser.text)
    assert "<script>alert(1)</script>" in text


def test_nothing_is_written_outside_and_all_names_are_plain(hostile):
    _, folder = hostile
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert {file.relative_to(folder).parts[0] for file in files} == set(CONTENT)
    for file in files:
        inside(folder, str(file.relative_to(folder)))
        assert len(file.name) < 80


def test_contig_names_of_300_letters_leave_the_assembly_hub_out(make_scored, tmp_path):
    scored = make_scored(("c" * 300, "chr2"))
    shared = write_hub(scored.catalogue(), scored.genome, tmp_path / "hub")
    assert "has a name of 300 bytes; 2bit ends at 255" in shared.left_out[0]
    assert not (tmp_path / "hub/hub.txt").exists()
    assert "has a name of 300 bytes" in (tmp_path / "hub/README.txt").read_text()
    root, session = read_session(tmp_path / "hub")
    assert root.get("genome") == "genome/genome.chrom.sizes"
    assert root.get("hasSequenceTrack") == "false"
    jbrowse = read_jbrowse(tmp_path / "hub")[1]
    assert session.keys() == jbrowse.keys()
    places = random_places(scored.genome, 10)
    assert_same_scores(tmp_path / "hub/tracks/nfr.bw", scored, "nfr", places)
    write_hub(scored.catalogue(), scored.genome, tmp_path / "ucsc", settings=HubConfig(ucsc="x1"))
    assert read_hub(tmp_path / "ucsc")[1] == {"genome": "x1"}


def test_other_names_of_contigs_are_passed_on(make_scored, tmp_path):
    scored = make_scored()
    aliases = Aliases("a.tsv", {"chr1": "chr1", "I": "chr1", "NC_1": "chr1", "II": "chr2"})
    write_hub(scored.catalogue(), scored.genome, tmp_path / "hub", aliases=aliases)
    assert (tmp_path / "hub/genome/aliases.tsv").read_text() == "chr1\tI\tNC_1\nchr2\tII\n"
    assembly = read_jbrowse(tmp_path / "hub")[0]["assemblies"][0]
    assert assembly["refNameAliases"]["adapter"]["location"]["uri"] == "genome/aliases.tsv"
    assert json.loads((tmp_path / "hub/igv_genome.json").read_text())["aliasURL"] == "genome/aliases.tsv"


def test_bigwigs_are_linked_or_copied(make_scored, tmp_path, monkeypatch):
    scored = make_scored()
    write_hub(scored.catalogue(), scored.genome, tmp_path / "linked")
    assert (tmp_path / "linked/tracks/nfr.bw").samefile(scored.folder / "c1.bw")
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
    write_hub(scored.catalogue(), scored.genome, tmp_path / "copied")
    assert not (tmp_path / "copied/tracks/nfr.bw").samefile(scored.folder / "c1.bw")
    assert (tmp_path / "copied/tracks/nfr.bw").read_bytes() == (scored.folder / "c1.bw").read_bytes()


def test_the_same_hub_again_is_the_same(make_scored, tmp_path):
    scored = make_scored()
    for _ in range(2):
        write_hub(scored.catalogue(), scored.genome, tmp_path / "hub")
    write_hub(scored.catalogue(), scored.genome, tmp_path / "other")
    shutil.rmtree(scored.folder)
    files = sorted(file.relative_to(tmp_path / "hub") for file in (tmp_path / "hub").rglob("*.*"))
    assert len(files) > 10
    assert all((tmp_path / "hub" / f).read_bytes() == (tmp_path / "other" / f).read_bytes() for f in files)


def test_what_lies_on_other_contigs_is_counted(make_scored, tmp_path):
    scored = make_scored()
    (tmp_path / "g.bed").write_text("chr1\t0\t9\nchrM\t0\t9\nchrM\t20\t29\n")
    catalogue = scored.catalogue(genes=tmp_path / "g.bed")
    shared = write_hub(catalogue, scored.genome, tmp_path / "hub", unknown="skip")
    assert shared.left_out == ("genes: 2 intervals on contigs that the genome lacks",)


def test_another_genome_is_refused_and_nothing_is_left(make_scored, tmp_path):
    scored = make_scored()
    with pytest.raises(DnabilstmError, match=r"made\.fa: is not the genome that was scored"):
        write_hub(scored.catalogue(), make_genome(("chr1", "chr2"), seed=9), tmp_path / "hub")
    (tmp_path / "l.bed").write_text("chr3\t0\t9\n")
    catalogue = read_catalogue(scored.folder, "g", labels=[("nfr", tmp_path / "l.bed")])
    with pytest.raises(DnabilstmError, match="not in the genome: chr3"):
        write_hub(catalogue, scored.genome, tmp_path / "hub")
    assert not (tmp_path / "hub").exists()


def test_a_folder_of_something_else_is_not_replaced(make_scored, tmp_path):
    scored = make_scored()
    with pytest.raises(DnabilstmError, match="holds files that would be lost"):
        write_hub(scored.catalogue(), scored.genome, scored.folder)
    assert (scored.folder / "tracks.json").exists()
