"""The text of a page: the template, filled in; and what igv.js is told of each track."""

import base64
import hashlib
import html
import json
import math
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from dnabilstm.browse.annotation import Annotation
from dnabilstm.browse.catalogue import RegionTrack, ScoreTrack
from dnabilstm.browse.content import Content
from dnabilstm.browse.page_names import inert, shown, track_name
from dnabilstm.browse.regions_table import Row

CONTIGS = 500
"""Contigs to choose from, the longest; every contig is found by its name."""
_COLUMNS = (
    "kind",
    "channel",
    "name",
    "contig",
    "track",
    "order",
    "start",
    "end",
    "score",
    "disagreement",
    "test",
)
_PARTS = {"train": "#777777", "valid": "#E69F00", "test": "#D55E00", "guard": "#CCCCCC"}
# Features in view at which an indexed track is still drawn.
_FEATURES = 3000


def part_of_page(name: str) -> str:
    """The text of a file of the template."""
    return files("dnabilstm.browse").joinpath("template", name).read_text(encoding="utf-8")


def policy(scripts: str, connect: str) -> str:
    """A content security policy: nothing from elsewhere, and no script but the page's own."""
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src data: blob:;"
        f" connect-src {connect}; base-uri 'none'; form-action 'none'"
    )


def script_hash(script: str) -> str:
    """The source of a script in a policy: its SHA-256."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii')}'"


def fill(content: Content, data: dict[str, Any], *, policy: str, style: str, scripts: str) -> str:
    """The page, as HTML."""
    catalogue = content.catalogue
    model = str(catalogue.table.get("model", {}).get("digest", ""))[:12]
    told = [catalogue.description, *([f"model {model}"] if model else [])]
    values = {
        "policy": html.escape(policy),
        "title": html.escape(shown(catalogue.name)),
        "description": html.escape("; ".join(told)),
        "style": style,
        "scripts": scripts,
        "data": json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
    }
    # In one pass: what is put in is not looked at again.
    return re.sub(r"{{(\w+)}}", lambda found: values[found[1]], part_of_page("page.html"))


def page_data(content: Content, tracks: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """What the page's script is told, of rows, contigs and tracks."""
    genome, test = content.genome, set(content.tested().contig.tolist())
    longest = sorted(range(len(genome.contigs)), key=lambda number: -genome.contigs[number].length)[:CONTIGS]
    contigs = [
        (shown(contig.name), track_name(contig.name), contig.length, number in test)
        for number in sorted(longest)
        for contig in [genome.contigs[number]]
    ]
    rows = [_row(row, genome.contigs[row.contig].name) for row in content.rows]
    return {"columns": _COLUMNS, "rows": rows, "contigs": contigs, "tracks": tracks, **more}


def _row(row: Row, contig: str) -> tuple[Any, ...]:
    order = (row.contig << 32) + row.start
    figures = (None if math.isnan(value) else round(value, 4) for value in (row.score, row.disagreement))
    where = shown(contig), track_name(contig), order, row.start, row.end
    return row.kind, shown(row.channel), shown(row.name), *where, *figures, row.test


def first_place(content: Content) -> str:
    """Where a page opens: at the first row of the table, or at the start of the longest contig."""
    if content.rows:
        row = content.rows[0]
        contig = content.genome.contigs[row.contig]
        flank = max(2000, 2 * (row.end - row.start))
        start, end = max(0, row.start - flank), min(contig.length, row.end + flank)
    else:
        contig = max(content.genome.contigs, key=lambda contig: contig.length)
        start, end = 0, min(contig.length, 50_000)
    return f"{track_name(contig.name)}:{start + 1}-{end}"


def score_track(track: ScoreTrack, **where: Any) -> dict[str, Any]:
    """What igv.js is told of a track of scores: the scale is fixed, and a wide view shows the highest."""
    name = f"{track.name} ({track.strand})" if track.strand != "." else track.name
    scale = {"min": 0, "max": track.top, "autoscale": False, "windowFunction": "max"}
    return {"type": "wig", "name": inert(name), "color": track.colour, "height": 70, **scale, **where}


def _shade(track: RegionTrack) -> str:
    """The colour of a track; what was measured is lighter than what was called."""
    if track.kind != "labels":
        return track.colour
    return "#" + "".join(f"{(int(track.colour[at : at + 2], 16) + 255) // 2:02X}" for at in (1, 3, 5))


def annotation_track(made: Annotation, total: int, **where: Any) -> dict[str, Any]:
    """What igv.js is told of a track of intervals."""
    track = made.track
    told = {"type": "annotation", "format": made.format, "name": inert(track.name)}
    told |= {"colorBy": "name", "colorTable": _PARTS} if track.kind == "split" else {"color": _shade(track)}
    tall = track.kind == "genes"
    told |= {"displayMode": "EXPANDED" if tall else "COLLAPSED", "height": 90 if tall else 36}
    window = -1 if len(made.lines) <= _FEATURES else max(100_000, total * _FEATURES // len(made.lines))
    return {**told, "visibilityWindow": window, **where}
