"""Architectures by name: those of the package, and those that other packages bring."""

import sys
import types
from importlib.metadata import EntryPoint, EntryPoints

import pytest
import torch
from torch import nn

from dnabilstm.errors import DnabilstmError
from dnabilstm.model import registry
from dnabilstm.model.bundle import Model, load_model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import ARCHITECTURES, GROUP, build


class Other(nn.Module):
    """An architecture of another package: one number a task and code."""

    def __init__(self, config: BiLSTMConfig) -> None:
        super().__init__()
        self.config = config
        self.table = nn.Embedding(16, len(config.channels))

    def forward_bins(self, codes: torch.Tensor) -> torch.Tensor:
        return self.table(codes.int()) * self.config.options.get("times", 1)


def installed(monkeypatch, *entries):
    """Make it look as if packages with these entry points were installed: name and value of each."""
    found = EntryPoints(EntryPoint(name, value, GROUP) for name, value in entries)
    monkeypatch.setattr(registry, "entry_points", lambda group: found.select(group=group))


@pytest.fixture
def plug_in(monkeypatch):
    """A module ``elsewhere`` whose class ``Other`` is the architecture ``other``."""
    module = types.ModuleType("elsewhere")
    module.Other = Other
    monkeypatch.setitem(sys.modules, "elsewhere", module)
    installed(monkeypatch, ("other", "elsewhere:Other"))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_gives_a_logit_a_base_and_channel(name):
    network = build(BiLSTMConfig(tasks=("a", "b"), architecture=name, filters=4, hidden=4))
    assert network(torch.randint(1, 16, (3, 47), dtype=torch.uint8)).shape == (3, 47, 2)


def test_an_unknown_architecture_is_refused_with_the_known_ones():
    with pytest.raises(DnabilstmError, match="bilstm"):
        build(BiLSTMConfig(tasks=("a",), architecture="transformer"))


@pytest.mark.usefixtures("plug_in")
def test_a_plug_in_is_built_with_its_options():
    network = build(BiLSTMConfig(tasks=("a",), architecture="other", options={"times": 0}))
    assert network.forward_bins(torch.ones(1, 5, dtype=torch.uint8)).tolist() == [[[0]] * 5]


@pytest.mark.usefixtures("plug_in")
def test_an_unknown_name_is_refused_with_the_plug_ins():
    with pytest.raises(DnabilstmError) as caught:
        build(BiLSTMConfig(tasks=("a",), architecture="othre"))
    assert str(caught.value) == (
        "model.architecture: 'othre' is not known; wanted one of bilstm, other, or install the package that has it"
    )


@pytest.mark.parametrize(
    ("value", "content", "reason"),
    [
        ("nowhere_at_all:Other", None, "No module named 'nowhere_at_all'"),
        ("broken_plugin:Missing", "", "module 'broken_plugin' has no attribute 'Missing'"),
        ("broken_plugin:Other", "def (", "invalid syntax"),
        ("broken_plugin:Other", "raise RuntimeError('no GPU')", "no GPU"),
    ],
)
def test_a_plug_in_that_cannot_be_loaded_is_one_line(monkeypatch, tmp_path, value, content, reason):
    if content is not None:
        (tmp_path / "broken_plugin.py").write_text(content)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "broken_plugin", raising=False)
    installed(monkeypatch, ("other", value))
    with pytest.raises(DnabilstmError) as caught:
        build(BiLSTMConfig(tasks=("a",), architecture="other"))
    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith(
        f"model.architecture: the plug-in 'other' ({value}) cannot be loaded: "
    )
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("plug_in")
def test_a_model_file_of_a_plug_in_is_read_where_it_is_installed_and_nowhere_else(monkeypatch, tmp_path):
    path = tmp_path / "m.safetensors"
    network = build(BiLSTMConfig(tasks=("a",), architecture="other", options={"times": 3})).eval()
    save_model(Model(network, {}), path)
    back = load_model(path).network
    assert isinstance(back, Other)
    assert back.config.options == {"times": 3}
    assert torch.equal(back.table.weight, network.table.weight)
    installed(monkeypatch)
    with pytest.raises(DnabilstmError) as caught:
        load_model(path)
    assert str(caught.value) == (
        f"{path}: model.architecture: 'other' is not known; wanted one of bilstm, or install the package that has it"
    )


def test_a_name_of_our_own_cannot_be_taken_over(monkeypatch):
    installed(monkeypatch, ("bilstm", "nowhere_at_all:Other"))
    assert registry.find("bilstm") is ARCHITECTURES["bilstm"]
