"""All tracks of a genome: bedGraph and bigWig of every channel, and what their numbers mean."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dnabilstm.files import atomic_file, write_json
from dnabilstm.score.store import Scores
from dnabilstm.tracks.bedgraph import write_bedgraph
from dnabilstm.tracks.bigwig import write_bigwig
from dnabilstm.tracks.bins import Summary
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
        What ``tracks.json`` holds.

    Raises
    ------
    DnabilstmError
        If the folder cannot be written, or the scores are not probabilities.
    """
    folder = Path(folder)
    # The table says that all is there: it goes first and comes back last.
    with atomic_file(folder / SIZES_FILE) as part:
        (folder / TABLE_FILE).unlink(missing_ok=True)
        rows = "".join(f"{contig.name}\t{contig.length}\n" for contig in scores.contigs)
        part.write_text(rows, encoding="utf-8", errors="surrogateescape")
    total = sum(contig.length for contig in scores.contigs)
    settings = {"digits": digits, "workers": workers or _cores()}
    spread_of = {name: channel for channel, name in scores.info.get("spread", {}).items()}
    channels = {}
    for channel in scores.channels:
        bedgraph, bigwig = folder / f"{channel}.bedgraph.gz", folder / f"{channel}.bw"
        index = write_bedgraph(scores, channel, bedgraph, **settings)
        if progress:
            progress(total)
        summary = write_bigwig(scores, channel, bigwig, **settings)
        if progress:
            progress(total)
        files = {"bedgraph": bedgraph.name, "index": index.name, "bigwig": bigwig.name}
        of = spread_of.get(channel)
        meaning = {"units": _units(scores, of), **({"spread_of": of} if of else {})}
        strand = strand_of(of or channel)
        channels[channel] = {**files, **meaning, "strand": strand, "summary": _summary(summary, total)}
    table = {**describe(scores, digits), "channels": channels}
    write_json(folder / TABLE_FILE, table)
    return table


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
        "contigs": [
            {"name": contig.name, "length": contig.length, "digest": contig.digest}
            for contig in scores.contigs
        ],
    }


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


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
