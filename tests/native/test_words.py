"""Words with gaps: in C where that was compiled, else with PyTorch, and the same."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dnabilstm.alphabet import reverse_complement
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.gapped import ANYWHERE, PLACED, GappedKmers, Words
from dnabilstm.native import library, words

NETWORK = BiLSTMConfig(tasks=("a", "b", "c"), head="sequence", kmers="gapped")
CODES = np.array([1, 2, 4, 8, 15, 0], np.uint8)
needs_words = pytest.mark.skipif(library.library("_words") is None, reason="it was not compiled")


def drawn(batch, length, seed=0):
    """Codes, now and then none of a base."""
    chances = [0.24] * 4 + [0.02] * 2
    return torch.from_numpy(CODES[np.random.default_rng(seed).choice(6, p=chances, size=(batch, length))])


def filled(part, seed=0):
    """With weights in the table."""
    part.table.normal_(generator=torch.Generator().manual_seed(seed))
    return part


@needs_words
@pytest.mark.parametrize("places", [0, 9, 24])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("length", [1, 2, 6, 17, 60])
def test_c_and_pytorch_find_the_same_words(places, symmetric, length, monkeypatch):
    part = filled(Words(PLACED if places else ANYWHERE, places, 2, symmetric))
    codes, lengths = drawn(7, length), torch.tensor([length, max(0, length - 1)] * 3 + [length])
    found = part(codes, lengths)
    monkeypatch.setattr(words, "adds", lambda codes, table: False)
    torch.testing.assert_close(found, part(codes, lengths), rtol=1e-5, atol=1e-4)
    assert found.abs().sum() > 0 or length < 4


@needs_words
def test_a_word_counts_once(monkeypatch):
    part = filled(Words(((0, 1),), 0, 1, False))
    row = int(part.rows[0b0001])  # AC
    for text in ([1, 2], [1, 2, 15, 1, 2], [1, 2, 0, 0, 1, 2, 15, 1, 2]):
        found = part(torch.tensor([text], dtype=torch.uint8), torch.tensor([len(text)]))
        assert found[0, 1] == part.table[row, 0]


@needs_words
@pytest.mark.parametrize("aligned", [0, 12])
def test_the_other_strand_sums_to_the_same_bits(aligned):
    network = GappedKmers(replace(NETWORK, strand="symmetric", aligned=aligned))
    for part in network.parts:
        filled(part)
    codes, lengths = drawn(32, 60), torch.full((32,), 12)
    other = torch.from_numpy(np.stack([reverse_complement(row) for row in codes.numpy()]))
    assert torch.equal(network(codes, lengths), network(other, lengths))


@needs_words
def test_rows_do_not_feel_each_other():
    part = filled(Words(ANYWHERE, 0, 2, True))
    codes, lengths = drawn(9, 40), torch.full((9,), 40)
    whole = part(codes, lengths)
    for index in range(9):
        assert torch.equal(part(codes[index : index + 1], lengths[:1])[0], whole[index])
    assert torch.equal(part(codes[:, ::2], lengths // 2), part(codes[:, ::2].contiguous(), lengths // 2))


@needs_words
def test_a_network_in_double_precision_is_left_to_pytorch():
    part = filled(Words(ANYWHERE, 0, 2, True))
    codes, lengths = drawn(3, 40), torch.full((3,), 40)
    single = part(codes, lengths)
    assert words.adds(codes, part.table)
    assert not words.adds(codes, part.double().table)
    assert part(codes, lengths).dtype == torch.float64
    torch.testing.assert_close(part(codes, lengths).float(), single, rtol=1e-5, atol=1e-4)


@needs_words
def test_other_kinds_of_numbers_are_read_as_what_they_are():
    part = filled(Words(PLACED, 9, 2, False))
    codes, lengths = drawn(4, 40), torch.tensor([40, 39, 38, 37])
    wanted = part(codes, lengths)
    torch.testing.assert_close(part(codes.long(), lengths), wanted, rtol=1e-5, atol=1e-4)
    assert torch.equal(part(codes, lengths.int()), wanted)
    given = codes, lengths, part.patterns, 9, part.rows, part.table
    here = words.sums(*given)
    with torch.device("meta"):  # where tensors are made if nobody says where
        words._laid_out.cache_clear()
        there = words.sums(*given)
    assert torch.equal(here, there)


def test_without_it_pytorch_serves(monkeypatch):
    part = filled(Words(ANYWHERE, 0, 2, True))
    codes, lengths = drawn(3, 40), torch.full((3,), 40)
    before = part(codes, lengths)
    monkeypatch.setattr(words, "library", lambda name: None)
    assert not words.adds(codes, part.table)
    torch.testing.assert_close(part(codes, lengths), before, rtol=1e-5, atol=1e-4)


@needs_words
def test_code_that_adds_up_anything_else_is_not_used(monkeypatch):
    words._agrees.cache_clear()
    assert words.adds(drawn(1, 5), torch.zeros(2, 1))
    honest = words.sums
    monkeypatch.setattr(words, "sums", lambda *given: honest(*given) + 1e-3)
    words._agrees.cache_clear()
    assert not words.adds(drawn(1, 5), torch.zeros(2, 1))
    monkeypatch.undo()
    words._agrees.cache_clear()
    assert words.adds(drawn(1, 5), torch.zeros(2, 1))
