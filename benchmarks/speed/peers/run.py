"""What else scores a genome on this machine, and how much slower or faster: whole commands, from files to files.

    python -m benchmarks.speed.peers.run [--bases 6000000 | --genome GENOME.fa] [--model MODEL | --hidden 64 --pool 5]
        [--repeats 5] [--only NAME ...] [--output TABLE.md]

Each row is a program of its own, started anew each time; the rounds take all programs in turn, so that a busy
minute of the machine falls on all of them. Figures are medians. A short stretch, run as often, gives the time
that a program takes to start; the speed after it is that of a long genome, and the ratios are of this. Slow
programs get fewer bases, which favours them if anything. The plain network computes what dnabilstm's model
does (see ``plain``), without any overlap of its windows.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks.speed.machine import computes_bf16, described
from benchmarks.speed.made import random_fasta
from benchmarks.speed.peers.windows import read_genome

ROOT = Path(__file__).resolve().parents[3]
PEERS = "-m benchmarks.speed.peers"
ONNX = f"{PEERS}.onnx_openvino run --network {{onnx}} --genome {{genome}} --output {{output}} --runtime"
PLAIN = f"{PEERS}.plain --genome {{genome}} --output {{output}} --like {{model}}"
DANQ = f"{PEERS}.danq --genome {{genome}} --output {{output}}"
SCORE = "-m dnabilstm score --device cpu --genome {genome} --output {output} --model {model}"
START = 20_000
"""Bases of the stretch that gives the time to start, at most."""


@dataclass(frozen=True)
class Program:
    """A row of the table.

    Attributes
    ----------
    command : str
        Arguments of Python, with the files in braces.
    bases : int
        At most so many are scored.
    needs : str
        A package that must be there, or ``bf16`` of the processor; empty for nothing.
    """

    command: str
    bases: int = 1 << 62
    needs: str = ""


PROGRAMS = {
    "dnabilstm score, fp32": Program(f"{SCORE} --precision fp32"),
    "dnabilstm score, bf16": Program(f"{SCORE} --precision bf16", needs="bf16"),
    "PyTorch, windows of 5,000 x 32": Program(f"{PLAIN} --window 5000 --batch 32", 6_000_000),
    "PyTorch, windows of 1,000 x 128": Program(f"{PLAIN} --window 1000 --batch 128", 6_000_000),
    "ONNX Runtime, 1,000 x 32": Program(f"{ONNX} onnxruntime", 6_000_000, "onnxruntime"),
    "OpenVINO, 1,000 x 32": Program(f"{ONNX} openvino", 6_000_000, "openvino"),
    "OpenVINO, 1,000 x 32, bf16": Program(f"{ONNX} openvino --precision bf16", 6_000_000, "openvino bf16"),
    "DanQ, a score every 200 bases": Program(DANQ, 1_000_000),
    "DanQ, a score every base": Program(f"{DANQ} --stride 1", 10_000),
}
EXPORT = f"{PEERS}.onnx_openvino export --like {{model}} --output {{onnx}} --window 1000 --batch 32"


@dataclass(frozen=True)
class Used:
    """What one run took: seconds, seconds of all cores, and MB at the peak."""

    wall: float
    processor: float
    memory: float


def measure(command: str, **files: Path) -> Used:
    """Run a command to its end; ends with its message if it fails."""
    words = [sys.executable, *(word.format(**files) for word in command.split())]
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise SystemExit(f"{' '.join(words)}\n{log.read().decode(errors='replace')[-2000:]}")
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return Used(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / scale)


def median(runs: list[Used]) -> Used:
    """The median of each figure."""
    return Used(*(statistics.median(getattr(run, name) for run in runs) for name in Used.__annotations__))


def lacks(program: Program) -> str:
    """What a program needs and does not find here."""
    for need in program.needs.split():
        if need == "bf16" and not computes_bf16():
            return "the processor does not compute in bf16"
        if need != "bf16" and (find_spec(need) is None or find_spec("onnx") is None):
            return f"not installed: {need}, onnx"
    return ""


class Stretches:
    """The first bases of a genome as FASTA files, one a length."""

    def __init__(self, genome: Path, folder: Path, most: int) -> None:
        self.folder = folder
        self.contigs = read_genome(genome)
        self.total = min(most, sum(map(len, self.contigs)))

    def first(self, bases: int) -> Path:
        """The FASTA of so many bases."""
        path = self.folder / f"first_{bases}.fa"
        if not path.exists():
            with path.open("wb") as out:
                left = bases
                for number, contig in enumerate(self.contigs, start=1):
                    if left > 0:
                        out.write(b">contig%d\n" % number + contig[:left].tobytes() + b"\n")
                    left -= len(contig)
        return path


def run_all(
    programs: dict[str, Program], stretches: Stretches, files: dict[str, Path], repeats: int
) -> dict[str, tuple[list[Used], list[Used]]]:
    """Runs of each program on its stretch, and on the short one; all programs in turn."""
    found: dict[str, tuple[list[Used], list[Used]]] = {name: ([], []) for name in programs}
    output = stretches.folder / "output"
    for number in range(repeats):
        for name, program in programs.items():
            for runs, bases in zip(found[name], lengths(program, stretches.total), strict=True):
                runs.append(measure(program.command, genome=stretches.first(bases), output=output, **files))
                shutil.rmtree(output) if output.is_dir() else output.unlink()
            print(f"round {number + 1}: {name}: {found[name][0][-1].wall:.1f} s", file=sys.stderr, flush=True)
    return found


def lengths(program: Program, total: int) -> tuple[int, int]:
    """Bases of a program's stretch, and of the short one."""
    bases = min(program.bases, total)
    return bases, min(START, bases // 10)


def table(
    programs: dict[str, Program], found: dict[str, tuple[list[Used], list[Used]]], total: int
) -> Iterator[str]:
    """The lines of the table in markdown; the first program is what the others are compared with."""
    yield (
        "| program | bases | wall, s | processor, s | kb/s | to start, s | kb/s after it "
        "| processor, s a Mb after it | peak memory, MB | times the first row's time |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    first = None
    for name, (whole, short) in ((name, map(median, runs)) for name, runs in found.items()):
        bases, few = lengths(programs[name], total)
        seconds = whole.wall - short.wall
        # On too short a stretch the difference of the two is noise.
        speed = (bases - few) / seconds / 1e3 if seconds > 0 else None
        first = first or speed
        ratio = f"{first / speed:,.3g}" if first and speed else "?"
        after = f"{speed:,.4g}" if speed else "?"
        busy = 1e6 * max(0.0, whole.processor - short.processor) / (bases - few)
        yield (
            f"| {name} | {bases:,} | {whole.wall:.1f} | {whole.processor:.1f} | {bases / whole.wall / 1e3:,.4g} "
            f"| {short.wall:.1f} | {after} | {busy:,.3g} | {whole.memory:,.0f} | {ratio} |"
        )


def chosen(only: list[str], most: int) -> tuple[dict[str, Program], list[str]]:
    """The programs that can run here, and what to say of the others."""
    programs, notes = {}, []
    for name, program in PROGRAMS.items():
        if only and not any(part in name for part in only):
            continue
        if missing := lacks(program):
            notes.append(f"- not run: {name} ({missing})")
        else:
            bases = program.bases if name.startswith("dnabilstm") else min(program.bases, most)
            programs[name] = replace(program, bases=bases)
    return programs, notes


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--genome", type=Path, help="FASTA; by default a random genome")
    parser.add_argument("--bases", type=int, default=6_000_000, help="of the genome, at most")
    parser.add_argument("--peer-bases", type=int, default=1 << 62, help="of the others' stretches, at most")
    parser.add_argument("--model", type=Path, help="model file; by default random weights")
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--pool", type=int, default=5)
    parser.add_argument("--filters", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--only", nargs="+", default=[], help="rows that have one of these words in their name"
    )
    parser.add_argument("--output", type=Path, help="write the table here, too")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    programs, notes = chosen(options.only, options.peer_bases)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = options.model and options.model.resolve()
        files = {"model": model or folder / "model.safetensors", "onnx": folder / "network.onnx"}
        if not options.model:
            sizes = f"--plain --hidden {options.hidden} --pool {options.pool} --filters {options.filters}"
            measure(f"-m benchmarks.speed.made --output {{model}} {sizes}", **files)
        if any("{onnx}" in program.command for program in programs.values()):
            measure(EXPORT, **files)
        genome = options.genome or folder / "genome.fa"
        if not options.genome:
            random_fasta(genome, options.bases)
        stretches = Stretches(genome, folder, options.bases)
        found = run_all(programs, stretches, files, options.repeats)
    network = options.model or f"hidden {options.hidden}, pool {options.pool}, {options.filters} filter pairs"
    what = f"{options.genome or 'Random sequence'}; model: {network}; medians of {options.repeats} runs."
    lines = [described(), "", what, "", *table(programs, found, stretches.total)]
    text = "\n".join([*lines, *(["", *notes] if notes else [])]) + "\n"
    print(text, end="")
    if options.output:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
