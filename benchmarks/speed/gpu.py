"""How fast a GPU scores a genome, where its time goes, and how far its scores are from a processor's.

    python -m benchmarks.speed.gpu [--bases 200000000] [--seconds 480] [--model MODEL] [--output TABLE.md]

A row a network and arithmetic; each is written as soon as it is measured. After ``--seconds`` no further row is
begun. ``fp32`` is without TF32, ``tf32`` with it. *Whole call* is ``score_genome`` from codes in memory to finished
files; *engine* the same windows without writing; *recurrence* the share of the engine's time in the LSTM
sweeps; *of the peak* their operations against what ``torch.mm`` reaches here; *nn.LSTM* a plain network of the same
size and weights on windows of 2,000 bases that lie on the GPU. *Worst* and *mean* are differences of
probability from the processor's fp32 scores. With random weights bf16 looks better than it is: give a
trained ``--model`` to see its error.

Needs torch, numpy, biopython, pydantic and safetensors, and the project's root as the working folder. Without a
GPU it says so and ends well.
"""

import argparse
import copy
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.speed.machine import described
from benchmarks.speed.made import random_genome, random_model
from benchmarks.speed.peak import matrix_peak, operations_per_base
from dnabilstm.genome import Genome
from dnabilstm.model.bundle import Model, load_model
from dnabilstm.model.runtime import prepare_process
from dnabilstm.score import recurrence
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import score_genome
from dnabilstm.score.job import grid_of
from dnabilstm.score.plan import windows_of
from dnabilstm.score.workers import compute

NETWORKS = {
    "hidden 64, pool 5": {"hidden": 64},
    "hidden 128, pool 5": {"hidden": 128},
    "hidden 64, pool 1, no stem": {"hidden": 64, "pool": 1, "filters": 0},
    "hidden 128, pool 1, no stem": {"hidden": 128, "pool": 1, "filters": 0},
}
ARITHMETIC = {"fp32": "fp32", "bf16": "bf16", "tf32": "fp32"}
"""What the engine is asked for in each."""
ROWS, WINDOW = 1_024, 2_000
"""Windows of the plain network, and their bases."""
HEAD = (
    "| network | arithmetic | whole call, Mb/s | engine, Mb/s | recurrence | of the peak | GPU memory, GB "
    "| nn.LSTM, Mb/s | worst | mean |\n|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass
class Bench:
    """What all rows share.

    Attributes
    ----------
    device : torch.device
        Where scoring is measured.
    genome, warm, short : Genome
        What is timed, what is scored before, and what is compared with the processor.
    peaks : dict
        Operations a second of matrix products, by arithmetic.
    folder : Path
        Takes scores for a while.
    """

    device: torch.device
    genome: Genome
    warm: Genome
    short: Genome
    peaks: dict[str, float]
    folder: Path

    def wait(self) -> None:
        """Until the device has nothing left to do."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def clear(self) -> None:
        """Give memory that is not used back to the device, as at the start of a process: batches go by what is free."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def seconds(self, call: Callable[[], Any]) -> float:
        """How long a call takes."""
        self.wait()
        started = time.perf_counter()
        call()
        self.wait()
        return time.perf_counter() - started


def set_arithmetic(name: str) -> None:
    """Switch TF32 on or off, for matrix products and in cuDNN."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # later versions of PyTorch have other switches beside these
        torch.backends.cuda.matmul.allow_tf32 = name == "tf32"
        torch.backends.cudnn.allow_tf32 = name == "tf32"


class Stopwatch:
    """Time between marks on the device, or in the thread where there is none."""

    def __init__(self, device: torch.device) -> None:
        self.on_device = device.type == "cuda"
        self.marks: list[tuple[Any, Any]] = []

    def mark(self) -> Any:
        """Now, in the order of what the device does."""
        if not self.on_device:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def seconds(self) -> float:
        """The sum over all pairs of marks; the device must be done."""
        if self.on_device:
            return sum(start.elapsed_time(end) for start, end in self.marks) / 1e3
        return sum(end - start for start, end in self.marks)


@contextmanager
def timed_sweeps(device: torch.device) -> Iterator[Stopwatch]:
    """While it lasts, every LSTM sweep of networks that are made ready is timed."""
    watch, real = Stopwatch(device), recurrence.direction

    def direction(*arguments: Any, **options: Any) -> recurrence.Sweep:
        sweep = real(*arguments, **options)

        def timed(*given: Any) -> Any:
            start = watch.mark()
            found = sweep(*given)
            watch.marks.append((start, watch.mark()))
            return found

        return timed

    recurrence.direction = direction
    try:
        yield watch
    finally:
        recurrence.direction = real


def run_engine(genome: Genome, model: Model, config: ScoreConfig) -> None:
    """All windows of a genome through the engine; the scores are dropped."""
    grid = grid_of(model, config)
    windows = (window for contig in genome.contigs for window in windows_of(contig, grid))
    for _ in compute(genome, model.network, windows, config):
        pass


def scores_of(genome: Genome, model: Model, config: ScoreConfig, folder: Path) -> np.ndarray:
    """Scores of a genome, float32 (channels, bases)."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        return np.array(score_genome(genome, model, Path(place), config).values)


def plain_speed(bench: Bench, model: Model, precision: str) -> float:
    """Bases a second of a plain network of the same size and weights, on windows that lie on the device."""
    from benchmarks.speed.peers.plain import plain_of

    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    try:
        network = plain_of(copy.deepcopy(model.network).cpu()).to(bench.device, kind)
    except SystemExit:  # a model with parts that no plain network has
        return float("nan")
    pool = model.network.config.pool
    rows = ROWS if bench.device.type == "cuda" else 4
    shape = (rows, WINDOW - WINDOW % pool)
    one_hot = torch.eye(4, device=bench.device, dtype=kind)[torch.randint(4, shape, device=bench.device)]
    with torch.inference_mode():
        try:
            network(one_hot)
            best = min(bench.seconds(lambda: network(one_hot)) for _ in range(3))
        except torch.OutOfMemoryError:
            return float("nan")
    return shape[0] * shape[1] / best


def measure(bench: Bench, model: Model, arithmetic: str, reference: np.ndarray) -> str:
    """Everything of one network and arithmetic, as the cells of its row."""
    set_arithmetic(arithmetic)
    config = ScoreConfig(precision=ARITHMETIC[arithmetic])
    scores_of(bench.warm, model, config, bench.folder)
    on_gpu = bench.device.type == "cuda"
    bench.clear()
    with tempfile.TemporaryDirectory(dir=bench.folder) as place:
        whole = bench.seconds(lambda: score_genome(bench.genome, model, Path(place), config))
    memory = f"{torch.cuda.max_memory_allocated() / 1e9:.1f}" if on_gpu else "?"
    bench.clear()
    with timed_sweeps(bench.device) as watch:
        engine = bench.seconds(lambda: run_engine(bench.genome, model, config))
        sweeping = watch.seconds()
    total = bench.genome.total
    operations = operations_per_base(model.network.config) * total / engine
    difference = np.abs(scores_of(bench.short, model, config, bench.folder) - reference)
    bench.clear()
    return (
        f"{total / whole / 1e6:,.4g} | {total / engine / 1e6:,.4g} | {sweeping / engine:.0%} "
        f"| {operations / bench.peaks[arithmetic]:.1%} | {memory} "
        f"| {plain_speed(bench, model, arithmetic) / 1e6:,.4g} "
        f"| {np.nanmax(difference):.1e} | {np.nanmean(difference):.1e}"
    )


def rows(bench: Bench, networks: dict[str, Callable[[], Model]], ends: float) -> Iterator[str]:
    """The rows of the table, each as soon as it is known."""
    for name, make in networks.items():
        if time.perf_counter() > ends:
            yield f"| {name} | not begun: out of time |"
            continue
        model = make()
        set_arithmetic("fp32")
        # Small batches, so that so short a genome keeps all cores busy.
        exactly = ScoreConfig(precision="fp32", batch=2)
        reference = scores_of(bench.short, model, exactly, bench.folder)
        model.network.to(bench.device)
        for arithmetic in ARITHMETIC:
            if time.perf_counter() > ends:
                yield f"| {name} | {arithmetic} | not begun: out of time |"
                continue
            try:
                yield f"| {name} | {arithmetic} | {measure(bench, model, arithmetic, reference)} |"
            except Exception as error:  # one row that fails must not cost the others
                yield f"| {name} | {arithmetic} | failed: {' '.join(str(error).split())[:300]} |"
                bench.clear()


def peaks_of(device: torch.device, seconds: float, sizes: tuple[int, ...]) -> dict[str, float]:
    """Operations a second of matrix products, by arithmetic."""
    found = {}
    for name, precision in ARITHMETIC.items():
        set_arithmetic(name)
        found[name] = matrix_peak(precision, 1, str(device), seconds, sizes)
    return found


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bases", type=int, default=200_000_000, help="of the genome that is timed")
    parser.add_argument("--warm-bases", type=int, default=20_000_000, help="scored before, untimed")
    parser.add_argument("--short-bases", type=int, default=1_000_000, help="compared with the processor")
    parser.add_argument("--seconds", type=float, default=480, help="after which no row is begun")
    parser.add_argument(
        "--only", nargs="+", default=[], help="networks that have one of these words in their name"
    )
    parser.add_argument("--model", type=Path, help="a model file instead of random weights")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="cpu tries the script out")
    parser.add_argument("--folder", type=Path, help="takes scores for a while; by default the system's")
    parser.add_argument("--output", type=Path, help="write the table here, too")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("no GPU here: skipped")
        return
    ends = time.perf_counter() + options.seconds
    if options.output:
        options.output.write_text("")

    def say(line: str) -> None:
        print(line, flush=True)
        if options.output:
            with options.output.open("a") as out:
                out.write(line + "\n")

    device = torch.device(options.device)
    on_gpu = device.type == "cuda"
    say(f"{torch.cuda.get_device_name(device)}; {described()}" if on_gpu else described())
    prepare_process()
    peaks = peaks_of(device, 2.0 if on_gpu else 0.1, (4096, 8192) if on_gpu else (1024,))
    say("torch.mm, TFLOP/s: " + ", ".join(f"{name} {peak / 1e12:,.4g}" for name, peak in peaks.items()))
    say(f"{options.bases:,} bases of random sequence\n\n{HEAD}")
    if options.model:
        networks = {options.model.stem: lambda: load_model(options.model)}
    else:
        networks = {
            name: lambda settings=settings: random_model(**settings)
            for name, settings in NETWORKS.items()
            if not options.only or any(part in name for part in options.only)
        }
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        sizes = (options.bases, options.warm_bases, options.short_bases)
        bench = Bench(device, *map(random_genome, sizes), peaks, Path(place))
        for row in rows(bench, networks, ends):
            say(row)


if __name__ == "__main__":
    main()
