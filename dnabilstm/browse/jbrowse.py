"""A configuration of JBrowse 2, for its web version and others that read ``config.json``.

Format: https://jbrowse.org/jb2/docs/config_guide/. Paths are relative to the file.
"""

from typing import Any

from dnabilstm.browse.shared import ALIASES, BASES, SIZES, Shared, SharedTrack

CONFIG_FILE = "config.json"
_WIDTH = 1000
"""Pixels in which the first stretch is shown, roughly."""


def config(shared: Shared) -> dict[str, Any]:
    """The configuration: one assembly, all tracks, and a session that shows them."""
    tracks = [_track(track, shared) for track in shared.tracks]
    return {"assemblies": [_assembly(shared)], "tracks": tracks, "defaultSession": _session(shared, tracks)}


def _assembly(shared: Shared) -> dict[str, Any]:
    adapter = {"type": "ChromSizesAdapter", "chromSizesLocation": _uri(SIZES)}
    if shared.bases:
        adapter = {"type": "TwoBitAdapter", "twoBitLocation": _uri(BASES), "chromSizesLocation": _uri(SIZES)}
    found = {
        "name": shared.symbol,
        "displayName": shared.name,
        "sequence": {
            "type": "ReferenceSequenceTrack",
            "trackId": f"{shared.symbol}-sequence",
            "adapter": adapter,
        },
    }
    if shared.aliases:
        found["refNameAliases"] = {"adapter": {"type": "RefNameAliasAdapter", "location": _uri(ALIASES)}}
    return found


def _track(track: SharedTrack, shared: Shared) -> dict[str, Any]:
    number = f"{shared.symbol}-{track.symbol}"
    scores = track.kind == "score"
    return {
        "type": "QuantitativeTrack" if scores else "FeatureTrack",
        "trackId": number,
        "name": track.name,
        "description": track.about,
        "category": [track.task or "genome"],
        "assemblyNames": [shared.symbol],
        "adapter": {"type": "BigWigAdapter", "bigWigLocation": _uri(track.file)}
        if scores
        else {"type": "BigBedAdapter", "bigBedLocation": _uri(track.file)},
        "displays": [_of_scores(track, number) if scores else _of_regions(track, number)],
    }


def _of_scores(track: SharedTrack, number: str) -> dict[str, Any]:
    # Of a plot some versions take `posColor`, others `color`. Zoomed out, `max` draws the bins' maxima, where the
    # default, `whiskers`, draws means over them.
    drawn = {"type": "XYPlotRenderer", "summaryScoreMode": "max"}
    drawn |= {"color": track.colour, "posColor": track.colour}
    return {
        "type": "LinearWiggleDisplay",
        "displayId": f"{number}-scores",
        "minScore": 0,
        "maxScore": track.top,
        "renderers": {"XYPlotRenderer": drawn},
    }


def _of_regions(track: SharedTrack, number: str) -> dict[str, Any]:
    return {
        "type": "LinearBasicDisplay",
        "displayId": f"{number}-regions",
        "renderer": {"type": "SvgFeatureRenderer", "color1": track.colour},
    }


def _session(shared: Shared, tracks: list[dict[str, Any]]) -> dict[str, Any]:
    contig, start, end = shared.locus
    length = dict(shared.catalogue.contigs)[contig]
    region = {"refName": contig, "start": 0, "end": length, "assemblyName": shared.symbol}
    per_pixel = max(0.02, (end - start) / _WIDTH)
    view = {
        "id": f"{shared.symbol}-view",
        "type": "LinearGenomeView",
        "bpPerPx": per_pixel,
        "offsetPx": round(start / per_pixel),
        "displayedRegions": [region],
        "tracks": [_opened(track) for track in tracks],
    }
    return {"name": shared.name, "views": [view]}


def _opened(track: dict[str, Any]) -> dict[str, Any]:
    (display,) = track["displays"]
    shown = {"type": display["type"], "configuration": display["displayId"]}
    return {"type": track["type"], "configuration": track["trackId"], "displays": [shown]}


def _uri(path: str) -> dict[str, str]:
    return {"uri": path, "locationType": "UriLocation"}
