"""The conda environments hold the same set as pyproject.toml."""

import re
import tomllib

import yaml

from tests.conftest import ROOT

CONDA_NAME = {
    "matplotlib": "matplotlib-base",
    "torch": "pytorch",
    "snakemake": "snakemake-minimal",
    "shfmt-py": "go-shfmt",
}
"""Packages that conda calls otherwise; the -base and -minimal ones are the same without a desktop or plugins."""


def pip_packages(requirements):
    """Name, as conda calls it, to the lowest version."""
    found = {}
    for requirement in requirements:
        name, floor = re.fullmatch(r"([A-Za-z0-9-]+)>=([0-9.,<]+)", requirement).groups()
        found[CONDA_NAME.get(name, name.lower())] = floor
    return found


def conda_packages(path):
    """Name to the lowest version; empty where any version does."""
    listed = yaml.safe_load((ROOT / path).read_text())["dependencies"]
    return {name: floor.removeprefix(">=") for name, _, floor in (line.partition(" ") for line in listed)}


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_environment_yml_is_the_set_of_pyproject():
    asked = project()
    needed = pip_packages(asked["dependencies"] + asked["optional-dependencies"]["dev"])
    python = asked["requires-python"].removeprefix(">=")
    assert conda_packages("environment.yml") == {**needed, "python": python, "pip": ""}


def test_the_rules_environment_has_what_the_package_imports():
    asked = project()
    needed = pip_packages(asked["dependencies"])
    del needed["snakemake-minimal"]  # rules run inside it
    python = asked["requires-python"].removeprefix(">=")
    assert conda_packages("workflow/envs/dnabilstm.yaml") == {**needed, "python": python}
