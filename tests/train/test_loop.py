"""The loop learns, repeats itself exactly, and goes on after a kill as if nothing had happened."""

from dataclasses import replace

import pytest
import torch

from dnabilstm.errors import DnabilstmError
from dnabilstm.train import positions
from dnabilstm.train.log import best_row
from dnabilstm.train.loop import Reporter, train


class Killed(BaseException):
    """Stands for a kill: not an exception that anything may catch."""


class Killer(Reporter):
    def __init__(self, step: int) -> None:
        self.step, self.notes = step, []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, step: int, bases: int) -> None:
        if step == self.step:
            raise Killed


def weights(state) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in state.best.values()])


def test_it_learns_a_planted_motif(run, tmp_path):
    run = replace(run, train=replace(run.train, steps=300, evaluate_every=100))
    state = train(run, tmp_path / "m", Reporter())
    assert max(row["mean_auprc"] for row in state.history) > 0.8  # the base rate is 0.15
    assert state.history[-1]["loss"] < 0.5 * state.history[0]["loss"]


@pytest.mark.parametrize("step", [3, 25])
def test_a_killed_run_ends_with_the_same_bits(run, tmp_path, step):
    undisturbed = train(run, tmp_path / "a", Reporter())
    with pytest.raises(Killed):
        train(run, tmp_path / "b", Killer(step))
    again = Killer(0)
    resumed = train(run, tmp_path / "b", again)
    assert torch.equal(weights(resumed), weights(undisturbed))
    assert resumed.history == undisturbed.history
    assert any("resumed at step 20" in note for note in again.notes) == (step == 25)
    for suffix in ("training.csv", "training.json"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_weights_that_are_not_finite_are_not_blamed_on_the_data(run, tmp_path):
    wild = replace(run, train=replace(run.train, steps=1, evaluate_every=1, weight_decay=1e300))
    with pytest.raises(DnabilstmError, match=r"no longer finite at step 1; lower train\.learning_rate or"):
        train(wild, tmp_path / "m", Reporter())


def test_the_state_of_another_run_is_not_taken_up(run, tmp_path):
    train(run, tmp_path / "m", Reporter())
    other = replace(run, train=replace(run.train, seed=2))
    notes = Killer(0)
    state = train(other, tmp_path / "m", notes)
    assert any("other data or settings" in note for note in notes.notes)
    assert torch.equal(weights(state), weights(train(other, tmp_path / "fresh", Reporter())))


def test_the_seed_decides(run, tmp_path):
    first = train(run, tmp_path / "a", Reporter())
    second = train(replace(run, train=replace(run.train, seed=2)), tmp_path / "b", Reporter())
    assert not torch.equal(weights(first), weights(second))


def test_the_random_state_of_the_caller_is_left_alone(run, tmp_path):
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    train(replace(run, train=replace(run.train, steps=2)), tmp_path / "m", Reporter())
    assert torch.equal(torch.rand(3), wanted)


def test_patience_stops_a_run_that_no_longer_gains(run, tmp_path, monkeypatch):
    figures = iter([0.1, 0.5, 0.4, 0.3, 0.45, 0.2])
    monkeypatch.setattr(positions, "auprc_by_channel", lambda *_: {"site": next(figures)})
    short = replace(run, train=replace(run.train, steps=100, evaluate_every=1, patience=3))
    state = train(short, tmp_path / "m", Reporter())
    assert [row["mean_auprc"] for row in state.history] == [0.1, 0.5, 0.4, 0.3, 0.45]


def test_of_equal_evaluations_the_last_is_kept(run, tmp_path, monkeypatch):
    seen = []

    def rank(_, logits, channels):
        seen.append(float(logits.mean()))
        return {"site": [0.1, 0.5, 0.4, 0.5, 0.3, 0][len(seen) - 1]}

    monkeypatch.setattr(positions, "auprc_by_channel", rank)
    short = replace(run, train=replace(run.train, steps=100, evaluate_every=1, patience=3))
    state = train(short, tmp_path / "m", Reporter())
    assert len(state.history) == 5
    assert best_row(state.history)["step"] == 4
    state.average.load_state_dict(state.best)
    short.lesson().evaluate(state.average)
    assert seen[-1] == seen[3]


@pytest.mark.parametrize("strand", ["symmetric", "none"])
def test_bf16_trains_too(run, tmp_path, strand):
    rough = replace(run, model=replace(run.model, strand=strand), train=replace(run.train, precision="bf16"))
    state = train(rough, tmp_path / "m", Reporter())
    assert state.history[-1]["loss"] < state.history[0]["loss"]


@pytest.mark.parametrize("pool", [1, 3, 7])
def test_a_window_need_not_be_a_whole_number_of_bins(run, tmp_path, pool):
    small = replace(run, model=replace(run.model, pool=pool), train=replace(run.train, steps=10))
    assert small.window % pool == 0
    assert train(small, tmp_path / "m", Reporter()).step == 10
