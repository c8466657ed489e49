import numpy as np
import pytest

from dnabilstm.explain.logos import COLOURS, draw_logo, information, pyplot, stacks
from dnabilstm.explain.pictures import Mark, Sight, draw_locus, marks_in
from tests.explain.test_motifs import attribution


def test_letters_stand_on_each_other_the_smallest_next_to_zero():
    heights = np.array([[3.0, 1.0, -2.0, -0.5], [0, 0, 5, 0]])
    assert stacks(heights).tolist() == [[1.0, 0.0, -0.5, 0.0], [0, 0, 0, 0]]


def test_a_letter_fills_its_place_and_is_upside_down_below_zero():
    figure, axis = pyplot().subplots()
    draw_logo(axis, np.array([[2.0, 0, 0, 0], [0, 0, 0, -3.0], [1.0, 0, 0, 0]]), start=100)
    extents = {}
    for patch in axis.patches:
        box = patch.get_path().get_extents()
        extents[tuple(round(value, 3) for value in patch.get_facecolor()[:3])] = (
            box.x0,
            box.x1,
            box.y0,
            box.y1,
        )
    pyplot().close(figure)
    from matplotlib.colors import to_rgb

    colour = {letter: tuple(round(value, 3) for value in to_rgb(COLOURS[letter])) for letter in "ACGT"}
    assert set(extents) == {colour["A"], colour["T"]}
    assert extents[colour["A"]] == pytest.approx((100.03, 102.97, 0, 2), abs=1e-6)
    assert extents[colour["T"]] == pytest.approx((101.03, 101.97, -3, 0), abs=1e-6)
    # The bar of a T is at its top, the edge away from zero.
    (t,) = [patch for patch in axis.patches if patch.get_facecolor()[0] > 0.8]
    path = t.get_path()
    # Where an outline is closed there is a place in the list that is no corner.
    vertices = path.vertices[path.codes != path.CLOSEPOLY]
    wide = vertices[np.isclose(vertices[:, 0], vertices[:, 0].min())]
    assert wide[:, 1].max() < -2


def test_heights_in_bits():
    assert information(np.array([[1.0, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]])).tolist() == [
        [2, 0, 0, 0],
        [0, 0, 0, 0],
        [0.5, 0.5, 0, 0],
    ]


def test_a_locus_is_drawn_with_its_marks(tmp_path):
    own = np.random.default_rng(0).normal(size=150)
    one = attribution("ACGT" * 37 + "NA", own)
    marks = [Mark(5, 15, "reb1", -1), Mark(95, 105, "over two lines", 1)]
    sight = Sight(one, 0, "nfr", "#0072B2", np.linspace(0, 1, 150), marks, [Mark(20, 30, "site")])
    written = draw_locus(sight, tmp_path / "x.y")
    assert [path.name for path in written] == ["x.y.png", "x.y.svg"]
    text = written[1].read_text()
    for words in ("&lt; reb1", "over two lines &gt;", "site", "nfr", "attribution"):
        assert words in text


def test_a_locus_without_attributions_is_drawn_too(tmp_path):
    one = attribution("N" * 30, np.zeros(30))
    assert len(draw_locus(Sight(one, 0, "a", "#000000"), tmp_path / "x")) == 2


def test_marks_are_those_that_touch_a_stretch():
    marks = {"c": [Mark(0, 5, "a"), Mark(5, 9, "b"), Mark(9, 12, "d")]}
    assert [mark.name for mark in marks_in(marks, "c", 5, 9)] == ["b"]
    assert marks_in(marks, "other", 0, 100) == []
