"""Made-up genomes and models to measure on: speed depends on neither sequence nor weights.

    python -m benchmarks.speed.made --output MODEL.safetensors [--hidden 128] [--pool 1] [--filters 0] [--tasks a b]

writes a model file of random weights.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

CONTIGS = 4


def random_fasta(path: Path, bases: int) -> None:
    """Write contigs of random letters, ``bases`` in all."""
    drawn, end = np.frombuffer(b"ACGT", np.uint8)[_draw(bases)], 0
    with path.open("wb") as out:
        for number, length in enumerate(_lengths(bases), start=1):
            out.write(b">chr%d\n" % number + drawn[end : end + length].tobytes() + b"\n")
            end += length


def random_genome(bases: int) -> Any:
    """The same contigs in memory: a ``Genome`` without digests, whose scores are never reused."""
    from dnabilstm.genome import Contig, Genome

    contigs, offset = [], 0
    for number, length in enumerate(_lengths(bases), start=1):
        contigs.append(Contig(f"chr{number}", length, offset, ""))
        offset += length
    return Genome(tuple(contigs), np.left_shift(np.uint8(1), _draw(bases)), "made up")


def _draw(bases: int) -> np.ndarray:
    return np.random.default_rng(1).integers(4, size=bases, dtype=np.uint8)


def random_model(**settings: Any) -> Any:
    """A ``Model`` of random weights and one task; the settings are those of ``BiLSTMConfig``."""
    import torch

    from dnabilstm.model.bundle import Model
    from dnabilstm.model.config import BiLSTMConfig, parse
    from dnabilstm.model.registry import build

    torch.manual_seed(1)
    config = parse(BiLSTMConfig, {"tasks": ("a",), **settings}, "model")
    return Model(build(config).eval(), {})


def _lengths(bases: int) -> list[int]:
    return [bases // CONTIGS + (number < bases % CONTIGS) for number in range(CONTIGS)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--pool", type=int, default=5)
    parser.add_argument("--filters", type=int, default=64)
    parser.add_argument("--plain", action="store_true", help="neither normalised nor residual")
    parser.add_argument("--tasks", nargs="+", default=["a"])
    options = parser.parse_args()

    from dnabilstm.model.bundle import save_model

    settings = {name: getattr(options, name) for name in ("hidden", "pool", "filters")}
    if options.plain:
        settings |= {"norm": False, "residual": False}
    save_model(random_model(tasks=tuple(options.tasks), **settings), options.output)


if __name__ == "__main__":
    main()
