"""The kernel in C where it was compiled; and scoring where it was not."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.network import BiLSTM
from dnabilstm.native import library
from dnabilstm.native import sweep as native
from dnabilstm.score.sweep import Program

PRECISIONS = [torch.float32, torch.bfloat16]
needs_kernel = pytest.mark.skipif(
    not native.usable_widths(torch.float32), reason="the kernel was not compiled"
)


@pytest.fixture
def fresh():
    """What is found out about the kernel once a process is found out anew, before and after."""
    caches = library.library, native.usable_widths
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def widest(precision):
    """The widest vectors of a precision; skips where there are none."""
    if not native.usable_widths(precision):
        pytest.skip("not compiled, or nothing that this processor computes")
    return native.usable_widths(precision)[0]


def direction(width, backward=False, inputs=8, hidden=32, scale=1.0, precision=torch.float32):
    torch.manual_seed(3)
    lstm = torch.nn.LSTM(inputs, hidden)
    weights = [
        scale * w.detach() for w in (lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, lstm.bias_hh_l0)
    ]
    return native.Direction(weights, width, backward, precision), weights


def by_hand(weights, features, hidden, cell):
    """Hochreiter & Schmidhuber's equations in double precision, a row at a time."""
    w_ih, w_hh, b_ih, b_hh = (w.double().numpy() for w in weights)
    sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    out = np.zeros((*features.shape[:2], len(w_hh.T)))
    for r in range(features.shape[1]):
        h, c = hidden[r].double().numpy(), cell[r].double().numpy()
        for t in range(len(features)):
            i, f, g, o = np.split(w_ih @ features[t, r].double().numpy() + b_ih + w_hh @ h + b_hh, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            out[t, r] = h
    return out


@needs_kernel
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 6, 7, 13])
@pytest.mark.parametrize(("scale", "steps", "error"), [(1.0, 9, 1e-6), (40.0, 1, 2e-5)])
def test_every_width_gives_what_the_equations_give(rows, scale, steps, error):
    """With large weights the gates are wide open or shut, where exponentials overflow if they are not held."""
    for width in native.usable_widths(torch.float32):
        sweep, weights = direction(width, scale=scale)
        features, out = torch.randn(steps, rows, 8), torch.empty(steps, rows, 32)
        state = torch.randn(rows, 32), torch.randn(rows, 32)
        sweep(features, state, out)
        wanted = by_hand(weights, features, *state)
        assert np.abs(out.numpy() - wanted).max() < error


@pytest.mark.parametrize("rows", [1, 3, 4, 6, 13])
@pytest.mark.parametrize("scale", [1.0, 40.0])
def test_in_bf16_it_gives_what_the_equations_give_of_the_rounded_weights(rows, scale):
    sweep, weights = direction(widest(torch.bfloat16), scale=scale, precision=torch.bfloat16)
    weights = [weight.bfloat16().float() if weight.ndim > 1 else weight for weight in weights]
    features, out = torch.randn(1, rows, 8).bfloat16(), torch.empty(1, rows, 32, dtype=torch.bfloat16)
    last, cell = torch.randn(rows, 32).bfloat16(), torch.randn(rows, 32)
    sweep(features, (last, cell), out)
    wanted = torch.from_numpy(by_hand(weights, features.float(), last.float(), cell)).bfloat16()
    # One rounding, of the output, and the rest as exact as float32.
    torch.testing.assert_close(out, wanted, rtol=2**-7, atol=1e-5)
    assert (out == wanted)[wanted.abs() > 1e-5].double().mean() > 0.95


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_row_does_not_depend_on_the_rows_beside_it(precision):
    sweep, _ = direction(widest(precision), precision=precision)
    features, state = torch.randn(6, 11, 8).to(precision), (torch.randn(11, 32), torch.randn(11, 32))
    together, alone = torch.empty(6, 11, 32, dtype=precision), torch.empty(6, 1, 32, dtype=precision)
    sweep(features, state, together)
    for row in range(11):
        sweep(features[:, row : row + 1], tuple(part[row : row + 1] for part in state), alone)
        assert torch.equal(alone[:, 0], together[:, row])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("backward", [False, True])
def test_steps_and_rows_may_lie_anywhere_and_the_state_given_is_kept(backward, precision):
    sweep, _ = direction(widest(precision), backward, precision=precision)
    features = torch.randn(5, 4, 8).to(precision)
    state = torch.randn(4, 32), torch.randn(4, 32)
    before = [part.clone() for part in state]
    plain, strided = torch.empty(5, 4, 32, dtype=precision), torch.empty(4, 5, 40, dtype=precision)
    found = sweep(features, state, plain)
    again = sweep(
        features.transpose(0, 1).contiguous().transpose(0, 1), state, strided.transpose(0, 1)[..., 8:]
    )
    assert torch.equal(plain, strided.transpose(0, 1)[..., 8:])
    assert all(map(torch.equal, found, again))
    assert all(map(torch.equal, state, before))
    assert torch.equal(found[0], plain[0 if backward else -1])


@pytest.mark.parametrize(("precision", "wrong_by"), [(torch.float32, 1e-3), (torch.bfloat16, 0.1)])
def test_a_kernel_that_does_not_agree_with_pytorch_is_not_used(fresh, monkeypatch, precision, wrong_by):
    class Wrong(native.Direction):
        def __call__(self, features, state, out):
            found = super().__call__(features, state, out)
            out[-1, -1, -1] += wrong_by
            return found

    widest(precision)
    native.usable_widths.cache_clear()
    monkeypatch.setattr(native, "Direction", Wrong)
    assert native.usable_widths(precision) == ()


@pytest.mark.parametrize("why", ["not compiled", "not a library"])
def test_without_the_kernel_scores_are_the_same(fresh, monkeypatch, tmp_path, why):
    torch.manual_seed(0)
    network = BiLSTM(BiLSTMConfig(tasks=("a",), hidden=32, filters=8, filter_width=5, pool=1)).eval()
    codes = torch.from_numpy(np.random.default_rng(0).choice(np.array([1, 2, 4, 8], np.uint8), (3, 200)))
    with_it = Program(network)(codes, [200, 200, 200])
    (tmp_path / "wrong.so").write_bytes(b"no library")
    spec = type("Spec", (), {"origin": str(tmp_path / "wrong.so")})
    monkeypatch.setattr(library, "find_spec", lambda name: None if why == "not compiled" else spec)
    for cached in (library.library, native.usable_widths):
        cached.cache_clear()
    assert native.usable_widths(torch.float32) == ()
    without = Program(network)(codes, [200, 200, 200])
    torch.testing.assert_close(with_it, without, rtol=0, atol=2e-6)


@pytest.mark.skipif(sys.platform != "linux", reason="the kinds of processor are read from /proc")
def test_a_processor_with_avx2_has_the_kernel_if_it_was_compiled():
    if library.library() is None:
        pytest.skip("the kernel was not compiled")
    flags = Path("/proc/cpuinfo").read_text().split()
    single, rough = map(native.usable_widths, PRECISIONS)
    assert (8 in single) == ("avx2" in flags and "fma" in flags)
    assert (16 in single) == ("avx512f" in flags and "avx512dq" in flags)
    # Where there are matrix units, PyTorch's own kernel uses them.
    assert (16 in rough) == ("avx512_bf16" in flags and "amx_bf16" not in flags)
