import numpy as np
import pytest
import torch
from torch import nn

from dnabilstm.alphabet import ONE_HOT
from dnabilstm.errors import DnabilstmError
from dnabilstm.explain import mutagenesis
from dnabilstm.explain.attribution import Explainer
from dnabilstm.explain.gradients import Given, integrate, of_part, of_whole
from dnabilstm.explain.mutagenesis import Whole
from dnabilstm.explain.objective import Objective
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.layers import OneHot
from tests.explain.made import made_choice, made_ensemble, made_genome, made_model
from tests.explain.test_mutagenesis import calibrated_mean
from tests.model.variants import COMBINED, SEQUENCE_VARIANTS, VARIANTS

SOME = {
    "default": {},
    "three_layers": {"layers": 3},
    "untied_unidirectional": VARIANTS["unidirectional"],
    "peephole": VARIANTS["peephole"],
    "everything": COMBINED["everything"],
    "no_stem": COMBINED["no_stem"],
    "sequence_multihead": SEQUENCE_VARIANTS["multihead"],
    "sequence_stranded": SEQUENCE_VARIANTS["stranded"],
}
UNCALIBRATED = Objective(torch.ones(1), torch.zeros(1), False)


class Quadratic(nn.Module):
    """Of each base twice what A counts and the square of what C counts: gradients that can be integrated by hand."""

    def __init__(self):
        super().__init__()
        self.config = BiLSTMConfig(tasks=("a",), pool=1)
        self.one_hot = OneHot()

    def forward_bins(self, codes):
        shares = self.one_hot(codes)
        return (2 * shares[..., 0] + shares[..., 1] ** 2).unsqueeze(2)


def test_gradients_are_those_worked_out_by_hand():
    codes = np.array([1, 2, 4, 15], np.uint8)
    network = Quadratic()
    scorer = Whole(network, codes, np.ones(4), UNCALIBRATED)
    with Given(network) as given:
        value, bases = of_whole(scorer, given, codes)
        found = integrate(value, bases, codes, slice(0, 4), np.full((1, 4, 4), 0.25, np.float32))
    own = (found.hypothetical[..., 0] * ONE_HOT[codes]).sum(axis=1)
    # A: 2 (1 - 1/4) - 1/16;  C: 1 - 1/16 - 2/4;  G: -2/4 - 1/16;  N is the baseline.
    assert own == pytest.approx([23 / 16, 7 / 16, -9 / 16, 0], abs=1e-6)
    assert found.gap == pytest.approx([0], abs=1e-6)
    assert network.one_hot._forward_hooks == {}


@pytest.mark.parametrize("name", SOME)
def test_attributions_add_up_to_the_difference_to_the_baseline(name):
    model = made_model(**SOME[name])
    choice = made_choice(model)
    found, whole = Explainer(model).gradients(choice)
    codes, masked = choice.locus.codes, choice.locus.codes.copy()
    masked[choice.locus.inside] = 15
    wanted = calibrated_mean(model, choice, codes) - calibrated_mean(model, choice, masked)
    assert whole.difference == pytest.approx(wanted, abs=2e-5)
    assert found.own.sum(axis=0) == pytest.approx(wanted, abs=0.02 * np.abs(wanted).max() + 0.01)
    assert np.abs(found.hypothetical.sum(axis=1)).max() < 1e-5


def test_mutants_of_words_are_computed_a_few_at_a_time(monkeypatch):
    model = made_model(**SEQUENCE_VARIANTS["gapped"])
    choice = made_choice(model)
    whole = Explainer(model).gradients(choice)[0].hypothetical
    value, sizes = mutagenesis.OfWords._value, []
    monkeypatch.setattr(
        mutagenesis.OfWords, "_value", lambda own, rows: (sizes.append(len(rows)), value(own, rows))[1]
    )
    monkeypatch.setattr(mutagenesis, "LARGEST", 1)
    assert Explainer(model).gradients(choice)[0].hypothetical == pytest.approx(whole, abs=1e-6)
    assert set(sizes) == {1}


def test_what_gapped_kmers_add_is_that_of_their_mutagenesis():
    """Of two classes log-odds are a difference of logits, so network and words can be told apart."""
    model = made_model(**SEQUENCE_VARIANTS["gapped_aligned_stranded"])
    choice = made_choice(model)
    both, whole = Explainer(model).gradients(choice)
    mutated = Explainer(model).mutagenesis(choice).hypothetical
    for part in model.network.gapped.parts:
        part.table.zero_()
    alone, rest = Explainer(model).gradients(choice)
    of_words = mutated - Explainer(model).mutagenesis(choice).hypothetical
    assert np.abs(of_words).max() > 0.05
    assert both.hypothetical - alone.hypothetical == pytest.approx(of_words, abs=2e-4)
    assert whole.difference == pytest.approx(rest.difference, abs=1e-5)


def test_each_base_has_the_gradient_that_small_steps_give():
    model = made_model(layers=3)
    choice = made_choice(model)
    explainer = Explainer(model)
    scorer = explainer.scorers(choice)[0]
    with Given(model.network) as given:
        value, bases = of_part(scorer, given, choice.locus.inside)
        one_hot = torch.from_numpy(ONE_HOT[choice.locus.codes[bases]])[None].requires_grad_()
        (slopes,) = torch.autograd.grad(value(one_hot)[0, 0], one_hot)
    whole = Whole(model.network, choice.locus.codes, choice.weights, explainer.objectives[0])
    with Given(model.network) as given:
        value, _ = of_whole(whole, given, choice.locus.codes)
        one_hot = torch.from_numpy(ONE_HOT[choice.locus.codes])[None].requires_grad_()
        (wanted,) = torch.autograd.grad(value(one_hot)[0, 0], one_hot)
    inside = choice.locus.inside
    part = slice(inside.start - bases.start, inside.stop - bases.start)
    assert torch.allclose(slopes[0, part], wanted[0, inside], atol=1e-5)
    assert wanted.abs().max() > 1e-4


def test_an_n_adds_nothing_and_members_are_averaged():
    genome = made_genome()
    genome.codes[530] = 15
    model = made_ensemble()
    choice = made_choice(model, genome=genome)
    found, _ = Explainer(model).gradients(choice)
    assert (found.own[30] == 0).all()
    alone = [made_model(seed) for seed in (1, 2)]
    alone[1].card["calibration"]["a"] = {"a": 2.0, "b": 0.0}
    parts = [Explainer(one).gradients(choice)[0].hypothetical for one in alone]
    assert np.abs(found.hypothetical - np.mean(parts, axis=0)).max() < 1e-5


def test_a_network_without_a_one_hot_input_is_refused():
    network = nn.Linear(1, 1)
    network.config = BiLSTMConfig(architecture="foreign")
    with pytest.raises(DnabilstmError, match=r"foreign.*--method mutagenesis"):
        Given(network)
