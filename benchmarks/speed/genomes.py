"""Whole genomes, from files to files: encoding, scoring and tracks as a user runs them.

    python -m benchmarks.speed.genomes --model MODEL [--genome NAME=FASTA ...] [--synthetic 100000000] [--repeats 5]
        [--precision auto] [--contigs 20 50000]

Prints a table in markdown: wall seconds of each command (medians), speed, peak memory of the process that takes
most, and the size of what is written. Synthetic genomes are random letters in contigs of one length. The row
``again`` is the same scoring once more, with its scores there; ``one contig changed`` that of a genome that differs in
one contig from one that is in the cache.
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.speed.machine import described
from benchmarks.speed.peers.run import Used, measure, median

ENCODE = "-m dnabilstm encode --genome {genome} --output {codes}"
SCORE = "-m dnabilstm score --device cpu --genome {codes} --model {model} --output {output} --precision "
TRACKS = "-m dnabilstm tracks --scores {output} --output {output}"


def synthetic(path: Path, bases: int, contigs: int) -> None:
    """Write so many random contigs of one length."""
    rng, length = np.random.default_rng(contigs), bases // contigs
    letters = np.frombuffer(b"ACGT", np.uint8)
    with path.open("wb") as out:
        for number in range(contigs):
            out.write(b">c%d\n" % number + letters[rng.integers(4, size=length)].tobytes() + b"\n")


def changed(source: Path, path: Path) -> None:
    """Copy a FASTA with some bases of its last contig changed."""
    text = source.read_bytes().rstrip()
    path.write_bytes(text[:-20] + b"ACGTACGTACGTACGTACGT\n")


def runs_of(name: str, genome: Path, folder: Path, options: argparse.Namespace) -> dict[str, list[Used]]:
    """Each command, run so many times, all in turn."""
    files = {"genome": genome, "codes": folder / "codes", "output": folder / "out", "model": options.model}
    found: dict[str, list[Used]] = {"encode": [], "score": [], "tracks": [], "again": []}
    score = SCORE + options.precision
    for _ in range(options.repeats):
        shutil.rmtree(folder, ignore_errors=True)
        for step, command in (("encode", ENCODE), ("score", score), ("tracks", TRACKS), ("again", score)):
            found[step].append(measure(command, **files))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(row(name, found, genome, size), flush=True)
    return found


def row(name: str, found: dict[str, list[Used]], genome: Path, size: int) -> str:
    middle = {step: median(runs) for step, runs in found.items()}
    bases = sum(len(line.strip()) for line in open_lines(genome) if not line.startswith(b">"))
    total = statistics.median(sum(run.wall for run in runs[:3]) for runs in zip(*found.values(), strict=True))
    steps = " | ".join(f"{middle[step].wall:.1f}" for step in ("encode", "score", "tracks", "again"))
    memory = max(used.memory for used in middle.values())
    return (
        f"| {name} | {bases:,} | {steps} | {bases / middle['score'].wall / 1e6:.2f} | {bases / total / 1e6:.2f}"
        f" | {middle['score'].memory:,.0f} | {memory:,.0f} | {size / 1e6:,.0f} |"
    )


def open_lines(path: Path):
    import gzip

    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def one_changed(genome: Path, folder: Path, options: argparse.Namespace) -> None:
    """A release that differs in one contig, with the scores of the one before in the cache."""
    score = f"{SCORE}{options.precision} --cache {{cache}}"
    files = {"model": options.model, "cache": folder / "cache"}
    other = folder / "changed.fa"
    folder.mkdir(exist_ok=True)
    changed(genome, other)
    for number, fasta in enumerate((genome, other)):
        files |= {"genome": fasta, "codes": folder / f"codes{number}", "output": folder / f"out{number}"}
        measure(ENCODE, **files)
        used = measure(score, **files)
        print(f"{'one contig changed' if number else 'all'}: {used.wall:.1f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--genome", action="append", default=[], metavar="NAME=FASTA")
    parser.add_argument("--synthetic", type=int, default=100_000_000)
    parser.add_argument("--contigs", type=int, nargs="*", default=[20, 50_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    options = parser.parse_args()
    print(described())
    print(
        "\n| genome | bases | encode, s | score, s | tracks, s | score again, s | score, Mb/s | all, Mb/s",
        end="",
    )
    print(" | memory of score, MB | most memory, MB | written, MB |")
    print(f"|{'---|' * 11}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        genomes = {name: Path(path) for name, _, path in (word.partition("=") for word in options.genome)}
        for contigs in options.contigs:
            path = folder / f"{contigs}.fa"
            synthetic(path, options.synthetic, contigs)
            genomes[f"{options.synthetic / 1e6:.0f} Mb in {contigs:,} contigs"] = path
        for name, genome in genomes.items():
            runs_of(name, genome, folder / "run", options)
        if options.contigs:
            print()
            one_changed(folder / f"{options.contigs[0]}.fa", folder / "change", options)


if __name__ == "__main__":
    main()
