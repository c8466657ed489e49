import numpy as np
import pytest
import torch

from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.loci import locus_of, locus_of_sequence
from dnabilstm.genome import Contig, Genome
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.network import BiLSTM


def genome(length=403, seed=0):
    codes = np.random.default_rng(seed).choice(np.array([1, 2, 4, 8, 15], np.uint8), length)
    return Genome((Contig("c", length, 0, ""),), codes, "made")


def network(pool):
    torch.manual_seed(1)
    return BiLSTM(BiLSTMConfig(tasks=("a",), hidden=5, filters=4, filter_width=7, pool=pool)).eval()


@pytest.mark.parametrize("pool", [1, 3, 5])
@pytest.mark.parametrize(("start", "end"), [(0, 1), (0, 403), (7, 60), (200, 203), (390, 403)])
@torch.inference_mode()
def test_logits_in_the_window_are_those_of_the_contig_swept_whole(pool, start, end):
    net, whole = network(pool), genome()
    locus = locus_of(whole, "c", start, end, pool=pool, halo=1000)
    wanted = net(torch.from_numpy(whole.sequence("c").copy())[None])[0, start:end]
    found = net.forward_bins(torch.from_numpy(locus.codes)[None])[0, locus.inside]
    assert len(locus) == end - start == len(found)
    assert torch.allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("pool", [1, 5])
def test_a_halo_is_whole_bins_and_ends_with_the_contig(pool):
    locus = locus_of(genome(), "c", 100, 120, pool=pool, halo=12)
    assert len(locus.codes) % pool == 0
    assert 12 <= locus.inside.start < 12 + 2 * pool
    assert 12 <= len(locus.codes) - locus.inside.stop < 12 + 2 * pool
    assert (locus.codes[locus.inside] == genome().sequence("c")[100:120]).all()
    assert locus_of(genome(), "c", 0, 5, pool=pool, halo=12).origin > -pool


def test_a_sequence_is_a_contig_of_its_own():
    codes = genome().sequence("c")[:31]
    locus = locus_of_sequence("a sequence", codes, pool=5)
    assert (locus.codes[locus.inside] == codes).all()
    assert locus.name == locus.contig.name == "a sequence"


@pytest.mark.parametrize(("start", "end"), [(5, 5), (-1, 4), (400, 404), (9, 3)])
def test_what_does_not_lie_on_the_contig_is_refused(start, end):
    with pytest.raises(DnabilstmError, match=r"c:.* which has 403 bases"):
        locus_of(genome(), "c", start, end, pool=5, halo=10)


def test_a_contig_that_is_not_there_is_named():
    with pytest.raises(DnabilstmError, match="made has no contig 'd'"):
        locus_of(genome(), "d", 0, 5, pool=5, halo=10)
