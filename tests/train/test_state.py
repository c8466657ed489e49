"""A state file that is not this run's, or not one at all, is told and left."""

import torch

from dnabilstm.train.state import TrainState, load_state, save_state


def fresh() -> TrainState:
    torch.manual_seed(0)
    network, average = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    return TrainState(network, average, torch.optim.AdamW(network.parameters()))


def test_weights_optimizer_and_history_come_back(tmp_path):
    state = fresh()
    state.network(torch.ones(1, 3)).sum().backward()
    state.optimizer.step()
    state.best, state.step, state.history = {"weight": torch.ones(2, 3)}, 7, [{"step": 7}]
    save_state(state, tmp_path / "s", "print")
    other = fresh()
    assert "step 7" in load_state(other, tmp_path / "s", "print")
    assert torch.equal(other.network.weight, state.network.weight)
    assert torch.equal(other.best["weight"], torch.ones(2, 3))
    slots, wanted = other.optimizer.state_dict()["state"], state.optimizer.state_dict()["state"]
    assert all(torch.equal(slots[i][k], wanted[i][k]) for i in wanted for k in wanted[i])


def test_other_states_are_left(tmp_path):
    assert load_state(fresh(), tmp_path / "none", "x") == ""
    save_state(fresh(), tmp_path / "s", "print")
    assert "other data or settings" in load_state(fresh(), tmp_path / "s", "another")
    (tmp_path / "s").write_bytes(b"cut")
    assert "not a readable" in load_state(fresh(), tmp_path / "s", "print")
