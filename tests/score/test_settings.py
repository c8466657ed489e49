"""What tells scores apart, and what does not."""

from dataclasses import replace

import pytest

from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.settings import cut_of, identity_of, settings_of

CONFIG = ScoreConfig(precision="fp32")


def identity(config=CONFIG, card=None, model="m", genome="g"):
    return identity_of(model, settings_of(config, cut_of(card or {}, 5, config), 5, "cpu"), genome, config)


@pytest.mark.parametrize(
    "change",
    [
        {"exact": True},
        {"halo": 10},
        {"chunk": 10},
        {"precision": "bf16"},
        {"no_call_run": 2},
        {"min_contig": 9},
    ],
)
def test_settings_that_change_scores_change_the_identity(change):
    assert identity(replace(CONFIG, **change)) != identity()


@pytest.mark.parametrize("change", [{"batch": 3}, {"memory": 99}, {"workers": 4}])
def test_settings_of_the_machine_do_not(change):
    assert identity(replace(CONFIG, **change)) == identity()


def test_model_genome_and_card_do():
    assert identity(model="n") != identity()
    assert identity(genome="h") != identity()
    assert identity(card={"context": {"halo": 250}}) != identity()


def test_a_cut_is_in_whole_bins():
    assert cut_of({"context": {"chunk": 701, "halo": 251}}, 5, CONFIG) == (141, 51)
    assert cut_of({}, 5, replace(CONFIG, exact=True))[0] == 0
