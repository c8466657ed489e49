"""How fast this machine multiplies matrices, and how many operations a base of a model takes.

    python -m benchmarks.speed.peak [--seconds 3]

Prints the peak in GFLOP/s, of one core and of all, as a table in markdown. Other benchmarks import the two
functions to say what share of the peak they reach.
"""

import argparse
import time

import torch

from benchmarks.speed.machine import computes_bf16, cores, described

SIZES = (2048, 3072, 4096)
_TRIAL = 512
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def operations_per_base(config: object) -> float:
    """Floating-point operations of the recurrence a base, of a ``BiLSTMConfig``.

    A step of a direction is two matrix products with the four gates, 8 * H * (inputs + H) operations; a bin
    of the pooling is a step. Stem, head and the gates' functions are not counted.
    """
    directions = 2 if config.bidirectional else 1
    merged = config.hidden * (directions if config.merge == "concat" else 1)
    found, inputs = 0, 2 * config.filters or 4
    for _ in range(config.layers):
        found += directions * 8 * config.hidden * (inputs + config.hidden)
        inputs = merged
    return found / config.pool


def matrix_peak(
    precision: str = "fp32",
    threads: int = 1,
    device: str = "cpu",
    seconds: float = 3.0,
    sizes: tuple[int, ...] = SIZES,
) -> float:
    """Operations a second of ``torch.mm``, the best of all sizes and tries.

    A size whose single product would take longer than ``seconds`` is left out, which happens with bf16 on a
    processor that only imitates it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        best = _best(_TRIAL, precision, device, 0)
        for size in sizes:
            if 2 * size**3 / best < seconds:
                best = max(best, _best(size, precision, device, seconds / len(sizes)))
    finally:
        torch.set_num_threads(before)
    return best


@torch.inference_mode()
def _best(size: int, precision: str, device: str, seconds: float) -> float:
    left, right = (torch.randn(size, size, device=device).to(DTYPES[precision]) for _ in range(2))
    out = torch.empty_like(left)
    repeats = 1 if device == "cpu" else 10
    best, end = 0.0, time.perf_counter() + seconds
    for number in range(1_000_000):
        started = time.perf_counter()
        for _ in range(repeats):
            torch.mm(left, right, out=out)
        if device != "cpu":
            torch.cuda.synchronize()
        if number:  # the first sets things up
            best = max(best, repeats * 2 * size**3 / (time.perf_counter() - started))
            if time.perf_counter() > end:
                break
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    options = parser.parse_args()
    print(described() + ("" if computes_bf16() else "; bf16 is imitated"))
    print(f"\n| precision | GFLOP/s, one core | all {cores()} |\n|---|---|---|")
    for precision in DTYPES:
        one, every = (
            matrix_peak(precision, threads, seconds=options.seconds, sizes=tuple(options.sizes)) / 1e9
            for threads in (1, cores())
        )
        print(f"| {precision} | {one:,.0f} | {every:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
