"""Plan, workers and store put together: a genome and a model to a score for every base."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dnabilstm.files import atomic_file, release
from dnabilstm.genome import Contig, Genome, no_call_intervals
from dnabilstm.model.bundle import Model
from dnabilstm.model.runtime import computes_bf16, device_of
from dnabilstm.score.cache import Cache, Shelf, index_of, key_of
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Grid, Window, scored_bases, windows_of
from dnabilstm.score.store import ARRAY_FILE, Scores, create_scores, finished_scores
from dnabilstm.score.unfinished import Unfinished
from dnabilstm.score.workers import compute

NO_CALL_FILE = "nocall.bed"
DEFAULT_CHUNK = 50_000
DEFAULT_HALO = 4_000
ENGINE = 1
"""Counts changes of the engine that change scores: what an older one has kept is computed anew."""
BF16_ERROR = 0.01
"""The 99.9th percentile of the error in probability up to which bf16 is good enough."""
BF16_LOSS = 0.001
"""The AUPRC that bf16 may lose."""
_RELEASE = 1 << 24
"""Bases after which the pages of the codes are given back."""

Progress = Callable[[int], None]


def grid_of(model: Model, config: ScoreConfig) -> Grid:
    """The grid that a model's card and the settings define, in bins."""
    pool = model.network.config.pool
    context = model.card.get("context", {})
    chunk = config.chunk or context.get("chunk", DEFAULT_CHUNK)
    halo = config.halo if config.halo >= 0 else context.get("halo", DEFAULT_HALO)
    return Grid(pool, 0 if config.exact else -(-chunk // pool), -(-halo // pool))


def settled(config: ScoreConfig, model: Model) -> ScoreConfig:
    """The settings with the precision that ``auto`` takes.

    It is bf16 where the device computes in it and the error that the model's card (of an ensemble, every
    member's) has of it is at most ``BF16_ERROR`` and ``BF16_LOSS``; else fp32.
    """
    if config.precision != "auto":
        return config
    device = device_of(model.network)
    fits = computes_bf16(device) and all(
        _bears_bf16(card) for card in model.card.get("members", [model.card])
    )
    return replace(config, precision="bf16" if fits else "fp32")


def _bears_bf16(card: dict[str, Any]) -> bool:
    error = card.get("context", {}).get("bf16", {})
    losses = error.get("auprc_loss")
    return losses is not None and error["p999"] <= BF16_ERROR and max(losses.values()) <= BF16_LOSS


@dataclass(frozen=True)
class Job:
    """What is scored, by which model, and how.

    Attributes
    ----------
    genome, model, config
        The settings are settled.
    grid
        Of the contigs.
    contigs : tuple of Contig
        Those that are asked for, in the order of the genome.
    """

    genome: Genome
    model: Model
    config: ScoreConfig
    grid: Grid
    contigs: tuple[Contig, ...]

    @classmethod
    def of(cls, genome: Genome, model: Model, config: ScoreConfig, names: list[str] | None = None) -> "Job":
        """A job for the contigs of some names; None takes all."""
        for name in names or ():
            genome.contig(name)
        wanted = None if names is None else set(names)
        contigs = tuple(c for c in genome.contigs if wanted is None or c.name in wanted)
        return cls(genome, model, settled(config, model), grid_of(model, config), contigs)

    @property
    def channels(self) -> tuple[str, ...]:
        """Probabilities, and of an ensemble their spread."""
        return (*self.model.channels, *self.model.spread)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that change the scores of a contig."""
        pool = self.grid.pool
        device = device_of(self.model.network)
        return {
            "exact": self.config.exact,
            "chunk": self.grid.chunk * pool,
            "halo": self.grid.halo * pool,
            "precision": self.config.precision,
            "no_call_run": self.config.no_call_run,
            "device": device.type,
            "engine": ENGINE,
        }

    @property
    def key(self) -> str:
        """The name of all that a contig's scores depend on beside its sequence."""
        return key_of(self.model.digest, self.settings)

    @property
    def identity(self) -> dict[str, Any]:
        """What all scores of this job together depend on; nobody else's without digests."""
        found = {"genome": self.genome.digest, "key": self.key, "min_contig": self.config.min_contig}
        if len(self.contigs) < len(self.genome.contigs):
            found["contigs"] = [contig.name for contig in self.contigs]
        return found

    @property
    def reusable(self) -> bool:
        """Whether model and sequences have digests, by which their scores can be found again."""
        return bool(self.model.digest) and all(contig.digest for contig in self.genome.contigs)

    def scores(self, contig: Contig) -> bool:
        """Whether a contig is long enough to get scores."""
        return contig.length >= max(1, self.config.min_contig)

    def windows(self) -> Iterator[Window]:
        """The windows of all contigs, in the order of the genome."""
        for contig in self.contigs:
            if self.scores(contig):
                yield from windows_of(contig, self.grid)


def place_of(window: Window, pool: int) -> tuple[int, int]:
    """The bases that a window scores, counted over the whole genome: first, end."""
    first, last, _ = scored_bases(window, pool)
    return window.contig.offset + first, window.contig.offset + last


def score_genome(
    genome: Genome,
    model: Model,
    folder: Path,
    config: ScoreConfig = ScoreConfig(),  # noqa: B008 - frozen
    *,
    contigs: list[str] | None = None,
    progress: Progress | None = None,
    cache: Cache | None = None,
) -> Scores:
    """Score every base of a genome and write the scores and ``nocall.bed`` into ``folder``.

    Scores that are there already are not computed again: those of contigs that the same model has scored
    with the same settings, in ``folder`` or in the cache, and those that an interrupted run has finished.

    Parameters
    ----------
    genome, model
        What is scored, and by which model; the network decides the device.
    folder
        Made if missing; holds finished scores only when this returns.
    config
        Grid, batches, workers.
    contigs
        Score only these and leave the others without a call; None scores all.
    progress
        Called with the number of bases that were just scored or found.
    cache
        Where scores of other genomes are looked for, and these are kept.

    Returns
    -------
    Scores
        Calibrated probabilities, with the counts of bases scored and not called in ``info``; of an
        ensemble the members' mean, and in the channels ``<channel>.spread`` their standard deviation.
    """
    job = Job.of(genome, model, config, contigs)
    progress = progress or _no_progress
    earlier = finished_scores(folder) if job.reusable else None
    complete = earlier is not None and (Path(folder) / NO_CALL_FILE).exists()
    if complete and earlier.info.get("identity") == job.identity:
        progress(sum(contig.length for contig in job.contigs))
        _keep(job, Path(folder), cache)
        return earlier
    identity = job.identity if job.reusable else None
    with create_scores(folder, genome, job.channels, identity) as scores:
        shelves = list(_shelves(job, earlier, cache))
        found = fill(job, scores.draft, (0, genome.total), shelves, progress)
        no_calls = mask_no_calls(job, scores, (0, genome.total))
        scores.info.update(account(job, found, no_calls))
        write_no_calls(Path(folder) / NO_CALL_FILE, no_calls)
    _keep(job, Path(folder), cache)
    return scores


def _no_progress(bases: int) -> None:
    pass


def _shelves(job: Job, earlier: Scores | None, cache: Cache | None) -> Iterator[Shelf]:
    """Scores of the same model and settings, nearest first."""
    if earlier is not None and earlier.info.get("key") == job.key and earlier.channels == job.channels:
        done = set(earlier.info.get("contigs_scored") or (contig.name for contig in earlier.contigs))
        yield Shelf(earlier.values, index_of(c for c in earlier.contigs if c.name in done and job.scores(c)))
    if cache is not None and job.reusable:
        yield from cache.shelves(job.key, len(job.channels))


def _keep(job: Job, folder: Path, cache: Cache | None) -> None:
    """Put finished scores into the cache."""
    if cache is not None and job.reusable:
        name = job.genome.digest if len(job.contigs) == len(job.genome.contigs) else key_of("", job.identity)
        cache.put(job.key, name, folder / ARRAY_FILE, filter(job.scores, job.contigs))


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
        if seen > _RELEASE:
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
        for contig, place in zip(wanted, places.tolist(), strict=True):
            if place < 0 or shelf.index["length"][place] != contig.length:
                continue
            first, last = max(contig.offset, part[0]), min(contig.offset + contig.length, part[1])
            values = shelf.scores(place)[:, first - contig.offset : last - contig.offset]
            draft.write(first - part[0], last - part[0], values)
            found.written, found.reused = found.written + last - first, found.reused + last - first
            progress(last - first)
        shelf.release()
        wanted = [contig for contig, place in zip(wanted, places.tolist(), strict=True) if place < 0]
    return {contig.name for contig in wanted}


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


def mask_no_calls(job: Job, scores: Scores, part: tuple[int, int]) -> list[tuple[str, int, int]]:
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
        if seen > _RELEASE:
            release(job.genome.codes)
            seen = 0
    return found


def account(job: Job, found: Found, no_calls: list[tuple[str, int, int]]) -> dict[str, Any]:
    """Count the bases, refuse to go on if one is missing, and say where the scores come from."""
    length_of = {contig.name: contig.length for contig in job.contigs}
    total = sum(length_of.values())
    no_call = sum(end - start for _, start, end in no_calls)
    unscored = sum(
        end - start for name, start, end in no_calls if length_of[name] < max(1, job.config.min_contig)
    )
    scored = found.written - (no_call - unscored)
    if total != scored + no_call:
        raise AssertionError(f"{total} bases in, {scored} scored, {no_call} no-call")
    return {
        **provenance(job),
        "bases": {"in": total, "scored": scored, "no_call": no_call},
        "reused": found.reused,
    }


def provenance(job: Job) -> dict[str, Any]:
    """Where scores come from: genome, model, settings."""
    model = job.model
    cards = model.card.get("members", [model.card])
    found = {
        "genome": {"source": job.genome.source, "digest": job.genome.digest},
        "model": {"digest": model.digest, "tasks": list(model.network.config.tasks)},
        "settings": job.settings | {"batch": job.config.batch, "min_contig": job.config.min_contig},
        "precision_error": _precision_error(model),
        "spread": dict(zip(model.channels, model.spread, strict=False)),
        "thresholds": model.card.get("thresholds", {}),
        "calibrated": all("calibration" in card for card in cards),
        "key": job.key,
        "identity": job.identity,
    }
    if len(job.contigs) < len(job.genome.contigs):
        found["contigs_scored"] = [contig.name for contig in job.contigs]
    return found


def _precision_error(model: Model) -> dict[str, Any]:
    """What the card says of bf16 against fp32."""
    return model.card.get("context", {}).get("bf16", {})


def write_no_calls(path: Path, no_calls: list[tuple[str, int, int]]) -> None:
    """Write the bases without a score as BED3."""
    with atomic_file(path) as part, part.open("w", encoding="utf-8", errors="surrogateescape") as out:
        out.writelines(f"{name}\t{start}\t{end}\n" for name, start, end in no_calls)
