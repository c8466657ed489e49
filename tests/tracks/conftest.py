"""Scores made by hand or at random, with everything that tracks have to cope with."""

import numpy as np
import pytest

from dnabilstm.genome import Contig
from dnabilstm.score.store import Scores


@pytest.fixture
def make_scores():
    """Scores of one channel from arrays: ``make_scores({"chrB": [...], "chrA": [...]})``."""

    def make(tracks, channel="promoter", **info):
        contigs, offset = [], 0
        for name, track in tracks.items():
            contigs.append(Contig(name, len(track), offset, f"SQ.{name}"))
            offset += len(track)
        values = np.concatenate([np.asarray(track, np.float32) for track in tracks.values()])
        return Scores(tuple(contigs), (channel,), values[None], info)

    return make


@pytest.fixture
def random_track():
    """A track of smooth and of flat stretches, of zeros and ones, with no-calls."""

    def make(length, seed):
        rng = np.random.default_rng(seed)
        track = np.empty(0)
        while len(track) < length:
            size = int(rng.integers(1, 60))
            kind = rng.integers(5)
            piece = {
                0: np.full(size, rng.random()),
                1: rng.random(size),
                2: np.full(size, np.nan),
                3: np.full(size, float(rng.integers(2))),
                4: np.linspace(*rng.random(2), size),
            }[int(kind)]
            track = np.concatenate([track, piece])
        return track[:length].astype(np.float32)

    return make
