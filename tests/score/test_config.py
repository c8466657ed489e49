"""Settings of a scoring run."""

import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import parse
from dnabilstm.score.config import ScoreConfig


@pytest.mark.parametrize(
    "values", [{"batch": -1}, {"precision": "int8"}, {"chunk": -1}, {"workers": "x"}, {"speed": 1}]
)
def test_wrong_settings_are_named(values):
    with pytest.raises(DnabilstmError, match=f"score.{next(iter(values))}"):
        parse(ScoreConfig, values, "score")
