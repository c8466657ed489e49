"""A track hub for UCSC's browser, and for those that read its hubs: one text file of settings.

Settings: https://genome.ucsc.edu/goldenPath/help/trackDb/trackDbHub.html; a genome that UCSC lacks:
https://genome.ucsc.edu/goldenPath/help/hubQuickStartAssembly.html. All settings are in one file, ``useOneFile``.
"""

from collections.abc import Sequence
from pathlib import Path

from dnabilstm.browse.names import plain_label
from dnabilstm.browse.options import HubConfig
from dnabilstm.browse.pages import ABOUT_PAGE, page_of
from dnabilstm.browse.shared import BASES, SIZES, Shared, SharedTrack
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import open_text
from dnabilstm.genome import shown_names

HUB_FILE = "hub.txt"
GROUPS_FILE = "groups.txt"
# UCSC refuses a hub without an address; this domain belongs to nobody (RFC 2606).
NO_EMAIL = "nobody@example.org"
LONGEST_NAME = 40
"""Characters of a name in a long label, which goes on with units and model."""
SHORTEST = 17
"""Characters of a short label that UCSC shows."""

Stanza = dict[str, str]


def hub_text(shared: Shared, config: HubConfig) -> str:
    """The settings of a hub: of itself, of the genome, and of each track, a stanza each."""
    stanzas = [_hub(shared, config), _genome(shared, config), *_tracks(shared, assembly=not config.ucsc)]
    return _written(stanzas)


def groups_text() -> str:
    """The groups of tracks of an assembly hub."""
    labels = {"scores": "Scores and regions", "genome": "Genome"}
    return _written(
        [
            {"name": name, "label": label, "priority": str(place), "defaultIsClosed": "0"}
            for place, (name, label) in enumerate(labels.items(), start=1)
        ]
    )


def check_names(sizes: Path, contigs: Sequence[tuple[str, int]], ucsc: str) -> None:
    """Hold contigs to UCSC's table of an assembly (``chrom.sizes``: name and length, tab between).

    Raises
    ------
    DnabilstmError
        If a contig is not one of that assembly, or has another length there.
    """
    lengths = {}
    with open_text(sizes) as handle:
        for number, line in enumerate(handle, start=1):
            name, _, length = line.rstrip("\n").partition("\t")
            if line.strip() and not length.isdecimal():
                raise DnabilstmError(f"{sizes}:{number}: found {line[:30]!r}; wanted name, tab, length")
            lengths[name] = int(length or 0)
    problems = Problems()
    lacking = [name for name, _ in contigs if name not in lengths]
    if lacking:
        problems.add(
            f"--ucsc {ucsc}: {len(lacking)} of {len(contigs)} contigs are not in it: {shown_names(lacking)}; it has"
            f" {shown_names(list(lengths))}; name the FASTA's contigs so, or leave --ucsc out: the hub then brings"
            " the genome"
        )
    for name, length in contigs:
        if name in lengths and lengths[name] != length:
            problems.add(
                f"--ucsc {ucsc}: {name} has {length} bases, and there {lengths[name]}; is this the same assembly?",
                "lengths",
            )
    problems.raise_if_any()


def _hub(shared: Shared, config: HubConfig) -> Stanza:
    return {
        "hub": f"dnabilstm_{shared.symbol}",
        "shortLabel": plain_label(f"scores {shared.name}", SHORTEST),
        "longLabel": _long(
            shared.name, f"scores of every base by dnabilstm; {shared.catalogue.table['units']}"
        ),
        "useOneFile": "on",
        "email": config.email or NO_EMAIL,
        "descriptionUrl": ABOUT_PAGE,
    }


def _genome(shared: Shared, config: HubConfig) -> Stanza:
    if config.ucsc:
        return {"genome": config.ucsc}
    contig, start, end = shared.locus
    organism = plain_label(config.organism or shared.name, 80)
    return {
        "genome": shared.symbol,
        "description": plain_label(shared.name, 80),
        "organism": organism,
        "scientificName": organism,
        "twoBitPath": BASES,
        "chromSizes": SIZES,
        "defaultPos": f"{contig}:{start + 1}-{end}",
        "orderKey": "1000",
        "groups": GROUPS_FILE,
        "htmlPath": ABOUT_PAGE,
    }


def _tracks(shared: Shared, *, assembly: bool) -> list[Stanza]:
    """A container for each task, its tracks in it, then what belongs to no task."""
    found = []
    for number, (task, symbol) in enumerate(shared.tasks.items(), start=1):
        container = {
            "track": symbol,
            "superTrack": "on show",
            "shortLabel": plain_label(task, SHORTEST),
            "longLabel": _long(task, "scores of every base, and regions"),
            "priority": str(number),
            "html": page_of(symbol),
        }
        found.append(container | ({"group": "scores"} if assembly else {}))
    for number, track in enumerate(shared.tracks, start=1):
        parent = shared.tasks.get(track.task)
        place = {"parent": parent} if parent else {"group": "genome"} if assembly else {}
        page = page_of(parent) if parent else ABOUT_PAGE
        found.append(_track(track) | place | {"priority": str(number), "html": page})
    return found


def _track(track: SharedTrack) -> Stanza:
    stanza = {
        "track": track.symbol,
        "bigDataUrl": track.file,
        "shortLabel": plain_label(track.name, SHORTEST),
        "longLabel": _long(track.name, track.about),
        "color": track.rgb,
    }
    if track.kind == "score":
        limits = f"0:{track.top:g}"
        return stanza | {
            "type": f"bigWig 0 {track.top:g}",
            "visibility": "full",
            "autoScale": "off",
            "viewLimits": limits,
            "alwaysZero": "on",
            "windowingFunction": "maximum",
            "maxHeightPixels": "128:48:16",
        }
    called = {"spectrum": "on"} if track.kind == "regions" else {}
    plus = " +" if track.columns else ""
    shown = "pack" if track.kind == "genes" else "dense"
    return stanza | {"type": f"bigBed 6{plus}", "visibility": shown} | called


def _long(name: str, about: str) -> str:
    return f"{plain_label(name, LONGEST_NAME)}: {plain_label(about, 120)}"


def _written(stanzas: Sequence[Stanza]) -> str:
    return "\n".join("".join(f"{key} {value}\n" for key, value in stanza.items()) for stanza in stanzas)
