"""How far the scores feel the sequence: measured after training, since a context grows while a model learns.

Held-out sequence, stretch behind stretch, is swept whole, and again in short windows with halos of growing
length. The smallest halo whose 99.9th percentile of difference keeps well under the promise becomes the model's.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from dnabilstm.calibrate import Platt
from dnabilstm.genome import Contig, Genome
from dnabilstm.labels import Labels
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Grid
from dnabilstm.score.settings import DEFAULT_CHUNK, DEFAULT_HALO
from dnabilstm.train.held_out import auprc_by_channel, held_out_labels, held_out_logits
from dnabilstm.windows import Stretch

PROMISE = 1e-3
MARGIN = 0.5
HALOS = (0, 250, 500, 1_000, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000, 16_000)
CHUNK_OF_HALOS = 6
"""Halos in a chunk at least, so that halos are at most a third more work."""
PROBE_CHUNK = 1_000
PROBE_BASES = 250_000


def measure_context(
    genome: Genome,
    network: nn.Module,
    stretches: list[Stretch],
    calibration: dict[str, Platt],
    labels: Labels,
    config: ScoreConfig,
) -> dict[str, Any]:
    """Find the halo that a model needs.

    Parameters
    ----------
    genome, network, stretches
        Held-out sequence; at most ``PROBE_BASES`` of it are used, joined to one contig, since what is shorter than
        a context says nothing of it.
    calibration
        Of each channel, since the differences are of calibrated probabilities.
    labels
        For the AUPRC that bf16 costs.
    config
        Workers and batches.

    Returns
    -------
    dict
        ``halo`` and ``chunk`` in bases; ``measured``, a row a halo with the worst, 99.9th percentile
        and mean difference against the exact sweep, over chunks of ``PROBE_CHUNK`` bases; ``within``,
        whether it was seen to keep the promise (of a probe that is shorter than the halo nothing is seen: then it
        is ``DEFAULT_HALO`` at least); ``bf16``, the same differences between bf16 and fp32 arithmetic, and
        ``auprc_loss``, what bf16 takes from the AUPRC of each channel.
    """
    taken = _taken(stretches)
    probe = _probe(genome, taken)
    whole = [Stretch(contig.name, 0, contig.length, "valid") for contig in probe.contigs]
    pool = network.config.pool

    def probabilities(grid: Grid, how: ScoreConfig = config) -> np.ndarray:
        logits = held_out_logits(probe, network, whole, grid, how)
        return np.stack(
            [calibration[c].apply(logits[:, i]) for i, c in enumerate(network.config.channels)], axis=1
        )

    exact = probabilities(Grid(pool, 0, 0))
    measured: list[dict[str, float]] = []
    for halo in HALOS:
        if probe.total <= PROBE_CHUNK + 2 * halo:  # one window: nothing would be cut
            break
        cut = probabilities(Grid(pool, -(-PROBE_CHUNK // pool), -(-halo // pool)))
        measured.append({"halo": halo} | _difference(cut, exact))
        if measured[-1]["p999"] <= PROMISE * MARGIN:
            break
    within = bool(measured) and measured[-1]["p999"] <= PROMISE
    taken_halo = measured[-1]["halo"] if within else max(DEFAULT_HALO, halo)
    rough = probabilities(Grid(pool, 0, 0), replace(config, precision="bf16"))
    truth, channels = held_out_labels(labels, taken), network.config.channels
    kept, left = (auprc_by_channel(truth, of, channels) for of in (exact, rough))
    losses = {channel: kept[channel] - left[channel] for channel in channels}
    return {
        "halo": taken_halo,
        "chunk": max(DEFAULT_CHUNK, CHUNK_OF_HALOS * taken_halo),
        "within": within,
        "probe_chunk": PROBE_CHUNK,
        "probe_bases": probe.total,
        "measured": measured,
        "bf16": _difference(rough, exact)
        # Of a channel without a positive base there is nothing to lose.
        | {"auprc_loss": {channel: loss if loss == loss else 0.0 for channel, loss in losses.items()}},
    }


def _difference(got: np.ndarray, want: np.ndarray) -> dict[str, float]:
    off = np.abs(got - want)
    return {"worst": float(off.max()), "p999": float(np.quantile(off, 0.999)), "mean": float(off.mean())}


def _taken(stretches: list[Stretch]) -> list[Stretch]:
    """The beginnings of the longest stretches, of at most ``PROBE_BASES`` together."""
    share, left, taken = PROBE_BASES // min(len(stretches), 4), PROBE_BASES, []
    for stretch in sorted(stretches, key=lambda s: s.start - s.end):
        end = min(stretch.end, stretch.start + min(share, left))
        if stretch.start < end:
            taken.append(replace(stretch, end=end))
        left -= end - stretch.start
    return taken


def _probe(genome: Genome, taken: list[Stretch]) -> Genome:
    """Stretches, one behind the other, as a genome of one contig."""
    codes = np.concatenate([genome.sequence(s.contig)[s.start : s.end] for s in taken])
    return Genome((Contig("probe", len(codes), 0, ""),), codes, genome.source)
