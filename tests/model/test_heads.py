"""What a head does when its two halves are exchanged, and what a sequence's head reads."""

import pytest
import torch

from dnabilstm.model.heads import PositionHead, SequenceHead
from tests.model.variants import config_of

WIDTH = 8


def sequence_head(paired: bool = True, **settings) -> SequenceHead:
    torch.manual_seed(0)
    return SequenceHead(config_of(head="sequence", **settings), WIDTH, paired).double().eval()


def features_of(rows: int = 3, bins: int = 7) -> torch.Tensor:
    return torch.randn(rows, bins, WIDTH, dtype=torch.float64)


def every(features: torch.Tensor) -> torch.Tensor:
    return torch.ones(features.shape[:2], dtype=torch.bool)


@pytest.mark.parametrize("hidden", [0, 7])
def test_exchanged_halves(hidden):
    x = torch.randn(2, 9, 8)
    other = x.roll(4, dims=-1)
    symmetric = PositionHead(8, hidden, 3, "symmetric")
    torch.testing.assert_close(symmetric(other), symmetric(x))
    stranded = PositionHead(8, hidden, 3, "stranded")
    torch.testing.assert_close(stranded(other), stranded(x)[..., [1, 0, 3, 2, 5, 4]])
    none = PositionHead(8, hidden, 3, "none")
    assert (none(other) - none(x)).abs().max() > 1e-3


def test_features_that_are_not_paired_are_read_once():
    head, x = PositionHead(8, 7, 3, "symmetric", paired=False), torch.randn(2, 9, 8)
    want = head.outer(torch.relu(head.inner(x)))
    assert torch.equal(head(x), want)


@pytest.mark.parametrize("attention", ["none", "additive", "multihead"])
@pytest.mark.parametrize("strand", ["symmetric", "stranded"])
def test_a_sequence_head_and_the_other_strand(attention, strand):
    head, x = sequence_head(attention=attention, strand=strand), features_of()
    turned = head(x.flip(1).roll(WIDTH // 2, dims=2), every(x))
    if strand == "symmetric":
        torch.testing.assert_close(turned, head(x, every(x)), rtol=0, atol=1e-12)
    else:
        assert (turned - head(x, every(x))).abs().max() > 1e-3


@pytest.mark.parametrize("attention", ["none", "additive", "multihead"])
def test_a_sequence_head_reads_maximum_mean_and_attention_of_the_bins_that_count(attention):
    head, x = sequence_head(paired=False, attention=attention, strand="none"), features_of(1)
    valid = torch.arange(7).unsqueeze(0) < 5
    seen = x[0, :5]
    parts = [seen.amax(0), seen.mean(0)]
    if attention != "none":
        parts.append(head.attention(x[:, :5], every(x[:, :5]))[0][0])
    torch.testing.assert_close(head(x, valid)[0], head.reader(torch.cat(parts)), rtol=0, atol=1e-12)


def test_attention_is_there_to_be_plotted():
    x = features_of()
    assert sequence_head(attention="none").weights(x, every(x)) is None
    weights = sequence_head(attention="multihead").weights(x, every(x))
    assert weights.shape == (3, 2, 7)
    torch.testing.assert_close(weights.sum(2), torch.ones_like(weights.sum(2)))


def test_a_sequence_heads_dropout_is_its_own():
    head, x = sequence_head(dropout=0.5).train(), features_of()
    head.dropout.reseed(1)
    first = head(x, every(x))
    head.dropout.reseed(1)
    assert torch.equal(head(x, every(x)), first)
    assert (head(x, every(x)) - first).abs().max() > 1e-3


@pytest.mark.parametrize("strand", ["symmetric", "stranded", "none"])
@pytest.mark.parametrize("hidden", [0, 7])
def test_the_plain_maps_are_the_head(strand, hidden):
    head, x = PositionHead(8, hidden, 3, strand).double(), torch.randn(2, 9, 8, dtype=torch.float64)
    torch.nn.init.normal_(head.outer.bias)
    *inner, outer = head.plain()
    seen = x
    for weight, bias in inner:
        seen = torch.relu(torch.nn.functional.linear(seen, weight, bias))
    torch.testing.assert_close(torch.nn.functional.linear(seen, *outer), head(x))
