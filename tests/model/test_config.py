"""Settings from plain values."""

import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import BiLSTMConfig, parse


def test_strings_of_a_command_line_become_numbers():
    assert parse(BiLSTMConfig, {"tasks": ["a"], "hidden": "32"}, "model").hidden == 32


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"hiden": 3}, "model.hiden: is not a setting"),
        ({"hidden": "many"}, "model.hidden: 'many'"),
        ({"dropout": 1.5}, "model.dropout: 1.5"),
        ({"strand": "both"}, "model.strand: 'both'"),
        ({"pool": 2}, "model.pool: 2 is even"),
    ],
)
def test_what_is_wrong_is_named(values, message):
    with pytest.raises(DnabilstmError, match=message):
        parse(BiLSTMConfig, {"tasks": ["a"]} | values, "model")


def test_all_problems_are_told_at_once():
    with pytest.raises(DnabilstmError) as caught:
        parse(BiLSTMConfig, {"tasks": ["a"], "hidden": 0, "layers": 0}, "model")
    assert len(caught.value.problems) == 2


def test_channels_of_a_stranded_model():
    config = BiLSTMConfig(tasks=("a", "b"), strand="stranded")
    assert config.channels == ("a.plus", "a.minus", "b.plus", "b.minus")
