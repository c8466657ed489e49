"""Groups of sequences that repeat each other, for splits without leaks."""

import numpy as np

from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.near import near_pairs
from dnabilstm.audit.overlaps import find_own_overlaps, number_places
from dnabilstm.audit.pool import make_pool
from dnabilstm.sequences.store import SequenceSet


def groups_of(sequences: SequenceSet, config: AuditConfig | None = None) -> np.ndarray:
    """Groups of sequences that repeat each other, directly or through others.

    The kinds of repeat are those of ``leaks``.

    Returns
    -------
    numpy.ndarray
        int64 (sequences,): 0, 1, ... in the order of their first sequences.
    """
    pool = make_pool([sequences])
    near = near_pairs(pool.codes, pool.borders, pool.held, config or AuditConfig())
    ids = pool.ids[0]
    first, second = [pool.first[0][near.first]], [pool.first[0][near.second]]
    first.append(np.arange(len(ids)))
    second.append(pool.first[0][ids])
    one, other, _ = find_own_overlaps(number_places([sequences.places])[0])
    first.append(one)
    second.append(other)
    root = _components(np.concatenate(first), np.concatenate(second), len(ids))
    return np.unique(root, return_inverse=True)[1]


def _components(first: np.ndarray, second: np.ndarray, count: int) -> np.ndarray:
    """Smallest member of each one's connected component, int64 (count,)."""
    root = np.arange(count)
    while True:
        low = np.minimum(root[first], root[second])
        new = root.copy()
        # The roots themselves take the smaller one, so that whole trees join at once.
        for end in (first, second):
            np.minimum.at(new, root[end], low)
        while (new != new[new]).any():
            new = new[new]
        if (new == root).all():
            return root
        root = new
