"""Recurrent layers: the library's where there is one, else the equations; both directions, ragged rows, tiles."""

import pytest
import torch
from torch import nn

from dnabilstm.model.layers import swap_of_halves
from dnabilstm.model.recurrent import CELLS, GridLayer, LSTMLayer, PeepholeLayer, reading_order
from tests.model import reference

HIDDEN, INPUTS = 4, 6
WAYS = {"tied": (True, True), "untied": (False, True), "one_way": (False, False)}
each_way = pytest.mark.parametrize("way", WAYS)
each_cell = pytest.mark.parametrize("cell", CELLS)


def layer_of(cell: str, way: str, **more) -> nn.Module:
    torch.manual_seed(2)
    tied, both = WAYS[way]
    layer = CELLS[cell](INPUTS, HIDDEN, swap_of_halves(INPUTS) if tied else None, both, **more).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.5)
    return layer


def features_of(rows: int = 3, steps: int = 9) -> torch.Tensor:
    return torch.randn(rows, steps, INPUTS, dtype=torch.float64, requires_grad=True)


def wanted(layer: nn.Module, xs: list[torch.Tensor]) -> list[torch.Tensor]:
    """What the equations give for a sequence."""

    def read(weights):
        names = dict(weights.named_parameters())
        if isinstance(layer, GridLayer):
            level = {
                way: {n: names[f"{way}.{n}"] for n in ("w_ih", "w_hh", "bias")} for way in ("along", "deep")
            }
            return lambda seen: reference.grid(seen, (names["enter.weight"], names["enter.bias"]), [level])
        return lambda seen: reference.lstm(
            seen, *(names.get(n) for n in ("w_ih", "w_hh", "bias", "peepholes"))
        )

    if layer.tied:
        return reference.both_strands(xs, read(layer.directions[0]), reference.halves_exchanged)
    forward = read(layer.directions[0])(xs)
    if not layer.bidirectional:
        return forward
    backward = reversed(read(layer.directions[1])(xs[::-1]))
    return [torch.cat(pair) for pair in zip(forward, backward, strict=True)]


@each_way
@each_cell
def test_a_layer_is_that_of_the_equations(cell, way):
    """See ``reference.lstm`` and ``reference.grid_block``; the backward direction reads from the other end."""
    layer, x = layer_of(cell, way), features_of(2)
    got = layer(x)
    want = torch.stack([torch.stack(wanted(layer, list(row))) for row in x])
    torch.testing.assert_close(got, want, rtol=0, atol=1e-10)
    names, parameters = zip(*layer.named_parameters(), strict=True)
    mine, theirs = (torch.autograd.grad(y.sin().sum(), [x, *parameters]) for y in (got, want))
    for name, one, other in zip(("features", *names), mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10, msg=name)
    torch.testing.assert_close(layer.float()(x.float()), want.float(), rtol=0, atol=1e-5)


def stack_of(layers: int) -> tuple[list[LSTMLayer], nn.LSTM]:
    """Untied layers, and the library's stack with the same weights."""
    library = nn.LSTM(INPUTS, HIDDEN, layers, batch_first=True, bidirectional=True).double()
    stack = [LSTMLayer(INPUTS if i == 0 else 2 * HIDDEN, HIDDEN, None).double() for i in range(layers)]
    with torch.no_grad():
        for index, layer in enumerate(stack):
            for direction, end in zip(layer.directions, ("", "_reverse"), strict=True):
                theirs = dict(library.named_parameters())
                direction.w_ih.copy_(theirs[f"weight_ih_l{index}{end}"])
                direction.w_hh.copy_(theirs[f"weight_hh_l{index}{end}"])
                direction.bias.copy_(theirs[f"bias_ih_l{index}{end}"] + theirs[f"bias_hh_l{index}{end}"])
    return stack, library


@pytest.mark.parametrize("layers", [1, 3])
def test_a_stack_is_the_librarys(layers):
    stack, library = stack_of(layers)
    x = features_of()
    got = x
    for layer in stack:
        got = layer(got)
    want, _ = library(x)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)
    (mine,), (theirs,) = (torch.autograd.grad(y.sin().sum(), x) for y in (got, want))
    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def test_ragged_rows_are_the_librarys_packed_ones():
    stack, library = stack_of(2)
    x, lengths = features_of(4), torch.tensor([9, 5, 1, 8])
    got = x
    for layer in stack:
        got = layer(got, lengths)
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    want, _ = nn.utils.rnn.pad_packed_sequence(library(packed)[0], batch_first=True)
    for row, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(got[row, :length], want[row, :length], rtol=0, atol=1e-12)


@each_way
@each_cell
def test_a_row_does_not_feel_what_lies_behind_it(cell, way):
    layer, x, lengths = layer_of(cell, way), features_of(4), torch.tensor([9, 5, 1, 8])
    got = layer(x, lengths)
    for row, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(got[row, :length], layer(x[row : row + 1, :length])[0], rtol=0, atol=1e-12)


@each_cell
def test_a_tied_layer_reads_both_strands_alike(cell):
    layer, x = layer_of(cell, "tied"), features_of()
    turned = x.flip(1)[..., swap_of_halves(INPUTS)]
    want = layer(x).flip(1)[..., swap_of_halves(2 * HIDDEN)]
    torch.testing.assert_close(layer(turned), want, rtol=0, atol=1e-12)


@each_cell
def test_a_tied_layer_has_half_of_the_parameters(cell):
    tied, free = (sum(p.numel() for p in layer_of(cell, way).parameters()) for way in ("tied", "untied"))
    assert free == 2 * tied


@each_way
@each_cell
def test_a_sweep_in_tiles_is_the_sweep_in_one(cell, way):
    layer, x = layer_of(cell, way), features_of()
    readings = layer.readings()
    assert len(readings) == (2 if WAYS[way][1] else 1)
    for index, reading in enumerate(readings):
        read = x if index == 0 else x.flip(1)
        first, state = reading.step(read[:, :4], reading.start(read))
        second, _ = reading.step(read[:, 4:], state)
        swept = torch.cat([first, second], dim=1)
        whole = layer(x).split(layer.width, dim=2)[index]
        torch.testing.assert_close(swept if index == 0 else swept.flip(1), whole, rtol=0, atol=1e-12)


def test_peepholes_make_the_difference():
    layer, plain, x = layer_of("peephole", "tied"), layer_of("lstm", "tied"), features_of()
    shared = {k: v for k, v in layer.state_dict().items() if "peepholes" not in k}
    plain.load_state_dict(shared)
    assert (layer(x) - plain(x)).abs().max() > 1e-2
    nn.init.zeros_(layer.directions[0].peepholes)
    torch.testing.assert_close(layer(x), plain(x), rtol=0, atol=1e-14)


@each_way
def test_a_grid_hands_its_memory_on_from_layer_to_layer(way):
    """Two layers, of hidden and memory side by side in each direction, against the grid column by column."""
    tied, both = WAYS[way]
    low = layer_of("grid", way, first=True, last=False)
    swap = swap_of_halves(4 * HIDDEN) if tied else None
    high = GridLayer(4 * HIDDEN, HIDDEN, swap, both, first=False, last=True).double()
    x = features_of(1)
    between = low(x)
    assert between.shape[2] == 2 * HIDDEN * (2 if both else 1)
    got = high(between)[0]

    def read(direction):
        names = [dict(layer.directions[direction].named_parameters()) for layer in (low, high)]
        levels = [
            {way: {n: named[f"{way}.{n}"] for n in ("w_ih", "w_hh", "bias")} for way in ("along", "deep")}
            for named in names
        ]
        enter = names[0]["enter.weight"], names[0]["enter.bias"]
        return lambda seen: reference.grid(seen, enter, levels)

    xs = list(x[0])
    if tied:
        want = reference.both_strands(xs, read(0), reference.halves_exchanged)
    elif both:
        pairs = zip(read(0)(xs), reversed(read(1)(xs[::-1])), strict=True)
        want = [torch.cat(pair) for pair in pairs]
    else:
        want = read(0)(xs)
    torch.testing.assert_close(got, torch.stack(want), rtol=0, atol=1e-10)


def test_a_grid_is_not_a_stack_of_lstms():
    """Without what it carries along depth, its output depends on this position alone."""
    layer = layer_of("grid", "one_way")
    x = features_of(1)
    changed = x.detach().clone()
    changed[0, 4] += 1
    moved = (layer(changed) - layer(x)).abs()[0].amax(dim=1)
    assert (moved[:4] == 0).all()
    assert (moved[4:] > 1e-6).all()
    nn.init.zeros_(layer.directions[0].deep.w_hh)
    moved = (layer(changed) - layer(x)).abs()[0].amax(dim=1)
    assert moved.nonzero().flatten().tolist() == [4]


def test_the_forget_gate_starts_open_and_the_other_biases_at_zero():
    for cell in (LSTMLayer, PeepholeLayer):
        bias = cell(INPUTS, HIDDEN, None).directions[0].bias.view(4, HIDDEN)
        assert bias.sum(dim=1).tolist() == [0, HIDDEN, 0, 0]


def test_a_row_is_read_from_its_own_end():
    assert reading_order(5, torch.tensor([5, 3, 1])).tolist() == [
        [4, 3, 2, 1, 0],
        [2, 1, 0, 3, 4],
        [0, 1, 2, 3, 4],
    ]
