"""The plain network in ONNX Runtime or OpenVINO, over the same windows.

    python -m benchmarks.speed.peers.onnx_openvino export --output NET.onnx --like MODEL
    python -m benchmarks.speed.peers.onnx_openvino run --runtime openvino --network NET.onnx \
        --genome GENOME.fa --output SCORES.f32 [--precision bf16]

A network is exported once, for windows of one length in batches of one size, and then run without PyTorch.
Needs the packages onnx, onnxruntime and openvino, each where it is used.
"""

import argparse
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.speed.peers.windows import Batch, one_hot_batches, put, read_genome

Take = Callable[[list[slice], np.ndarray], None]
Sweep = Callable[[Iterable[Batch], Take], None]


def need(*packages: str) -> None:
    """End with a message if a package is not there."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}; pip install {' '.join(missing)}")


def export(options: argparse.Namespace) -> None:
    """Write the network as ONNX: one_hot (batch, window, 4) to probabilities (batch, bins, outputs)."""
    need("onnx")
    import torch

    from benchmarks.speed.peers.plain import like

    network = like(options.like)
    if options.window % network.size.pool:
        raise SystemExit(f"--window {options.window}: wanted a multiple of {network.size.pool}")
    example = torch.zeros(options.batch, options.window, 4)
    with warnings.catch_warnings():
        # The older exporter, which keeps a bidirectional layer as one operation; it warns of both.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            str(options.output),
            dynamo=False,
            input_names=["one_hot"],
            output_names=["probabilities"],
        )


def onnxruntime(path: Path, precision: str) -> tuple[Sweep, list[int], list[int]]:
    """What sends batches through a network, and the shapes of its input and output; fp32, default threads."""
    need("onnxruntime")
    import onnxruntime as runtime

    if precision != "fp32":
        raise SystemExit(f"--precision {precision}: ONNX Runtime has only fp32 here")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def sweep(batches: Iterable[Batch], take: Take) -> None:
        for one_hot, places in batches:
            take(places, session.run(None, {"one_hot": one_hot})[0])

    return sweep, session.get_inputs()[0].shape, session.get_outputs()[0].shape


def openvino(path: Path, precision: str) -> tuple[Sweep, list[int], list[int]]:
    """As ``onnxruntime``; batches side by side, as its hint for throughput arranges them."""
    need("openvino")
    import openvino as runtime

    compiled = runtime.compile_model(
        str(path),
        "CPU",
        {
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
            "PERFORMANCE_HINT": "THROUGHPUT",
        },
    )
    queue = runtime.AsyncInferQueue(compiled)

    def sweep(batches: Iterable[Batch], take: Take) -> None:
        queue.set_callback(lambda request, places: take(places, request.get_output_tensor().data))
        for one_hot, places in batches:
            queue.start_async({"one_hot": one_hot}, places)
        queue.wait_all()

    return sweep, list(compiled.input(0).shape), list(compiled.output(0).shape)


RUNTIMES = {"onnxruntime": onnxruntime, "openvino": openvino}


def full(batches: Iterable[Batch], rows: int) -> Iterator[Batch]:
    """Batches of the one size that the network takes: the last one filled up."""
    for one_hot, places in batches:
        missing = rows - len(one_hot)
        yield (np.pad(one_hot, ((0, missing), (0, 0), (0, 0))) if missing else one_hot), places


def run(options: argparse.Namespace) -> None:
    """Score every base: float32 (outputs, bases)."""
    sweep, (batch, window, _), (_, bins, outputs) = RUNTIMES[options.runtime](
        options.network, options.precision
    )
    contigs = read_genome(options.genome)
    scores = np.empty((outputs, sum(map(len, contigs))), np.float32)

    def take(places: list[slice], values: np.ndarray) -> None:
        put(scores, places, values[: len(places)], window // bins)

    sweep(full(one_hot_batches(contigs, window, batch), batch), take)
    scores.tofile(options.output)
    print(f"{scores.shape[1]:,} bases scored", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    exporting = commands.add_parser("export")
    exporting.set_defaults(run=export)
    exporting.add_argument("--output", type=Path, required=True)
    exporting.add_argument("--window", type=int, default=5_000, help="bases, a multiple of the pooling")
    exporting.add_argument("--batch", type=int, default=32, help="windows computed together")
    exporting.add_argument(
        "--like", type=Path, required=True, help="model file of dnabilstm: size and weights"
    )
    running = commands.add_parser("run")
    running.set_defaults(run=run)
    running.add_argument("--runtime", choices=RUNTIMES, required=True)
    running.add_argument("--network", type=Path, required=True)
    running.add_argument("--genome", type=Path, required=True)
    running.add_argument("--output", type=Path, required=True)
    running.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
