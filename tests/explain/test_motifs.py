import numpy as np
import pytest

from dnabilstm.alphabet import CODE_OF_BYTE
from dnabilstm.explain.attribution import Attribution
from dnabilstm.explain.loci import locus_of_sequence
from dnabilstm.explain.motifs import find_motifs
from dnabilstm.explain.select import Choice
from dnabilstm.explain.seqlets import Seqlet, find_seqlets, threshold_of

COMPLEMENT = str.maketrans("ACGT", "TGCA")


def attribution(text, own):
    """A locus with these bases, whose attributions are given; the other three bases would take them away."""
    codes = CODE_OF_BYTE[list(text.encode())]
    locus = locus_of_sequence("s", codes, pool=1)
    one_hot = np.stack([codes == base for base in (1, 2, 4, 8)], axis=1)
    hypothetical = np.where(one_hot, np.asarray(own)[:, None], -np.asarray(own)[:, None] / 3)
    return Attribution(Choice(locus, 0, len(text)), hypothetical[:, :, None].astype(np.float32))


def planted(word, sign=1, count=40, seed=0, noise=0.02):
    """Loci of 100 random bases with a word at random places, every other one on the other strand."""
    rng = np.random.default_rng(seed)
    found, places = [], []
    for number in range(count):
        text = "".join(rng.choice(list("ACGT"), 100))
        strand = 1 if number % 2 == 0 else -1
        site = word if strand > 0 else word.translate(COMPLEMENT)[::-1]
        start = int(rng.integers(20, 70))
        text = text[:start] + site + text[start + len(site) :]
        own = rng.normal(0, noise, 100)
        own[start : start + len(site)] += sign * rng.uniform(0.5, 1.5)
        found.append(attribution(text, own))
        places.append((start, strand))
    return found, places


def test_a_planted_word_comes_back_with_every_site_and_strand():
    word = "TTACCCGGA"
    loci, places = planted(word)
    seqlets = find_seqlets(loci, 0, 0.2)
    (motif,) = find_motifs(loci, seqlets, 0, "x", least=10, most=100)
    turned = motif.consensus != word
    assert motif.consensus == (word.translate(COMPLEMENT)[::-1] if turned else word)
    assert motif.name == "x_1"
    assert motif.sign == 1
    assert motif.counts.sum(axis=1).tolist() == [40] * len(word)
    found = {
        hit.seqlet.locus: (hit.start, hit.end, -hit.strand if turned else hit.strand) for hit in motif.hits
    }
    assert found == {k: (start, start + len(word), strand) for k, (start, strand) in enumerate(places)}


def test_two_words_are_two_motifs_and_what_takes_away_is_one_of_its_own():
    loci = [*planted("TTACCCGGA", count=30)[0], *planted("GATAAGCT", seed=1, count=20)[0]]
    loci += planted("CACGTGAC", sign=-1, seed=2, count=15)[0]
    motifs = find_motifs(loci, find_seqlets(loci, 0, 0.2), 0, "x", least=10, most=1000)
    assert sorted(len(motif.hits) for motif in motifs) == [15, 20, 30]
    assert {len(motif.hits): motif.sign for motif in motifs} == {30: 1, 20: 1, 15: -1}
    assert [motif.name for motif in motifs] == ["x_1", "x_2", "x_3"]
    assert len(motifs[0].hits) == 30  # the largest sum of attributions comes first
    negative = next(motif for motif in motifs if motif.sign < 0)
    assert negative.contributions.sum() < 0


def test_few_seqlets_make_no_motif():
    loci, _ = planted("TTACCCGGA", count=9)
    assert find_motifs(loci, find_seqlets(loci, 0, 0.2), 0, "x", least=10, most=100) == []


@pytest.mark.parametrize("sign", [1, -1])
def test_a_seqlet_is_a_run_of_one_sign_above_the_threshold(sign):
    own = np.zeros(60)
    own[10:16] = 1.0  # a run
    own[16:22] = -1.0  # its neighbour takes away
    own[40:43] = 1.0  # too short
    own[50] = 1.2  # one base alone
    found = find_seqlets([attribution("A" * 60, sign * own)], 0, 0.5)
    assert {(one.start, one.end, one.sign) for one in found} == {(10, 16, sign), (16, 22, -sign)}
    assert {one.total for one in found} == {6.0, -6.0}


def test_the_strongest_seqlet_comes_first():
    own = np.zeros(60)
    own[10:16], own[40:46] = 1.0, 2.0
    found = find_seqlets([attribution("A" * 60, own)], 0, 0.5)
    assert found == [Seqlet(0, 40, 46, 1, 12.0), Seqlet(0, 10, 16, 1, 6.0)]


def test_the_threshold_is_what_a_share_of_bases_passes_when_attributions_are_dealt_out_anew():
    own = np.zeros(1000)
    own[500:600] = -1.0  # of five that are drawn of 1,000, of which 100 count
    chance = {1: 1 - 0.9**5, 2: 1 - 0.9**5 - 5 * 0.1 * 0.9**4}
    one = [attribution("A" * 1000, own)]
    for count, share in chance.items():
        for level, wanted in ((1.1 * share, count - 1), (0.9 * share, count)):
            found = threshold_of(one, 0, level, np.random.default_rng(0))
            assert found == pytest.approx(wanted / 5, abs=1e-6)


def test_large_attributions_of_one_locus_make_no_threshold_for_others_of_their_own():
    """Each locus' attributions stay in it: those of a quiet one do not become likely by a loud one."""
    loud, quiet = np.ones(1000), np.zeros(1000)
    loci = [attribution("A" * 1000, loud), *(attribution("A" * 1000, quiet) for _ in range(39))]
    assert threshold_of(loci, 0, 0.02, np.random.default_rng(0)) == pytest.approx(1)
    assert threshold_of(loci, 0, 0.03, np.random.default_rng(0)) == pytest.approx(0)
