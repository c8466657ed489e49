"""Batches of windows computed side by side: a thread a core, or two a GPU."""

import copy
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from queue import SimpleQueue

import numpy as np
import torch
from torch import Tensor, nn

from dnabilstm.errors import DnabilstmError, is_out_of_memory
from dnabilstm.genome import Genome
from dnabilstm.model.runtime import available_cores, device_of
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Limits, Window, batches, codes_of, scored_bases
from dnabilstm.score.sweep import Program

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
ROWS = {"in_c": 16, "cpu": 64, "cuda": 2048}
"""Windows computed together: by our own kernel, by PyTorch's, on a GPU."""
LEAST = {"in_c": 8, "cpu": 16, "cuda": 2048}
"""Windows of the last batches, at least: with fewer rows the kernels are slower."""
MEMORY = 384
"""MiB of a processor's batch; a GPU's may take a share of what is free there."""
STRETCHED = 1536
"""The same, where windows are so long that fewer than ``LEAST`` would fit."""
GPU_SHARE = 0.35
A_GPU = 2
"""Threads a GPU: while it computes one batch, the other is brought, or taken away."""

Finish = Callable[[Tensor], Tensor]
Scored = tuple[Window, np.ndarray]


def as_logits(logits: Tensor) -> Tensor:
    """Leave logits as they are."""
    return logits


def compute(
    genome: Genome,
    network: nn.Module,
    windows: Iterable[Window],
    config: ScoreConfig,
    finish: Finish = as_logits,
) -> Iterator[Scored]:
    """Scores of windows, in any order.

    Parameters
    ----------
    genome, network, windows, config
        What is computed; the network, in evaluation mode, decides the device. ``config.precision`` must
        be settled. On a GPU that is given without a number, all GPUs take part.
    finish
        From logits to what is wanted, value by value; by default the logits themselves.

    Yields
    ------
    window
        One of ``windows``.
    values
        float32 (channels, bases scored).

    Raises
    ------
    DnabilstmError
        If not even a single window fits into the memory.
    """
    programs = _programs(network, DTYPES[config.precision])
    kind = programs[0].device.type
    workers = config.workers or (A_GPU * len(programs) if kind != "cpu" else available_cores())
    # Whoever is free takes a program; threads of a processor share one.
    free: SimpleQueue[Program] = SimpleQueue()
    for number in range(workers):
        free.put(programs[number % len(programs)])

    def run(batch: list[Window]) -> list[Scored]:
        program = free.get()
        try:
            return _score(genome, program, batch, finish)
        finally:
            free.put(program)

    pool = ThreadPoolExecutor(workers)
    try:
        queue = iter(batches(windows, limits_of(programs[0], config)))
        # Only a few batches are in flight, so that finished ones do not pile up in memory.
        running = {pool.submit(run, batch) for batch in islice(queue, workers + 1)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(run, batch) for batch in islice(queue, len(done))}
            yield from _results(done)
    finally:
        # An interrupted run does not wait for the batches that it no longer wants.
        pool.shutdown(wait=False, cancel_futures=True)


def _results(done: set[Future]) -> Iterator[Scored]:
    while done:
        yield from done.pop().result()


def limits_of(program: Program, config: ScoreConfig) -> Limits:
    """How many windows make a batch on the device of a program."""
    kind = program.device.type if program.device.type in ROWS else "cuda"
    kind = "in_c" if program.in_c else kind
    memory = most = config.memory << 20
    if not memory:
        memory, most = MEMORY << 20, STRETCHED << 20
        if program.device.type == "cuda":
            memory = int(GPU_SHARE * _free_memory(program.device))
    rows = config.batch or ROWS[kind]
    least, a_bin = min(rows, LEAST[kind]), program.bytes_per_bin
    return Limits(rows, max(1, memory // a_bin), least, most // a_bin)


def _free_memory(device: torch.device) -> int:
    """Bytes of a GPU that nobody uses; what PyTorch keeps for later counts as free."""
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + kept


def _programs(network: nn.Module, precision: torch.dtype) -> list[Program]:
    """The network made ready, once a device."""
    first = device_of(network)
    devices = [first]
    if first.type == "cuda" and not first.index:
        devices = [torch.device("cuda", number) for number in range(torch.cuda.device_count())]
    return [
        Program(network if device == first else copy.deepcopy(network).to(device), precision)
        for device in devices
    ]


def _score(genome: Genome, program: Program, batch: list[Window], finish: Finish) -> list[Scored]:
    """The scores of a batch; in two halves where the whole does not fit into the memory."""
    if program.device.type == "cpu":
        torch.set_num_threads(1)
    try:
        return _score_whole(genome, program, batch, finish)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    if len(batch) == 1:
        raise DnabilstmError(
            f"out of memory in a window of {batch[0].bins * program.parts[0].network.config.pool:,} bases;"
            " give the job more memory, or use fewer --workers"
        )
    if program.device.type == "cuda":
        torch.cuda.empty_cache()
    half = -(-len(batch) // 2)
    return [*_score(genome, program, batch[:half], finish), *_score(genome, program, batch[half:], finish)]


@torch.inference_mode()
def _score_whole(genome: Genome, program: Program, batch: list[Window], finish: Finish) -> list[Scored]:
    pool = program.parts[0].network.config.pool
    codes = np.zeros((len(batch), batch[0].bins * pool), np.uint8)
    for row, window in zip(codes, batch, strict=True):
        row[: window.bins * pool] = codes_of(window, genome.sequence(window.contig.name), pool)
    on_device = torch.from_numpy(codes)
    if program.device.type == "cuda":
        on_device = on_device.pin_memory().to(program.device, non_blocking=True)
    found = finish(program(on_device, [window.bins for window in batch]))
    values = found.permute(1, 2, 0).contiguous().cpu().numpy()
    return [
        (window, _bases(window, row, pool, program.bases)) for window, row in zip(batch, values, strict=True)
    ]


def _bases(window: Window, values: np.ndarray, pool: int, bases: int) -> np.ndarray:
    """The values of the bases that a window scores, (channels, bases), from those of its steps."""
    first, last, place = scored_bases(window, pool)
    if bases == 1:
        return values[:, place : place + last - first]
    low = place // bases
    steps = values[:, low : -(-(place + last - first) // bases)]
    return np.repeat(steps, bases, axis=1)[:, place - low * bases :][:, : last - first]
