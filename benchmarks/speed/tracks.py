"""How fast tracks are written: bases a second and memory of each format, on smooth made-up scores.

Run ``python benchmarks/speed/tracks.py [--megabases 20] [--workers 0]``; prints a table in markdown.
Each row is a process of its own. Memory is the peak of what is not a mapped file, above the start.
"""

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from dnabilstm.genome import Contig, Genome
from dnabilstm.score.store import create_scores, open_scores
from dnabilstm.tracks.bedgraph import write_bedgraph
from dnabilstm.tracks.bigwig import write_bigwig
from dnabilstm.tracks.regions import write_regions
from dnabilstm.tracks.runs import joined_runs

# Location and scale of the logits: scores far from 0 nearly everywhere, and rare peaks on a low ground.
KINDS = {"rough": (-2.0, 1.0), "peaks": (-5.0, 1.4)}


def _bedgraph(scores, folder, workers):
    write_bedgraph(scores, "p", folder / "p.bedgraph.gz", workers=workers)


def _bigwig(scores, folder, workers):
    write_bigwig(scores, "p", folder / "p.bw", workers=workers)


def _pybigwig(scores, folder, workers):
    """The library, for comparison: fixed steps, its faster way."""
    import pyBigWig

    with pyBigWig.open(str(folder / "p.bw"), "w") as out:
        out.addHeader([(contig.name, contig.length) for contig in scores.contigs])
        for contig in scores.contigs:
            rounded = np.round(scores.track("p", contig.name).astype(float), 3)
            for start in range(0, contig.length, 1 << 20):
                out.addEntries(contig.name, start, values=rounded[start : start + (1 << 20)], span=1, step=1)


def _regions(scores, folder, workers):
    write_regions(scores, folder)


WRITERS = {
    "bedGraph + tabix": _bedgraph,
    "bigWig": _bigwig,
    "bigWig by pyBigWig": _pybigwig,
    "regions": _regions,
}


def smooth_scores(folder: Path, kind: str, megabases: int) -> None:
    """Two contigs of scores whose logits are white noise smoothed over 101 bases."""
    location, scale = KINDS[kind]
    rng = np.random.default_rng(1)
    kernel = np.hanning(101)
    kernel *= scale / np.sqrt((kernel**2).sum())
    half = megabases * 500_000
    genome = Genome((Contig("chr2", half, 0, ""), Contig("chr1", half, half, "")), np.empty(0, np.uint8), "")
    with create_scores(folder, genome.contigs, ("p",)) as scores:
        for start in range(0, 2 * half, 500_000):
            noise = np.convolve(rng.standard_normal(500_100), kernel, "valid")
            scores.values[0, start : start + 500_000] = 1 / (1 + np.exp(-location - noise))


def anonymous_peak(function) -> tuple[float, float]:
    """Seconds, and MB of memory that the call added at most; sampled from /proc where there is one."""
    status = Path("/proc/self/status")
    if not status.exists():
        started = time.perf_counter()
        function()
        return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    import threading

    def now():
        return next(int(line.split()[1]) for line in status.read_text().split("\n") if "RssAnon" in line)

    before, peak, done = now(), [0], threading.Event()

    def watch():
        while not done.wait(0.02):
            peak[0] = max(peak[0], now())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    function()
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    return seconds, max(0, peak[0] - before) / 1e3


def measure(name: str, source: Path, workers: int, queue) -> None:
    scores = open_scores(source)
    with tempfile.TemporaryDirectory() as folder:
        used = time.process_time()
        seconds, memory = anonymous_peak(lambda: WRITERS[name](scores, Path(folder), workers))
        used = time.process_time() - used
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    queue.put((seconds, used, memory, size))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabases", type=int, default=20)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    print(f"{options.megabases} Mb, {options.workers} workers\n")
    print("| scores | runs a base | file | Mb/s | Mb per CPU second | peak memory, MB | bytes a base |")
    print("|---|---|---|---|---|---|---|")
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            smooth_scores(Path(folder), kind, options.megabases)
            bases = options.megabases * 1e6
            some = open_scores(Path(folder)).values[0, :1_000_000]
            runs = sum(len(start) for start, _, _ in joined_runs(some)) / len(some)
            for name in WRITERS:
                queue = context.Queue()
                process = context.Process(target=measure, args=(name, Path(folder), options.workers, queue))
                process.start()
                seconds, used, memory, size = queue.get()
                process.join()
                speed = f"{bases / 1e6 / seconds:.1f} | {bases / 1e6 / used:.1f}"
                print(f"| {kind} | {runs:.2f} | {name} | {speed} | {memory:.0f} | {size / bases:.2f} |")


if __name__ == "__main__":
    main()
