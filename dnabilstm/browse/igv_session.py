"""A session for IGV desktop, and the description of the genome that it loads.

Session: https://igv.org/doc/desktop/#FileFormats/Sessions/; genome: https://igv.org/doc/desktop/#FileFormats/Genomes/.
IGV looks for paths that are not absolute beside the file that names them; a genome of its own with relative
paths, and 2bit, want version 2.19 or newer.
"""

from typing import Any
from xml.etree import ElementTree

from dnabilstm.browse.names import one_line
from dnabilstm.browse.shared import ALIASES, BASES, SIZES, Shared, SharedTrack

SESSION_FILE = "igv_session.xml"
GENOME_FILE = "igv_genome.json"
MOST_ORDERED = 500
"""Contigs whose order IGV is told; with more of them it has no view of the whole genome."""


def session(shared: Shared) -> bytes:
    """The session as XML, UTF-8; all paths are relative to it."""
    contig, start, end = shared.locus
    # Without bases IGV takes a table of lengths for the genome.
    genome = GENOME_FILE if shared.bases else SIZES
    root = ElementTree.Element(
        "Session",
        genome=genome,
        locus=one_line(f"{contig}:{start + 1}-{end}"),
        version="8",
        hasGeneTrack="false",
        # Without this word some versions take the bases away with the genes.
        hasSequenceTrack=str(shared.bases).lower(),
    )
    resources = ElementTree.SubElement(root, "Resources")
    panel = ElementTree.SubElement(root, "Panel", name="DataPanel", height="600", width="1200")
    for track in shared.tracks:
        kind = "bw" if track.kind == "score" else "bb"
        ElementTree.SubElement(resources, "Resource", path=track.file, name=track.name, type=kind)
        _add_track(panel, track)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def genome_file(shared: Shared) -> dict[str, Any]:
    """The genome as IGV's JSON; all paths are relative to it."""
    contig, start, end = shared.locus
    found = {
        "id": shared.symbol,
        "name": shared.name,
        "twoBitURL": BASES,
        "chromSizesURL": SIZES,
        "defaultPos": f"{contig}:{start + 1}-{end}",
    }
    names = [name for name, _ in shared.catalogue.contigs]
    if len(names) <= MOST_ORDERED:
        found["chromosomeOrder"] = names
    return found | ({"aliasURL": ALIASES} if shared.aliases else {})


def _add_track(panel: ElementTree.Element, track: SharedTrack) -> None:
    common = {
        "id": track.file,
        "name": track.name,
        "color": track.rgb,
        "altColor": track.rgb,
        "visible": "true",
        "fontSize": "10",
    }
    if track.kind != "score":
        more = {"clazz": "org.broad.igv.track.FeatureTrack", "displayMode": "COLLAPSED", "height": "30"}
        ElementTree.SubElement(panel, "Track", common | more)
        return
    more = {
        "clazz": "org.broad.igv.track.DataSourceTrack",
        "renderer": "BAR_CHART",
        "autoScale": "false",
        "windowFunction": "max",
        "height": "60",
    }
    element = ElementTree.SubElement(panel, "Track", common | more)
    ElementTree.SubElement(
        element,
        "DataRange",
        type="LINEAR",
        minimum="0.0",
        baseline="0.0",
        maximum=f"{track.top:.1f}",
        drawBaseline="true",
        flipAxis="false",
    )
