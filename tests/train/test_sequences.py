"""Training on whole sequences: what a step draws, and going on after a kill as if nothing had happened."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dnabilstm.alphabet import reverse_complement
from dnabilstm.model.bundle import save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.train.config import SequenceTrainConfig
from dnabilstm.train.finish import finish_sequences
from dnabilstm.train.loop import Reporter, train
from dnabilstm.train.run import mutated
from dnabilstm.train.sequences import SequenceRun, class_weights
from tests.classify.planted import set_of
from tests.train.test_loop import Killed, Killer, weights

NETWORK = BiLSTMConfig(
    tasks=("a", "b"), head="sequence", hidden=8, filters=8, filter_width=11, layers=1, pool=3
)
PLAN = SequenceTrainConfig(
    batch=8, shards=1, epochs=1, min_steps=40, average=0.9, warmup=5, learning_rate=0.01, mutation=0
)


@pytest.fixture(autouse=True)
def _one_thread():
    """Threads of small operations wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def run():
    return SequenceRun(NETWORK, PLAN, torch.device("cpu"), set_of([40, 40]), set_of([8, 8], seed=1))


def of_length(run, lengths):
    return replace(run, training=set_of([40, 40], length=lengths))


def rows_of(run, step):
    """The sequences that a step draws, without padding, and their labels."""
    codes, lengths, labels = run.lesson().draw(step)
    assert codes.shape == (len(labels), lengths.max() * run.model.pool)
    return [row[row > 0] for row in codes], labels


@pytest.mark.parametrize("lengths", [60, (7, 30, 200)])
def test_a_pass_draws_every_sequence_once(run, lengths):
    run = of_length(run, lengths)
    assert run.steps_a_pass == 10
    drawn = [
        (row.tobytes(), label) for step in range(10) for row, label in zip(*rows_of(run, step), strict=True)
    ]
    given = [(run.training.sequence(i).tobytes(), run.training.labels[i]) for i in range(80)]
    assert sorted(drawn) == sorted(given)
    again = [row.tobytes() for row in rows_of(run, 13)[0]]
    assert again != [row.tobytes() for row in rows_of(run, 3)[0]]  # another order in another pass


def test_sequences_of_like_length_are_drawn_together(run):
    run = of_length(run, (7, 30, 200))
    spread = [np.ptp([len(row) for row in rows_of(run, step)[0]]) for step in range(10)]
    assert sum(width == 0 for width in spread) >= 7


def test_ambiguous_bases_and_padding_are_not_mutated():
    codes = np.tile(np.arange(16, dtype=np.uint8), 1_000)
    after = mutated(codes, 0.5, np.random.default_rng(0))
    changed = after != codes
    assert set(codes[changed]) == {1, 2, 4, 8} == set(after[changed])
    assert changed[np.isin(codes, [1, 2, 4, 8])].mean() == pytest.approx(0.5 * 0.75, abs=0.03)


def test_augmented_sequences_are_cut_turned_and_mutated(run):
    changed = replace(run, train=replace(PLAN, shift=5, reverse_complement=True))
    text = {run.training.sequence(i).tobytes() for i in range(80)}
    plain, turned, lengths = 0, 0, set()
    for step in range(20):
        for row in rows_of(changed, step)[0]:
            plain += any(row.tobytes() in whole for whole in text)
            turned += any(reverse_complement(row).tobytes() in whole for whole in text)
            lengths.add(len(row))
    assert plain + turned == 160
    assert 50 < turned < 110
    assert lengths == set(range(55, 61))
    mutated = replace(run, train=replace(PLAN, mutation=0.2))
    before = np.concatenate([row for step in range(10) for row in rows_of(run, step)[0]])
    after = np.concatenate([row for step in range(10) for row in rows_of(mutated, step)[0]])
    assert np.mean(before != after) == pytest.approx(
        0.15, abs=0.02
    )  # a fourth of the draws are what was there


def test_classes_weigh_alike_however_rare():
    labels = np.array([0] * 6 + [1] * 2)
    assert class_weights(labels, 3, "none").tolist() == [1, 1, 1]
    found = class_weights(labels, 3, "balanced")
    np.testing.assert_allclose(found, [8 / 12, 2, 0])
    assert found[labels].sum() == 8


@pytest.mark.parametrize(("step", "lengths"), [(3, 60), (25, (7, 30, 100))])
def test_a_killed_run_ends_with_the_same_bytes(run, tmp_path, step, lengths):
    run = of_length(run, lengths)
    undisturbed = train(run, tmp_path / "a", Reporter())
    with pytest.raises(Killed):
        train(run, tmp_path / "b", Killer(step))
    again = Killer(0)
    resumed = train(run, tmp_path / "b", again)
    assert torch.equal(weights(resumed), weights(undisturbed))
    assert any("resumed at step 20" in note for note in again.notes) == (step == 25)
    for name, state in (("a", undisturbed), ("b", resumed)):
        save_model(finish_sequences(run, state), tmp_path / f"{name}.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_other_sequences_are_another_run(run):
    assert replace(run).fingerprint == run.fingerprint
    assert replace(run, training=set_of([40, 40], seed=5)).fingerprint != run.fingerprint
    assert replace(run, validation=set_of([8, 8], seed=5)).fingerprint != run.fingerprint
    # What is fitted when the network is trained costs no new training.
    assert replace(run, weights=(1.0, 2.0)).fingerprint == run.fingerprint
    assert replace(run, model=replace(run.model, kmers="none")).fingerprint == run.fingerprint
    assert replace(run, model=replace(run.model, hidden=9)).fingerprint != run.fingerprint


def test_weights_of_classes_move_the_calibration_alone(run, tmp_path):
    state = train(run, tmp_path / "a", Reporter())
    plain = finish_sequences(run, state)
    wanted = finish_sequences(replace(run, weights=(1.5, 0.5)), state)
    assert torch.equal(weights(state), torch.cat([p.flatten() for p in wanted.network.parameters()]))
    (a, b), (more, less) = plain.card["calibration"]["bias"], wanted.card["calibration"]["bias"]
    assert more - less > a - b + 0.1
