"""Every base accounted for: scored, or not called and why; and where the scores come from."""

from pathlib import Path
from typing import Any

import numpy as np

from dnabilstm.files import atomic_file, release
from dnabilstm.genome import no_call_intervals
from dnabilstm.score.fill import RELEASE, Found, Part
from dnabilstm.score.job import Job
from dnabilstm.score.store import Scores

NoCalls = list[tuple[str, int, int]]
"""Contig, first base, end."""


def mask_no_calls(job: Job, scores: Scores, part: Part) -> NoCalls:
    """Take the score off every base of a part that gets none; returns these stretches, in contig coordinates."""
    found, seen = [], 0
    for contig in job.contigs:
        low, high = max(0, part[0] - contig.offset), min(contig.length, part[1] - contig.offset)
        if low >= high:
            continue
        if not job.scores(contig):
            found.append((contig.name, low, high))
            continue
        # Runs are those of the whole contig, whatever part of it is scored here.
        runs = no_call_intervals(job.genome.sequence(contig.name), job.config.no_call_run)
        for start, end in np.clip(runs, low, high).tolist():
            if start < end:
                place = contig.offset - part[0]
                scores.values[:, place + start : place + end] = np.nan
                found.append((contig.name, start, end))
        seen += contig.length
        if seen > RELEASE:
            release(job.genome.codes)
            seen = 0
    return found


def account(job: Job, found: Found, no_calls: NoCalls, part: Part) -> dict[str, Any]:
    """Count the bases of a part, refuse to go on if one is missing, and say where the scores come from."""
    length_of = {contig.name: contig.length for contig in job.contigs}
    total = sum(
        max(0, min(contig.offset + contig.length, part[1]) - max(contig.offset, part[0]))
        for contig in job.contigs
    )
    no_call = sum(end - start for _, start, end in no_calls)
    unscored = sum(
        end - start for name, start, end in no_calls if length_of[name] < max(1, job.config.min_contig)
    )
    scored = found.written - (no_call - unscored)
    if total != scored + no_call:
        raise AssertionError(f"{total} bases in, {scored} scored, {no_call} no-call")
    return {**provenance(job), "bases": {"in": total, "scored": scored, "no_call": no_call}}


def provenance(job: Job) -> dict[str, Any]:
    """Where scores come from: genome, model, settings."""
    model = job.model
    cards = model.card.get("members", [model.card])
    found = {
        "genome": {"source": job.genome.source, "digest": job.genome.digest},
        "model": {"digest": model.digest, "tasks": list(model.network.config.tasks)},
        "settings": job.settings | {"batch": job.config.batch, "min_contig": job.config.min_contig},
        "precision_error": [card.get("context", {}).get("bf16", {}) for card in cards],
        "spread": dict(zip(model.channels, model.spread, strict=False)),
        "thresholds": model.card.get("thresholds", {}),
        "calibrated": all("calibration" in card for card in cards),
        "key": job.key,
        "identity": job.identity,
    }
    if len(job.contigs) < len(job.genome.contigs):
        found["contigs_scored"] = [contig.name for contig in job.contigs]
    return found


def write_no_calls(path: Path, no_calls: NoCalls) -> None:
    """Write the bases without a score as BED3."""
    with atomic_file(path) as part, part.open("w", encoding="utf-8", errors="surrogateescape") as out:
        out.writelines(f"{name}\t{start}\t{end}\n" for name, start, end in no_calls)
