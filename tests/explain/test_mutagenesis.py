import numpy as np
import pytest
import torch

from dnabilstm.explain.attribution import Explainer
from dnabilstm.explain.carried import Carried, prepare
from dnabilstm.explain.mutagenesis import Whole, mutate
from dnabilstm.explain.objective import objectives_of
from tests.explain.made import made_choice, made_ensemble, made_genome, made_model
from tests.model.variants import COMBINED, SEQUENCE_VARIANTS, VARIANTS

EVERY = {**VARIANTS, **COMBINED, **{f"sequence_{name}": some for name, some in SEQUENCE_VARIANTS.items()}}


@torch.no_grad()
def calibrated_mean(model, choice, codes):
    """The objective in plain words: logits of the contig's window, calibrated, averaged over the region."""
    network, locus = model.network, choice.locus
    if network.config.head == "sequence":
        bins = torch.tensor([len(codes) // network.config.pool])
        z = 0.8 * network.forward_sequences(torch.from_numpy(codes)[None], bins)[0] + torch.tensor(
            [0.3, -0.3]
        )
        return np.array([float(z[0] - z[1]), float(z[1] - z[0])])
    logits = network.forward_bins(torch.from_numpy(codes)[None])[0].double().numpy()
    inside = logits[choice.start - locus.origin : choice.end - locus.origin].mean(axis=0)
    return np.array([model.card["calibration"][name]["a"] for name in model.channels]) * inside


@pytest.mark.parametrize("name", EVERY)
@torch.inference_mode()
def test_every_architecture_gives_the_differences_of_whole_sweeps(name):
    model = made_model(**EVERY[name])
    choice = made_choice(model)
    found = Explainer(model).mutagenesis(choice).hypothetical
    codes, inside = choice.locus.codes, choice.locus.inside
    reference = calibrated_mean(model, choice, codes)
    for place in (0, 7, 44, len(choice.locus) - 1):
        changes = np.zeros((4, len(model.channels)))
        for base in range(4):
            mutant = codes.copy()
            mutant[inside.start + place] = 1 << base
            changes[base] = calibrated_mean(model, choice, mutant) - reference
        assert np.abs(found[place] - (changes - changes.mean(axis=0))).max() < 1e-5
    assert np.abs(found).max() > 1e-4


@pytest.mark.parametrize("memory", [-3.0, 4.0])
def test_changes_are_followed_as_far_as_a_memory_reaches(memory):
    model = made_model(layers=3)
    with torch.no_grad():
        for layer in model.network.lstms:
            layer.directions[0].bias[4:8] = memory  # the forget gates
    choice = made_choice(model, genome=made_genome(3001), start=1500, end=1600)
    objective = objectives_of(model)[0]
    given = model.network, choice.locus.codes, choice.weights, objective
    wanted = mutate(Whole(*given), choice.locus.codes, choice.locus.inside)
    found = Explainer(model).mutagenesis(choice).hypothetical
    assert np.abs(found - (wanted - wanted.mean(axis=1, keepdims=True))).max() < 1e-5


def test_what_does_not_change_is_not_computed():
    model = made_model()
    choice = made_choice(model, genome=made_genome(40_001), start=20_000, end=20_100)
    carried = Carried(
        model.network, prepare(model.network), choice.locus.codes, choice.weights, objectives_of(model)[0]
    )
    steps = []
    for layer in carried.kept:
        for kept in layer:
            sweep = kept.sweep
            kept.sweep = lambda features, *rest, sweep=sweep: (
                steps.append(len(features)),
                sweep(features, *rest),
            )[1]
    mutate(carried, choice.locus.codes, slice(choice.locus.inside.start, choice.locus.inside.start + 1))
    assert 0 < sum(steps) < 4 * carried.bins


def test_the_result_does_not_depend_on_the_number_of_workers():
    model = made_model()
    choice = made_choice(model, start=300, end=600)
    one, two = (Explainer(model, workers).mutagenesis(choice).hypothetical for workers in (1, 2))
    assert (one == two).all()


def test_an_n_is_left_as_it_is_and_a_no_call_does_not_count():
    model, genome = made_model(), made_genome()
    genome.codes[520:540] = 15
    choice = made_choice(model, genome=genome)
    found = Explainer(model).mutagenesis(choice)
    assert (found.hypothetical[20:40] == 0).all()
    assert (found.own[20:40] == 0).all()
    assert np.abs(found.hypothetical[:20]).max() > 0
    inside = choice.weights[choice.locus.inside]
    assert (inside[20:40] == 0).all()
    assert inside[10] == pytest.approx(1 / 40)  # bases 510 to 570 less 20


def test_members_of_an_ensemble_are_averaged():
    model = made_ensemble()
    choice = made_choice(model)
    alone = [made_model(seed) for seed in (1, 2)]
    alone[1].card["calibration"]["a"] = {"a": 2.0, "b": 0.0}
    parts = [Explainer(one).mutagenesis(choice).hypothetical for one in alone]
    assert np.abs(Explainer(model).mutagenesis(choice).hypothetical - np.mean(parts, axis=0)).max() < 1e-6


def test_both_strands_are_explained_alike():
    model, genome = made_model(), made_genome()
    other = made_genome()
    other.codes[:] = np.array([0, 8, 4, 0, 2, 0, 0, 0, 1], np.uint8)[genome.codes][::-1]
    length = genome.total
    forward = Explainer(model).mutagenesis(made_choice(model, 500, 590)).hypothetical
    choice = made_choice(model, length - 590, length - 500, other, (length - 570, length - 510))
    backward = Explainer(model).mutagenesis(choice).hypothetical
    assert np.abs(forward - backward[::-1, ::-1]).max() < 1e-5
