"""Attention weights to tables and pictures: of local attention by offset, of a sequence head by place."""

from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.explain.draw_attention import AttentionSight, draw_attention, draw_offsets
from dnabilstm.explain.inside import attention_weights
from dnabilstm.explain.moments import Moments
from dnabilstm.explain.pictures import stem_of
from dnabilstm.explain.run import Run
from dnabilstm.explain.table import open_table
from dnabilstm.explain.withheld import bins_of_stretch

OFFSETS = ("head", "offset", "mean", "sd")
WEIGHTS = ("locus", "contig", "start", "end", "head", "weight")
LOCAL = ("locus", "contig", "start", "end", "head", "offset", "weight")
DIGITS = 6
"""Decimals of weights, of which hundreds add up to 1."""


def write_attention(run: Run) -> dict[str, Any]:
    """Write ``attention/``: weights at the first loci as table and pictures; of local attention also means by offset.

    Returns
    -------
    dict
        What was written, and what the weights are of.
    """
    network, folder = run.member, run.folder / "attention"
    local = network.attention is not None
    kept, moments = _gather(run)
    _write_weights(run, kept, local, folder / "weights.tsv.gz")
    told: dict[str, Any] = {
        "kind": network.config.attention,
        "files": ["weights.tsv.gz"],
        "pictures": [_draw(run, index, kept[index], local, folder) for index in sorted(kept)],
    }
    if local:
        heads, pool = network.attention.heads, network.config.pool
        mean, deviation = moments.mean.reshape(heads, -1), moments.deviation.reshape(heads, -1)
        _write_offsets(mean, deviation, pool, folder / "offsets.tsv")
        told["files"].append("offsets.tsv")
        told["offsets"] = draw_offsets(mean, pool, folder / "offsets")[0].name
    return told | ({"member": run.config.member} if run.members > 1 else {})


def _gather(run: Run) -> tuple[dict[int, np.ndarray], Moments | None]:
    """Weights at the loci that are drawn, by index, and those of local attention at all loci, summed up.

    The columns of the latter are the offsets of the first head, then of the next.
    """
    kept: dict[int, np.ndarray] = {}
    moments = None
    with run.bar("attention", len(run.loci), "loci") as advance:
        for index, weights in attention_weights(run.member, run.with_reach(run.choices)):
            if index < run.config.pictures:
                kept[index] = weights
            if weights.ndim == 3:
                rows = weights.transpose(1, 0, 2).reshape(weights.shape[1], -1)
                moments = moments or Moments(rows.shape[1], 0)
                moments.add(rows, np.empty((len(rows), 0)))
            advance(1)
    return kept, moments


def _bins(run: Run, index: int) -> list[tuple[int, int]]:
    """Where the bins of a locus lie on its contig, 0-based, half-open, cut off at its ends."""
    locus, pool = run.loci[index], run.member.config.pool
    first, last = bins_of_stretch(locus, locus.start, locus.end, pool)
    starts = [number * pool + locus.origin for number in range(first, last)]
    return [(max(0, start), min(locus.contig.length, start + pool)) for start in starts]


def _write_weights(run: Run, kept: dict[int, np.ndarray], local: bool, path: Path) -> None:
    """Write a row a bin and head, and of local attention a row an offset that lies on the sequence."""
    pool = run.member.config.pool
    with open_table(path) as out:
        out.write("\t".join(LOCAL if local else WEIGHTS) + "\n")
        for index in sorted(kept):
            locus = run.loci[index]
            for (start, end), by_head in zip(_bins(run, index), kept[index].swapaxes(0, 1), strict=True):
                place = f"{locus.name}\t{locus.contig.name}\t{start}\t{end}"
                for head, weights in enumerate(by_head, start=1):
                    if not local:
                        out.write(f"{place}\t{head}\t{weights:.{DIGITS}f}\n")
                        continue
                    reach = len(weights) // 2
                    for offset, weight in enumerate(weights.tolist(), start=-reach):
                        if weight > 0:
                            out.write(f"{place}\t{head}\t{offset * pool}\t{weight:.{DIGITS}f}\n")


def _write_offsets(mean: np.ndarray, deviation: np.ndarray, pool: int, path: Path) -> None:
    """Write a row a head and offset, in bases."""
    reach = mean.shape[1] // 2
    with open_table(path) as out:
        out.write("\t".join(OFFSETS) + "\n")
        for head, rows in enumerate(zip(mean, deviation, strict=True), start=1):
            for offset, (value, spread) in enumerate(zip(*rows, strict=True), start=-reach):
                out.write(f"{head}\t{offset * pool}\t{value:.{DIGITS}f}\t{spread:.{DIGITS}f}\n")


def _draw(run: Run, index: int, weights: np.ndarray, local: bool, folder: Path) -> str:
    choice = run.choices[index]
    sight = AttentionSight(choice, weights, _bins(run, index), run.member.config.pool)
    return draw_attention(sight, folder / stem_of(index + 1, choice.locus))[0].name
