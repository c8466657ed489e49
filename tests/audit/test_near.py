"""Near-duplicates against counters of letters."""

import numpy as np
import pytest

from dnabilstm.alphabet import reverse_complement
from dnabilstm.audit import near
from dnabilstm.audit.config import AuditConfig
from dnabilstm.audit.near import MIN_SHARED, near_pairs
from tests.audit import oracle
from tests.audit.oracle import mutated, random_text, sequences


def found(texts, config=None, parts=None):
    one = sequences(texts)
    parts = np.ones((1, len(texts)), bool) if parts is None else parts
    pairs = near_pairs(one.codes, one.borders, parts, config or AuditConfig())
    keys = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    return dict(zip(keys, pairs.share.tolist(), strict=True))


@pytest.mark.parametrize("k", [8, 16, 21])
@pytest.mark.parametrize("containment", [0.3, 0.6, 1.0])
def test_pairs_are_those_of_the_letters(k, containment):
    for seed in range(3):
        texts = oracle.family(np.random.default_rng(seed))
        wanted = oracle.near(texts, k, containment, MIN_SHARED)
        assert found(texts, AuditConfig(k=k, containment=containment)) == pytest.approx(wanted)
        assert wanted


def test_a_shift_by_a_third_is_near_and_one_by_half_is_not():
    rng = np.random.default_rng(0)
    text = random_text(rng, 200)
    # Of the 185 k-mers of each, 115 are common after a shift by 70: 0.622; 85 after one by 100: 0.459.
    shifted = [text[70:] + random_text(rng, 70), text[100:] + random_text(rng, 100)]
    assert found([text, *shifted])[0, 1] == pytest.approx(115 / 185)
    assert (0, 2) not in found([text, *shifted])


def test_both_strands_give_the_same_pairs():
    texts = oracle.family(np.random.default_rng(5))
    one = sequences(texts)
    borders = np.concatenate([[0], np.cumsum(one.lengths[::-1])])
    parts = np.ones((1, len(texts)), bool)
    other = near_pairs(reverse_complement(one.codes), borders, parts, AuditConfig())
    last = len(texts) - 1
    rows = zip(other.first.tolist(), other.second.tolist(), other.share.tolist(), strict=True)
    assert {(last - j, last - i): share for i, j, share in rows} == pytest.approx(found(texts))


def test_a_run_of_one_letter_is_no_near_duplicate_of_a_longer_one_among_others():
    rng = np.random.default_rng(1)
    poly = "A" * 100
    with_run = random_text(rng, 40) + "A" * 20 + random_text(rng, 40)
    assert found([poly, with_run, "T" * 90]) == {(0, 2): 1.0}


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["ACGT"],
        ["", "A", "ACGTACGTACGTACG"],
        ["N" * 50, "N" * 60, "ACGTN" * 20],
        ["ACGGTACCATTAGACATTAGACCAGATAC", "CACGGTACCATTAGACATTAGACCAGATA"],  # 13 common k-mers: maybe chance
    ],
)
def test_nothing_is_near_where_there_is_too_little(texts):
    assert found(texts) == {}


def test_a_sample_of_the_kmers_finds_what_is_planted_with_exact_shares(monkeypatch):
    monkeypatch.setattr(near, "TOKENS", 5_000)
    rng = np.random.default_rng(3)
    texts = [random_text(rng, 400) for _ in range(40)]
    texts += [mutated(rng, text, 2) for text in texts[:20]]
    assert near._scale(sequences(texts).lengths - 15, AuditConfig()) == 5
    wanted = oracle.near(texts, 16, 0.6, MIN_SHARED)
    assert found(texts) == pytest.approx(wanted)
    assert len(wanted) == 20


def test_a_sample_keeps_enough_of_short_sequences():
    sizes = np.full(1_000_000, 85)
    assert near._scale(sizes, AuditConfig()) == 6  # 85 x 0.6 / 6 = 8.5 of what most pairs share
    assert near._scale(sizes[:100_000], AuditConfig()) == 1


@pytest.mark.parametrize("budget", [0, 0.02, 0.2])
def test_frequent_kmers_link_each_sequence_with_both_parts(monkeypatch, budget):
    monkeypatch.setattr(near, "PAIRS", (budget,))
    rng = np.random.default_rng(4)
    origin = random_text(rng, 100)
    texts = list(dict.fromkeys(mutated(rng, origin, 2) for _ in range(150)))
    parts = np.arange(len(texts)) % 2 == np.array([[0], [1]])
    pairs = found(texts, parts=parts)
    for (i, j), share in pairs.items():
        both, fewer = oracle.shared(texts[i], texts[j], 16)
        assert share == both / fewer >= 0.6
    with_other = {i for pair in pairs if sum(pair) % 2 for i in pair}
    wanted = oracle.near(texts, 16, 0.6, MIN_SHARED)
    assert len(with_other) > 0.9 * len({i for pair in wanted if sum(pair) % 2 for i in pair})
    # Far fewer than the square of their number.
    assert len(pairs) < 30 * len(texts)


def test_what_would_be_too_much_to_count_out_is_tried_with_fewer_pairs(monkeypatch):
    rng = np.random.default_rng(6)
    origin = random_text(rng, 100)
    texts = list(dict.fromkeys(mutated(rng, origin, 1) for _ in range(150)))
    tried = []
    candidates = near._candidates

    def spied(sketch, parts, most_pairs, scale, containment):
        tried.append(most_pairs)
        return candidates(sketch, parts, most_pairs, scale, containment)

    monkeypatch.setattr(near, "_candidates", spied)
    monkeypatch.setattr(near, "PAIRS", (20, 0.1, 0))
    monkeypatch.setattr(near, "_BLOCK", 2_000)
    pairs = found(texts)
    assert len(tried) > 1
    assert tried[0] == 20 * 85 * len(texts)
    assert {i for pair in pairs for i in pair} == set(range(len(texts)))
