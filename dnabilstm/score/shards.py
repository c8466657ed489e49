"""One big genome spread over many jobs: a shard is a part of the bases that starts and ends at windows.

Windows are those of the whole genome, so shards have the scores that the whole has, whatever their number.
"""

import shutil
from pathlib import Path

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import release
from dnabilstm.genome import Genome
from dnabilstm.model.bundle import Model
from dnabilstm.score.account import NoCalls, write_no_calls
from dnabilstm.score.cache import Cache, key_of
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import put_if_possible, score_part
from dnabilstm.score.fill import Part, Progress
from dnabilstm.score.job import Job, place_of
from dnabilstm.score.store import (
    ARRAY_FILE,
    NO_CALL_FILE,
    SHARD,
    WHOLE,
    Scores,
    create_scores,
    finished_scores,
    open_scores,
    withdraw,
)

FOLDER = "shards"
BLOCK = 1 << 22
"""Bases that are copied at a time."""


def shard_of(text: str) -> tuple[int, int]:
    """``3/8`` as (3, 8): the third of eight shards.

    Raises
    ------
    DnabilstmError
        If it is not of that form.
    """
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise DnabilstmError(f"--shard {text}: wanted NUMBER/COUNT, as in 3/8, with NUMBER from 1 to COUNT")
    return int(number), int(count)


def folder_of(folder: Path, number: int, count: int) -> Path:
    """Where a shard of the scores in ``folder`` stands."""
    return Path(folder) / FOLDER / f"{number}-of-{count}"


def part_of(job: Job, number: int, count: int) -> Part:
    """The bases of a shard: first and end over the whole genome. Shards have about the same work."""
    total = sum(window.bins for window in job.windows())
    low, high = total * (number - 1) // count, total * number // count
    first, seen = job.genome.total if low else 0, 0
    for window in job.windows():
        if seen >= high and number < count:
            return min(first, place_of(window, job.grid.pool)[0]), place_of(window, job.grid.pool)[0]
        if low <= seen and low:
            first = min(first, place_of(window, job.grid.pool)[0])
        seen += window.bins
    return first, job.genome.total


def score_shard(
    genome: Genome,
    model: Model,
    folder: Path,
    shard: tuple[int, int],
    config: ScoreConfig = ScoreConfig(),  # noqa: B008 - frozen
    *,
    progress: Progress | None = None,
    cache: Cache | None = None,
) -> Scores:
    """Score one shard of a genome into ``folder_of(folder, *shard)``; ``merge_shards`` puts them together.

    Parameters
    ----------
    genome, model, folder, config, progress, cache
        As in ``score_genome``; ``folder`` is that of the whole.
    shard
        Its number, from 1, and how many there are.
    """
    job = Job.of(genome, model, config)
    return score_part(job, folder_of(folder, *shard), part_of(job, *shard), progress, cache)


def bases_of_shards(folder: Path, count: int | None = None) -> int:
    """Bases that ``merge_shards`` will copy; refuses what that refuses for a shard that is missing."""
    parts = [open_scores(place, SHARD).info["part"] for place in _all_shards(Path(folder), count)]
    return sum(last - first for first, last in parts)


def merge_shards(
    folder: Path,
    *,
    count: int | None = None,
    keep: bool = False,
    progress: Progress | None = None,
    cache: Cache | None = None,
) -> Scores:
    """Put the shards under ``folder`` together to the scores of the whole genome there.

    Parameters
    ----------
    folder
        That ``score_shard`` was given.
    count
        How many shards there are; needed only where complete sets of different numbers lie side by side.
    keep
        Leave the shards; else they are deleted when the whole is finished.
    progress
        Called with the number of bases that were just copied.
    cache
        Takes the scores.

    Raises
    ------
    DnabilstmError
        If a shard is missing, shards are of different genomes, models or settings, or it is not clear which are
        meant.
    """
    folder = Path(folder)
    places = _all_shards(folder, count)
    shards = [open_scores(place, SHARD) for place in places]
    _check_alike(places, shards)
    first = shards[0]
    with create_scores(folder, first.contigs, first.channels, {"merged": first.info["identity"]}) as scores:
        for shard in shards:
            _copy(shard, scores, progress)
        scores.info.update({name: value for name, value in first.info.items() if name != "part"})
        counts = [shard.info["bases"] for shard in shards]
        scores.info["bases"] = {name: sum(count[name] for count in counts) for name in counts[0]}
        no_calls = _joined(places)
        withdraw(folder, WHOLE)
        write_no_calls(folder / NO_CALL_FILE, no_calls)
    if cache is not None and all(contig.digest for contig in first.contigs):
        least = max(1, first.info["identity"]["min_contig"])
        long = [contig for contig in first.contigs if contig.length >= least]
        name = key_of("merged", first.info["identity"])
        scores.unkept = put_if_possible(cache, first.info["key"], name, folder / ARRAY_FILE, long)
    if not keep:
        for place in places:
            shutil.rmtree(place)
        if not any((folder / FOLDER).iterdir()):
            (folder / FOLDER).rmdir()
    return scores


def _all_shards(folder: Path, wanted: int | None) -> list[Path]:
    """The folders of all shards, in order."""
    found: dict[int, list[int]] = {} if wanted is None else {wanted: []}
    for place in (folder / FOLDER).glob("*-of-*"):
        number, _, count = place.name.partition("-of-")
        if (
            number.isdecimal()
            and count.isdecimal()
            and wanted in (None, int(count))
            and finished_scores(place, SHARD) is not None
        ):
            found.setdefault(int(count), []).append(int(number))
    if not any(found.values()):
        raise DnabilstmError(
            f"{folder}: has no finished shards; run 'dnabilstm score --shard 1/{wanted or 'N'}' and so on"
        )
    whole = sorted(count for count, numbers in found.items() if len(numbers) == count)
    if len(whole) > 1:
        raise DnabilstmError(
            f"{folder}: has all shards of {' and all of '.join(map(str, whole))}; give --shards with the number"
            f" that is meant, or delete the others"
        )
    if whole:
        return [folder_of(folder, number, whole[0]) for number in range(1, whole[0] + 1)]
    count, numbers = max(found.items(), key=lambda item: len(item[1]))
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in numbers]
    raise DnabilstmError(
        f"{folder}: of {count} shards {len(missing)} are not finished; run 'dnabilstm score' with --shard"
        f" {', '.join(missing[:6])}{', ...' if len(missing) > 6 else ''}"
    )


def _check_alike(places: list[Path], shards: list[Scores]) -> None:
    end = 0
    for place, shard in zip(places, shards, strict=True):
        if shard.info.get("identity") != shards[0].info.get("identity") or shard.info["part"][0] != end:
            raise DnabilstmError(
                f"{place}: is not of the genome, model and settings of {places[0].name}; score it again"
            )
        end = shard.info["part"][1]


def _copy(shard: Scores, scores: Scores, progress: Progress | None) -> None:
    first, last = shard.info["part"]
    for start in range(first, last, BLOCK):
        end = min(start + BLOCK, last)
        scores.draft.write(start, end, np.asarray(shard.values[:, start - first : end - first]))
        release(shard.values)
        if progress is not None:
            progress(end - start)


def _joined(places: list[Path]) -> NoCalls:
    """The stretches without a call of all shards; one that a border cuts is one again."""
    found: NoCalls = []
    for place in places:
        for at, (name, start, end) in enumerate(_read_no_calls(place / NO_CALL_FILE)):
            if at == 0 and found and found[-1][0] == name and found[-1][2] == start:
                found[-1] = (name, found[-1][1], end)
            else:
                found.append((name, start, end))
    return found


def _read_no_calls(path: Path) -> NoCalls:
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        rows = [line.split("\t") for line in lines]
        return [(name, int(start), int(end)) for name, start, end in rows]
    except (FileNotFoundError, ValueError):
        raise DnabilstmError(
            f"{path}: is missing or damaged; delete {path.parent} and score this shard again"
        ) from None
