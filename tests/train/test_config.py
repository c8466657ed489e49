"""Settings of a training run."""

import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import parse
from dnabilstm.train.config import TrainConfig


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"window": 100, "halo": 50}, "train.window"),
        ({"batch": 2, "shards": 3}, "train.shards"),
        ({"learning_rate": 0}, "train.learning_rate"),
        ({"positive_share": 2}, "train.positive_share"),
        ({"step": 2}, "train.step: is not a setting"),
    ],
)
def test_wrong_settings_are_named(values, word):
    with pytest.raises(DnabilstmError, match=word):
        parse(TrainConfig, values, "train")
