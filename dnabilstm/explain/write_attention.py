"""Attention weights to tables and pictures: of local attention by offset, of a sequence head by place."""

from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.explain.draw_attention import AttentionSight, draw_attention, draw_offsets
from dnabilstm.explain.inside import attention_weights
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
    first = run.config.pictures
    local = network.attention is not None
    kept: dict[int, np.ndarray] = {}
    sums = 0.0
    with run.bar("attention", len(run.loci), "loci") as advance:
        for index, weights in attention_weights(network, run.with_reach(run.choices)):
            if index < first:
                kept[index] = weights
            if local:
                sums = sums + np.stack([np.ones_like(weights), weights, weights**2]).sum(
                    axis=2, dtype=np.float64
                )
            advance(1)
    _write_weights(run, kept, local, folder / "weights.tsv.gz")
    told: dict[str, Any] = {
        "kind": network.config.attention,
        "heads": network.config.attention_heads if network.config.attention != "additive" else 1,
        "files": ["weights.tsv.gz"],
        "pictures": [_draw(run, index, kept[index], local, folder) for index in sorted(kept)],
    }
    if local:
        count, total, squares = sums
        mean = total / count
        deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
        pool = network.config.pool
        _write_offsets(mean, deviation, pool, folder / "offsets.tsv")
        told["files"].append("offsets.tsv")
        told["offsets"] = draw_offsets(mean, pool, folder / "offsets")[0].name
    return told | ({"member": run.config.member} if run.members > 1 else {})


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
