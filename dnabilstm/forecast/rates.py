"""How fast this machine scores a model's genomes and writes their tracks: measured, not looked up."""

import resource
import sys
import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from dnabilstm.alphabet import decode
from dnabilstm.files import scratch_folder
from dnabilstm.genome import Contig, Genome, encode_fasta
from dnabilstm.model.bundle import Model
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.job import grid_of, settled
from dnabilstm.score.plan import Window, windows_of
from dnabilstm.score.store import create_scores
from dnabilstm.score.workers import compute
from dnabilstm.tracks.write import write_tracks

LEAST = 32
"""Windows that are scored at least."""
PROBE = 2_000_000
"""Bases that are encoded and written as tracks."""
WINDOW = 2_000
"""Bins of a probe's window: enough for the speed of a long one, short enough that many are done in time."""


@dataclass(frozen=True)
class Rates:
    """What was measured.

    Attributes
    ----------
    bins : float
        Bins that are computed in a second, halos included.
    encoded, written : float
        Bases that are encoded, and written as all tracks of all channels, in a second.
    track_bytes : float
        Bytes of tracks a base.
    memory : int
        Peak of the process, in bytes.
    precision : str
        fp32 or bf16.
    """

    bins: float
    encoded: float
    written: float
    track_bytes: float
    memory: int
    precision: str


def measure_rates(model: Model, config: ScoreConfig, folder: Path, seconds: float = 5.0) -> Rates:
    """Score random sequence for some seconds, then encode and write a little.

    Parameters
    ----------
    model
        Its weights do not matter, its size and its device do.
    config
        Grid, batches, workers, precision.
    folder
        Beside it, for a moment, a few files are written.
    seconds
        Time for the scoring, about.
    """
    config = settled(config, model)
    codes = np.array([1, 2, 4, 8], np.uint8)[np.random.default_rng(0).integers(4, size=PROBE)]
    genome = Genome((Contig("probe", PROBE, 0, ""),), codes, "probe")
    bins, values = _score(genome, model, config, seconds)
    with scratch_folder(folder / "plan") as scratch:
        fasta = scratch / "probe.fa"
        fasta.write_bytes(b">probe\n" + decode(codes) + b"\n")
        start = time.perf_counter()
        encode_fasta(fasta, scratch / "codes")
        encoded = PROBE / (time.perf_counter() - start)
        channels = (*model.channels, *model.spread)
        with create_scores(scratch / "scores", genome.contigs, channels) as scores:
            scores.values[:] = np.resize(values, PROBE)
            scores.info["model"] = {"tasks": list(model.network.config.tasks)}
            scores.info["genome"] = {"source": "probe", "digest": genome.digest}
        start = time.perf_counter()
        write_tracks(scores, scratch / "tracks", workers=config.workers)
        written = PROBE / (time.perf_counter() - start)
        size = sum(path.stat().st_size for path in (scratch / "tracks").rglob("*") if path.is_file())
    return Rates(bins, encoded, written, size / PROBE, _peak(), config.precision)


def _score(genome: Genome, model: Model, config: ScoreConfig, seconds: float) -> tuple[float, np.ndarray]:
    """Bins a second, and some logits as probabilities."""
    whole = next(windows_of(genome.contigs[0], grid_of(model, config)))
    pool = model.network.config.pool
    places = range(0, PROBE // pool - WINDOW, WINDOW)
    values: list[np.ndarray] = []

    def bins_a_second(count: int) -> float:
        """Bins of so many windows by the seconds that they take; their probabilities are kept in ``values``."""
        windows = (
            Window(whole.contig, start, start + WINDOW, start, start + WINDOW)
            for start in islice(cycle(places), count)
        )
        begun = time.perf_counter()
        for _, found in compute(genome, model.network, windows, config):
            if len(values) < len(places):
                values.append(1 / (1 + np.exp(-found[0].clip(-50, 50))))
        return count * WINDOW / (time.perf_counter() - begun)

    # The first windows warm up, and tell how many there is time for.
    first = bins_a_second(LEAST)
    rate = bins_a_second(max(LEAST, int(first * seconds / WINDOW)))
    return rate, np.concatenate(values)


def _peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
