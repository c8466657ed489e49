"""The network as a whole: shapes, counts, what a base can see, and what layers are given."""

import pytest
import torch

from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.network import BiLSTM
from tests.model.variants import EVERY, codes_of, network_of, other_strand


@pytest.mark.parametrize(
    ("strand", "merge", "skip", "layers"),
    [
        ("symmetric", "concat", True, 2),
        ("symmetric", "sum", False, 3),
        ("stranded", "concat", True, 2),
        ("stranded", "concat", False, 3),
    ],
)
@pytest.mark.parametrize(("pool", "filters"), [(1, 0), (1, 6), (3, 6), (5, 6), (9, 6)])
def test_the_other_strand_gets_the_mirrored_scores(strand, pool, filters, merge, skip, layers):
    network = network_of(strand=strand, pool=pool, filters=filters, merge=merge, skip=skip, layers=layers)
    for length in range(30, 30 + 2 * pool):
        codes = codes_of(2, length)
        scores, mirrored = network(codes), network(other_strand(codes)).flip(1)
        if strand == "stranded":
            mirrored = mirrored[..., [1, 0, 3, 2]]
        assert scores.shape == (2, length, len(network.config.channels))
        assert scores.std() > 1e-3
        torch.testing.assert_close(mirrored, scores, rtol=0, atol=1e-10)


@pytest.mark.parametrize("cell", ["lstm", "peephole", "grid"])
def test_an_untied_network_has_twice_the_recurrent_parameters(cell):
    tied, free = network_of(cell=cell), network_of(cell=cell, strand="none")
    count = [sum(p.numel() for p in n.lstms.parameters()) for n in (tied, free)]
    assert count[1] == 2 * count[0]


@pytest.mark.parametrize("cell", ["lstm", "peephole", "grid"])
def test_a_one_directional_network_does_not_see_to_the_right(cell):
    network = network_of(strand="none", bidirectional=False, pool=1, cell=cell)
    codes = codes_of(1, 60)
    changed = codes.clone()
    changed[0, 40:] = 1
    before = 40 - network.config.filter_width // 2
    torch.testing.assert_close(network(changed)[:, :before], network(codes)[:, :before], rtol=0, atol=1e-12)
    assert (network(changed)[:, 45:] - network(codes)[:, 45:]).abs().max() > 1e-3


def test_a_stranded_network_tells_the_strands_apart():
    scores = network_of(strand="stranded")(codes_of(1, 60))
    assert (scores[..., 0] - scores[..., 1]).abs().max() > 1e-3


def test_a_skip_tells_the_bases_of_a_bin_apart():
    plain, skip = network_of(), network_of(skip=True)
    codes = codes_of(1, 60)

    def steps(network):
        """Differences of neighbours inside a bin."""
        return network.forward_bins(codes).unflatten(1, (12, 5)).diff(dim=2).abs().max()

    assert steps(plain) == 0
    assert steps(skip) > 1e-3


def test_a_residual_is_added_where_the_widths_are_alike():
    """filters 4 give 8 channels, hidden 4 in two directions too; hidden 5 only from the second layer on."""
    for hidden, added in ((4, [True, True]), (5, [False, True])):
        network = network_of(residual=True, hidden=hidden, attention_heads=1)
        for index, layer in enumerate(network.lstms):
            inputs = 8 if index == 0 else 2 * hidden
            features = torch.randn(1, 6, inputs, dtype=torch.float64)
            outputs = layer(features)
            want = outputs + features if added[index] else outputs
            assert torch.equal(network.join(index, features, outputs), want)


def test_dropout_spares_the_memory_that_a_grid_hands_on():
    network = network_of(cell="grid", dropout=0.5).train()
    thinned = network.enter(1, torch.ones(3, 6, 16, dtype=torch.float64)).unflatten(2, (2, 2, 4))
    assert (thinned[:, :, :, 1] == 1).all()  # direction, then hidden and memory
    assert set(thinned[:, :, :, 0].unique().tolist()) == {0.0, 2.0}


def test_the_depth_of_stem_and_stack_is_what_is_asked_for():
    def parameters(**settings):
        return sum(p.numel() for p in network_of(**settings).parameters())

    # 4 filters of 8 channels by 5 bins, and a bias each; an LSTM of 4 over 8 channels, its norm of 4 pairs before it.
    assert parameters(stem_layers=3) - parameters(stem_layers=0) == 3 * (4 * 8 * 5 + 4)
    assert parameters(layers=3) - parameters(layers=1) == 2 * (4 * 4 * (8 + 4) + 4 * 4 + 2 * 4)


@pytest.fixture
def _memory_full_of_nan():
    """What is taken from memory and not set is NaN: torch does so where it is to be deterministic."""
    torch.use_deterministic_algorithms(True)
    assert torch.empty(3).isnan().all()
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("_memory_full_of_nan")
@pytest.mark.parametrize("name", EVERY)
def test_no_weight_is_left_as_it_was_in_memory(name):
    torch.manual_seed(0)
    network = BiLSTM(BiLSTMConfig(tasks=("a", "b"), **EVERY[name])).eval()
    assert all(parameter.isfinite().all() for parameter in network.parameters())
    scores = network(codes_of(4, 60))
    assert scores.isfinite().all()
    assert 1e-4 < scores.std() < 10
