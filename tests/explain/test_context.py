"""Withheld context is sequence that is not there: each cut is what the cut sequence scores by itself."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from dnabilstm.alphabet import COMPLEMENT
from dnabilstm.explain.context import sides_of, withhold
from dnabilstm.explain.loci import locus_of, locus_of_sequence
from dnabilstm.explain.log_odds import LogOdds
from dnabilstm.explain.select import Choice
from dnabilstm.explain.withheld import distances_up_to, places_of
from dnabilstm.explain.write_context import needed_context
from dnabilstm.genome import Contig, Genome
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Grid, windows_of
from dnabilstm.score.workers import compute
from tests.explain.made import CALIBRATION, made_choice, made_ensemble, made_genome, made_model
from tests.model.variants import COMBINED, SEQUENCE_VARIANTS, VARIANTS

EVERY = VARIANTS | COMBINED


def engine(model, codes):
    """Log-odds of every base of a sequence that is a genome of its own, by the scoring engine: (bases, channels)."""
    contig = Contig("alone", len(codes), 0, "")
    genome = Genome((contig,), np.ascontiguousarray(codes), "alone")
    windows = windows_of(contig, Grid(model.network.config.pool, 0, 0))
    ((_, logits),) = compute(genome, model.network, windows, ScoreConfig(precision="fp32", workers=1))
    fitted = [CALIBRATION[name[0]] for name in model.channels]
    return logits.T * np.array([one["a"] for one in fitted]) + np.array([one["b"] for one in fitted])


def whole_choice(model, genome, start, end, region=None):
    locus = locus_of(genome, "c", start, end, pool=model.network.config.pool, halo=5000)
    return Choice(locus, *(region or (start, end)))


def whole_bins(length, pool):
    """A length near it at which a contig's bins begin with the contig, so that cuts are binned like the whole."""
    return length - length % pool


@pytest.mark.parametrize("name", EVERY)
def test_each_side_is_what_the_engine_gives_the_cut_sequence(name):
    model = made_model(**EVERY[name])
    pool = model.network.config.pool
    genome = made_genome(whole_bins(403, pool))
    codes = genome.sequence("c")
    found = sides_of(LogOdds(model), whole_choice(model, genome, 10 * pool, 13 * pool), most=100)
    assert found.starts.tolist() == [10 * pool, 11 * pool, 12 * pool]
    assert found.ends.tolist() == [11 * pool, 12 * pool, 13 * pool]
    whole = engine(model, codes)
    for place, (start, end) in enumerate(zip(found.starts, found.ends, strict=True)):
        wanted = {
            "full": whole[start:end],
            "left": engine(model, codes[:end])[start:],
            "right": engine(model, codes[start:])[: end - start],
            "none": engine(model, codes[start:end]),
        }
        for seen, values in wanted.items():
            assert np.abs(found.log_odds[seen][place] - values.mean(axis=0)).max() < 2e-5, seen
    added = found.log_odds["full"] - found.log_odds["right"]
    assert (found.contribution("left") == added).all()
    assert np.abs(found.contribution("left")).max() > 1e-4


@torch.no_grad()
def test_without_a_stem_withholding_is_starting_a_direction_with_nothing():
    model = made_model(filters=0, pool=1, layers=1, strand="none")
    network, genome = model.network, made_genome(203)
    found = sides_of(LogOdds(model), whole_choice(model, genome, 80, 90), most=100)
    features = network.enter(0, network.one_hot(torch.from_numpy(genome.sequence("c").copy())[None]))
    forward, backward = network.lstms[0].readings()
    from_left, _ = forward.step(features, forward.start(features))
    from_right = backward.step(features.flip(1), backward.start(features))[0].flip(1)
    for place in range(10):
        here = features[:, 80 + place : 81 + place]
        anew = [reading.step(here, reading.start(here))[0][:, 0] for reading in (forward, backward)]
        pairs = {
            "full": (from_left[:, 80 + place], from_right[:, 80 + place]),
            "left": (from_left[:, 80 + place], anew[1]),
            "right": (anew[0], from_right[:, 80 + place]),
            "none": anew,
        }
        for seen, states in pairs.items():
            logits = network.head(torch.cat(list(states), dim=1))[0].numpy()
            wanted = [
                CALIBRATION[n]["a"] * z + CALIBRATION[n]["b"] for n, z in zip("ab", logits, strict=True)
            ]
            assert found.log_odds[seen][place] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("pool", [1, 3, 5, 9])
@pytest.mark.parametrize("length", [200, 203])
@torch.no_grad()
def test_at_a_contigs_ends_there_is_no_more_to_withhold(pool, length):
    model = made_model(pool=pool)
    genome = made_genome(length)
    for start, end in ((0, 2 * pool), (length - 2 * pool, length)):
        choice = whole_choice(model, genome, start, end)
        found = sides_of(LogOdds(model), choice, most=100)
        same, other = ("left", "full") if start else ("right", "full")
        edge = -1 if start else 0
        assert found.log_odds[same][edge] == pytest.approx(found.log_odds[other][edge], abs=1e-6)
        assert found.starts[0] == start
        assert found.ends[-1] == end
        assert len(found.along(found.contribution("left")[:, 0])) == end - start


@pytest.mark.parametrize("name", ["default", "three_layers", "pool_1", "skip", "local_attention", "untied"])
def test_a_region_with_less_context_scores_as_the_cut_sequence(name):
    model = made_model(**VARIANTS[name])
    pool = model.network.config.pool
    length = whole_bins(603, pool)
    genome = made_genome(length)
    codes, start, end = genome.sequence("c"), 40 * pool, 43 * pool
    region = slice(start, end - pool + 1)  # of the last bin only one base
    choice = whole_choice(model, genome, start - pool, end + pool, (region.start, region.stop))
    found = withhold(LogOdds(model), [choice])
    assert found.distances == distances_up_to(max(start, length - end))
    for k, distance in enumerate(found.distances):
        wide = -(-distance // pool) * pool
        left, right = max(0, start - wide), min(length, end + wide)
        for side, (first, last) in {
            "both": (left, right),
            "left": (left, end),
            "right": (start, right),
        }.items():
            wanted = engine(model, codes[first:last])[region.start - first : region.stop - first].mean(axis=0)
            assert np.abs(found.log_odds[side][0, k] - wanted).max() < 2e-5, (side, distance)
    assert np.abs(found.full[0] - engine(model, codes)[region].mean(axis=0)).max() < 2e-5
    assert np.abs(found.log_odds["both"][0, 0] - found.full[0]).max() > 1e-3


def test_distances_rise_to_the_whole_context():
    assert distances_up_to(0) == [0]
    assert distances_up_to(7) == [0, 7]
    assert distances_up_to(1500) == [0, 10, 20, 50, 100, 200, 500, 1000, 1500]
    assert distances_up_to(2000)[-2:] == [1000, 2000]


def test_the_context_that_is_needed_is_where_the_scores_stay_near():
    model = made_model()
    choices = [whole_choice(model, made_genome(), 500, 560), whole_choice(model, made_genome(), 30, 90)]
    found = withhold(LogOdds(model), choices)
    change = np.abs(found.log_odds["both"] - found.full[:, None]).mean(axis=0)
    for column in range(2):
        index = found.distances.index(needed_context(found, column))
        assert (change[index:, column] <= 0.1).all()
        assert index == 0 or change[index - 1, column] > 0.1


def test_a_region_that_is_all_there_is_has_no_context_to_withhold():
    model = made_model()
    locus = locus_of_sequence("s", made_genome(61).sequence("c"), pool=5)
    assert withhold(LogOdds(model), [Choice(locus, 0, 61)]) is None


def test_long_loci_are_looked_at_in_as_many_places_as_asked_for():
    model, genome = made_model(), made_genome()
    choice = whole_choice(model, genome, 301, 702)
    places = places_of(choice.locus, 5, 20)
    assert len(places) == 20
    assert all(one.stop == two.start for one, two in pairwise(places))
    assert {place.stop - place.start for place in places} <= {4, 5}
    assert all(place.start <= place.bin < place.stop for place in places)
    few, every = (sides_of(LogOdds(model), choice, most) for most in (20, 1000))
    assert (few.starts[0], few.ends[-1]) == (every.starts[0], every.ends[-1]) == (301, 702)
    assert len(few.along(few.starts)) == len(every.along(every.starts)) == 401
    first = every.log_odds["left"][places[3].bin - places[0].start]
    assert few.log_odds["left"][3] == pytest.approx(first, abs=1e-6)


@pytest.mark.parametrize("name", ["default", "untied", "multihead", "grid"])
@torch.no_grad()
def test_a_whole_sequence_is_decided_by_its_start_and_by_its_end(name):
    model = made_model(head="sequence", **{k: v for k, v in SEQUENCE_VARIANTS[name].items() if k != "head"})
    choice = made_choice(model)
    found = sides_of(LogOdds(model), choice, most=1000)
    codes, pool = choice.locus.codes, 5

    def odds(part):
        bins = torch.tensor([len(part) // pool])
        a, b = 0.8 * model.network.forward_sequences(torch.from_numpy(part)[None], bins)[0] + torch.tensor(
            [0.3, -0.3]
        )
        return [float(a - b), float(b - a)]

    for place in (0, 7, len(found.starts) - 1):
        here = place * pool
        for seen, part in {
            "full": codes,
            "left": codes[: here + pool],
            "right": codes[here:],
            "none": codes[here : here + pool],
        }.items():
            assert found.log_odds[seen][place] == pytest.approx(odds(part), abs=1e-5)


def test_members_of_an_ensemble_are_averaged():
    ensemble, genome = made_ensemble(), made_genome()
    choice = whole_choice(ensemble, genome, 500, 560)
    alone = [made_model(seed) for seed in (1, 2)]
    alone[1].card["calibration"]["a"] = {"a": 2.0, "b": 0.0}
    parts = [sides_of(LogOdds(model), choice, 100) for model in alone]
    found = sides_of(LogOdds(ensemble), choice, 100)
    for seen, values in found.log_odds.items():
        assert np.abs(values - np.mean([part.log_odds[seen] for part in parts], axis=0)).max() < 1e-6


def test_left_and_right_change_places_on_the_other_strand():
    model, genome = made_model(), made_genome()
    codes = COMPLEMENT[genome.codes][::-1].copy()
    other = Genome(genome.contigs, codes, "other strand")
    found = sides_of(LogOdds(model), whole_choice(model, genome, 500, 560), 1000)
    turned = sides_of(LogOdds(model), whole_choice(model, other, 1203 - 560, 1203 - 500), 1000)
    for here, there in (("left", "right"), ("right", "left"), ("full", "full"), ("none", "none")):
        assert np.abs(found.log_odds[here] - turned.log_odds[there][::-1]).max() < 1e-5


def test_the_result_does_not_depend_on_workers_or_on_what_is_computed_together(monkeypatch):
    model = made_model()
    choice = whole_choice(model, made_genome(), 500, 560)
    one, two = (sides_of(LogOdds(model, workers), choice, 100) for workers in (1, 3))
    monkeypatch.setattr("dnabilstm.explain.log_odds.ROWS", {"cpu": 1, "cuda": 1})
    alone = sides_of(LogOdds(model), choice, 100)
    for seen, values in one.log_odds.items():
        assert (values == two.log_odds[seen]).all()
        assert np.abs(values - alone.log_odds[seen]).max() < 1e-5


def test_a_run_of_n_has_no_score_at_its_places():
    model, genome = made_model(), made_genome()
    genome.codes[520:540] = 15
    found = sides_of(LogOdds(model), whole_choice(model, genome, 500, 560), 100)
    inside = (found.starts >= 520) & (found.ends <= 540)
    assert inside.any()
    for values in found.log_odds.values():
        assert np.isnan(values[inside]).all()
        assert np.isfinite(values[~inside]).all()
