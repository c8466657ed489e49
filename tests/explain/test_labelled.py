import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.background import draw_background
from dnabilstm.explain.labelled import label_name, read_labels
from dnabilstm.explain.loci import locus_of
from dnabilstm.explain.log_odds import LogOdds
from dnabilstm.explain.select import Choice
from dnabilstm.genome import Contig, Genome
from dnabilstm.labels import LabelSpec, make_labels
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import score_genome
from tests.explain.made import made_choice, made_ensemble, made_genome, made_model

BED = "d\t5\t40\nc\t100\t120\nc\t110\t130\n"


def two_contigs():
    codes = made_genome(1703).codes
    codes[300:330] = 15
    return Genome((Contig("c", 1203, 0, ""), Contig("d", 500, 1203, "")), codes, "made")


def locus(contig, start, end):
    return locus_of(two_contigs(), contig, start, end, pool=5, halo=50)


def test_a_file_of_intervals_is_one_label(tmp_path):
    path = tmp_path / "my peaks.v2.bed"
    path.write_text(BED)
    found = read_labels(path, two_contigs())
    assert found.names == ("my_peaks",)
    assert found.of(locus("c", 95, 135))[:, 0].tolist() == [0] * 5 + [1] * 30 + [0] * 5
    assert found.of(locus("d", 38, 42))[:, 0].tolist() == [1, 1, 0, 0]
    marks = found.marks(locus("c", 110, 300))["my_peaks"]
    assert [(mark.start, mark.end) for mark in marks] == [(110, 130)]


def test_labels_on_disk_keep_what_is_masked(tmp_path):
    (tmp_path / "a.bed").write_text(BED)
    (tmp_path / "b.bed").write_text("c\t290\t360\n")
    specs = [LabelSpec("a", tmp_path / "a.bed"), LabelSpec("b", tmp_path / "b.bed")]
    make_labels(two_contigs(), specs, tmp_path / "labels")
    found = read_labels(tmp_path / "labels", two_contigs())
    assert found.names == ("a", "b")
    values = found.of(locus("c", 95, 345))
    assert values[5:35, 0].tolist() == [1] * 30
    assert np.isnan(values[205:235]).all()
    assert values[235:, 1].tolist() == [1] * 15
    assert [(mark.start, mark.end) for mark in found.marks(locus("c", 95, 345))["b"]] == [
        (290, 300),
        (330, 345),
    ]


@pytest.mark.parametrize(
    ("text", "said"), [("", "is empty"), ("c\t5\t5000\n", "past the end of c"), ("e\t1\t9\n", "'?e")]
)
def test_labels_that_do_not_fit_are_refused(tmp_path, text, said):
    (tmp_path / "x.bed").write_text(text)
    with pytest.raises(DnabilstmError, match=said):
        read_labels(tmp_path / "x.bed", two_contigs())


def test_a_folder_without_labels_is_refused(tmp_path):
    with pytest.raises(DnabilstmError, match="has no labels"):
        read_labels(tmp_path, two_contigs())


@pytest.mark.parametrize(("path", "name"), [("x/a.bed", "a"), ("b c\t.bed.gz", "b_c"), (".bed", "label")])
def test_a_label_is_called_after_its_file(path, name):
    assert label_name(path) == name


def test_the_background_is_drawn_from_the_contigs_of_the_loci():
    model, genome = made_model(), two_contigs()
    choices = [
        Choice(locus("d", start, start + size), start, start + size) for start, size in ((5, 40), (60, 44))
    ]
    choices.append(Choice(locus("d", 100, 160), 110, 120))

    def places(count, seed=1):
        drawn = draw_background(model, genome, choices, count, np.random.default_rng(seed))
        return [(one.locus.contig.name, one.start, one.end) for one in drawn]

    found = places(400)
    assert len(found) == 400
    assert {contig for contig, _, _ in found} == {"d"}
    assert {end - start for _, start, end in found} == {44}
    assert min(start for _, start, _ in found) < 10
    assert max(end for _, _, end in found) > 490
    assert places(400) == found
    assert places(400, seed=2) != found
    assert places(0) == []


def test_the_background_lies_on_all_contigs_by_their_length():
    model, genome = made_model(), two_contigs()
    choices = [Choice(locus("d", 5, 45), 5, 45), Choice(locus("c", 5, 45), 5, 45)]
    drawn = draw_background(model, genome, choices, 600, np.random.default_rng(1))
    share = np.mean([one.locus.contig.name == "c" for one in drawn])
    assert abs(share - 1164 / (1164 + 461)) < 0.06
    for one in drawn[:20]:
        assert (one.codes == genome.sequence(one.locus.contig.name)[one.start : one.end]).all()
    wide = [Choice(locus("c", 0, 1203), 0, 1203)]
    assert {one.start for one in draw_background(model, genome, wide, 5, np.random.default_rng(1))} == {0}


@pytest.mark.parametrize("made", [made_model, made_ensemble])
def test_scores_are_those_of_the_engine(tmp_path, made):
    model, genome = made(), two_contigs()
    scores = score_genome(
        genome, model, tmp_path / "scores", ScoreConfig(exact=True, precision="fp32", workers=1)
    )
    loci = [
        locus_of(genome, contig, start, end, pool=5, halo=2000)
        for contig, start, end in (("c", 0, 1), ("c", 290, 350), ("d", 0, 500), ("c", 1190, 1203))
    ]
    for one, found in zip(loci, LogOdds(model, 2).probabilities(loci), strict=True):
        for column, channel in enumerate(model.channels):
            wanted = scores.track(channel, one.contig.name)[one.start : one.end]
            assert found[:, column] == pytest.approx(wanted, abs=1e-5, nan_ok=True)
    assert np.isnan(LogOdds(model).probabilities(loci)[1][10:40]).all()


def test_every_base_of_a_sequence_has_its_class_probability():
    model = made_model(head="sequence")
    choice = made_choice(model)
    (found,) = LogOdds(model).probabilities([choice.locus])
    assert found.shape == (90, 2)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found == found[0]).all()
