"""Bases drawn anew have the wanted composition; kept parts are exactly those that are stated."""

import numpy as np
import pytest
from Bio.SeqUtils import gc_fraction

from dnabilstm.negatives.compose import draw_alike, draw_with_gc, gc_content, keep_parts
from dnabilstm.sequences.read import from_texts


def drawn(texts, method, seed=0, **more):
    made = from_texts(texts)
    borders = () if method is draw_alike else (made.borders,)
    codes = method(made.codes, *borders, np.random.default_rng(seed), **more)
    assert codes.dtype == np.uint8
    assert codes.shape == made.codes.shape
    return made, codes


def random_texts(count, letters="ACGT", longest=80):
    rng = np.random.default_rng(3)
    return ["".join(rng.choice(list(letters), size)) for size in rng.integers(1, longest, count)]


def test_gc_content_is_that_of_biopython():
    texts = [*random_texts(50), *random_texts(50, "ACGTRYSWKMBDHVN"), "G", "N", "S"]
    made = from_texts(texts)
    expected = [gc_fraction(text, ambiguous="weighted") for text in texts]
    np.testing.assert_allclose(gc_content(made.codes, made.borders), expected, atol=1e-6)


def test_bases_alike_have_the_frequencies_of_all():
    _, codes = drawn(["A" * 6000 + "C" * 2000, "RR" * 2000, "T"], draw_alike)
    share = np.array([np.mean(codes == code) for code in (1, 2, 4, 8)])
    np.testing.assert_allclose(share, [8 / 12, 2 / 12, 2 / 12, 0], atol=0.02)


def test_gc_is_matched_to_half_a_base_in_each_sequence():
    texts = [*random_texts(300), *random_texts(100, "ACGTSWRN"), "G" * 9, "A" * 9, "N"]
    made, codes = drawn(texts, draw_with_gc)
    assert set(codes.tolist()) == {1, 2, 4, 8}
    off = np.abs(gc_content(codes, made.borders) - gc_content(made.codes, made.borders)) * made.lengths
    assert off.max() <= 0.5 + 1e-9
    plain = off[:300]
    assert plain.max() < 1e-9


def test_gc_is_matched_at_random_places():
    _, codes = drawn(["G" * 10 + "A" * 30] * 4000, draw_with_gc)
    rows = codes.reshape(-1, 40)
    strong = ((rows == 2) | (rows == 4)).mean(axis=0)
    np.testing.assert_allclose(strong, 0.25, atol=0.04)
    assert np.mean(rows == 2) == pytest.approx(0.125, abs=0.005)
    assert np.mean(rows == 1) == pytest.approx(0.375, abs=0.005)


@pytest.mark.parametrize(
    ("parts", "kept", "stay"), [(20, 0.4, 8), (20, 0, 0), (7, 0.5, 4), (1, 0.4, 0), (3, 0.99, 3)]
)
def test_exactly_the_stated_parts_are_kept(parts, kept, stay):
    # R is never drawn, so where it still stands it was kept.
    sizes = [200, 300, 41, 64]
    made, codes = drawn(["R" * size for size in sizes], keep_parts, parts=parts, kept=kept, rest="replace")
    for index, size in enumerate(sizes):
        same = codes[made.borders[index] : made.borders[index + 1]] == 5
        part = np.arange(size) * parts // size
        assert sum(same[part == p].all() for p in range(parts)) == stay
        assert sum(not same[part == p].any() for p in range(parts)) == parts - stay
    # The same seed keeps the same parts where the rest is shuffled.
    mixed = random_texts(len(sizes), longest=1000)
    mixed = [(text * size)[:size] for text, size in zip(mixed, sizes, strict=True)]
    old, new = drawn(mixed, keep_parts, parts=parts, kept=kept, rest="shuffle")
    assert np.array_equal(new[codes == 5], old.codes[codes == 5])


def test_the_rest_is_shuffled_among_itself():
    texts = random_texts(200, longest=300)
    made, codes = drawn(texts, keep_parts, parts=20, kept=0.4, rest="shuffle")
    for index in range(len(made)):
        old, new = made.sequence(index), codes[made.borders[index] : made.borders[index + 1]]
        assert np.array_equal(np.bincount(old, minlength=16), np.bincount(new, minlength=16))
    long = [i for i in range(len(made)) if made.lengths[i] > 100]
    same = [np.mean(made.sequence(i) == codes[made.borders[i] : made.borders[i + 1]]) for i in long]
    # 0.4 stay, and a quarter of the others by chance.
    assert np.mean(same) == pytest.approx(0.55, abs=0.02)


def test_any_part_may_be_kept_and_a_short_sequence_has_a_part_a_base():
    _, codes = drawn(["R" * 10] * 3000, keep_parts, parts=20, kept=0.4, rest="replace")
    kept = codes.reshape(-1, 10) == 5
    assert set(kept.sum(axis=1).tolist()) == {4}
    np.testing.assert_allclose(kept.mean(axis=0), 0.4, atol=0.04)
