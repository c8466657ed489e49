"""The picture of a search, and what mattered in it."""

import re

import numpy as np
import pytest
from optuna.trial import TrialState

from dnabilstm.tune.picture import draw_search, importances
from dnabilstm.tune.search import _suggested
from dnabilstm.tune.study import rows_of
from tests.tune.conftest import SPACE, open_plan


@pytest.fixture
def study(plan):
    """Values that depend on the dropout alone; a trial that failed, one that was stopped, one under way."""
    with open_plan(plan) as study:
        for number in range(24):
            trial = study.ask()
            params = {name: _suggested(trial, name, found) for name, found in SPACE.items()}
            if number == 3:
                study.tell(trial, state=TrialState.FAIL)
            elif number == 5:
                trial.report(0.1, 0)
                study.tell(trial, state=TrialState.PRUNED)
            elif number < 23:
                study.tell(trial, 0.9 - params["model.dropout"])
        yield study


def test_what_decides_the_value_is_what_matters(study):
    shares = importances(study)
    assert next(iter(shares)) == "model.dropout"
    assert shares["model.dropout"] > 0.9
    assert np.isclose(sum(shares.values()), 1)
    assert shares == importances(study)


def test_too_few_or_equal_values_have_no_importances(plan):
    with open_plan(plan) as study:
        for value in (0.1, 0.2, 0.3):
            study.tell(study.ask(), value)
        assert importances(study) == {}
    with open_plan(plan) as study:
        study.tell(study.ask(), 0.4)
        # Trials without settings of their own have nothing that could matter.
        assert importances(study) == {}


def test_a_picture_has_a_panel_a_setting_and_is_the_same_each_time(study, tmp_path):
    rows, shares = rows_of(study), importances(study)
    for name in ("a", "b"):
        draw_search(rows, SPACE, shares, tmp_path / name)
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    drawn = re.findall(r"<!-- (.*?) -->", text)
    for name in SPACE:
        assert drawn.count(name) == 2  # a bar, and the axis of a panel
    assert {"complete", "stopped early", "failed", "best so far", "validation AUPRC"} <= set(drawn)


def test_a_search_without_any_value_is_drawn_too(tmp_path):
    row = {"number": 0, "state": "fail", "value": None, "steps": None, "minutes": None, "reason": "x"}
    draw_search([row], SPACE, {}, tmp_path / "none")
    assert "failed" in (tmp_path / "none.svg").read_text()
