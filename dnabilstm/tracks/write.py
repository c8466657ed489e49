"""All tracks of a genome: bedGraph and bigWig of every channel, and what their numbers mean."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dnabilstm.files import atomic_file
from dnabilstm.score.store import Scores
from dnabilstm.tracks.batches import Layout
from dnabilstm.tracks.bedgraph import open_bedgraph
from dnabilstm.tracks.bigwig import open_bigwig
from dnabilstm.tracks.bins import Summary
from dnabilstm.tracks.one_pass import available_cores, write_in_one_pass
from dnabilstm.tracks.options import TrackConfig
from dnabilstm.tracks.regions import strand_of

TABLE_FILE = "tracks.json"
SIZES_FILE = "chrom.sizes"
FORMAT = 1


def write_tracks(
    scores: Scores,
    folder: Path,
    *,
    digits: int = TrackConfig.digits,
    workers: int = TrackConfig.workers,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Write ``<channel>.bedgraph.gz`` with index and ``<channel>.bw`` of every channel.

    The scores of an ensemble have a channel more for each probability, its spread, which is a track too.
    Beside them go ``chrom.sizes`` and, last, ``tracks.json``: what the numbers mean, where they come
    from, which files there are, and the bases scored, the no-calls and minimum, mean and maximum of
    the rounded scores.

    Parameters
    ----------
    scores
        Probabilities, and perhaps their spread, NaN where there is no call.
    folder
        Made if it is missing.
    digits
        Decimals that are kept.
    workers
        Threads that compress; 0 is one a core. The files do not depend on it.
    progress
        Called with the number of bases that were just written, of all files together.

    Returns
    -------
    dict
        What ``tracks.json`` holds, but its table of contigs.

    Raises
    ------
    DnabilstmError
        If the folder cannot be written, or the scores are not probabilities.
    """
    folder = Path(folder)
    # The table says that all is there: it goes first and comes back last.
    with atomic_file(folder / SIZES_FILE) as part:
        (folder / TABLE_FILE).unlink(missing_ok=True)
        with part.open("w", encoding="utf-8", errors="surrogateescape") as out:
            out.writelines(f"{contig.name}\t{contig.length}\n" for contig in scores.contigs)
    layout = Layout(scores.contigs)
    spread_of = {name: channel for channel, name in scores.info.get("spread", {}).items()}
    settings = {"digits": digits, "workers": workers or available_cores(), "progress": progress}
    channels = {}
    for channel in scores.channels:
        files, summary = _write_channel(scores, channel, folder, layout, **settings)
        of = spread_of.get(channel)
        meaning = {"units": _units(scores, of), **({"spread_of": of} if of else {})}
        figures = _summary(summary, int(layout.length.sum()))
        channels[channel] = {**files, **meaning, "strand": strand_of(of or channel), "summary": figures}
    table = {**describe(scores, digits), "channels": channels}
    _write_table(folder / TABLE_FILE, table, scores)
    return table


def _write_channel(
    scores: Scores, channel: str, folder: Path, layout: Layout, digits: int, **settings: Any
) -> tuple[dict[str, str], Summary]:
    """Write the bedGraph and the bigWig of a channel in one pass; gives the names of the files."""
    with (
        open_bigwig(folder / f"{channel}.bw", layout, digits) as bigwig,
        open_bedgraph(folder / f"{channel}.bedgraph.gz", layout, digits) as bedgraph,
    ):
        write_in_one_pass(scores, channel, [bedgraph, bigwig], layout, digits=digits, **settings)
    names = {"bedgraph": f"{channel}.bedgraph.gz", "index": bedgraph.index.name, "bigwig": f"{channel}.bw"}
    return names, bigwig.summary


def describe(scores: Scores, digits: int) -> dict[str, Any]:
    """What the numbers of all tracks mean, and where they come from."""
    return {
        "format": FORMAT,
        "units": _units(scores, None),
        "transform": f"rounded to {digits} decimals",
        "digits": digits,
        "no_call": "gap: no line, no value",
        "coordinates": "0-based, half-open",
        "genome": scores.info.get("genome", {}),
        "model": scores.info.get("model", {}),
        "settings": scores.info.get("settings", {}),
        "precision_error": scores.info.get("precision_error", []),
    }


def _write_table(path: Path, table: dict[str, Any], scores: Scores) -> None:
    """Write ``tracks.json``: a line a contig, however many there are."""
    head = json.dumps(table, indent=2).removesuffix("\n}")
    with atomic_file(path) as part, part.open("w", encoding="utf-8") as out:
        out.write(f'{head},\n  "contigs": [')
        comma = ""
        for contig in scores.contigs:
            row = {"name": contig.name, "length": contig.length, "digest": contig.digest}
            out.write(f"{comma}\n    {json.dumps(row)}")
            comma = ","
        out.write("\n  ]\n}\n")


def _units(scores: Scores, spread_of: str | None) -> str:
    """What the numbers of a track are: probabilities, or the spread of those of a channel."""
    if spread_of:
        return "standard deviation of the members' probabilities"
    return "calibrated probability" if scores.info.get("calibrated", True) else "probability, not calibrated"


def _summary(summary: Summary, total: int) -> dict[str, Any]:
    """Bases and figures of a track; None (null) where there is no score at all."""
    figures = (summary.minimum, summary.total / max(1, summary.bases), summary.maximum)
    low, mean, high = (round(figure, 6) if summary.bases else None for figure in figures)
    bases = {"bases_scored": summary.bases, "bases_no_call": total - summary.bases}
    return {**bases, "minimum": low, "mean": mean, "maximum": high}
