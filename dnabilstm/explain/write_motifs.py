"""Motifs of all outputs to MEME text, tables and a picture."""

from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.alphabet import ONE_HOT, N
from dnabilstm.explain.known import Match, best_match
from dnabilstm.explain.logos import STYLE, draw_logo, information, pyplot, save
from dnabilstm.explain.meme import write_meme
from dnabilstm.explain.motifs import Motif
from dnabilstm.explain.run import Run
from dnabilstm.explain.table import open_table

COLUMNS = ("motif", "consensus", "sign", "seqlets", "loci", "mean_attribution")
MATCH = ("match", "correlation", "p_value", "e_value")
HITS = ("contig", "start", "end", "motif", "attribution", "strand", "locus")


def write_motifs(run: Run) -> dict[str, Any]:
    """Write ``motifs/``: of each output ``CHANNEL.meme``, ``.tsv``, ``.hits.tsv`` and a picture of the logos.

    Returns
    -------
    dict
        By output, a row a motif, as in the table.
    """
    folder, found = run.folder / "motifs", {}
    background = _background(run)
    for channel, motifs in run.motifs.items():
        matches = [best_match(motif.shares, run.known) if run.known else None for motif in motifs]
        write_meme(motifs, background, folder / f"{channel}.meme")
        rows = [_row(motif, match) for motif, match in zip(motifs, matches, strict=True)]
        _write_rows(rows, (*COLUMNS, *(MATCH if run.known else ())), folder / f"{channel}.tsv")
        _write_hits(run, motifs, folder / f"{channel}.hits.tsv")
        if motifs:
            draw_motifs(motifs, matches, channel, folder / channel)
        found[channel] = rows
    return found


def _background(run: Run) -> np.ndarray:
    """Shares of A, C, G, T in the loci, both strands together."""
    codes = np.concatenate([choice.codes for choice in run.choices])
    shares = ONE_HOT[codes[codes != N]].sum(axis=0)
    return (shares + shares[::-1]) / max(1, 2 * shares.sum())


def _row(motif: Motif, match: Match | None) -> dict[str, Any]:
    row = {
        "motif": motif.name,
        "consensus": motif.consensus,
        "sign": "+" if motif.sign > 0 else "-",
        "seqlets": len(motif.hits),
        "loci": len({hit.seqlet.locus for hit in motif.hits}),
        "mean_attribution": round(float(np.mean([hit.seqlet.total for hit in motif.hits])), 4),
    }
    if match:
        values = match.name, round(match.correlation, 3), round(match.p_value, 4), round(match.e_value, 4)
        row |= dict(zip(MATCH, values, strict=True))
    return row


def _write_rows(rows: list[dict[str, Any]], columns: tuple[str, ...], path: Path) -> None:
    with open_table(path) as out:
        out.write("\t".join(columns) + "\n")
        for row in rows:
            out.write("\t".join(str(row[name]) for name in columns) + "\n")


def _write_hits(run: Run, motifs: list[Motif], path: Path) -> None:
    """Write where the motifs are, in the order of the loci; the first six columns are those of BED."""
    rows = []
    for motif in motifs:
        for hit in motif.hits:
            locus = run.choices[hit.seqlet.locus].locus
            place = max(0, locus.start + hit.start), min(locus.contig.length, locus.start + hit.end)
            strand = "+" if hit.strand > 0 else "-"
            row = (locus.contig.name, *place, motif.name, f"{hit.seqlet.total:.4f}", strand, locus.name)
            rows.append((hit.seqlet.locus, place, row))
    with open_table(path) as out:
        out.write("\t".join(HITS) + "\n")
        for *_, row in sorted(rows):
            out.write("\t".join(map(str, row)) + "\n")


def draw_motifs(motifs: list[Motif], matches: list[Match | None], channel: str, stem: Path) -> list[Path]:
    """Draw each motif twice: mean attribution of its bases, and information of their frequencies."""
    import matplotlib

    plots = pyplot()
    with matplotlib.rc_context(STYLE):
        figure, axes = plots.subplots(len(motifs), 2, figsize=(9, 1.15 * len(motifs) + 0.5), squeeze=False)
        figure.subplots_adjust(
            0.2, 0.35 / (1.15 * len(motifs) + 0.5), 0.98, 1 - 0.4 / (1.15 * len(motifs) + 0.5)
        )
        for row, motif, match in zip(axes, motifs, matches, strict=True):
            shown = (motif.contributions, information(motif.shares))
            for axis, heights in zip(row, shown, strict=True):
                draw_logo(axis, heights)
                low, high = min(0.0, float(heights.min())), max(0.0, float(heights.max()))
                axis.set(xlim=(0, len(heights)), xticks=[], ylim=(1.05 * low, 1.05 * high or 0.1))
                axis.tick_params(labelsize=7)
            row[1].set_ylim(0, 2)
            text = f"{motif.name}\n{len(motif.hits)} seqlets"
            text += f"\n{match.name} (r {match.correlation:.2f})" if match else ""
            row[0].set_ylabel(text, rotation=0, ha="right", va="center", fontsize=8)
        axes[0, 0].set_title(f"mean attribution to {channel} (log-odds)", fontsize=9)
        axes[0, 1].set_title("bases (bits)", fontsize=9)
        paths = save(figure, stem)
        plots.close(figure)
    return paths
