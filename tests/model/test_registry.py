"""Every architecture of the registry keeps the common interface."""

import pytest
import torch

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import ARCHITECTURES, build


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_gives_a_logit_a_base_and_channel(name):
    network = build(BiLSTMConfig(tasks=("a", "b"), architecture=name, filters=4, hidden=4))
    assert network(torch.randint(1, 16, (3, 47), dtype=torch.uint8)).shape == (3, 47, 2)


def test_an_unknown_architecture_is_refused_with_the_known_ones():
    with pytest.raises(DnabilstmError, match="bilstm"):
        build(BiLSTMConfig(tasks=("a",), architecture="transformer"))
