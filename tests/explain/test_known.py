import re

import numpy as np
import pytest
from Bio import motifs as bio

from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.align import best_alignments
from dnabilstm.explain.known import best_match, correlation
from dnabilstm.explain.meme import Known, read_meme, write_meme
from dnabilstm.explain.motifs import Motif


def shares(word, sharp=0.97):
    return np.array([[sharp if letter == base else (1 - sharp) / 3 for base in "ACGT"] for letter in word])


def test_meme_text_is_read_back_by_biopython_and_by_us(tmp_path):
    counts = np.array([[8, 0, 0, 0], [0, 6, 2, 0], [1, 1, 1, 5], [0, 0, 8, 0]], float)
    motif = Motif("nfr_1", 1, counts, counts, (None,) * 8)
    write_meme([motif], np.array([0.3, 0.2, 0.2, 0.3]), tmp_path / "x.meme")
    with (tmp_path / "x.meme").open() as handle:
        (found,) = bio.parse(handle, "minimal")
    assert found.name == "nfr_1"
    assert found.num_occurrences == 8
    assert found.pwm["C"][1] == pytest.approx(0.75)
    assert found.background["A"] == pytest.approx(0.3)
    (known,) = read_meme(tmp_path / "x.meme")
    assert np.abs(known.shares - motif.shares).max() < 1e-6
    assert motif.consensus == "ACTG"


def test_a_file_without_motifs_may_be_written(tmp_path):
    write_meme([], np.full(4, 0.25), tmp_path / "x.meme")
    with pytest.raises(DnabilstmError, match=r"x\.meme: has no motif"):
        read_meme(tmp_path / "x.meme")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no motif"),
        ("chr1\t5\t9\n", ":1: found 'chr1"),
        (
            "MEME version 4\n\nMOTIF x\nletter-probability matrix: w= 2\n.7 .1 .1 .1\n",
            "ends 1 rows too early",
        ),
        ("MEME version 4\n\nMOTIF x\nletter-probability matrix: alength= 4\n", ":4: has no width"),
        ("MEME version 4\n\nMOTIF x\nletter-probability matrix: w= 2\n.7 .3\n", ":5: found '.7 .3'"),
        ("MEME version 4\n\nMOTIF x\nletter-probability matrix: w= 2\n7 3 1 1\n", "which sum to 1"),
    ],
)
def test_what_is_no_meme_file_is_refused(tmp_path, text, said):
    (tmp_path / "x.meme").write_text(text)
    with pytest.raises(DnabilstmError, match=re.escape(said)):
        read_meme(tmp_path / "x.meme")


def test_the_best_match_is_found_on_either_strand_and_at_any_shift():
    known = [
        Known("other", shares("GATAAGAT")),
        Known("reb1", shares("TTACCCGG")),
        Known("short", shares("CACGT")),
    ]
    match = best_match(shares("AACCGGGTAAT"), known)  # the other strand: ATTACCCGGTT
    assert (match.name, match.strand, match.shift) == ("reb1", -1, 2)
    assert match.correlation == pytest.approx(1.0)
    assert match.p_value < 0.01
    assert match.e_value == pytest.approx(3 * match.p_value)


def test_chance_has_a_large_p_value():
    rng = np.random.default_rng(3)
    match = best_match(rng.dirichlet(np.ones(4), 8), [Known("any", rng.dirichlet(np.ones(4), 8))])
    assert match.p_value > 0.05


def test_correlation_is_pearsons_over_the_columns_that_lie_over_each_other():
    one, other = shares("ACGTAC"), shares("GGACGTAC", 0.7)
    found, shift, strand = correlation(one, other[None])
    assert (shift[0], strand[0]) == (-2, 1)
    assert found[0] == pytest.approx(np.corrcoef(one.ravel(), other[2:].ravel())[0, 1])


def test_alignments_say_how_a_row_comes_to_lie_on_a_column():
    column = np.zeros((1, 12, 4), np.float32)
    column[0, 4:8] = np.eye(4)[[0, 0, 1, 2]]
    row = column[:, ::-1, ::-1].copy()
    row = np.roll(row, 1, axis=1)
    likeness, shift, strand = best_alignments(row, column, 5)
    assert likeness[0, 0] == pytest.approx(1)
    laid = np.roll(row[:, ::-1, ::-1], shift[0, 0], axis=1)
    assert strand[0, 0] == -1
    assert (laid == column).all()
