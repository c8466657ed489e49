"""Which parts a model allows, and what is said of the others."""

import pytest
import torch

from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.config import ExplainConfig
from dnabilstm.explain.inside import hidden_states
from dnabilstm.explain.parts import PARTS, applying_parts, explain
from dnabilstm.explain.run import Run
from dnabilstm.model.bundle import Model, join_models
from tests.explain.made import made_choice, made_ensemble, made_genome, made_model


class Unknown(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config


def run(model, tmp_path, **settings):
    return Run(model, [made_choice(model)], tmp_path, ExplainConfig(**settings))


def parts_of(model, tmp_path, **settings):
    return applying_parts(run(model, tmp_path, **settings))


def test_every_part_is_made_where_the_model_allows_it(tmp_path):
    assert parts_of(made_model(attention="local"), tmp_path) == (list(PARTS), {})
    assert parts_of(made_model(head="sequence", attention="additive"), tmp_path) == (list(PARTS), {})


def test_without_attention_there_is_no_attention(tmp_path):
    made, missing = parts_of(made_model(), tmp_path)
    assert made == ["attribution", "motifs", "states", "context"]
    assert missing == {"attention": "the model has no attention"}
    assert parts_of(made_model(), tmp_path, only=("context", "motifs")) == (["motifs", "context"], {})


def test_a_part_that_is_not_made_is_told_with_the_reason(tmp_path):
    found = explain(run(made_model(), tmp_path, tolerance=0.05, check=0, pictures=0, least_seqlets=2))
    assert found["attention"] == {"not_made": "the model has no attention"}
    assert not (tmp_path / "attention").exists()
    assert (tmp_path / "states/units.tsv").exists()


def test_what_was_asked_for_and_cannot_be_is_an_error_with_all_reasons(tmp_path):
    known = made_model()
    model = Model(Unknown(known.network.config), known.card)
    with pytest.raises(DnabilstmError) as caught:
        applying_parts(Run(model, [], tmp_path, ExplainConfig(only=("attention", "states", "context"))))
    assert caught.value.problems == tuple(
        f"--only {name}: cannot be made: the parts of architecture 'bilstm' are not known"
        for name in ("states", "attention")
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"member": 3}, "--member 3: the model has 2; wanted 1 to 2"),
        ({"layer": 4}, "--layer 4: the network has 2"),
        ({"units": ("backward.5",)}, "--units backward.5: no such unit"),
    ],
)
def test_settings_that_do_not_fit_the_model_are_refused(tmp_path, settings, said):
    with pytest.raises(DnabilstmError, match=said):
        parts_of(made_ensemble(), tmp_path, **settings)


def test_a_network_is_looked_into_with_more_context_than_scores_need(tmp_path):
    model, genome = made_model(), made_genome(3001)
    choice = made_choice(model, 1500, 1590, genome)
    (wide,) = Run(model, [choice], tmp_path, genome=genome).with_reach([choice])
    assert (wide.name, wide.start, wide.end) == ("s", 1500, 1590)
    assert 600 <= wide.inside.start < 610
    assert 600 <= len(wide.codes) - wide.inside.stop < 610
    assert Run(model, [choice], tmp_path).with_reach([choice]) == [choice.locus]
    classes = made_model(head="sequence")
    whole = made_choice(classes)
    assert Run(classes, [whole], tmp_path, genome=genome).with_reach([whole]) == [whole.locus]


@torch.no_grad()
def test_a_member_has_the_states_that_it_has_alone(tmp_path):
    models = [made_model(1), made_model(2, layers=3, hidden=6, cell="peephole")]
    ensemble = join_models(models, ["one", "two"])
    loci = [made_choice(ensemble).locus]
    for number, model in enumerate(models, start=1):
        member = run(ensemble, tmp_path, member=number).member
        ((_, found),) = hidden_states(member, 2, loci)
        ((_, alone),) = hidden_states(model.network, 2, loci)
        assert found.shape == (2, 90, model.network.config.hidden)
        assert (found == alone).all()
