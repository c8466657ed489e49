"""The page for users of scikit-learn does what it says."""

import re

import pytest

from tests.conftest import ROOT
from tests.estimator.test_checks import NOT_FOR_SEQUENCES
from tests.test_docs import fences

PAGE = ROOT / "docs/scikit-learn.md"


@pytest.mark.slow
def test_its_blocks_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = {"__name__": "page"}
    for language, content in fences(PAGE.read_text()):
        if language == "python":
            exec(compile(content, str(PAGE), "exec"), told)
    assert told["model"].score(told["X_new"], told["y_new"]) > 0.8
    assert told["scores"].mean() > 0.75
    assert told["fair"].mean() > 0.75
    assert told["search"].best_params_ == {"middle__kw_args": {"width": 70}}
    assert told["spread"].shape == (40, 2)
    assert (tmp_path / "bound.safetensors").exists()


def test_it_lists_the_checks_that_do_not_apply():
    assert set(re.findall(r"`(check_\w+)`", PAGE.read_text())) == set(NOT_FOR_SEQUENCES)
