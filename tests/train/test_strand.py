"""A short trial tells sequences whose strand means something from those where it means nothing."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch

from dnabilstm.alphabet import reverse_complement
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.train.config import SequenceTrainConfig
from dnabilstm.train.loop import Reporter
from dnabilstm.train.sequences import SequenceRun
from dnabilstm.train.strand import MARGIN, SHARE, better, choose_strand, remove_trials
from tests.classify.planted import set_of

NETWORK = BiLSTMConfig(
    tasks=("a", "b"), head="sequence", hidden=8, filters=8, filter_width=11, layers=1, pool=3
)
PLAN = SequenceTrainConfig(
    batch=8, shards=1, epochs=1, min_steps=60 * SHARE, average=0.9, warmup=5, learning_rate=0.01
)
TOLD: list[str] = []


class Listener(Reporter):
    def note(self, text):
        TOLD.append(text)


def oriented(counts, seed=0):
    """Class b holds the reverse complements of what class a could hold: only the strand tells them apart."""
    planted = set_of(counts, seed=seed)
    codes, rng = planted.codes.copy(), np.random.default_rng(seed)
    motif = np.array([1, 1, 2, 8, 8, 8, 1, 4, 1, 1], np.uint8)
    for index in range(len(planted)):
        row = codes[planted.borders[index] : planted.borders[index + 1]]
        at = int(rng.integers(len(row) - len(motif)))
        row[:] = rng.choice(np.array([1, 2, 4, 8], np.uint8), len(row))
        row[at : at + len(motif)] = motif if planted.labels[index] == 0 else reverse_complement(motif)
    return replace(planted, codes=codes)


def run_on(make):
    return SequenceRun(NETWORK, PLAN, torch.device("cpu"), make([80, 80]), make([30, 30], seed=1))


def test_a_motif_on_one_strand_is_told(tmp_path):
    TOLD.clear()
    chosen = choose_strand(run_on(oriented), tmp_path / "m", lambda _: nullcontext(Listener()))
    assert chosen == "stranded"
    assert any("strand: stranded" in line and "symmetric 0." in line for line in TOLD)
    assert {path.name for path in tmp_path.glob("*.state")} == {
        "m.trial.symmetric.state",
        "m.trial.stranded.state",
    }
    remove_trials(tmp_path / "m")
    assert not list(tmp_path.glob("*.state"))
    assert (tmp_path / "m.trial.stranded.training.csv").exists()


def test_a_trial_that_is_done_is_not_done_again(tmp_path):
    run = run_on(oriented)
    first = choose_strand(run, tmp_path / "m", lambda _: nullcontext(Reporter()))
    steps = []

    class Counter(Reporter):
        def advance(self, step, bases):
            steps.append(step)

    assert choose_strand(run, tmp_path / "m", lambda _: nullcontext(Counter())) == first
    assert steps == []


@pytest.mark.parametrize(
    ("symmetric", "stranded", "wanted"),
    [(0.9, 0.8, "symmetric"), (0.9, 0.9 + MARGIN / 2, "symmetric"), (0.9, 0.9 + 2 * MARGIN, "stranded")],
)
def test_the_symmetry_is_given_up_for_a_clear_gain_only(symmetric, stranded, wanted):
    assert better({"symmetric": symmetric, "stranded": stranded}) == wanted


@pytest.mark.parametrize(
    ("settings", "undecided"),
    [
        ({}, True),
        ({"strand": "symmetric"}, False),
        ({"strand": "stranded"}, False),
        ({"merge": "sum"}, False),
        ({"head": "position"}, False),
        ({"architecture": "theirs"}, False),
    ],
)
def test_where_there_is_a_trial(settings, undecided):
    assert replace(NETWORK, **settings).undecided == undecided


def test_what_nobody_has_decided_is_symmetric():
    assert build(NETWORK).config == replace(NETWORK, strand="symmetric", aligned=0)


@pytest.mark.parametrize(
    ("lengths", "settings", "wanted"),
    [
        ([70, 70], {"pool": 5}, 14),
        ([71, 71], {"pool": 5}, 15),
        ([70, 71], {}, 0),
        ([70, 70], {"aligned": 3}, 3),
        ([70, 70], {"aligned": 0}, 0),
        ([70, 70], {"merge": "sum"}, 0),
        ([70, 70], {"merge": "sum", "strand": "none"}, 24),
        ([70, 70], {"head": "position"}, "auto"),
        ([5000, 5000], {}, 0),
    ],
)
def test_sequences_of_one_length_are_aligned(lengths, settings, wanted):
    assert replace(NETWORK, **settings).for_sequences(lengths).aligned == wanted
