"""Sequences shuffled with exact counts of dinucleotides.

The letters of a sequence are vertices, its dinucleotides edges; each walk over all edges from the first
letter to the last is a sequence of the same counts (Altschul & Erickson 1985, Mol. Biol. Evol. 2:526).
A walk is chosen by the order in which the edges leave each letter. It uses all of them if and only if the
last edges of the letters form a tree towards the final letter. A uniform tree comes from a random walk
backwards over the sequence closed to a ring (Kandel, Matias, Unger & Winkler 1996, Discrete Appl. Math.
71:171; Aldous 1990, Broder 1989): the edge on which it first enters a letter is that letter's last edge.
So every sequence with the same counts, first and last letter is equally likely. The vertices are the 16
codes, so ambiguous codes keep their counts too.

Many sequences take each step together.
"""

import numpy as np

LETTERS = 16
BLOCK = 1 << 22
"""Bases that are shuffled together."""


def shuffle_dinucleotides(codes: np.ndarray, borders: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shuffle sequences, each on its own.

    Parameters
    ----------
    codes
        uint8 (bases,), end to end.
    borders
        int64 (sequences + 1,): sequence *i* is ``codes[borders[i]:borders[i + 1]]``; none is empty.
    rng
        Where chance comes from.

    Returns
    -------
    numpy.ndarray
        uint8 (bases,): within each sequence the same dinucleotides, first and last letter.
    """
    out = np.empty_like(codes)
    first = 0
    while first < len(borders) - 1:
        last = max(first + 1, int(np.searchsorted(borders, borders[first] + BLOCK, side="right")) - 1)
        begin, end = borders[first], borders[last]
        out[begin:end] = _shuffle_block(codes[begin:end], borders[first : last + 1] - begin, rng)
        first = last
    return out


def _shuffle_block(codes: np.ndarray, borders: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    owner = np.repeat(np.arange(len(borders) - 1), np.diff(borders))
    vertex = owner * LETTERS + codes
    order = rng.random(len(codes))
    order[_last_edges(vertex, borders, rng)] = 2
    # An edge leaves from every base but the last of each sequence.
    edges = np.delete(np.arange(len(codes)), borders[1:] - 1)
    edges = edges[np.lexsort([order[edges], vertex[edges]])]
    next_edge = np.searchsorted(vertex[edges], np.arange((len(borders) - 1) * LETTERS))
    return _walk(codes, borders, codes[edges + 1], next_edge)


def _last_edges(vertex: np.ndarray, borders: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The edge, as the place it leaves from, that leaves each letter last, of all but the final letters."""
    count = (len(borders) - 1) * LETTERS
    by_vertex = np.argsort(vertex, kind="stable")
    first = np.searchsorted(vertex[by_vertex], np.arange(count + 1))
    entered = np.zeros(count, bool)
    at = vertex[borders[1:] - 1]
    entered[at] = True
    missing = (np.diff(first) > 0).reshape(-1, LETTERS).sum(axis=1) - 1
    found = []
    walking = np.flatnonzero(missing)
    at = at[walking]
    while len(walking):
        chosen = first[at] + (rng.random(len(at)) * (first[at + 1] - first[at])).astype(np.int64)
        place = by_vertex[chosen]
        # Before the first base comes the last one: the edge that closes the ring.
        place = np.where(place == borders[walking], borders[walking + 1], place) - 1
        at = vertex[place]
        new = ~entered[at]
        entered[at] = True
        found.append(place[new])
        missing[walking] -= new
        walking, at = walking[missing[walking] > 0], at[missing[walking] > 0]
    return np.concatenate([np.empty(0, np.int64), *found])


def _walk(codes: np.ndarray, borders: np.ndarray, targets: np.ndarray, next_edge: np.ndarray) -> np.ndarray:
    """Follow the edges of each letter in their order; ``next_edge`` is where each letter's begin."""
    out = np.empty_like(codes)
    lengths = np.diff(borders)
    # Longest first, so that those still under way are always the first ones.
    longest = np.argsort(-lengths, kind="stable")
    start, base = borders[longest], longest * LETTERS
    shortest = np.sort(lengths)
    letter = codes[start]
    out[start] = letter
    for step in range(1, int(lengths.max(initial=0))):
        under_way = len(lengths) - int(np.searchsorted(shortest, step, side="right"))
        vertex = base[:under_way] + letter[:under_way]
        edge = next_edge[vertex]
        letter = targets[edge]
        next_edge[vertex] = edge + 1
        out[start[:under_way] + step] = letter
    return out
