"""Fill an array with the scores of a part of a genome: found where they are there, computed where not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from dnabilstm.files import release
from dnabilstm.genome import Contig, no_call_intervals
from dnabilstm.model.bundle import Model
from dnabilstm.score.cache import Shelf
from dnabilstm.score.job import Job, place_of
from dnabilstm.score.plan import Window
from dnabilstm.score.unfinished import Unfinished
from dnabilstm.score.workers import compute

RELEASE = 1 << 24
"""Bases after which the pages of the codes are given back."""

Progress = Callable[[int], None]
Part = tuple[int, int]
"""First base and end, counted over the whole genome, at borders of windows."""


@dataclass
class Found:
    """Bases that were written, and how many of them were there already."""

    written: int = 0
    reused: int = 0


def fill(
    job: Job, draft: Unfinished, part: tuple[int, int], shelves: list[Shelf], progress: Progress
) -> Found:
    """Write the scores of every base of a part of the genome, computed or found.

    Parameters
    ----------
    job
        What is scored.
    draft
        Takes the scores; its first base is the first of the part.
    part
        First base and end, counted over the whole genome, at borders of windows.
    shelves
        Where scores of whole contigs may be found.
    progress
        Called with the number of bases that were just written.
    """
    found = Found()
    _blank(job, draft, part)
    left = _reuse(job, draft, part, shelves, found, progress)
    pool, start = job.grid.pool, part[0]

    def missing() -> Iterator[Window]:
        """Windows of this part that are not filled in yet, in order."""
        for window in job.windows():
            first, last = place_of(window, pool)
            if window.contig.name not in left or not part[0] <= first < part[1]:
                continue
            if draft.done.get(first) == last:
                found.written, found.reused = found.written + last - first, found.reused + last - first
                progress(last - first)
                continue
            yield window

    finish, seen = partial(probabilities, job.model), 0
    for window, values in compute(job.genome, job.model.network, missing(), job.config, finish):
        first, last = place_of(window, pool)
        if values.shape[1] != last - first or not np.isfinite(values).all():
            raise AssertionError(f"{window}: scores that are missing or not finite")
        draft.write(first - start, last - start, values, done=(first, last))
        found.written += last - first
        progress(last - first)
        seen += last - first
        if seen > RELEASE:
            release(job.genome.codes)
            seen = 0
    return found


def _blank(job: Job, draft: Unfinished, part: tuple[int, int]) -> None:
    """No call for contigs that are too short or not asked for."""
    asked = {contig.name for contig in job.contigs if job.scores(contig)}
    for contig in job.genome.contigs:
        first, last = max(contig.offset, part[0]), min(contig.offset + contig.length, part[1])
        if contig.name not in asked and first < last:
            draft.values[:, first - part[0] : last - part[0]] = np.nan


def _reuse(
    job: Job,
    draft: Unfinished,
    part: tuple[int, int],
    shelves: list[Shelf],
    found: Found,
    progress: Progress,
) -> set[str]:
    """Copy what is on the shelves; returns the names of the contigs that are on none."""
    wanted = [contig for contig in job.contigs if job.scores(contig)]
    wanted = [c for c in wanted if c.offset < part[1] and c.offset + c.length > part[0]]
    for shelf in shelves:
        places = shelf.find(np.array([contig.digest.encode() for contig in wanted], "S40"))
        left = []
        for contig, place in zip(wanted, places.tolist(), strict=True):
            low, high = max(0, part[0] - contig.offset), min(contig.length, part[1] - contig.offset)
            if place < 0 or not _is_whole(job, contig, values := shelf.scores(place)):
                left.append(contig)
                continue
            first, last = contig.offset + low - part[0], contig.offset + high - part[0]
            draft.write(first, last, values[:, low:high])
            found.written, found.reused = found.written + last - first, found.reused + last - first
            progress(last - first)
        shelf.release()
        wanted = left
    return {contig.name for contig in wanted}


def _is_whole(job: Job, contig: Contig, values: np.ndarray) -> bool:
    """Whether scores of a shelf have a call for each base that gets one, and no other."""
    if values.shape[1] != contig.length:
        return False
    runs = no_call_intervals(job.genome.sequence(contig.name), job.config.no_call_run)
    blank = sum(int(np.isnan(values[0, at : at + RELEASE]).sum()) for at in range(0, contig.length, RELEASE))
    return blank == int(np.diff(runs).sum())


@torch.inference_mode()
def probabilities(model: Model, logits: torch.Tensor) -> torch.Tensor:
    """Platt's sigmoid(a * logit + b) of each channel, from the card; 1 and 0 before calibration.

    Of an ensemble, the members' mean, and behind it their spread: (..., 2 * channels).
    """
    cards = model.card.get("members", [model.card])
    single = {"a": 1.0, "b": 0.0}
    pairs = [card.get("calibration", {}).get(channel, single) for card in cards for channel in model.channels]
    a = torch.tensor([pair["a"] for pair in pairs], device=logits.device)
    b = torch.tensor([pair["b"] for pair in pairs], device=logits.device)
    found = torch.sigmoid(logits * a + b)
    if not model.spread:
        return found
    of_members = found.unflatten(-1, (len(cards), -1))
    return torch.cat([of_members.mean(dim=-2), of_members.std(dim=-2, correction=0)], dim=-1)
