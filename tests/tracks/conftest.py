"""Scores made by hand or at random, with everything that tracks have to cope with."""

import itertools

import numpy as np
import pytest

from dnabilstm.genome import Contig
from dnabilstm.score.store import Scores
from dnabilstm.tracks import one_pass
from dnabilstm.tracks.batches import batches


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


@pytest.fixture
def pooled_track(random_track):
    """A track that is constant over bins of ``pool`` bases, of which the first may be shorter."""

    def make(length, seed, pool):
        bins = random_track(length // pool + 2, seed)
        phase = seed % pool
        return np.repeat(bins, pool)[phase : phase + length]

    return make


@pytest.fixture
def assemblies(random_track, pooled_track):
    """Genomes with everything that is hard about them: name to scores."""
    rng = np.random.default_rng(3)
    odd = [b"chr\xff|1", b"a b", "\N{GREEK SMALL LETTER ALPHA}".encode(), b"x" * 70, b"'\"", b"~", b"1"]
    names = [name.decode("utf-8", "surrogateescape") for name in odd]
    steps = np.arange(0, 1000, 0.5, dtype=np.float64) / 1000
    borders = np.concatenate([steps, np.nextafter(steps.astype(np.float32), np.float32(0))])
    return {
        "long": {"chr2": random_track(30_000, 1), "chr10": pooled_track(20_011, 2, 5)},
        "flat": {"a": np.full(9000, 0.25), "b": np.full(3000, np.nan), "c": np.full(5000, 0.25)},
        "tiny": {f"s{i}": pooled_track(int(rng.integers(0, 90)), i, 5) for i in range(700)},
        "odd names": {name: random_track(300 + i, i) for i, name in enumerate(names)},
        "rounding": {"r": borders.astype(np.float32), "s": rng.random(4000)},
        "mixed": {
            **{f"s{i}": random_track(int(rng.integers(1, 400)), i) for i in range(50)},
            "chr1": pooled_track(25_003, 4, 5),
            "one": [0.5],
            "none": [],
        },
        "nothing": {"a": [np.nan] * 50, "b": []},
    }


@pytest.fixture
def small_batches(monkeypatch):
    """Make batches of about so many bases."""

    def make(block):
        monkeypatch.setattr(one_pass, "batches", lambda layout: batches(layout, block))

    return make


@pytest.fixture
def runs_by_base():
    """Start, end and rounded score of runs of equal ones, a base at a time; no-calls are left out."""

    def runs(track, digits=3):
        place, found = 0, []
        rounded = np.round(np.asarray(track, np.float32).astype(float), digits)
        for value, same in itertools.groupby(rounded.tolist(), key=repr):
            length = len(list(same))
            if value != "nan":
                found.append((place, place + length, float(value)))
            place += length
        return found

    return runs
