"""Readers of a hub's folder that share nothing with what writes it."""

import json
import re
from pathlib import Path
from urllib.parse import urlparse
from xml.etree import ElementTree

import pyBigWig

# https://genome.ucsc.edu/goldenPath/help/trackDb/trackDbHub.html: what is required, and all that is used here.
HUB = {"hub", "shortLabel", "longLabel", "useOneFile", "email"}
ASSEMBLY = {"genome", "twoBitPath", "organism", "defaultPos"}
TRACK = {"track", "bigDataUrl", "shortLabel", "longLabel", "type"}
KNOWN = {
    "hub": HUB | {"descriptionUrl"},
    "genome": ASSEMBLY | {"description", "scientificName", "chromSizes", "orderKey", "groups", "htmlPath"},
    "track": TRACK
    | {"superTrack", "parent", "group", "priority", "html", "color", "visibility", "autoScale", "viewLimits"}
    | {"alwaysZero", "windowingFunction", "maxHeightPixels", "spectrum"},
    "name": {"name", "label", "priority", "defaultIsClosed"},
}
URLS = {"descriptionUrl", "twoBitPath", "chromSizes", "groups", "htmlPath", "bigDataUrl", "html"}
COLOUR = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
VALUES = {
    "hub": r"[A-Za-z][A-Za-z0-9_]*",
    "track": r"[A-Za-z][A-Za-z0-9_]*",
    "parent": r"[A-Za-z][A-Za-z0-9_]*",
    "genome": r"[A-Za-z][A-Za-z0-9_.]*",
    "shortLabel": r"[\x20-\x7e]{1,17}",
    "longLabel": r"[\x20-\x7e]{1,170}",
    "organism": r"[\x20-\x7e]{1,80}",
    "description": r"[\x20-\x7e]{1,80}",
    "email": r"[^@\s]+@[^@\s]+",
    "type": r"bigWig 0 (1|0\.5)|bigBed 6( \+)?",
    "color": rf"{COLOUR},{COLOUR},{COLOUR}",
    "visibility": r"hide|dense|squish|pack|full",
    "autoScale": r"off",
    "viewLimits": r"0:(1|0\.5)",
    "windowingFunction": r"maximum",
    "maxHeightPixels": r"\d+:\d+:\d+",
    "defaultPos": r"\S+:\d+-\d+",
    "superTrack": r"on show",
    "spectrum": r"on",
    "alwaysZero": r"on",
    "priority": r"\d+",
    "group": r"scores|genome",
    "useOneFile": r"on",
}


def stanzas(path):
    """The stanzas of a hub's file: each a dict; strict where UCSC's own reader (raNextRecord) forgives."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    assert text.endswith("\n")
    assert "\r" not in text
    found = []
    for block in text.removesuffix("\n").split("\n\n"):
        rows = {}
        for line in block.split("\n"):
            key, blank, value = line.partition(" ")
            assert re.fullmatch(r"[A-Za-z]+", key), line
            assert blank, line
            assert value == value.strip() != "", line
            # At the end of a line it means that the next one goes on.
            assert not line.endswith("\\") or key == "defaultPos"
            assert key not in rows, f"{key} is there twice"
            rows[key] = value
        kind = next(iter(rows))
        assert rows.keys() <= KNOWN[kind], rows.keys() - KNOWN[kind]
        for key, value in rows.items():
            assert re.fullmatch(VALUES.get(key, r".+"), value), (key, value)
        found.append(rows)
    return found


def inside(folder, path):
    """A file that a relative path names, which must lie in the folder."""
    assert not urlparse(path).scheme
    assert not Path(path).is_absolute()
    assert ".." not in Path(path).parts
    assert re.fullmatch(r"[A-Za-z0-9_./]+", path), path
    assert (folder / path).is_file(), path
    return folder / path


def read_hub(folder):
    """Tracks of ``hub.txt``: symbol to its stanza, all checked; with hub and genome."""
    hub, genome, *tracks = stanzas(folder / "hub.txt")
    assert hub.keys() >= HUB
    if "twoBitPath" in genome:
        assert genome.keys() >= ASSEMBLY
        groups = {row["name"] for row in stanzas(inside(folder, genome["groups"]))}
        assert all(track["group"] in groups for track in tracks if "group" in track)
        assert all("group" in track or "parent" in track for track in tracks)
    for stanza in (hub, genome, *tracks):
        for key in URLS & stanza.keys():
            inside(folder, stanza[key])
    containers = {track["track"] for track in tracks if "superTrack" in track}
    data = [track for track in tracks if "superTrack" not in track]
    assert all(track.keys() >= TRACK for track in data)
    assert all(track["parent"] in containers for track in data if "parent" in track)
    assert containers == {track["parent"] for track in data if "parent" in track}
    names = [track["track"].lower() for track in tracks]
    assert len(set(names)) == len(names)
    return hub, genome, {track["track"]: track for track in data}


def read_session(folder):
    """Tracks of ``igv_session.xml``: path to name, colour, upper end."""
    root = ElementTree.parse(folder / "igv_session.xml").getroot()
    assert root.tag == "Session"
    inside(folder, root.get("genome"))
    resources = {row.get("path"): row for row in root.iter("Resource")}
    found = {}
    for track in root.iter("Track"):
        assert track.get("name") == resources[track.get("id")].get("name")
        scale = track.find("DataRange")
        if scale is not None:
            assert (track.get("autoScale"), track.get("windowFunction")) == ("false", "max")
            assert float(scale.get("minimum")) == 0
        inside(folder, track.get("id"))
        found[track.get("id")] = (
            track.get("name"),
            track.get("color"),
            None if scale is None else float(scale.get("maximum")),
        )
    assert found.keys() == resources.keys()
    return root, found


def uris(node):
    """All paths in a configuration of JBrowse."""
    if isinstance(node, list):
        return [found for inner in node for found in uris(inner)]
    if isinstance(node, dict):
        own = [node["uri"]] if "uri" in node else []
        return own + [found for inner in node.values() for found in uris(inner)]
    return []


def read_jbrowse(folder):
    """Tracks of ``config.json``: path to name, colour, upper end."""
    config = json.loads((folder / "config.json").read_text())
    for uri in uris(config):
        inside(folder, uri)
    (assembly,) = config["assemblies"]
    found, displays = {}, {}
    for track in config["tracks"]:
        assert track["assemblyNames"] == [assembly["name"]]
        (path,) = uris(track["adapter"])
        (display,) = track["displays"]
        displays[track["trackId"]] = display["displayId"]
        if track["type"] == "QuantitativeTrack":
            assert track["adapter"]["type"] == "BigWigAdapter"
            assert display["minScore"] == 0
            drawn, top = display["renderers"]["XYPlotRenderer"], display["maxScore"]
            colour = drawn["color"]
            assert drawn["posColor"] == colour
        else:
            assert (track["type"], track["adapter"]["type"]) == ("FeatureTrack", "BigBedAdapter")
            colour, top = display["renderer"]["color1"], None
        found[path] = (track["name"], colour, top)
    assert len(displays) == len(config["tracks"])
    (view,) = config["defaultSession"]["views"]
    opened = {row["configuration"]: row["displays"][0]["configuration"] for row in view["tracks"]}
    assert opened == displays
    return config, found


def values_at(path, places):
    """Values of a bigWig at (contig, position), by pyBigWig."""
    with pyBigWig.open(str(path)) as file:
        return [file.values(contig, place, place + 1)[0] for contig, place in places]
