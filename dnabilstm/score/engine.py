"""Plan, workers and store put together: a genome and a model to a score for every base."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig, Genome
from dnabilstm.model.bundle import Model
from dnabilstm.score.account import account, mask_no_calls, write_no_calls
from dnabilstm.score.cache import Cache, Shelf, index_of, key_of
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.fill import Part, Progress, fill
from dnabilstm.score.job import Job
from dnabilstm.score.store import (
    ARRAY_FILE,
    NO_CALL_FILE,
    SHARD,
    WHOLE,
    Scores,
    create_scores,
    finished_scores,
    withdraw,
)


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
    scores = score_part(job, Path(folder), None, progress, cache)
    scores.unkept = keep(job, Path(folder), cache)
    return scores


def score_part(
    job: Job, folder: Path, part: Part | None, progress: Progress | None = None, cache: Cache | None = None
) -> Scores:
    """Score a part of a genome into a folder of its own; None is the whole.

    Parameters
    ----------
    job
        What is scored.
    folder, progress, cache
        As in ``score_genome``; nothing is put into the cache.
    part
        At borders of windows, so that it has the scores that it has in the whole.
    """
    progress = progress or _no_progress
    earlier = finished_scores(folder, WHOLE if part is None else SHARD) if job.reusable else None
    if earlier is not None and _is_whole(earlier, job, part) and (folder / NO_CALL_FILE).exists():
        earlier.reused = sum(contig.length for contig in job.contigs)
        progress(earlier.reused)
        return earlier
    first, last = part or (0, job.genome.total)
    identity = job.identity | ({} if part is None else {"part": list(part)})
    with create_scores(
        folder, job.genome.contigs, job.channels, identity if job.reusable else None, part
    ) as scores:
        shelves = list(_shelves(job, earlier if part is None else None, cache))
        found = fill(job, scores.draft, (first, last), shelves, progress)
        no_calls = mask_no_calls(job, scores, (first, last))
        scores.info.update(account(job, found, no_calls, (first, last)))
        scores.reused = found.reused
        withdraw(folder, WHOLE if part is None else SHARD)
        write_no_calls(folder / NO_CALL_FILE, no_calls)
    return scores


def _no_progress(bases: int) -> None:
    pass


def _is_whole(earlier: Scores, job: Job, part: Part | None) -> bool:
    return earlier.info.get("identity") == job.identity and (
        part is None or earlier.info.get("part") == list(part)
    )


def _shelves(job: Job, earlier: Scores | None, cache: Cache | None) -> Iterator[Shelf]:
    """Scores of the same model and settings, nearest first."""
    if earlier is not None and earlier.info.get("key") == job.key and earlier.channels == job.channels:
        done = set(earlier.info.get("contigs_scored") or (contig.name for contig in earlier.contigs))
        least = earlier.info["identity"]["min_contig"]
        yield Shelf(
            earlier.values, index_of(c for c in earlier.contigs if c.name in done and c.length >= least)
        )
    if cache is not None and job.reusable:
        yield from cache.shelves(job.key, len(job.channels))


def keep(job: Job, folder: Path, cache: Cache | None) -> str:
    """Put the finished scores of a folder into the cache; says why, if they are not kept."""
    if cache is None or not job.reusable:
        return ""
    name = key_of("", job.identity)
    return put_if_possible(cache, job.key, name, folder / ARRAY_FILE, filter(job.scores, job.contigs))


def put_if_possible(cache: Cache, key: str, name: str, array: Path, contigs: Iterable[Contig]) -> str:
    """Like ``Cache.put``; says why, if it cannot: scores are whole without a cache."""
    try:
        cache.put(key, name, array, contigs)
    except DnabilstmError as error:
        return str(error)
    return ""
