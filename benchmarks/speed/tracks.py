"""How fast tracks are written: every track of made-up scores that look like those of a trained model.

Run ``python benchmarks/speed/tracks.py``; prints a table in markdown, a row a track and genome, medians of
``--repeats`` processes. Two tasks, constant over bins of five bases whose first is shorter in most contigs,
smooth, low nearly everywhere, with runs of no-calls. Memory is the peak of what is no mapped file.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from dnabilstm.genome import Contig
from dnabilstm.score.store import create_scores, open_scores
from dnabilstm.tracks.batches import Layout, batches
from dnabilstm.tracks.bedgraph import write_bedgraph
from dnabilstm.tracks.bigwig import write_bigwig
from dnabilstm.tracks.regions import write_regions
from dnabilstm.tracks.runs import batch_runs
from dnabilstm.tracks.write import write_tracks

TASKS = ("promoter", "enhancer")
POOL = 5
# Location and scale of the logits, and bins over which they are smooth.
LOGITS = {"promoter": (-4.0, 1.5, 21), "enhancer": (-5.0, 2.0, 41)}
UNITS = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
PIECE = 1_000_000
NO_CALL, NO_CALL_EVERY = 20_000, 2_500_000


def _bedgraph(scores, folder, workers):
    for task in scores.channels:
        write_bedgraph(scores, task, folder / f"{task}.bedgraph.gz", workers=workers)


def _bigwig(scores, folder, workers):
    for task in scores.channels:
        write_bigwig(scores, task, folder / f"{task}.bw", workers=workers)


def _tracks(scores, folder, workers):
    write_tracks(scores, folder, workers=workers)


def _regions(scores, folder, workers):
    write_regions(scores, folder, threshold=0.5)


def _all(scores, folder, workers):
    _tracks(scores, folder, workers)
    _regions(scores, folder, workers)


WRITERS = {
    "bedGraph, index": _bedgraph,
    "bigWig": _bigwig,
    "bedGraph, index, bigWig": _tracks,
    "regions": _regions,
    "all": _all,
}


def make_scores(folder: Path, bases: int, contigs: int) -> None:
    """Equally long contigs of smooth scores."""
    rng = np.random.default_rng(1)
    length = bases // contigs
    table = tuple(Contig(f"contig_{i + 1}", length, i * length, "") for i in range(contigs))
    with create_scores(folder, table, TASKS) as scores:
        total = length * contigs
        place = np.arange(total // length) % POOL
        for row, task in enumerate(TASKS):
            location, scale, width = LOGITS[task]
            kernel = np.hanning(width)
            kernel *= scale / np.sqrt((kernel**2).sum())
            for start in range(0, total, PIECE):
                noise = rng.standard_normal(PIECE // POOL + width + 1)
                bins = 1 / (1 + np.exp(-location - np.convolve(noise, kernel, "valid")))
                base = np.arange(start, min(total, start + PIECE))
                phase = place[base // length]
                scores.values[row, base] = bins[(base + phase) // POOL - start // POOL]
        for start in range(0, total, NO_CALL_EVERY):
            scores.values[:, start + length // 3 : start + length // 3 + NO_CALL] = np.nan


def runs_a_base(folder: Path) -> float:
    """Lines of a bedGraph a base, in the first batch."""
    scores = open_scores(folder)
    batch = next(batches(Layout(scores.contigs)))
    runs = batch_runs(scores.values[0], batch)
    return len(runs.start) / (batch.end - batch.start)


def anonymous_peak(function) -> float:
    """MB that the process took at most while ``function`` ran; sampled from /proc, 0 where there is none."""
    status = Path("/proc/self/status")
    peak, done = [0], threading.Event()

    def watch():
        while status.exists() and not done.wait(0.02):
            line = next(line for line in status.read_text().split("\n") if "RssAnon" in line)
            peak[0] = max(peak[0], int(line.split()[1]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    function()
    done.set()
    watcher.join()
    return peak[0] / 1e3


def measure(name: str, source: Path, workers: int, queue) -> None:
    scores = open_scores(source)
    with tempfile.TemporaryDirectory() as folder:
        wall, used = time.perf_counter(), time.process_time()
        memory = anonymous_peak(lambda: WRITERS[name](scores, Path(folder), workers))
        wall, used = time.perf_counter() - wall, time.process_time() - used
        size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
    queue.put((wall, used, memory, size))


def in_own_process(*job) -> tuple[float, ...]:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=measure, args=(*job, queue))
    process.start()
    found = queue.get()
    process.join()
    return found


def number_of(text: str) -> int:
    """``12M`` as 12,000,000."""
    return int(float(text[:-1]) * UNITS[text[-1]]) if text[-1] in UNITS else int(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bases", type=number_of, nargs="+", default=[12_000_000, 100_000_000])
    parser.add_argument("--contigs", type=int, nargs="+", default=[20, 50_000])
    parser.add_argument("--tracks", choices=WRITERS, nargs="+", default=list(WRITERS))
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(f"{len(TASKS)} tasks, {options.workers} workers, medians of {options.repeats}\n")
    print(
        "| bases | contigs | lines a base | track | wall, s | processor, s | Mb/s | peak memory, MB | size, MB |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for bases in options.bases:
        for contigs in options.contigs:
            with tempfile.TemporaryDirectory() as folder:
                make_scores(Path(folder), bases, contigs)
                runs = runs_a_base(Path(folder))
                for name in options.tracks:
                    rows = [
                        in_own_process(name, Path(folder), options.workers) for _ in range(options.repeats)
                    ]
                    wall, used, memory, size = map(statistics.median, zip(*rows, strict=True))
                    row = f"{bases / 1e6:g} M | {contigs:,} | {runs:.2f} | {name} | {wall:.1f} | {used:.1f}"
                    print(f"| {row} | {bases / 1e6 / wall:.1f} | {memory:.0f} | {size:.1f} |", flush=True)


if __name__ == "__main__":
    main()
