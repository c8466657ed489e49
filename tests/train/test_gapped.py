"""Gapped k-mers beside a network: found where they tell the classes, left out where they do not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dnabilstm.alphabet import reverse_complement
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.score.sequences import sequence_logits
from dnabilstm.sequences.store import joined
from dnabilstm.train import gapped
from dnabilstm.train.config import SequenceTrainConfig
from dnabilstm.train.gapped import with_gapped
from dnabilstm.train.sequences import SequenceRun
from tests.classify.planted import set_of

NETWORK = BiLSTMConfig(head="sequence", hidden=4, filters=4, filter_width=5, layers=1, pool=3)
BASES = np.array([1, 2, 4, 8], np.uint8)


def paired(counts, seed):
    """All have ACG and TTC often; class b has them with five bases between, one after the other, twice."""
    planted, rng = set_of(counts, seed=seed), np.random.default_rng(seed)
    codes = planted.codes.copy()
    for index in range(len(planted)):
        row = codes[planted.borders[index] : planted.borders[index + 1]]
        row[:] = rng.choice(BASES, len(row))
        for start in (int(rng.integers(0, 15)), int(rng.integers(30, 45))):
            gap = 5 if planted.labels[index] else int(rng.choice([0, 2, 8]))
            word = [1, 2, 4, *rng.choice(BASES, gap), 8, 8, 2]
            row[start : start + len(word)] = word[: len(row) - start]
    return replace(planted, codes=codes)


def run_of(training, validation, **settings):
    torch.manual_seed(0)
    network = replace(NETWORK, tasks=training.classes, **settings)
    run = SequenceRun(network, SequenceTrainConfig(), torch.device("cpu"), training, validation)
    return run, build(network).eval()


@pytest.mark.parametrize("strand", ["symmetric", "stranded"])
def test_a_gapped_word_is_found(strand):
    run, network = run_of(paired((150, 150), 1), paired((60, 60), 2), strand=strand)
    wide, told = with_gapped(run, network)
    assert told["taken"]
    assert told["log_loss"]["with"] < 0.45 < 0.6 < told["log_loss"]["without"]
    test = paired((60, 60), 3)
    logits = sequence_logits(wide, test)
    margin = logits[:, 1] - logits[:, 0]
    assert np.mean((margin > np.median(margin)) == test.labels) > 0.8
    turned = replace(
        test, codes=np.concatenate([reverse_complement(test.sequence(index)) for index in range(len(test))])
    )
    if strand == "symmetric":
        assert np.abs(sequence_logits(wide, turned) - logits).max() < 1e-5
    else:
        assert np.abs(sequence_logits(wide, turned) - logits).max() > 0.1


def test_words_at_places_are_found_where_sequences_are_aligned():
    def at_15(counts, seed):
        planted, rng = set_of(counts, seed=seed), np.random.default_rng(seed)
        codes = rng.choice(BASES, planted.borders[-1])
        for index, start in enumerate(planted.borders[:-1]):
            place = 15 if planted.labels[index] else int(rng.choice([2, 25, 40]))
            codes[start + place : start + place + 3] = [8, 1, 8]
        return replace(planted, codes=codes)

    run, network = run_of(at_15((100, 100), 1), at_15((50, 50), 2), strand="stranded", aligned=20)
    wide, told = with_gapped(run, network)
    assert told["taken"]
    placed = wide.gapped.parts[1]
    best = int(placed.table[:, 0].argmax())
    # 60 places of one base, 59 of two, then those of three: TAT at 15.
    assert best == 60 * 4 + 59 * 16 + 15 * 64 + (3 * 16 + 0 * 4 + 3)
    test = at_15((50, 50), 3)
    logits = sequence_logits(wide, test)
    assert np.mean((logits[:, 1] > logits[:, 0]) == test.labels) > 0.9


def test_words_that_tell_nothing_are_left_out_unless_asked_for():
    rng = np.random.default_rng(0)
    training, validation = (
        replace(part, labels=rng.integers(2, size=len(part)))
        for part in (paired((80, 80), 1), paired((60, 60), 2))
    )
    run, network = run_of(training, validation)
    same, told = with_gapped(run, network)
    assert same is network
    assert not told["taken"]
    wide, told = with_gapped(replace(run, model=replace(run.model, kmers="gapped")), network)
    assert wide.config.kmers == "gapped"
    assert replace(run, model=wide.config).network.kmers == "none"  # no step of training waits for them
    assert told["taken"]
    assert with_gapped(replace(run, model=replace(run.model, kmers="none")), network) == (network, None)


def test_three_classes_are_told():
    def three(seed):
        return joined([set_of((70, 70, 70), seed=seed)])

    run, network = run_of(three(1), three(2))
    wide, told = with_gapped(run, network)
    assert told["taken"]
    test = three(3)
    logits = sequence_logits(wide, test)
    logits -= logits.mean(axis=0)
    assert np.mean(logits.argmax(axis=1) == test.labels) > 0.9


def test_members_share_one_fit(monkeypatch):
    run, network = run_of(paired((40, 40), 5), paired((20, 20), 6))
    first, _ = with_gapped(run, network)
    monkeypatch.setattr(gapped, "_regression", None)  # calling it would fail
    torch.manual_seed(1)
    other = build(network.config).eval()
    second, _ = with_gapped(replace(run, model=replace(run.model, kmers="gapped")), other)
    one, two = (net.gapped.parts[0].table for net in (first, second))
    assert one.any()
    ratio = (two[one != 0] / one[one != 0]).numpy()
    assert ratio == pytest.approx(ratio[0], rel=1e-4)  # the same weights, which count more or less


def test_of_many_words_a_sample_of_the_sequences_is_fitted_to(monkeypatch):
    run, network = run_of(paired((150, 150), 7), paired((60, 60), 8))
    monkeypatch.setattr(gapped, "MOST", 150 * 60 * 51)
    found = []
    presence = gapped._presence
    monkeypatch.setattr(
        gapped, "_presence", lambda words, some, pool: found.append(len(some)) or presence(words, some, pool)
    )
    with_gapped(run, network)
    assert found == [150]


class Undrawn(TorchDispatchMode):
    """Refuses to draw."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert torch.Tag.nondeterministic_seeded not in func.tags
        return func(*args, **(kwargs or {}))


def test_nothing_is_drawn_that_other_threads_draw_from():
    run, network = run_of(paired((40, 40), 1), paired((20, 20), 2))
    with Undrawn(), pytest.raises(AssertionError):
        build(run.network)
    with Undrawn():
        wide, told = with_gapped(replace(run, model=replace(run.model, kmers="gapped")), network)
    assert told["taken"]
    assert wide is not network
    assert network.gapped is None
    assert wide.config == replace(network.config, kmers="gapped")


def test_sequences_that_validate_what_was_fitted_to_them_decide_nothing():
    rng, plain = np.random.default_rng(3), set_of((60, 60))
    run, network = run_of(replace(plain, labels=rng.permutation(plain.labels)), plain)
    blind = replace(run, validation=run.training)
    assert with_gapped(blind, network) == (network, None)
    assert with_gapped(replace(blind, model=replace(blind.model, kmers="gapped")), network)[1]["taken"]


@pytest.mark.parametrize("limit", ["MOST_WEIGHTS", "MOST_PLACED"])
def test_what_would_take_too_much_memory_is_not_tried(limit, monkeypatch):
    run, network = run_of(paired((20, 20), 1), paired((20, 20), 2), strand="stranded", aligned=10)
    assert with_gapped(run, network)[1] is not None
    monkeypatch.setattr(gapped, limit, 10)
    assert with_gapped(run, network) == (network, None)
