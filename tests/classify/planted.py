"""Small sets of sequences with a motif that tells the classes."""

import numpy as np

from dnabilstm.sequences.read import from_texts

MOTIFS = ("GATTACAGAT", "CCGCGGCCGC", "TATATTTATA")


def texts_of(count, motif="", length=60, seed=0):
    """Random texts, each with the motif somewhere; of one length, or of several in turn."""
    rng = np.random.default_rng([seed, len(motif)])
    texts = []
    for number in range(count):
        size = length if isinstance(length, int) else length[number % len(length)]
        text = "".join(rng.choice(list("ACGT"), size))
        at = int(rng.integers(0, max(1, size - len(motif))))
        texts.append((text[:at] + motif + text[at + len(motif) :])[:size])
    return texts


def set_of(counts, length=60, seed=0):
    """A set with so many sequences of each class, all different: classes ``a``, ``b``, ..."""
    texts, labels = [], []
    for label, count in enumerate(counts):
        texts += texts_of(count, MOTIFS[label % len(MOTIFS)] if label else "", length, seed + 100 * label)
        labels += [label] * count
    return from_texts(texts, labels=np.array(labels), classes=tuple("abcdefghijkl"[: len(counts)]))


def write_fasta(path, texts, prefix="s"):
    """Write texts as FASTA; gives the path as text."""
    path.write_text("".join(f">{prefix}{number}\n{text}\n" for number, text in enumerate(texts)))
    return str(path)
