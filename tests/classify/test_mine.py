"""Mined negatives: of the candidates those that the model is surest of."""

import numpy as np
import pytest
import torch

from dnabilstm.classify.mine import mine_negatives, positive_class
from dnabilstm.errors import DnabilstmError
from dnabilstm.model.bundle import Model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.negatives.make import make_negatives
from dnabilstm.score.sequences import class_probabilities
from tests.classify.planted import set_of


def model_of(*classes):
    torch.manual_seed(0)
    config = BiLSTMConfig(tasks=classes, head="sequence", hidden=4, filters=8, layers=1)
    return Model(build(config).eval(), {})


def test_the_surest_candidates_are_kept_in_order():
    model, positives = model_of("negative", "peak"), set_of([12])
    found, sure = mine_negatives(model, positives, positive="peak", ratio=0.5, candidates=8, seed=3)
    candidates = make_negatives(positives, "dinucleotide", ratio=4, seed=3)
    every = class_probabilities(model, candidates)[0][:, 1]
    assert len(candidates) == 48
    np.testing.assert_array_equal(sure, np.sort(every)[::-1][:6])
    np.testing.assert_allclose(class_probabilities(model, found)[0][:, 1], sure, rtol=1e-5)
    assert found.classes == ("negative",)
    assert np.ptp(every) > 1e-3  # else any choice would pass


@pytest.mark.parametrize(
    ("classes", "given", "asked", "wanted"),
    [
        (("negative", "peak"), (), None, "peak"),
        (("enhancer", "other"), ("other",), None, "other"),
        (("enhancer", "other"), ("other",), "enhancer", "enhancer"),
        (("0", "1"), (), "1", "1"),
    ],
)
def test_the_class_that_counts(classes, given, asked, wanted):
    assert positive_class(model_of(*classes), given, asked) == wanted


@pytest.mark.parametrize(
    ("classes", "given", "asked", "said"),
    [
        (("0", "1"), (), None, "the model has the classes '0', '1'; say with --positive"),
        (("a", "b", "negative"), ("c",), None, "say with --positive"),
        (("0", "1"), ("1",), "peak", "--positive peak: is no class of the model; it has '0', '1'"),
    ],
)
def test_a_class_that_nobody_can_know_is_asked_for(classes, given, asked, said):
    with pytest.raises(DnabilstmError, match=said):
        positive_class(model_of(*classes), given, asked)
