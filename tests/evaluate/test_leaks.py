"""Held-out bases that repeat training sequence are found, and masked in the second set of figures."""

import numpy as np

from dnabilstm.evaluate.leaks import Masked, find_leaks
from dnabilstm.genome import Contig, Genome

LENGTH = 4_000


def genome_with(copies) -> Genome:
    """Two random contigs; the second has a copy of 1 kb of the first from each place of ``copies`` on."""
    rng = np.random.default_rng(0)
    codes = np.array([1, 2, 4, 8], np.uint8)[rng.integers(4, size=2 * LENGTH)]
    for place in copies:
        codes[LENGTH + place : LENGTH + place + 1_000] = codes[500:1_500]
    contigs = (Contig("a", LENGTH, 0, "x"), Contig("b", LENGTH, LENGTH, "y"))
    return Genome(contigs, codes, "genome.fa")


def card_of(genome, part="train"):
    return {"genome": {"digest": genome.digest}, "split": [["a", 0, LENGTH, part]]}


def test_a_copy_of_training_sequence_is_found_where_it_lies():
    genome = genome_with([2_000])
    for part in ("train", "valid"):
        ((contig, start, end),) = find_leaks(genome, {"m": card_of(genome, part)}, [("b", 0, LENGTH)])
        assert contig == "b"
        assert abs(start - 2_000) <= 200
        assert abs(end - 3_000) <= 200


def test_what_training_has_not_seen_is_no_leak():
    clean, copied = genome_with([]), genome_with([2_000])
    assert find_leaks(clean, {"m": card_of(clean)}, [("b", 0, LENGTH)]) == []
    # The part that was held out as a test, and a model of another genome, say nothing.
    assert find_leaks(copied, {"m": card_of(copied, "test")}, [("b", 0, LENGTH)]) == []
    assert find_leaks(copied, {"m": card_of(clean) | {"genome": {"digest": "z"}}}, [("b", 0, LENGTH)]) == []


def test_leaks_of_several_models_are_joined():
    genome = genome_with([0, 2_500])
    cards = {"m": card_of(genome), "n": card_of(genome, "valid")}
    assert len(find_leaks(genome, cards, [("b", 0, LENGTH)])) == 2


class Held:
    channels = ("x",)

    def __init__(self):
        self.values = np.ones(10, np.uint8)

    def track(self, channel, contig):
        return self.values


def test_masking_touches_only_its_bases_and_not_the_labels():
    labels = Held()
    masked = Masked(labels, [("a", 2, 4), ("b", 0, 10)])
    assert masked.track("x", "a").tolist() == [1, 1, 255, 255, 1, 1, 1, 1, 1, 1]
    assert masked.track("x", "c").tolist() == [1] * 10
    assert labels.values.tolist() == [1] * 10
