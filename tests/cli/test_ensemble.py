"""``dnabilstm ensemble``: models that answer the same question become one."""

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from dnabilstm.cli import cli
from dnabilstm.errors import DnabilstmError
from dnabilstm.model.bundle import Model, load_model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.ensemble import members_of
from dnabilstm.model.registry import build
from dnabilstm.score.sequences import class_probabilities
from tests.classify.planted import set_of


def model_of(seed, **more):
    torch.manual_seed(seed)
    config = {"tasks": ("a", "b"), "head": "sequence", "hidden": 4, "filters": 4, "layers": 1, **more}
    return Model(
        build(BiLSTMConfig(**config)).eval(), {"calibration": {"slope": 2.0 + seed, "bias": [0.5, -0.5]}}
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("ensemble")
    for name, model in {
        "m1": model_of(1),
        "m2": model_of(2, hidden=8, layers=2),
        "m3": model_of(3),
        "turned": model_of(1, tasks=("b", "a")),
        "untied": model_of(1, strand="none", pool=3),
        "position": model_of(1, head="position"),
    }.items():
        save_model(model, place / f"{name}.safetensors")
    return place


def run(folder, output, *names):
    words = [word for name in names for word in ("--model", str(folder / f"{name}.safetensors"))]
    done = CliRunner().invoke(cli, ["ensemble", *words, "--output", str(output)])
    if isinstance(done.exception, DnabilstmError):
        return done.exception.problems
    assert done.exit_code == 0, done.output
    return done.stderr


def test_members_of_any_size_are_averaged(folder, tmp_path):
    said = run(folder, tmp_path / "e.safetensors", "m1", "m2", "m3")
    assert said.endswith("e.safetensors: an ensemble of 3 members for a, b\n")
    given = set_of([3, 3])
    single = [class_probabilities(load_model(folder / f"m{n}.safetensors"), given)[0] for n in (1, 2, 3)]
    mean, spread = class_probabilities(load_model(tmp_path / "e.safetensors"), given)
    np.testing.assert_allclose(mean, np.mean(single, axis=0), rtol=1e-6)
    np.testing.assert_allclose(spread, np.std(single, axis=0), atol=1e-6)
    run(folder, tmp_path / "again.safetensors", "m1", "m2", "m3")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "e.safetensors").read_bytes()


def test_an_ensemble_brings_in_its_members(folder, tmp_path):
    run(folder, folder / "two.safetensors", "m1", "m2")
    run(folder, tmp_path / "e.safetensors", "two", "m3")
    run(folder, tmp_path / "f.safetensors", "m1", "m2", "m3")
    assert len(members_of(load_model(tmp_path / "e.safetensors").network)) == 3
    assert (tmp_path / "e.safetensors").read_bytes() == (tmp_path / "f.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["m1"], ["m1.safetensors: is one model only; wanted two or more"]),
        (["m1", "m1"], ["m1.safetensors: is the same model as another one; leave one out"]),
        (["m1", "turned"], ["turned.safetensors: has model.tasks: ('b', 'a')"]),
        (["m1", "untied"], ["has model.strand: 'none'", "has model.pool: 3"]),
        (["m1", "position"], ["position.safetensors: has model.head: 'position'"]),
        (["gone", "m1", "lost"], ["gone.safetensors: no such file", "lost.safetensors: no such file"]),
    ],
)
def test_what_does_not_go_together_is_refused(folder, tmp_path, names, said):
    found = run(folder, tmp_path / "e.safetensors", *names)
    assert len(found) == len(said)
    assert all(text in line for text, line in zip(said, found, strict=True))
    assert not list(tmp_path.iterdir())


def test_the_name_tells_a_model(folder, tmp_path):
    assert "wanted a name that ends in .safetensors" in run(folder, tmp_path / "e.model", "m1", "m2")[0]
