"""Whether an ensemble knows when it is wrong: its members' spread against the errors of its calls."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dnabilstm.evaluate.assess import Interval, Tracks
from dnabilstm.metrics import auroc


def spread_figures(
    scores: Tracks,
    labels: Tracks,
    intervals: Sequence[Interval],
    spread: dict[str, str],
    thresholds: dict[str, float],
) -> list[dict[str, Any]]:
    """How well the spread tells wrong calls from right ones.

    Parameters
    ----------
    scores
        Of an ensemble, with the channels of its spread.
    labels
        uint8 a base: 1 = in a region, 0 = not, 255 = masked.
    intervals
        (contig, start, end), 0-based, half-open.
    spread
        Channel to the channel of its spread.
    thresholds
        From which score on a base is called, by channel.

    Returns
    -------
    list of dict
        One a channel of the labels: ``threshold``; ``bases`` judged and ``wrong`` among them; ``auroc``
        of the spread for being wrong (None where all calls are right, or all wrong); mean spread of
        ``right_mean`` and ``wrong_mean`` calls.
    """
    rows = []
    for channel in labels.channels:
        if channel not in spread or channel not in thresholds:
            continue
        truth, track, widths = (
            np.concatenate([tracks.track(name, contig)[start:end] for contig, start, end in intervals])
            for tracks, name in ((labels, channel), (scores, channel), (scores, spread[channel]))
        )
        keep = (truth <= 1) & ~np.isnan(track)
        wrong = ((track >= np.float32(thresholds[channel])) != (truth == 1))[keep]
        widths = widths[keep]
        found = float(auroc(wrong.astype(np.uint8), widths))
        rows.append(
            {
                "channel": channel,
                "threshold": thresholds[channel],
                "bases": len(wrong),
                "wrong": int(wrong.sum()),
                "auroc": None if np.isnan(found) else found,
                "right_mean": float(widths[~wrong].mean()) if (~wrong).any() else None,
                "wrong_mean": float(widths[wrong].mean()) if wrong.any() else None,
            }
        )
    return rows
