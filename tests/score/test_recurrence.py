"""Every implementation of a direction against ``nn.LSTM``."""

import pytest
import torch
from torch import nn

from dnabilstm.native import sweep as native
from dnabilstm.score import recurrence

CPU = torch.device("cpu")


def weights_of(inputs: int, hidden: int) -> tuple[nn.LSTM, tuple[torch.Tensor, ...]]:
    torch.manual_seed(0)
    lstm = nn.LSTM(inputs, hidden).eval()
    return lstm, (lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, lstm.bias_hh_l0)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("name", recurrence.IMPLEMENTATIONS)
@pytest.mark.parametrize(
    ("inputs", "hidden", "steps", "rows"), [(4, 16, 1, 1), (16, 8, 20, 5), (128, 64, 9, 33), (3, 48, 5, 8)]
)
def test_a_sweep_in_parts_is_that_of_the_whole(name, inputs, hidden, steps, rows, backward):
    if name == "in_c" and not native.width_for(inputs, hidden, torch.float32):
        pytest.skip("not compiled, or no vectors of this width here")
    lstm, weights = weights_of(inputs, hidden)
    features = torch.randn(steps, rows, inputs)
    state = torch.randn(rows, hidden), torch.randn(rows, hidden)
    # A half of wider rows, as where two directions lie side by side.
    got = torch.full((steps, rows, 2 * hidden), torch.nan)
    with torch.inference_mode():
        first = tuple(part.unsqueeze(0) for part in state)
        want, (last, cell) = lstm(features.flip(0) if backward else features, first)
        sweep = recurrence.IMPLEMENTATIONS[name](weights, CPU, torch.float32, backward)
        parts = [slice(start, start + 4) for start in range(0, steps, 4)]
        for part in reversed(parts) if backward else parts:
            state = sweep(features[part], state, got[part, :, hidden:])
    assert got[:, :, :hidden].isnan().all()
    want = want.flip(0) if backward else want
    torch.testing.assert_close(got[:, :, hidden:], want, rtol=0, atol=2e-6)
    torch.testing.assert_close(state[0], last[0], rtol=0, atol=2e-6)
    torch.testing.assert_close(state[1], cell[0], rtol=0, atol=2e-6)


@pytest.mark.parametrize("autocast", [False, True])
def test_cells_stay_exact_in_bf16(autocast):
    """A cell that only adds loses nothing in fp32, and stops growing in bf16."""
    _, weights = weights_of(2, 1)
    w_ih, w_hh, b_ih, b_hh = (torch.zeros_like(tensor) for tensor in weights)
    b_ih[:] = torch.tensor([-6.0, 20.0, 20.0, 0.0])  # enter a little, keep all
    chosen = recurrence.implementation_for(CPU, torch.bfloat16, 2, hidden=1)
    sweep = recurrence.IMPLEMENTATIONS[chosen]((w_ih, w_hh, b_ih, b_hh), CPU, torch.bfloat16, False)
    features = torch.zeros(4000, 16, 2, dtype=torch.bfloat16)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        out = torch.empty(4000, 16, 1, dtype=torch.bfloat16)
        _, cell = sweep(features, (torch.zeros(16, 1), torch.zeros(16, 1)), out)
    assert cell.dtype == torch.float32
    torch.testing.assert_close(cell, torch.full((16, 1), 4000 / (1 + 2.718281828**6)), rtol=0.02, atol=0)


def test_a_gpu_and_an_unusual_precision_take_what_pytorch_has():
    assert recurrence.implementation_for(torch.device("cuda"), torch.bfloat16, 128, 64) == "plain"
    assert recurrence.implementation_for(CPU, torch.float64, 128, 64) == "plain"


def test_units_that_no_vector_divides_take_what_pytorch_has():
    assert native.width_for(8, 6, torch.float32) == 0
    assert recurrence.implementation_for(CPU, torch.float32, 8, 6) in ("onednn", "plain")


def test_inputs_that_make_no_pairs_take_what_pytorch_has_in_bf16():
    assert native.width_for(3, 64, torch.bfloat16) == 0
    assert recurrence.implementation_for(CPU, torch.bfloat16, 3, 64) in ("onednn", "stepwise")


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("name", ["in_c", "onednn"])
def test_in_bf16_all_compute_the_same(name, backward):
    """What differs is the order of sums, and so at times the last bit of an output; it is not carried far."""
    chosen = recurrence.implementation_for(CPU, torch.bfloat16, 32, 64)
    if chosen == "stepwise" or (name == "in_c" and not native.width_for(32, 64, torch.bfloat16)):
        pytest.skip("this processor has no bf16 for it")
    _, weights = weights_of(32, 64)
    features = torch.randn(50, 13, 32).bfloat16()
    found = []
    with torch.inference_mode():
        for one in (name, "stepwise"):
            out = torch.empty(50, 13, 64, dtype=torch.bfloat16)
            state = torch.zeros(13, 64), torch.zeros(13, 64)
            sweep = recurrence.IMPLEMENTATIONS[one](weights, CPU, torch.bfloat16, backward)
            found.append((out, *sweep(features, state, out)))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one.float(), other.float(), rtol=0, atol=0.01)
        assert (one.float() - other.float()).abs().mean() < 0.0005
