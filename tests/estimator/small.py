"""Two classes that are learned in a few steps, and a classifier that is small enough for it."""

import numpy as np

from dnabilstm import DNABiLSTMClassifier


def quick(**parameters):
    """A classifier that learns ``rich`` from ``poor`` in about 30 steps."""
    small = {"hidden": 4, "layers": 1, "filters": 4, "filter_width": 5, "shards": 1, "precision": "fp32"}
    fast = {"min_steps": 30, "epochs": 1, "warmup": 2, "learning_rate": 0.02, "average": 0.8}
    alone = {"members": 1, "strand": "symmetric", "aligned": 0, "mutation": 0.0}
    return DNABiLSTMClassifier(**{**small, **fast, **alone, **parameters})


def texts_of(count, seed=0, length=40):
    """Sequences by turns poor and rich in GC; and whether each is rich."""
    rng = np.random.default_rng(seed)
    shares = [[0.4, 0.1, 0.1, 0.4], [0.1, 0.4, 0.4, 0.1]]
    rich = [bool(i % 2) for i in range(count)]
    return ["".join(rng.choice(list("ACGT"), length, p=shares[one])) for one in rich], rich


def named(rich):
    """The classes as words."""
    return ["rich" if one else "poor" for one in rich]
