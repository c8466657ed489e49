import json

import pytest

from dnabilstm.browse.catalogue import read_catalogue
from dnabilstm.colours import colour_of
from dnabilstm.errors import DnabilstmError

CHANNELS = ("promoter.plus", "promoter.minus", "ctcf.site", "promoter.plus.spread")


def write(folder, channels=CHANNELS, **more):
    table = {
        **{"format": 1, "units": "calibrated probability", "transform": "rounded to 3 decimals"},
        "no_call": "gap: no line, no value",
        "contigs": [
            {"name": "chr <1>", "length": 90, "digest": "SQ.x"},
            {"name": "b", "length": 5, "digest": "SQ.y"},
        ],
        "channels": {},
    }
    for channel in channels:
        of = channel.removesuffix(".spread")
        spread = {"spread_of": of} if of != channel else {}
        sign = "+" if ".plus" in channel else "-" if ".minus" in channel else "."
        table["channels"][channel] = {"bigwig": f"{channel}.bw", "units": "u", "strand": sign, **spread}
        (folder / f"{channel}.bw").write_bytes(b"")
    (folder / "tracks.json").write_text(json.dumps(table | more))
    return folder


def test_tracks_of_a_task_share_its_colour_and_a_spread_has_its_own_scale(tmp_path):
    found = read_catalogue(write(tmp_path), "yeast")
    plus, minus, site, spread = found.scores
    assert [track.name for track in found.scores] == list(CHANNELS)
    assert plus.task == minus.task == spread.task == "promoter"
    assert site.task == "ctcf.site"
    assert plus.colour == minus.colour == spread.colour == colour_of(0)
    assert site.colour == colour_of(1)
    assert (plus.strand, minus.strand, site.strand) == ("+", "-", ".")
    assert [track.top for track in found.scores] == [1, 1, 1, 0.5]
    assert [track.spread for track in found.scores] == [False, False, False, True]
    assert found.contigs == (("chr <1>", 90), ("b", 5))
    assert "rounded to 3 decimals" in found.description


def test_what_lies_beside_is_shown_in_order(tmp_path):
    folder = write(tmp_path)
    for name in ("ctcf.site.regions.bed", "nocall.bed", "l.bed", "g.gff3", "m.split.bed"):
        (folder / name).write_text("")
    row = {"file": "ctcf.site.regions.bed", "threshold": 0.43219, "extend": 0.2161}
    called = {"channels": {"ctcf.site": row}}
    (folder / "regions.json").write_text(json.dumps(called))
    found = read_catalogue(
        folder,
        "x",
        labels=[("ctcf.site", folder / "l.bed"), ("promoter.minus", folder / "l.bed")],
        genes=folder / "g.gff3",
        split=folder / "m.split.bed",
    )
    kinds = ["regions", "labels", "labels", "genes", "split", "no_calls"]
    assert [track.kind for track in found.regions] == kinds
    assert [track.colour for track in found.regions[:3]] == [colour_of(1), colour_of(1), colour_of(0)]
    assert [track.task for track in found.regions[:4]] == ["ctcf.site", "ctcf.site", "promoter", ""]
    assert [track.path.name for track in found.regions][2:5] == ["l.bed", "g.gff3", "m.split.bed"]
    assert found.regions[0].about == "reaches 0.432, stays at 0.216 or above"
    assert all(track.about for track in found.regions)


def test_files_that_are_not_there_are_named_all_at_once(tmp_path):
    folder = write(tmp_path)
    (folder / "ctcf.site.bw").unlink()
    with pytest.raises(DnabilstmError) as caught:
        read_catalogue(folder, "x", genes=folder / "none.gff3")
    assert "ctcf.site.bw: is not there" in str(caught.value)
    assert "none.gff3: is not there" in str(caught.value)


def test_a_folder_without_tracks_is_refused(tmp_path):
    with pytest.raises(
        DnabilstmError, match=r"tracks\.json: is not there; wanted a folder of 'dnabilstm tracks'"
    ):
        read_catalogue(tmp_path, "x")


def test_a_table_of_another_format_is_refused(tmp_path):
    with pytest.raises(DnabilstmError, match="is no table of tracks of format 1"):
        read_catalogue(write(tmp_path, format=7), "x")
