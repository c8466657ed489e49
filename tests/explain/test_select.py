import math

import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.config import ExplainConfig
from dnabilstm.explain.select import choose_regions, choose_sequences
from dnabilstm.genome import Contig, Genome
from dnabilstm.sequences.read import read_sequences
from tests.explain.made import made_genome, made_model

BED = "c\t100\t200\tone\t5\nc\t300\t310\ttwo\t90\nd\t10\t20\tthree\t50\nc\t1180\t1200\tfour\t7\n"


def two_contigs():
    codes = made_genome(1703).codes
    return Genome((Contig("c", 1203, 0, ""), Contig("d", 500, 1203, "")), codes, "made")


def chosen(tmp_path, text, name="x.bed", model=None, genome=None, said=None, **settings):
    (tmp_path / name).write_text(text)
    note = (said if said is not None else []).append
    config = ExplainConfig(**settings)
    return choose_regions(model or made_model(), genome or two_contigs(), tmp_path / name, config, note=note)


def places(choices):
    return [(one.locus.name, one.locus.start, one.locus.end, one.start, one.end) for one in choices]


def test_the_best_come_first_and_are_as_wide_as_is_asked_for(tmp_path):
    said = []
    found = chosen(tmp_path, BED, top=3, width=40, said=said)
    assert places(found) == [
        ("two", 285, 325, 300, 310),
        ("three", 0, 35, 10, 20),  # cut off at the contig's start
        ("four", 1170, 1203, 1180, 1200),  # and end
    ]
    assert [one.score for one in found] == [90, 50, 7]
    assert "the best 3 of 4 regions" in said[0]


def test_regions_as_they_are_and_all_of_them(tmp_path):
    found = chosen(tmp_path, BED, top=0, width=0, contigs=("c",))
    assert places(found) == [
        ("two", 300, 310, 300, 310),
        ("four", 1180, 1200, 1180, 1200),
        ("one", 100, 200, 100, 200),
    ]


def test_a_narrow_peak_is_centred_on_its_summit_and_ranked_by_its_signal(tmp_path):
    rows = "c\t100\t200\tp\t0\t.\t3.5\t-1\t-1\t10\nc\t300\t400\tq\t0\t.\t8\t-1\t-1\t-1\n"
    found = chosen(tmp_path, rows, name="x.narrowPeak", width=20)
    assert places(found) == [("q", 340, 360, 340, 360), ("p", 100, 120, 100, 120)]
    assert found[1].score == 3.5


def test_without_names_and_scores_the_order_is_that_of_the_file(tmp_path):
    found = chosen(tmp_path, "c\t100\t120\nc\t50\t60\n", width=0, top=1)
    assert places(found) == [("c:100-120", 100, 120, 100, 120)]
    assert math.isnan(found[0].score)


def test_the_default_is_the_test_part_of_the_genome_that_the_model_was_trained_on(tmp_path):
    model, genome = made_model(), two_contigs()
    model.card |= {
        "genome": {"digest": genome.digest},
        "split": [["c", 0, 250, "test"], ["c", 250, 1203, "train"], ["d", 0, 500, "test"]],
    }
    said = []
    found = chosen(tmp_path, BED, model=model, genome=genome, said=said, width=0)
    assert [one.locus.name for one in found] == ["three", "one"]
    assert "2 of 4 regions are on the test part" in said[0]
    model.card["genome"]["digest"] = "another"
    assert len(chosen(tmp_path, BED, model=model, genome=genome, width=0)) == 4


def test_the_region_counts_and_not_what_is_around_it(tmp_path):
    (one,) = chosen(tmp_path, "c\t300\t310\n", width=100)
    inside = one.weights[one.locus.inside]
    assert inside[45:55] == pytest.approx([0.1] * 10)
    assert inside.sum() == pytest.approx(1)
    assert one.weights.sum() == pytest.approx(1)


def test_a_head_for_whole_sequences_sees_the_stretch_alone(tmp_path):
    model = made_model(head="sequence")
    (one,) = chosen(tmp_path, "c\t300\t310\n", model=model, width=101)
    assert (one.locus.start, one.locus.end) == (255, 356)
    assert (one.codes == two_contigs().sequence("c")[255:356]).all()
    assert len(one.locus.codes) < 101 + 2 * 5
    assert len(one.locus.codes) % 5 == 0


def test_sequences_are_loci_of_their_own(tmp_path):
    (tmp_path / "x.fa").write_text(">s\nACGTACGTACGT\n>t\nGGGG\n")
    sequences = read_sequences([str(tmp_path / "x.fa")])
    found = choose_sequences(made_model(), sequences, ExplainConfig(top=1))
    assert places(found) == [("s", 0, 12, 0, 12)]
    assert len(choose_sequences(made_model(), sequences, ExplainConfig(top=0))) == 2


@pytest.mark.parametrize(
    ("text", "settings", "wanted"),
    [
        ("", {}, "is empty"),
        ("c\t100\t2000\n", {}, "past the end of c"),
        ("e\t1\t20\n", {}, "'?e"),
        (BED, {"contigs": ("zzz",)}, "no contig 'zzz'"),
        ("c\t100\t200\n", {"contigs": ("d",)}, "none of them on d"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, text, settings, wanted):
    with pytest.raises(DnabilstmError, match=wanted):
        chosen(tmp_path, text, **settings)


def test_a_region_of_nothing_but_n_is_refused(tmp_path):
    genome = two_contigs()
    genome.codes[300:340] = 15
    with pytest.raises(DnabilstmError, match="c:300-340: has no base with a score"):
        chosen(tmp_path, "c\t300\t340\n", genome=genome)


def test_no_option_is_proposed_that_the_command_lacks(tmp_path):
    for text in ("zzz\t100\t200\n", "c\t100000\t100200\n"):
        with pytest.raises(DnabilstmError) as error:
            chosen(tmp_path, text)
        assert "--unknown-contigs" not in str(error.value)
