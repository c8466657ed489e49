"""The network as a whole: strands, shapes, padding, every configuration."""

import itertools

import pytest
import torch

from dnabilstm.alphabet import COMPLEMENT
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.network import BiLSTM

TABLE = torch.from_numpy(COMPLEMENT)


def network_of(**settings) -> BiLSTM:
    torch.manual_seed(0)
    settings = {"tasks": ("a", "b"), "filters": 6, "filter_width": 7, "hidden": 5} | settings
    network = BiLSTM(BiLSTMConfig(**settings)).double().eval()
    network.one_hot.table = network.one_hot.table.double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return network


def random_codes(rows: int, length: int) -> torch.Tensor:
    return torch.tensor([1, 2, 4, 8, 1, 2, 4, 8, 5, 15], dtype=torch.uint8)[torch.randint(10, (rows, length))]


@pytest.mark.parametrize("strand", ["symmetric", "stranded"])
@pytest.mark.parametrize(("pool", "filters"), [(1, 0), (1, 6), (3, 6), (5, 6), (9, 6)])
@pytest.mark.parametrize(("merge", "skip", "layers"), [("concat", True, 2), ("sum", False, 3)])
def test_the_other_strand_gets_the_mirrored_scores(strand, pool, filters, merge, skip, layers):
    network = network_of(strand=strand, pool=pool, filters=filters, merge=merge, skip=skip, layers=layers)
    for length in range(30, 30 + 2 * pool):
        codes = random_codes(2, length)
        scores, mirrored = network(codes), network(TABLE[codes.int()].flip(1)).flip(1)
        if strand == "stranded":
            mirrored = mirrored[..., [1, 0, 3, 2]]
        assert scores.shape == (2, length, len(network.config.channels))
        assert scores.std() > 1e-3
        torch.testing.assert_close(mirrored, scores, rtol=0, atol=1e-10)


def test_an_untied_network_is_not_symmetric_and_has_twice_the_recurrent_parameters():
    tied, free = network_of(strand="symmetric"), network_of(strand="none")
    codes = random_codes(1, 60)
    assert (free(codes) - free(TABLE[codes.int()].flip(1)).flip(1)).abs().max() > 1e-2
    count = [sum(p.numel() for p in n.lstms.parameters()) for n in (tied, free)]
    assert count[1] == 2 * count[0]


def test_a_one_directional_network_does_not_see_to_the_right():
    network = network_of(strand="none", bidirectional=False, pool=1)
    codes = random_codes(1, 60)
    changed = codes.clone()
    changed[0, 40:] = 1
    before = 40 - network.config.filter_width // 2
    torch.testing.assert_close(network(changed)[:, :before], network(codes)[:, :before], rtol=0, atol=1e-12)
    assert (network(changed)[:, 45:] - network(codes)[:, 45:]).abs().max() > 1e-3


def test_a_stranded_network_tells_the_strands_apart():
    scores = network_of(strand="stranded")(random_codes(1, 60))
    assert (scores[..., 0] - scores[..., 1]).abs().max() > 1e-3


def test_one_row_does_not_feel_another():
    network = network_of()
    codes = random_codes(3, 50)
    torch.testing.assert_close(network(codes)[1:2], network(codes[1:2]), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"pool": 4}, "pool"),
        ({"filter_width": 8}, "filter_width"),
        ({"filters": 0}, "pool"),
        ({"bidirectional": False}, "bidirectional"),
        ({"tasks": ()}, "tasks"),
    ],
)
def test_settings_that_make_no_network_are_named(settings, word):
    problems = BiLSTMConfig(**({"tasks": ("a",)} | settings)).problems()
    assert any(word in problem for problem in problems)


def test_the_default_settings_make_a_network():
    for strand, merge in itertools.product(("symmetric", "stranded", "none"), ("concat", "sum")):
        assert not BiLSTMConfig(tasks=("a",), strand=strand, merge=merge).problems()
