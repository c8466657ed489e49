"""Logits and figures on held-out stretches of the training genome."""

import numpy as np
from torch import nn

from dnabilstm.genome import Genome
from dnabilstm.labels import Labels
from dnabilstm.metrics import auprc
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Grid, scored_bases, windows_of
from dnabilstm.score.workers import compute
from dnabilstm.windows import Stretch


def held_out_logits(
    genome: Genome, network: nn.Module, stretches: list[Stretch], grid: Grid, config: ScoreConfig
) -> np.ndarray:
    """Logits of every base of some stretches, end to end: float32 (bases, channels).

    Only windows that reach into a stretch are computed.
    """
    pool = network.config.pool
    wanted = {}
    for stretch in stretches:
        wanted.setdefault(stretch.contig, []).append(stretch)
    windows, out = [], {}
    for name, here in wanted.items():
        length = genome.contig(name).length
        out[name] = np.full((length, len(network.config.channels)), np.nan, np.float32)
        for window in windows_of(genome.contig(name), grid):
            first, last, _ = scored_bases(window, pool)
            if any(first < stretch.end and stretch.start < last for stretch in here):
                windows.append(window)
    for window, values in compute(genome, network, windows, config):
        first, last, _ = scored_bases(window, pool)
        out[window.contig.name][first:last] = values.T
    return np.concatenate([out[s.contig][s.start : s.end] for s in stretches])


def held_out_labels(labels: Labels, stretches: list[Stretch]) -> np.ndarray:
    """Labels of the same bases: uint8 (bases, channels)."""
    rows = [
        [labels.track(channel, s.contig)[s.start : s.end] for s in stretches] for channel in labels.channels
    ]
    return np.stack([np.concatenate(row) for row in rows], axis=1)


def auprc_by_channel(labels: np.ndarray, logits: np.ndarray, channels: tuple[str, ...]) -> dict[str, float]:
    """AUPRC of each channel; NaN where a channel has only one class there."""
    return {channel: float(auprc(labels[:, i], logits[:, i])) for i, channel in enumerate(channels)}
