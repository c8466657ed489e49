"""Scores to regions: thresholds with hysteresis, joined over small gaps, with a summit.

A region reaches ``threshold`` somewhere and goes on to both sides for as long as the score stays at
``extend`` or above, as edges are traced by Canny 1986 (IEEE PAMI 8:679). A no-call ends a region, and
regions on its two sides are never joined.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from dnabilstm.errors import Problems
from dnabilstm.files import atomic_file, write_json
from dnabilstm.score.store import Scores
from dnabilstm.tracks.options import CallConfig
from dnabilstm.tracks.runs import BLOCK, blocks

TABLE_FILE = "regions.json"
THRESHOLD = 0.5
STRANDS = {".plus": "+", ".minus": "-"}


@dataclass(frozen=True)
class Regions:
    """Called regions of one contig: parallel arrays (regions,), ascending, not overlapping.

    Attributes
    ----------
    start, end : numpy.ndarray
        int64, 0-based, half-open.
    mean, max : numpy.ndarray
        float64, of the scores in the region.
    summit : numpy.ndarray
        int64, bases from ``start``: the middle of the longest stretch at the maximum, as the peak of a
        narrowPeak file.
    """

    start: np.ndarray
    end: np.ndarray
    mean: np.ndarray
    max: np.ndarray
    summit: np.ndarray

    def __len__(self) -> int:
        return len(self.start)


def strand_of(channel: str) -> str:
    """``+`` or ``-`` of a stranded channel, ``.`` of any other."""
    return next((strand for suffix, strand in STRANDS.items() if channel.endswith(suffix)), ".")


def call_regions(
    track: np.ndarray,
    *,
    threshold: float,
    extend: float,
    min_length: int = CallConfig.min_length,
    merge_gap: int = CallConfig.merge_gap,
) -> Regions:
    """Call the regions of one contig.

    Parameters
    ----------
    track
        float32 (length,), probabilities; NaN is a no-call.
    threshold, extend
        Probabilities: what a region reaches somewhere, and what it does not fall below before joining;
        ``extend`` is at most ``threshold``.
    min_length
        Shorter regions are left out, after joining; bases.
    merge_gap
        Regions less than this far apart are joined, unless a no-call lies between them; bases.
    """
    start, end = _stretches(track, extend)
    seeds, _ = _stretches(track, threshold)
    # Seeds lie within the stretches: one that holds none has no seed start between its ends.
    seeded = np.searchsorted(seeds, end) > np.searchsorted(seeds, start)
    start, end = _joined(track, start[seeded], end[seeded], merge_gap)
    long = end - start >= min_length
    start, end = start[long], end[long]
    rows = [_measured(track[first:last]) for first, last in zip(start.tolist(), end.tolist(), strict=True)]
    mean, top, summit = np.array(rows, np.float64).reshape(-1, 3).T
    return Regions(start, end, mean, top, summit.astype(np.int64))


def _stretches(track: np.ndarray, level: float, size: int = BLOCK) -> tuple[np.ndarray, np.ndarray]:
    """Start and end, int64 (stretches,), of the bases at ``level`` or above; NaN is below."""
    inside = False
    edges = [np.empty(0, np.int64)]
    for offset, scores in blocks(track, size):
        above = scores >= level
        edges.append(np.flatnonzero(np.diff(above, prepend=inside)) + offset)
        inside = bool(above[-1])
    edges.append(np.array([len(track)] if inside else [], np.int64))
    borders = np.concatenate(edges)
    return borders[::2], borders[1::2]


def _joined(
    track: np.ndarray, start: np.ndarray, end: np.ndarray, merge_gap: int
) -> tuple[np.ndarray, np.ndarray]:
    near = np.flatnonzero(start[1:] - end[:-1] < merge_gap)
    bridged = [i for i in near.tolist() if not np.isnan(track[end[i] : start[i + 1]]).any()]
    return np.delete(start, np.array(bridged, np.intp) + 1), np.delete(end, np.array(bridged, np.intp))


def _measured(scores: np.ndarray) -> tuple[float, float, int]:
    """Mean, maximum and summit of the scores of a region."""
    top = scores.max()
    start, end = _stretches(scores, top)
    longest = int(np.argmax(end - start))
    return float(scores.mean(dtype=np.float64)), float(top), int(start[longest] + end[longest] - 1) // 2


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

    The spread of an ensemble is no probability and calls none. The columns are those of BED6 (name
    ``<channel>_<number>``, score 1000 times the maximum), then mean and maximum of the scores and the
    summit in bases from the start. Contigs are in the FASTA's order.

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
    folder = Path(folder)
    common = {"min_length": min_length, "merge_gap": merge_gap}
    channels = {}
    for channel, levels in settings.items():
        path = folder / f"{channel}.regions.bed"
        with atomic_file(path) as part, part.open("w", encoding="utf-8", errors="surrogateescape") as out:
            # The table tells of finished files only.
            (folder / TABLE_FILE).unlink(missing_ok=True)
            counts = _write_channel(scores, channel, out, levels | common)
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


def _write_channel(scores: Scores, channel: str, out: IO[str], settings: dict[str, Any]) -> _Counts:
    counts = _Counts()
    for contig in scores.contigs:
        regions = call_regions(scores.track(channel, contig.name), **settings)
        out.writelines(_lines(regions, contig.name, channel, counts.regions))
        counts.regions += len(regions)
        counts.bases += int((regions.end - regions.start).sum())
    return counts


def _lines(regions: Regions, contig: str, channel: str, before: int) -> Iterator[str]:
    strand = strand_of(channel)
    columns = (regions.start, regions.end, regions.mean, regions.max, regions.summit)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for number, (start, end, mean, top, summit) in enumerate(rows, start=before + 1):
        score = min(1000, round(1000 * top))
        yield (
            f"{contig}\t{start}\t{end}\t{channel}_{number}\t{score}\t{strand}\t{mean:.4f}\t{top:.4f}\t{summit}\n"
        )
