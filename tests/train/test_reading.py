"""Short trials tell sequences whose strand and place mean something from those where they mean nothing."""

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
from dnabilstm.train.reading import SHARE, _judged, best, choose_reading, readings, remove_trials
from dnabilstm.train.sequences import SequenceRun
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


def placed(counts, seed=0):
    """Class b has its motif, which all have somewhere, in the first half: only the place tells them apart."""
    planted = set_of(counts, seed=seed)
    codes, rng = planted.codes.copy(), np.random.default_rng(seed)
    motif = np.array([1, 1, 2, 8, 8, 8, 1, 4, 1, 1], np.uint8)
    for index in range(len(planted)):
        row = codes[planted.borders[index] : planted.borders[index + 1]]
        at = 25 if planted.labels[index] == 0 else int(rng.choice([5, 45]))
        row[:] = rng.choice(np.array([1, 2, 4, 8], np.uint8), len(row))
        row[at : at + len(motif)] = motif if rng.random() < 0.5 else reverse_complement(motif)
    return replace(planted, codes=codes)


def run_on(make, **settings):
    network = replace(NETWORK, **settings)
    return SequenceRun(network, PLAN, torch.device("cpu"), make([80, 80]), make([30, 30], seed=1))


def silent(_run):
    return nullcontext(Reporter())


def test_a_motif_on_one_strand_is_told(tmp_path):
    TOLD.clear()
    run = run_on(oriented)
    chosen = choose_reading(run, tmp_path / "m", lambda _: nullcontext(Listener()))
    assert chosen["strand"] == "stranded"
    assert any("are read stranded" in line and "(symmetric, anywhere 0." in line for line in TOLD)
    tried = {"symmetric.anywhere", "symmetric.aligned", "stranded.aligned"}
    assert {path.name for path in tmp_path.glob("*.state")} == {f"m.trial.{name}.state" for name in tried}
    remove_trials(run, tmp_path / "m")
    assert not list(tmp_path.glob("*.state"))
    assert (tmp_path / "m.trial.stranded.aligned.training.csv").exists()


def test_a_motif_at_one_place_is_told(tmp_path):
    assert choose_reading(run_on(placed), tmp_path / "m", silent)["aligned"] == 20


def test_a_trial_that_is_done_is_not_done_again(tmp_path):
    run = run_on(oriented)
    first = choose_reading(run, tmp_path / "m", silent)
    steps = []

    class Counter(Reporter):
        def advance(self, step, bases):
            steps.append(step)

    assert choose_reading(run, tmp_path / "m", lambda _: nullcontext(Counter())) == first
    assert steps == []


def test_sequences_that_were_trained_on_judge_no_trial():
    run = run_on(oriented)
    blind = replace(run, validation=run.training)
    judged = _judged(blind)
    seen = {judged.training.sequence(i).tobytes() for i in range(len(judged.training))}
    assert not seen & {judged.validation.sequence(i).tobytes() for i in range(len(judged.validation))}
    assert len(judged.training) + len(judged.validation) == len(run.training)


def test_without_a_choice_there_is_no_trial(tmp_path):
    run = run_on(set_of, strand="stranded", aligned=0)
    assert choose_reading(run, tmp_path / "m", silent) == {"strand": "stranded", "aligned": 0}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("means", "wanted"),
    [
        ([0.4, 0.5, 0.6], "a"),
        ([0.4, 0.395, 0.4], "a"),
        ([0.4, 0.38, 0.4], "b"),
        ([0.4, 0.38, 0.375], "b"),
        ([0.4, 0.385, 0.34], "c"),
    ],
)
def test_more_is_taken_for_a_clear_gain_only(means, wanted):
    """The standard error of these differences is .01."""
    noise = np.tile([0.1, -0.1, 0.1, -0.1, 0.0], 20) * np.sqrt(99 / 80)
    losses = {name: mean + (noise if name != "b" else 0) for name, mean in zip("abc", means, strict=True)}
    losses["b"] = losses["b"] + np.zeros(100)
    losses["c"] = losses["c"] - 2 * noise
    assert best(losses) == wanted


def test_two_ways_that_are_equally_good_are_seldom_told_apart():
    rng = np.random.default_rng(0)
    for count in (50, 2_000):
        taken = 0
        for _ in range(200):
            hard = rng.gamma(1.0, 0.4, count)
            taken += best({name: hard + 0.2 * rng.gamma(1.0, 1.0, count) for name in "ab"}) == "b"
        assert taken < 60


def test_a_single_sequence_tells_nothing():
    assert best({"a": np.ones(1), "b": np.zeros(1)}) == "a"


def test_a_fifth_of_the_training_sequences_judges_the_trials_too():
    run = run_on(set_of)
    judged = _judged(run)
    assert len(judged.validation) == len(run.validation) + 32
    assert len(judged.training) == len(run.training) - 32
    assert np.bincount(judged.training.labels).tolist() == [64, 64]
    before = sorted(run.training.text(i) for i in range(len(run.training)))
    now = [judged.training.text(i) for i in range(len(judged.training))]
    now += [judged.validation.text(i) for i in range(len(run.validation), len(judged.validation))]
    assert sorted(now) == before


def test_where_there_are_too_few_the_validation_part_judges():
    run = replace(run_on(set_of), training=set_of([1, 1]))
    assert _judged(run) is run


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, ["symmetric, anywhere", "symmetric, aligned", "stranded, aligned"]),
        ({"strand": "symmetric"}, ["symmetric, anywhere", "symmetric, aligned"]),
        ({"strand": "stranded"}, ["stranded, anywhere", "stranded, aligned"]),
        ({"strand": "none"}, ["none, anywhere", "none, aligned"]),
        ({"aligned": 0}, ["symmetric, as given", "stranded, as given"]),
        ({"aligned": 5}, ["symmetric, as given", "stranded, as given"]),
        ({"merge": "sum"}, ["symmetric, anywhere"]),
        ({"merge": "sum", "strand": "none"}, ["none, anywhere", "none, aligned"]),
        ({"architecture": "theirs"}, ["symmetric, anywhere"]),
    ],
)
def test_the_ways_that_are_open(settings, wanted):
    assert list(readings(run_on(set_of, **settings))) == wanted


@pytest.mark.parametrize("lengths", [(60, 61), 5000])
def test_sequences_of_several_lengths_or_long_ones_are_not_aligned(lengths):
    run = replace(run_on(set_of), training=set_of([4, 4], length=lengths))
    assert run.places == 0
    assert list(readings(run)) == ["symmetric, anywhere", "stranded, anywhere"]


def test_what_nobody_has_decided_is_symmetric():
    assert build(NETWORK).config == replace(
        NETWORK, strand="symmetric", aligned=0, attention="additive", kmers="none"
    )
