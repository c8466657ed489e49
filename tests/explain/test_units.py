import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.explain.moments import Moments
from dnabilstm.explain.units import Following, Unit, units_named


def columns(rows=500):
    rng = np.random.default_rng(1)
    units = np.tanh(rng.normal(size=(rows, 4)))
    followed = np.stack([units[:, 0] - 0.2 * units[:, 1], rng.random(rows) < 0.3, rng.random(rows)], axis=1)
    followed[:200, 1] = np.nan
    followed[rng.random(rows) < 0.1, 2] = np.nan
    return units, followed.astype(float)


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_moments_are_those_of_all_pieces_together(pieces):
    units, followed = columns()
    moments = Moments(4, 3)
    for some in np.array_split(np.arange(500), pieces):
        moments.add(units[some], followed[some])
    assert moments.rows == 500
    assert moments.mean == pytest.approx(units.mean(axis=0))
    assert moments.deviation == pytest.approx(units.std(axis=0))
    for unit, column in np.ndindex(4, 3):
        has = np.isfinite(followed[:, column])
        wanted = np.corrcoef(units[has, unit], followed[has, column])[0, 1]
        assert moments.correlation[unit, column] == pytest.approx(wanted)


def test_what_does_not_vary_has_no_correlation():
    units, followed = columns()
    units[:, 1], followed[:, 2] = 0.7, 1.0
    moments = Moments(4, 3)
    moments.add(units.astype(np.float32), followed)
    assert np.isnan(moments.correlation[1]).all()
    assert np.isnan(moments.correlation[:, 2]).all()
    assert np.isfinite(moments.correlation[0, :2]).all()
    assert np.isnan(Moments(4, 3).correlation).all()


def following(names=("score.a", "score.b", "label.b", "label.other")):
    correlation = np.zeros((2, 5, len(names)))
    correlation[0, :, 0] = [0.9, 0.1, 0.2, 0.3, 0.4]
    correlation[0, :, -1] = [0.1, 0.2, -0.9, 0.3, 0.8]
    correlation[1, :, -2] = [0.1, -0.5, 0.3, 0.2, 0.4]
    correlation[1, 0, :] = np.nan
    return Following(names, correlation[..., 0], correlation[..., 0], correlation)


def test_a_unit_follows_a_label_up_or_down():
    found = following()
    assert found.best(Unit(0, 2)) == "label.other"
    assert found.best(Unit(1, 1)) == "label.b"
    assert found.best(Unit(1, 0)) is None
    assert following(("score.a", "score.b")).best(Unit(0, 0)) == "score.a"


def test_pictures_are_ordered_by_the_outputs_own_label():
    found = following()
    assert found.of("b")[0] == "label.b"
    assert found.of("a")[0] == "score.a"
    assert found.of("a")[1].shape == (2, 5)


def test_the_leading_units_of_each_direction():
    def names(channels, found=None):
        return [unit.name for unit in (found or following()).leading(channels)]

    assert names(["b"])[3:] == ["backward.2", "backward.5", "backward.3"]
    assert names(["a"])[:3] == ["forward.3", "forward.5", "forward.4"]
    assert names(["a"], following(("score.a", "score.b")))[0] == "forward.1"


def test_units_are_named_by_direction_and_number():
    found = units_named(("backward.12", "forward.3", "backward.12"), 2, 12)
    assert [unit.name for unit in found] == ["backward.12", "forward.3"]
    assert found[0] == Unit(1, 11)


@pytest.mark.parametrize(
    ("names", "directions", "said"),
    [
        (
            ("forward.0", "forward.2", "up.1", "forward.13"),
            2,
            "--units forward.0,up.1,forward.13: no such unit",
        ),
        (("backward.1",), 1, "wanted forward.1 to .12$"),
        (("forward", "", "forward.2 "), 2, "wanted forward.1 to .12 or backward.1 to .12"),
    ],
)
def test_a_unit_that_is_not_there_is_one_line(names, directions, said):
    with pytest.raises(DnabilstmError, match=said):
        units_named(names, directions, 12)
