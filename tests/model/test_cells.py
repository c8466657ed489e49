"""The recurrences in Python against their equations, outputs and gradients."""

import pytest
import torch

from dnabilstm.model.cells import recur
from tests.model import reference

STEPS, INPUTS, HIDDEN = 6, 3, 4


def weights_of(peepholes: bool, rows: int = 2) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    shapes = {"x": (rows, STEPS, INPUTS), "w_ih": (4 * HIDDEN, INPUTS), "w_hh": (4 * HIDDEN, HIDDEN)}
    shapes |= {"bias": (4 * HIDDEN,), "h": (rows, HIDDEN), "c": (rows, HIDDEN)}
    if peepholes:
        shapes["peepholes"] = (3, HIDDEN)
    return {k: torch.randn(shape, dtype=torch.float64, requires_grad=True) for k, shape in shapes.items()}


def run(w, state=None, x=None):
    x = w["x"] if x is None else x
    rows = len(x)
    zero = x.new_zeros(rows, HIDDEN)
    gates = torch.nn.functional.linear(x, w["w_ih"], w["bias"])
    return recur(gates, w["w_hh"], w.get("peepholes"), state or (zero, zero))


def test_the_peephole_recurrence_is_that_of_its_equations():
    """Gers & Schmidhuber 2000: the gates i and f see c_{t-1}, the gate o sees c_t; h_t = o tanh(c_t)."""
    w = weights_of(peepholes=True)
    got, _ = run(w)
    want = torch.stack(
        [torch.stack(reference.lstm(row, w["w_ih"], w["w_hh"], w["bias"], w["peepholes"])) for row in w["x"]]
    )
    torch.testing.assert_close(got, want, rtol=0, atol=1e-10)
    names = ("x", "w_ih", "w_hh", "bias", "peepholes")
    mine, theirs = (torch.autograd.grad(y.sin().sum(), [w[n] for n in names]) for y in (got, want))
    for name, one, other in zip(names, mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10, msg=name)
        assert one.abs().max() > 1e-3


def test_the_grid_recurrence_is_that_of_its_equations():
    """Kalchbrenner et al. 2015: m' = f m + u c, h' = tanh(o m'), over the hidden vectors of both dimensions."""
    w = weights_of(peepholes=False)
    with torch.no_grad():
        w["w_ih"] = torch.randn(4 * HIDDEN, HIDDEN, dtype=torch.float64)
        w["x"] = torch.randn(2, STEPS, HIDDEN, dtype=torch.float64)
    got, (hidden, memory) = run(w)
    for row in range(2):
        h = m = torch.zeros(HIDDEN, dtype=torch.float64)
        for step in range(STEPS):
            h, m = reference.grid_block(h, w["x"][row, step], m, w)
            torch.testing.assert_close(got[row, step], h, rtol=0, atol=1e-10)
        torch.testing.assert_close(hidden[row], h, rtol=0, atol=1e-10)
        torch.testing.assert_close(memory[row], m, rtol=0, atol=1e-10)


@pytest.mark.parametrize("peepholes", [True, False], ids=["peephole", "grid"])
def test_gradients_are_those_of_finite_differences(peepholes):
    """Of everything that goes in, through the outputs and through both parts of the last state."""
    w = weights_of(peepholes)

    def call(x, w_hh, h, c, *more):
        outputs, state = recur(x, w_hh, more[0] if more else None, (h, c))
        return outputs, *state

    gates = torch.randn(2, STEPS, 4 * HIDDEN, dtype=torch.float64, requires_grad=True)
    arguments = [gates, w["w_hh"], w["h"], w["c"], *([w["peepholes"]] if peepholes else [])]
    assert torch.autograd.gradcheck(call, arguments)


def test_without_peepholes_it_is_the_librarys_lstm_and_with_them_it_is_not():
    w = {k: v.detach() for k, v in weights_of(peepholes=True).items()}
    zero = torch.zeros(1, 2, HIDDEN, dtype=torch.float64)
    plain = [w["w_ih"], w["w_hh"], w["bias"], torch.zeros_like(w["bias"])]
    want, hidden, cell = torch.lstm(w["x"], (zero, zero), plain, True, 1, 0.0, False, False, True)
    for gate in range(3):
        changed = torch.zeros(3, HIDDEN, dtype=torch.float64)
        got, state = run(w | {"peepholes": changed})
        torch.testing.assert_close((got, *state), (want, hidden[0], cell[0]), rtol=0, atol=1e-14)
        changed[gate] = w["peepholes"][gate]
        assert (run(w | {"peepholes": changed})[0] - want).abs().max() > 1e-2


@pytest.mark.parametrize("peepholes", [True, False], ids=["peephole", "grid"])
def test_the_state_carries_all_that_the_next_steps_need(peepholes):
    w = weights_of(peepholes)
    whole, end = run(w)
    first, state = run(w, x=w["x"][:, :2])
    second, last = run(w, state, w["x"][:, 2:])
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, rtol=0, atol=1e-14)
    torch.testing.assert_close(last, end, rtol=0, atol=1e-14)


def test_it_runs_in_float32_where_all_else_is_rough():
    w = {k: v.detach().float() for k, v in weights_of(peepholes=True).items()}
    exact, _ = run(w)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough, state = run(w)
    assert {part.dtype for part in (rough, *state)} == {torch.float32}
    assert 0 < (rough - exact).abs().max() < 0.05
