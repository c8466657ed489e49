"""Several networks as one: what they say together, and how far they disagree."""

from torch import nn

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import BiLSTMConfig

ALIKE = ("tasks", "head", "strand", "pool")
"""Settings in which the members of an ensemble must agree."""


class Ensemble(nn.Module):
    """Members that answer the same question; each may be of another architecture or size.

    ``config`` is the first member's; of it only what ``ALIKE`` names holds for all.
    """

    def __init__(self, members: list[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def config(self) -> BiLSTMConfig:
        """Of the first member."""
        return self.members[0].config


def members_of(network: nn.Module) -> list[nn.Module]:
    """The members of an ensemble; a network that is none is its own only member."""
    return list(network.members) if isinstance(network, Ensemble) else [network]


def check_alike(configs: list[BiLSTMConfig], names: list[str]) -> None:
    """Refuse members that do not answer the same question, all differences at once.

    Raises
    ------
    DnabilstmError
        One line for each setting and member that differs from the first.
    """
    problems = [
        f"{name}: has model.{key}: {getattr(config, key)!r}, {names[0]} has {getattr(configs[0], key)!r};"
        " members of an ensemble must agree"
        for config, name in zip(configs[1:], names[1:], strict=True)
        for key in ALIKE
        if getattr(config, key) != getattr(configs[0], key)
    ]
    if problems:
        raise DnabilstmError(*problems)
