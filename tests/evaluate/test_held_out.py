"""What is judged, and what is said about a model that has seen it."""

import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.evaluate import held_out
from dnabilstm.genome import Contig, Genome


@pytest.fixture
def genome():
    contigs = tuple(Contig(name, 100, 100 * i, f"SQ.{name}") for i, name in enumerate(("a", "b", "c")))
    return Genome(contigs, None, "three.fa")


@pytest.fixture
def card(genome):
    rows = [["a", 0, 100, "train"], ["b", 0, 40, "valid"], ["b", 40, 60, "guard"], ["b", 60, 100, "test"]]
    return {"split": [*rows, ["c", 0, 100, "train"]], "genome": {"digest": genome.digest}}


def test_the_test_part_is_the_default(genome, card):
    assert held_out.choose_intervals(genome, card, None) == [("b", 60, 100)]
    assert held_out.choose_intervals(genome, card, ["c", "a"]) == [("c", 0, 100), ("a", 0, 100)]


def test_all_wrong_names_are_reported_at_once(genome, card):
    with pytest.raises(DnabilstmError) as error:
        held_out.choose_intervals(genome, card, ["x", "a", "a", "y"])
    assert len(error.value.problems) == 3
    assert "'x'; it has a, b, c" in str(error.value)


def test_without_contigs_another_genome_and_a_missing_test_part_are_refused(genome, card):
    with pytest.raises(DnabilstmError, match="no test part"):
        held_out.choose_intervals(genome, card | {"split": card["split"][:3]}, None)
    with pytest.raises(DnabilstmError, match="not the genome"):
        held_out.choose_intervals(genome, card | {"genome": {"digest": "other"}}, None)


def test_bases_that_a_model_has_seen_are_warned_of(genome, card):
    assert held_out.leak_warnings(genome, "m", card, [("b", 60, 100)]) == []
    trained, stopped = held_out.leak_warnings(genome, "m", card, [("a", 99, 100), ("b", 39, 41)])
    assert trained == "m was trained on bases of a: its figures are too good"
    assert stopped == "m was stopped and calibrated on bases of b: its figures are too good"
    (other,) = held_out.leak_warnings(genome, "m", {}, [("a", 0, 1)])
    assert "another genome" in other


def test_the_baseline_is_fitted_beside_the_evaluated_bases(genome, card):
    assert held_out.training_intervals(genome, card, [("b", 60, 100)]) == [("a", 0, 100), ("c", 0, 100)]
    assert held_out.training_intervals(genome, card, [("a", 0, 10)]) == [("c", 0, 100)]
    # Of a genome that the split is not about, every contig that is not evaluated may serve.
    assert held_out.training_intervals(genome, {}, [("a", 0, 10)]) == [("b", 0, 100), ("c", 0, 100)]
    with pytest.raises(DnabilstmError, match="overlaps the evaluated"):
        held_out.training_intervals(genome, card, [("a", 0, 100), ("c", 5, 6)])
