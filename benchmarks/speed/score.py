"""How fast genomes are scored and models trained, what share of the machine that is, and the memory it takes.

    python -m benchmarks.speed.score [--tables engine workers stages train family] [--seconds 10] [--repeats 5]
        [--hidden 32 64 128 256] [--pools 5 1] [--precisions fp32 bf16]

Prints tables in markdown. Each figure is of processes of their own that run the command line's own functions, the
median of so many; start-up does not count. Genome and weights are random: speed depends on neither. The share is
of the matrix peak that ``torch.mm`` reaches in the same precision on as many cores (``peak``), counting the
recurrence alone (``operations_per_base``): 8 * H * (inputs + H) operations a step, layer and direction.
"""

import argparse
import contextlib
import multiprocessing
import pkgutil
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.speed.machine import computes_bf16, cores, described
from benchmarks.speed.made import random_genome, random_model
from benchmarks.speed.peak import matrix_peak, operations_per_base

TASKS = ("a", "b")
PROBE = 200_000
"""Bases from whose time the length of a measurement is found."""
FULL = 3_200_000
"""Bases that are scored at least: full batches on two workers."""
FAMILY = {
    "default: normalised, residual": {},
    "1 layer": {"layers": 1},
    "3 layers": {"layers": 3},
    "untied, one direction": {"strand": "none", "bidirectional": False},
    "peephole": {"cell": "peephole"},
    "grid": {"cell": "grid"},
    "local attention": {"attention": "local"},
    "plain": {"norm": False, "residual": False},
    "2 further convolutions": {"stem_layers": 2},
    "pool 3": {"pool": 3},
    "pool 9": {"pool": 9},
}
TRAINING = {"bf16, 2 shards": ("bf16", 2), "fp32, 2 shards": ("fp32", 2), "bf16, 1 shard": ("bf16", 1)}
STAGES = {
    "codes": ("dnabilstm.score.workers", "codes_of"),
    "stem": ("dnabilstm.score.sweep:_Bins", "_stem"),
    "recurrent layers": ("dnabilstm.score.sweep:_Bins", "_layer"),
    "head": ("dnabilstm.score.sweep:_Bins", "_decide"),
    "values of bases": ("dnabilstm.score.workers", "_bases"),
    "writing": ("dnabilstm.score.unfinished:Unfinished", "write"),
}


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _timed(bases: int, network: dict, settings: dict) -> tuple[float, float]:
    """Seconds, and seconds of all cores, of scoring so many bases into a folder."""
    from dnabilstm.score.config import ScoreConfig
    from dnabilstm.score.engine import score_genome

    genome, model = random_genome(bases), random_model(tasks=TASKS, **network)
    with tempfile.TemporaryDirectory() as folder:
        started, busy = time.perf_counter(), time.process_time()
        score_genome(genome, model, Path(folder), ScoreConfig(**settings))
        return time.perf_counter() - started, time.process_time() - busy


def score(seconds: float, network: dict, settings: dict, queue) -> None:
    """Bases a second, peak memory in MB, processor seconds a Mb, and the bases."""
    from dnabilstm.model.runtime import prepare_process

    prepare_process()
    _timed(PROBE // 4, network, settings)
    took, _ = _timed(PROBE, network, settings)
    bases = max(FULL, int(PROBE * seconds / took))
    took, busy = _timed(bases, network, settings)
    queue.put((bases / took, peak_mb(), 1e6 * busy / bases, bases))


def stages(seconds: float, network: dict, settings: dict, queue) -> None:
    """Seconds by stage of one worker, and in all."""
    from dnabilstm.model.runtime import prepare_process

    prepare_process()
    settings = {**settings, "workers": 1}
    took, _ = _timed(PROBE, network, settings)
    with _watched() as spent:
        took, _ = _timed(max(FULL // 2, int(PROBE * seconds / took)), network, settings)
    queue.put((*(spent[name] for name in STAGES), took))


@contextlib.contextmanager
def _watched() -> Iterator[dict[str, float]]:
    """Seconds in each of ``STAGES``, while the block runs."""
    spent: dict[str, float] = defaultdict(float)
    with contextlib.ExitStack() as stack:
        for stage, (place, name) in STAGES.items():
            owner = pkgutil.resolve_name(place)
            stack.enter_context(mock.patch.object(owner, name, _clocked(getattr(owner, name), spent, stage)))
        yield spent


def _clocked(function, spent: dict[str, float], stage: str):
    def run(*args, **more):
        started = time.perf_counter()
        try:
            return function(*args, **more)
        finally:
            spent[stage] += time.perf_counter() - started

    return run


def train(precision: str, shards: int, network: dict, queue) -> None:
    import torch

    from dnabilstm.model.runtime import prepare_process
    from dnabilstm.train.config import TrainConfig
    from dnabilstm.train.gradient import ShardedGradient
    from dnabilstm.train.loss import position_loss

    prepare_process()
    rng = np.random.default_rng(1)
    bases = 2000 - 2000 % network.get("pool", 5)
    codes = np.array([1, 2, 4, 8], np.uint8)[rng.integers(4, size=(16, bases))]
    labels = rng.integers(0, 2, (16, bases, 2)).astype(np.uint8)
    kind = torch.bfloat16 if precision == "bf16" else torch.float32

    def loss(replica, tensors):
        return position_loss(replica.forward_bins(tensors[0]).float(), tensors[1], TrainConfig())

    gradient = ShardedGradient(random_model(tasks=TASKS, **network).network.train(), loss, shards, kind)
    for step in range(3):
        gradient((codes, labels), labels.size, (1, step))
    started, busy = time.perf_counter(), time.process_time()
    for step in range(20):
        gradient((codes, labels), labels.size, (1, step))
    busy = 1e6 * (time.process_time() - busy) / (20 * codes.size)
    queue.put((20 * codes.size / (time.perf_counter() - started), peak_mb(), busy))


def median(target, arguments: tuple, repeats: int) -> tuple[float, ...]:
    context = multiprocessing.get_context("spawn")
    found = []
    for _ in range(repeats):
        queue = context.Queue()
        process = context.Process(target=target, args=(*arguments, queue))
        process.start()
        found.append(queue.get())
        process.join()
    return tuple(statistics.median(column) for column in zip(*found, strict=True))


def precisions(options: argparse.Namespace) -> list[str]:
    return [one for one in options.precisions if one == "fp32" or computes_bf16()]


def engine_table(options: argparse.Namespace) -> None:
    """Speed, share of the matrix peak and memory by size, pool and precision."""
    print("| hidden | pool | precision | Mb/s | GFLOP/s | share of the peak | peak memory, MB |")
    print("|---|---|---|---|---|---|---|")
    peaks = {one: matrix_peak(one, cores()) for one in precisions(options)}
    for hidden in options.hidden:
        for pool in options.pools:
            for precision, peak in peaks.items():
                network = {"hidden": hidden, "pool": pool}
                speed, memory, *_ = median(
                    score, (options.seconds, network, {"precision": precision}), options.repeats
                )
                operations = speed * operations_per_base(random_model(**network).network.config)
                print(
                    f"| {hidden} | {pool} | {precision} | {speed / 1e6:.3f} | {operations / 1e9:,.0f}"
                    f" | {operations / peak:.2f} | {memory:,.0f} |",
                    flush=True,
                )
    print(f"\nPeak of {cores()} cores: " + ", ".join(f"{k} {v / 1e9:,.0f} GFLOP/s" for k, v in peaks.items()))


def workers_table(options: argparse.Namespace) -> None:
    """Speed of the default network over workers."""
    print("| workers | precision | Mb/s | peak memory, MB |\n|---|---|---|---|")
    for precision in precisions(options):
        for workers in range(1, cores() + 1):
            settings = {"precision": precision, "workers": workers}
            speed, memory, *_ = median(score, (options.seconds, {}, settings), options.repeats)
            print(f"| {workers} | {precision} | {speed / 1e6:.3f} | {memory:,.0f} |", flush=True)


def stages_table(options: argparse.Namespace) -> None:
    """Where one worker's time goes."""
    print(f"| hidden | pool | precision | {' | '.join(STAGES)} | other |\n|{'---|' * (len(STAGES) + 4)}")
    for pool in options.pools:
        for precision in precisions(options):
            network = {"pool": pool}
            *spent, took = median(
                stages, (options.seconds, network, {"precision": precision}), options.repeats
            )
            shares = [f"{100 * one / took:.0f} %" for one in (*spent, took - sum(spent))]
            print(f"| 64 | {pool} | {precision} | {' | '.join(shares)} |", flush=True)


def train_table(options: argparse.Namespace) -> None:
    """Speed of training steps."""
    print("| training | kb/s | peak memory, MB |\n|---|---|---|")
    for name, (precision, shards) in TRAINING.items():
        if precision in precisions(options):
            speed, memory, _ = median(train, (precision, shards, {}), options.repeats)
            print(f"| pool 5, {name} | {speed / 1e3:,.0f} | {memory:,.0f} |", flush=True)


def family_table(options: argparse.Namespace) -> None:
    """Processor seconds, which other work on the machine hardly changes, and times the default's."""
    print(
        "| network | score, s a Mb | train, s a Mb | score, times the default | train |\n|---|---|---|---|---|"
    )
    first = None
    learned = "bf16" if computes_bf16() else "fp32"
    for name, network in FAMILY.items():
        settings = {"workers": 1, "precision": "fp32"}
        _, _, scoring, _ = median(score, (options.seconds, network, settings), options.repeats)
        _, _, training = median(train, (learned, 1, network), options.repeats)
        first = first or (scoring, training)
        print(
            f"| {name} | {scoring:.2f} | {training:.2f} | {scoring / first[0]:.1f} | {training / first[1]:.1f} |",
            flush=True,
        )


TABLES = {
    "engine": engine_table,
    "workers": workers_table,
    "stages": stages_table,
    "train": train_table,
    "family": family_table,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--tables", nargs="+", choices=TABLES, default=[name for name in TABLES if name != "family"]
    )
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement, about")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--hidden", type=int, nargs="+", default=[32, 64, 128, 256])
    parser.add_argument("--pools", type=int, nargs="+", default=[5, 1])
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "bf16"], default=["fp32", "bf16"])
    options = parser.parse_args()
    print(described())
    for name in options.tables:
        print(f"\n{TABLES[name].__doc__}\n")
        TABLES[name](options)


if __name__ == "__main__":
    main()
