"""Plan, workers and store put together: a genome and a model to a score for every base."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from dnabilstm.files import atomic_file
from dnabilstm.genome import Genome, no_call_intervals
from dnabilstm.model.bundle import Model
from dnabilstm.model.ensemble import members_of
from dnabilstm.model.runtime import available_cores
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Grid, Window, batches, codes_of, scored_bases, windows_of
from dnabilstm.score.store import Scores, create_scores
from dnabilstm.score.sweep import logits_of

NO_CALL_FILE = "nocall.bed"
DEFAULT_CHUNK = 50_000
DEFAULT_HALO = 4_000
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
Progress = Callable[[int], None]
Finish = Callable[[torch.Tensor], torch.Tensor]


def grid_of(model: Model, config: ScoreConfig) -> Grid:
    """The grid that a model's card and the settings define, in bins."""
    pool = model.network.config.pool
    context = model.card.get("context", {})
    chunk = config.chunk or context.get("chunk", DEFAULT_CHUNK)
    halo = config.halo if config.halo >= 0 else context.get("halo", DEFAULT_HALO)
    return Grid(pool, 0 if config.exact else -(-chunk // pool), -(-halo // pool))


def _as_logits(logits: torch.Tensor) -> torch.Tensor:
    return logits


def score_genome(
    genome: Genome,
    model: Model,
    folder: Path,
    config: ScoreConfig = ScoreConfig(),  # noqa: B008 - frozen
    *,
    contigs: list[str] | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Score every base of a genome and write the scores and ``nocall.bed`` into ``folder``.

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
        Called with the number of bases that were just scored.

    Returns
    -------
    Scores
        Calibrated probabilities, with the counts of bases scored and not called in ``info``; of an
        ensemble the members' mean, and in the channels ``<channel>.spread`` their standard deviation.
    """
    wanted = dict.fromkeys(genome.names if contigs is None else contigs)
    with create_scores(folder, genome, (*model.channels, *model.spread)) as scores:
        windows = _windows(genome, wanted, grid_of(model, config), config)
        for window, values in compute(genome, model.network, windows, config, partial(_probabilities, model)):
            length = genome.contig(window.contig).length
            first, last, _ = scored_bases(window, length, model.network.config.pool)
            scores.contig(window.contig)[first:last] = values
            if progress:
                progress(last - first)
        no_calls = _mask_no_calls(genome, scores, wanted, config)
        called_off = sum(end - start for _, start, end in no_calls)
        scores.info.update(_account(genome, model, scores, wanted, config, called_off))
        _write_no_calls(Path(folder) / NO_CALL_FILE, no_calls)
    return scores


def _windows(genome: Genome, wanted: dict[str, None], grid: Grid, config: ScoreConfig) -> list[Window]:
    windows: list[Window] = []
    for contig in genome.contigs:
        if contig.name in wanted and contig.length >= max(1, config.min_contig):
            windows += windows_of(contig.name, contig.length, grid)
    return windows


def compute(
    genome: Genome,
    network: nn.Module,
    windows: list[Window],
    config: ScoreConfig,
    finish: Finish = _as_logits,
) -> Iterator[tuple[Window, np.ndarray]]:
    """Scores of windows, in any order.

    Parameters
    ----------
    genome, network, windows, config
        What is computed; the network, in evaluation mode, decides the device.
    finish
        From logits to what is wanted, same shape; by default the logits themselves.

    Yields
    ------
    window
        One of ``windows``.
    values
        float32 (bases scored, channels).
    """
    cuda = next(network.parameters()).is_cuda
    workers = config.workers or (1 if cuda else available_cores())
    planned = batches(windows, config.batch, _bins_in_memory(network, config))
    pool = ThreadPoolExecutor(workers)
    try:
        # Only a few batches are in flight, so that finished ones do not pile up in memory.
        queue = iter(planned)
        running = {
            pool.submit(_score_batch, genome, network, b, config, finish) for b in _take(queue, 2 * workers)
        }
        while running:
            done = next(as_completed(running))
            running.remove(done)
            running |= {
                pool.submit(_score_batch, genome, network, b, config, finish) for b in _take(queue, 1)
            }
            yield from done.result()
    finally:
        # An interrupted run does not wait for the batches that it no longer wants.
        pool.shutdown(wait=False, cancel_futures=True)


def _take(queue: Iterator[list[Window]], count: int) -> list[list[Window]]:
    return [batch for _, batch in zip(range(count), queue, strict=False)]


def _bins_in_memory(network: nn.Module, config: ScoreConfig) -> int:
    """How many bins of a batch fit: a layer holds its inputs and its outputs."""
    floats = max(
        2 * max(2 * member.config.filters, 4) + 4 * member.config.hidden for member in members_of(network)
    )
    return config.memory * (1 << 20) // (4 * floats)


def _score_batch(
    genome: Genome, network: nn.Module, batch: list[Window], config: ScoreConfig, finish: Finish
) -> list[tuple[Window, np.ndarray]]:
    pool = network.config.pool
    device = next(network.parameters()).device
    if device.type == "cpu":
        torch.set_num_threads(1)
    codes = np.zeros((len(batch), batch[0].bins * pool), np.uint8)
    for row, window in enumerate(batch):
        codes[row, : window.bins * pool] = codes_of(window, genome.sequence(window.contig), pool)
    lengths = torch.tensor([window.bins for window in batch])
    logits = logits_of(
        network, torch.from_numpy(codes).to(device), lengths.to(device), DTYPES[config.precision]
    )
    values = finish(logits).cpu().numpy()
    out = []
    for row, window in enumerate(batch):
        first, last, place = scored_bases(window, genome.contig(window.contig).length, pool)
        out.append((window, values[row, place : place + last - first]))
    return out


@torch.inference_mode()
def _probabilities(model: Model, logits: torch.Tensor) -> torch.Tensor:
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


def _mask_no_calls(
    genome: Genome, scores: Scores, wanted: dict[str, None], config: ScoreConfig
) -> list[tuple[str, int, int]]:
    """Take the score off every base that gets none; returns these stretches."""
    found = []
    for contig in genome.contigs:
        if contig.name not in wanted or not contig.length:
            continue
        if contig.length < config.min_contig:
            found.append((contig.name, 0, contig.length))
            continue
        for start, end in no_call_intervals(genome.sequence(contig.name), config.no_call_run).tolist():
            scores.contig(contig.name)[start:end] = np.nan
            found.append((contig.name, start, end))
    return found


def _account(
    genome: Genome, model: Model, scores: Scores, wanted: dict[str, None], config: ScoreConfig, no_call: int
) -> dict[str, Any]:
    """Count the bases, refuse to go on if one is missing, and say where the scores come from."""
    total = sum(genome.contig(name).length for name in wanted)
    scored = sum(_scored(scores, name) for name in wanted)
    if total != scored + no_call:
        raise AssertionError(f"{total} bases in, {scored} scored, {no_call} no-call")
    grid = grid_of(model, config)
    return {
        "genome": {"source": genome.source, "digest": genome.digest},
        "model": {"digest": model.digest, "tasks": list(model.network.config.tasks)},
        "bases": {"in": total, "scored": scored, "no_call": no_call},
        "settings": {
            "exact": config.exact,
            "chunk": grid.chunk * grid.pool,
            "halo": grid.halo * grid.pool,
            "batch": config.batch,
            "precision": config.precision,
            "no_call_run": config.no_call_run,
            "min_contig": config.min_contig,
        },
        "spread": dict(zip(model.channels, model.spread, strict=False)),
        "thresholds": model.card.get("thresholds", {}),
        "calibrated": all("calibration" in card for card in model.card.get("members", [model.card])),
    }


def _scored(scores: Scores, name: str) -> int:
    """Bases of a contig that have a score in every channel."""
    return int(np.isfinite(scores.contig(name)).all(axis=1).sum())


def _write_no_calls(path: Path, no_calls: list[tuple[str, int, int]]) -> None:
    with atomic_file(path) as part, part.open("w", encoding="utf-8", errors="surrogateescape") as out:
        out.writelines(f"{name}\t{start}\t{end}\n" for name, start, end in no_calls)
