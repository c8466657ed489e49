"""The k-mer baseline: counts by hand, sliding sums against counted windows, both strands alike."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dnabilstm.alphabet import complement_words, decode, encode, reverse_complement
from dnabilstm.errors import DnabilstmError
from dnabilstm.evaluate import kmer
from dnabilstm.evaluate.kmer import KmerSettings, fit_kmer_baseline
from dnabilstm.genome import Contig, Genome

SMALL = KmerSettings(longest=3, reaches=(3, 10), sample=3000, strength=0.01)


def genome_of(**sequences):
    contigs, offset = [], 0
    for name, sequence in sequences.items():
        contigs.append(Contig(name, len(sequence), offset, name))
        offset += len(sequence)
    return Genome(tuple(contigs), encode("".join(sequences.values()).encode()), "made up")


def random_sequence(length, seed=0):
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


class Arrays:
    def __init__(self, **arrays):
        self.arrays = {name.replace("_", "."): value for name, value in arrays.items()}
        self.channels = tuple(self.arrays)

    def track(self, channel, contig):
        return self.arrays[channel][contig]


def test_kmers_have_the_numbers_of_base_four_and_n_has_none():
    assert kmer.kmer_indices(encode(b"ACGTNA"), 2).tolist() == [1, 6, 11, 16, 16]
    assert kmer.kmer_indices(encode(b"A"), 2).tolist() == []
    # AA -> TT, AC -> GT, CG -> CG
    assert complement_words(2)[[0, 1, 6]].tolist() == [15, 11, 6]


def test_canonical_columns_join_the_two_strands():
    columns, total = kmer.count_columns(3, canonical=True)
    assert total == 2 + 10 + 32
    for k, column in enumerate(columns, start=1):
        assert (column == column[complement_words(k)]).all()
    assert kmer.count_columns(3, canonical=False)[1] == 4 + 16 + 64


def words_around(sequence, base, reach, k):
    """Independent of arrays: the k-mers of one window, counted as strings."""
    window = sequence[max(base - reach, 0) : base + reach + 1]
    return Counter(window[i : i + k] for i in range(len(window) - k + 1))


def test_counts_and_sliding_sums_are_those_of_the_window(monkeypatch):
    sequence = random_sequence(60)[:30] + "NNN" + random_sequence(60, seed=1)[:40]
    genome, codes = genome_of(one=sequence), encode(sequence.encode())
    columns, total = kmer.count_columns(2, canonical=False)
    at = np.arange(len(codes))
    counts = kmer.count_windows(codes, at, 5, columns, total)
    for base in at:
        for k, offset in ((1, 0), (2, 4)):
            words = words_around(sequence, base, 5, k)
            for word, times in words.items():
                if "N" not in word:
                    number = kmer.kmer_indices(encode(word.encode()), k)[0]
                    assert counts[base, offset + number] == times
    weights = np.random.default_rng(2).normal(size=total)
    by_k = [[weights[column] for column in columns]]
    baseline = kmer.KmerBaseline(genome, (5,), {"task": by_k}, {"task": -0.3})
    expected = 1 / (1 + np.exp(0.3 - counts @ weights))
    assert baseline.track("task", "one") == pytest.approx(expected, abs=1e-6)
    monkeypatch.setattr(kmer, "_BASES", 7)
    assert baseline.track("task", "one") == pytest.approx(expected, abs=1e-6)


def planted(length=20_000, motif="GATTACA", seed=0, every=200):
    """A random contig with a motif at random places; the motif and 10 bases around it are the regions."""
    rng = np.random.default_rng(seed)
    sequence, labels = bytearray(random_sequence(length, seed).encode()), np.zeros(length, np.uint8)
    for start in range(50, length - 50, every):
        start += int(rng.integers(50))
        sequence[start : start + len(motif)] = motif.encode()
        labels[start - 5 : start + 12] = 1
    return sequence.decode(), labels


def test_a_planted_motif_is_learned_and_probabilities_have_the_true_base_rate():
    (first, first_labels), (second, second_labels) = planted(), planted(seed=9)
    genome = genome_of(one=first, two=second)
    labels = Arrays(task={"one": first_labels, "two": second_labels})
    baseline = fit_kmer_baseline(genome, labels, [("one", 0, len(first))], SMALL)
    scores = baseline.track("task", "two")
    assert roc_auc_score(second_labels, scores) > 0.9
    assert scores.mean() == pytest.approx(second_labels.mean(), rel=0.25)
    again = fit_kmer_baseline(genome, labels, [("one", 0, len(first))], SMALL).track("task", "two")
    assert (again == scores).all()


def test_unstranded_scores_are_the_same_on_both_strands():
    sequence, labels = planted(length=5000)
    turned = decode(reverse_complement(encode(sequence.encode()))).decode()
    genome = genome_of(one=sequence, two=turned)
    baseline = fit_kmer_baseline(genome, Arrays(task={"one": labels}), [("one", 0, len(sequence))], SMALL)
    assert baseline.track("task", "one") == pytest.approx(baseline.track("task", "two")[::-1], abs=1e-6)


def test_the_minus_channel_reads_the_reverse_complement():
    sequence, plus = planted(length=8000, seed=3)
    other, minus = planted(length=8000, seed=4)
    # Contig two is seen from the other side: its regions are on the minus strand.
    turned = decode(reverse_complement(encode(other.encode()))).decode()
    genome = genome_of(one=sequence, two=turned)
    nothing = np.zeros(8000, np.uint8)
    labels = Arrays(
        task_plus={"one": plus, "two": nothing}, task_minus={"one": nothing, "two": minus[::-1].copy()}
    )
    where = [("one", 0, 8000), ("two", 0, 8000)]
    baseline = fit_kmer_baseline(genome, labels, where, SMALL)
    mirrored = genome_of(one=decode(reverse_complement(encode(sequence.encode()))).decode())
    turned_baseline = kmer.KmerBaseline(mirrored, SMALL.reaches, baseline.weights, baseline.offsets)
    assert baseline.track("task.plus", "one") == pytest.approx(
        turned_baseline.track("task.minus", "one")[::-1], abs=1e-6
    )
    assert roc_auc_score(plus, baseline.track("task.plus", "one")) > 0.85
    assert roc_auc_score(plus, baseline.track("task.minus", "one")) < 0.75


def test_long_runs_of_n_get_no_score_and_masked_bases_no_vote():
    sequence, labels = planted(length=5000)
    sequence = sequence[:1000] + "N" * 20 + sequence[1020:]
    labels[1000:1020] = 255
    genome = genome_of(one=sequence)
    arrays = Arrays(task={"one": labels})
    track = fit_kmer_baseline(genome, arrays, [("one", 0, 5000)], SMALL).track("task", "one")
    assert np.flatnonzero(np.isnan(track)).tolist() == list(range(1000, 1020))
    labels[labels == 1] = 255
    with pytest.raises(DnabilstmError, match="wanted both classes"):
        fit_kmer_baseline(genome, arrays, [("one", 0, 5000)], SMALL)
