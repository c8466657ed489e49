"""Attributions of all loci to tables, tracks and pictures, and how far two methods agree."""

from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.colours import colour_of
from dnabilstm.explain.pictures import Mark, Sight, draw_locus, marks_in, stem_of
from dnabilstm.explain.run import Run
from dnabilstm.explain.table import write_bases, write_loci
from dnabilstm.explain.tracks import sparse_track, write_tracks


def write_attribution(run: Run) -> dict[str, Any]:
    """Write ``attribution/``: ``loci.tsv``, and of each output table, tracks, and pictures of the first loci.

    Returns
    -------
    dict
        What was written, and how the methods agree.
    """
    folder = run.folder / "attribution"
    write_loci(run.choices, folder / "loci.tsv")
    found: dict[str, Any] = {"method": run.config.method, "units": "log-odds", "loci": len(run.choices)}
    found["agreement"] = _agreement(run)
    for column in run.columns:
        channel = run.model.channels[column]
        write_bases(run.attributions, column, folder / f"{channel}.tsv.gz", run.config.digits)
        files = [f"{channel}.tsv.gz"]
        if run.genome:
            track = sparse_track((one.choice.locus, one.own[:, column]) for one in run.attributions)
            written = write_tracks(track, run.genome.contigs, folder / channel, run.config.digits)
            files += [path.name for path in written]
        found[channel] = {"files": files, "pictures": _draw(run, column, folder / channel)}
    return found


def _agreement(run: Run) -> dict[str, Any]:
    """Correlation of mutagenesis and gradients over the bases of the first loci, and the gaps of the latter."""
    choices, attributions = run.choices[: run.config.check], run.attributions[: run.config.check]
    if not choices:
        return {}
    by_gradients = run.config.method == "gradients"
    gaps, others = [], []
    with run.bar("check", sum(len(choice.locus) for choice in choices), "bases") as advance:
        for choice in choices:
            if by_gradients:
                others.append(run.explainer.mutagenesis(choice, advance))
                continue
            other, whole = run.explainer.gradients(choice, advance)
            others.append(other)
            gaps.append(np.abs(whole.gap) / np.maximum(np.abs(whole.difference), 1e-9))
    own = np.concatenate([one.own for one in attributions])
    other = np.concatenate([one.own for one in others])
    correlation = {
        run.model.channels[k]: round(float(np.corrcoef(own[:, k], other[:, k])[0, 1]), 4) for k in run.columns
    }
    found = {"loci": len(choices), "correlation": correlation}
    if gaps:
        found["largest_gap"] = round(float(np.max(gaps)), 4)
    return found


def _draw(run: Run, column: int, folder: Path) -> list[str]:
    """Pictures of the first loci; gives the names of the PNG files."""
    channel, names = run.model.channels[column], []
    hits = _marks_of_motifs(run, channel)
    scores = [] if run.model.network.config.head == "sequence" else run.scores
    for number, one in enumerate(run.attributions[: run.config.pictures], start=1):
        locus = one.choice.locus
        place = locus.contig.name, locus.start, locus.end
        sight = Sight(
            one,
            column,
            channel,
            colour_of(column),
            scores[number - 1][:, column] if scores else None,
            marks_in(hits, *place),
            marks_in(run.annotations, *place),
        )
        names.append(draw_locus(sight, folder / stem_of(number, locus))[0].name)
    return names


def _marks_of_motifs(run: Run, channel: str) -> dict[str, list[Mark]]:
    """Motif hits by contig, where motifs are asked for."""
    marks: dict[str, list[Mark]] = {}
    if run.config.only and "motifs" not in run.config.only:
        return marks
    for motif in run.motifs[channel]:
        for hit in motif.hits:
            locus = run.choices[hit.seqlet.locus].locus
            mark = Mark(locus.start + hit.start, locus.start + hit.end, motif.name, hit.strand)
            marks.setdefault(locus.contig.name, []).append(mark)
    return marks
