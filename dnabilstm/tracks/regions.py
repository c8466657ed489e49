"""Called regions of a genome as BED.

The columns are those of BED6 (name ``<channel>_<number>``, score 1000 times the maximum), then mean and
maximum of the scores and the summit in bases from the start. Contigs are in the FASTA's order.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from dnabilstm.errors import Problems
from dnabilstm.files import atomic_file, release, write_json
from dnabilstm.score.store import Scores
from dnabilstm.tracks.batches import Batch, Layout, batches
from dnabilstm.tracks.calling import NearRuns, Regions, called_regions, complete, near_runs
from dnabilstm.tracks.one_pass import KEPT, available_cores
from dnabilstm.tracks.options import CallConfig
from dnabilstm.tracks.runs import in_order

TABLE_FILE = "regions.json"
THRESHOLD = 0.5
STRANDS = {".plus": "+", ".minus": "-"}


def strand_of(channel: str) -> str:
    """``+`` or ``-`` of a stranded channel, ``.`` of any other."""
    return next((strand for suffix, strand in STRANDS.items() if channel.endswith(suffix)), ".")


def write_regions(
    scores: Scores,
    folder: Path,
    *,
    threshold: float | None = CallConfig.threshold,
    extend: float | None = CallConfig.extend,
    min_length: int = CallConfig.min_length,
    merge_gap: int = CallConfig.merge_gap,
) -> dict[str, Any]:
    """Call regions of every channel and write ``<channel>.regions.bed`` and ``regions.json``.

    The spread of an ensemble is no probability and calls none.

    Parameters
    ----------
    scores
        Probabilities, NaN where there is no call.
    folder
        Made if it is missing.
    threshold
        For all channels; None takes each channel's own from ``scores.info``, or 0.5.
    extend
        None is half of the threshold.
    min_length, merge_gap
        See ``call_regions``.

    Returns
    -------
    dict
        What ``regions.json`` holds: settings and counts of each channel.

    Raises
    ------
    DnabilstmError
        If ``extend`` is above a threshold, or the folder cannot be written.
    """
    spread = scores.info.get("spread", {}).values()
    called = [name for name in scores.channels if name not in spread]
    settings = {name: _thresholds(scores, name, threshold, extend) for name in called}
    _check(settings)
    folder, layout = Path(folder), Layout(scores.contigs)
    common = {"min_length": min_length, "merge_gap": merge_gap}
    channels = {}
    for channel, levels in settings.items():
        path = folder / f"{channel}.regions.bed"
        with atomic_file(path) as part, part.open("w", encoding="utf-8", errors="surrogateescape") as out:
            # The table tells of finished files only.
            (folder / TABLE_FILE).unlink(missing_ok=True)
            counts = _write_channel(scores, channel, out, layout, levels | common)
        channels[channel] = {"file": path.name, **levels, **asdict(counts)}
    table = {**common, "channels": channels}
    write_json(folder / TABLE_FILE, table)
    return table


@dataclass
class _Counts:
    regions: int = 0
    bases: int = 0


def _thresholds(
    scores: Scores, channel: str, threshold: float | None, extend: float | None
) -> dict[str, float]:
    if threshold is None:
        threshold = float(scores.info.get("thresholds", {}).get(channel, THRESHOLD))
    return {"threshold": threshold, "extend": threshold / 2 if extend is None else extend}


def _check(settings: dict[str, dict[str, float]]) -> None:
    problems = Problems()
    for channel, levels in settings.items():
        if not 0 < levels["extend"] <= levels["threshold"]:
            problems.add(
                f"{channel}: extend is {levels['extend']:g} and the threshold {levels['threshold']:g};"
                " wanted 0 < extend <= threshold; give another --extend or --threshold"
            )
    problems.raise_if_any()


def _write_channel(
    scores: Scores, channel: str, out: IO[str], layout: Layout, settings: dict[str, Any]
) -> _Counts:
    counts = _Counts()
    for runs in complete(_near(scores, channel, layout, settings["extend"], settings["merge_gap"])):
        regions = called_regions(runs, **settings)
        out.writelines(_lines(regions, layout, scores, channel, counts.regions))
        counts.regions += len(regions)
        counts.bases += int((regions.end - regions.start).sum())
    return counts


def _near(scores: Scores, channel: str, layout: Layout, extend: float, merge_gap: int) -> Iterator[NearRuns]:
    """What regions may be made of, batch after batch."""
    track = scores.values[scores.channels.index(channel)]
    find = partial(_near_runs, track, extend, merge_gap)
    for number, runs in enumerate(in_order(find, batches(layout), available_cores()), 1):
        yield runs
        if number % KEPT == 0:
            release(track)
    release(track)


def _near_runs(track: np.ndarray, extend: float, merge_gap: int, batch: Batch) -> NearRuns:
    return near_runs(track, batch, extend, merge_gap)


def _lines(regions: Regions, layout: Layout, scores: Scores, channel: str, before: int) -> Iterator[str]:
    strand = strand_of(channel)
    contigs = np.searchsorted(layout.offset, regions.start, "right") - 1
    offset = layout.offset[contigs]
    columns = (
        contigs,
        regions.start - offset,
        regions.end - offset,
        regions.mean,
        regions.max,
        regions.summit,
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for number, (contig, start, end, mean, top, summit) in enumerate(rows, start=before + 1):
        name = f"{scores.contigs[contig].name}\t{start}\t{end}\t{channel}_{number}"
        yield f"{name}\t{min(1000, round(1000 * top))}\t{strand}\t{mean:.4f}\t{top:.4f}\t{summit}\n"
