"""Repeats found the slow way, with sets and counters of letters; shares nothing with the package."""

from collections import Counter
from functools import cache
from itertools import combinations

import numpy as np

from dnabilstm.alphabet import encode
from dnabilstm.sequences.store import Place, make_set

PAIR = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N"}


def turned(text):
    """The reverse complement of letters."""
    return "".join(PAIR[letter] for letter in reversed(text))


@cache
def bag(text, k):
    """How often each canonical k-mer without N occurs."""
    kmers = (text[i : i + k] for i in range(len(text) - k + 1))
    return Counter(min(kmer, turned(kmer)) for kmer in kmers if "N" not in kmer)


def shared(one, other, k):
    """Common k-mers of two texts, with their number, and those of the one with fewer."""
    bags = bag(one, k), bag(other, k)
    return (bags[0] & bags[1]).total(), min(bags[0].total(), bags[1].total())


def near(texts, k, containment, least):
    """Pairs of texts that are near-duplicates, with their containment."""
    found = {}
    for i, j in combinations(range(len(texts)), 2):
        both, fewer = shared(texts[i], texts[j], k)
        if both >= least and both >= containment * fewer:
            found[i, j] = both / fewer
    return found


def random_text(rng, length, letters="ACGT", p=None):
    return rng.choice(np.frombuffer(letters.encode(), np.uint8), length, p=p).tobytes().decode()


def mutated(rng, text, count):
    """The text with that many letters exchanged for others."""
    letters = list(text)
    for place in rng.choice(len(text), count, replace=False):
        letters[place] = rng.choice([letter for letter in "ACGT" if letter != letters[place]])
    return "".join(letters)


def family(rng, length=120, size=12):
    """Random texts, with mutated, shifted, turned and cut copies of some of them, in random order."""
    texts = [random_text(rng, length) for _ in range(size)]
    for text in texts[: size // 2]:
        texts += [mutated(rng, text, int(rng.integers(1, 6))), turned(mutated(rng, text, 1))]
        shift = int(rng.integers(1, length))
        texts += [text[shift:] + random_text(rng, shift), text[: int(rng.integers(20, length))]]
    return [texts[i] for i in rng.permutation(len(texts))]


def sequences(texts, labels=None, classes=(), places=()):
    """A set of texts; places as (contig, start, end)."""
    labels = None if labels is None else np.array(labels)
    names = [f"s{number}" for number in range(len(texts))]
    where = [Place(*place) for place in places]
    return make_set(names, [encode(text.encode()) for text in texts], labels, classes, where, "texts")
