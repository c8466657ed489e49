"""How fast genomes are scored and models trained, and the memory it takes.

Run ``python benchmarks/speed/score.py [--megabases 6] [--repeats 5] [--family]``; prints tables in markdown. Each
row is a process of its own that runs the command line's own functions; times are medians, without
start-up. The genome and the weights are random: speed does not depend on either.
"""

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

SCORING = {
    "fp32, default": {},
    "fp32, 1 worker": {"workers": 1},
    "fp32, exact": {"exact": True},
    "fp32, batch 8": {"batch": 8},
    "bf16": {"precision": "bf16"},
}
# Of the family: what scores and trains at another speed than the default.
FAMILY = {
    "default": {},
    "1 layer": {"layers": 1},
    "3 layers": {"layers": 3},
    "untied, one direction": {"strand": "none", "bidirectional": False},
    "peephole": {"cell": "peephole"},
    "grid": {"cell": "grid"},
    "local attention": {"attention": "local"},
    "normalised, residual": {"norm": True, "residual": True},
    "2 further convolutions": {"stem_layers": 2},
    "pool 3": {"pool": 3},
    "pool 9": {"pool": 9},
}
TRAINING = {"bf16, 2 shards": ("bf16", 2), "fp32, 2 shards": ("fp32", 2), "bf16, 1 shard": ("bf16", 1)}


def random_genome(megabases: float, folder: Path) -> Path:
    rng = np.random.default_rng(1)
    path = folder / "genome.fa"
    with path.open("wb") as out:
        for contig in range(4):
            letters = np.frombuffer(b"ACGT", np.uint8)[rng.integers(4, size=int(megabases * 250_000))]
            out.write(b">chr%d\n" % contig + letters.tobytes() + b"\n")
    return path


def model_of(**settings):
    import torch

    from dnabilstm.model.bundle import Model
    from dnabilstm.model.config import BiLSTMConfig
    from dnabilstm.model.registry import build

    torch.manual_seed(1)
    config = BiLSTMConfig(**{"tasks": ("a", "b"), **settings})
    return Model(build(config).eval(), {})


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def score(path: Path, settings: dict, network: dict, queue) -> None:
    from dnabilstm.genome import open_genome
    from dnabilstm.model.runtime import prepare_process
    from dnabilstm.score.config import ScoreConfig
    from dnabilstm.score.engine import score_genome

    prepare_process()
    genome, model = open_genome(path), model_of(**network)
    with tempfile.TemporaryDirectory() as folder:
        started, busy = time.perf_counter(), time.process_time()
        score_genome(genome, model, Path(folder), ScoreConfig(**settings))
        busy = 1e6 * (time.process_time() - busy) / genome.total
        queue.put((genome.total / (time.perf_counter() - started), peak_mb(), busy))


def plain(path: Path, queue) -> None:
    """What is usual elsewhere: one nn.LSTM over big batches of windows, all threads, both strands."""
    import torch

    network = torch.nn.LSTM(4, 64, 2, batch_first=True, bidirectional=True).eval()
    windows = torch.randn(512, 1000, 4)
    with torch.inference_mode():
        network(windows[:8])
        started = time.perf_counter()
        for strand in (windows, windows.flip(1)):
            network(strand)
        queue.put((windows.shape[0] * 1000 / (time.perf_counter() - started), peak_mb()))


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

    gradient = ShardedGradient(model_of(**network).network.train(), loss, shards, kind)
    for step in range(3):
        gradient((codes, labels), labels.size, (1, step))
    started, busy = time.perf_counter(), time.process_time()
    for step in range(20):
        gradient((codes, labels), labels.size, (1, step))
    busy = 1e6 * (time.process_time() - busy) / (20 * codes.size)
    queue.put((20 * codes.size / (time.perf_counter() - started), peak_mb(), busy))


def median(target, arguments: tuple, repeats: int) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    found = []
    for _ in range(repeats):
        queue = context.Queue()
        process = context.Process(target=target, args=(*arguments, queue))
        process.start()
        found.append(queue.get())
        process.join()
    return tuple(statistics.median(column) for column in zip(*found, strict=True))


def family(options: argparse.Namespace) -> None:
    """Processor seconds, which other work on the machine hardly changes, and times the default's."""
    print(
        "| network | score, s a Mb | train, s a Mb | score, times the default | train |\n|---|---|---|---|---|"
    )
    first = None
    with tempfile.TemporaryDirectory() as folder:
        path = random_genome(options.megabases, Path(folder))
        for name, network in FAMILY.items():
            _, _, scoring = median(score, (path, {"workers": 1}, network), options.repeats)
            _, _, training = median(train, ("bf16", 1, network), options.repeats)
            first = first or (scoring, training)
            print(
                f"| {name} | {scoring:.2f} | {training:.2f} | {scoring / first[0]:.1f} | {training / first[1]:.1f} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabases", type=float, default=6)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--family", action="store_true", help="the variants of the network instead")
    options = parser.parse_args()
    if options.family:
        return family(options)
    print("| what | kb/s | peak memory, MB |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = random_genome(options.megabases, Path(folder))
        for name, settings in SCORING.items():
            speed, memory, _ = median(score, (path, settings, {}), options.repeats)
            print(f"| score, pool 5, {name} | {speed / 1e3:,.0f} | {memory:,.0f} |", flush=True)
        speed, memory, _ = median(score, (path, {}, {"pool": 1, "filters": 0}), options.repeats)
        print(f"| score, pool 1 (a step a base), fp32 | {speed / 1e3:,.0f} | {memory:,.0f} |", flush=True)
        speed, memory = median(plain, (path,), options.repeats)
        print(
            f"| one nn.LSTM, a step a base, both strands, no overlap, fp32 | {speed / 1e3:,.0f} | {memory:,.0f} |",
            flush=True,
        )
    for name, (precision, shards) in TRAINING.items():
        speed, memory, _ = median(train, (precision, shards, {}), options.repeats)
        print(f"| train, pool 5, {name} | {speed / 1e3:,.0f} | {memory:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
