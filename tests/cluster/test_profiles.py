"""The profiles of clusters and clouds: dry runs with each whose plugins are installed."""

import importlib.util
import re

import pytest
import yaml

from tests.conftest import ROOT
from tests.workflow import snakemake

PROFILES = sorted(path.parent.name for path in ROOT.glob("profiles/*/config.yaml"))
CONFIG = {
    "model": "demo",
    "genomes": "genomes.tsv",
    "demo": {},
    "training": {"genome": "demo", "labels": {"promoter": {"path": "<resources>/demo/promoter.bed"}}},
}
USES_GPU = {"train", "evaluate", "score"}


def settings(name):
    return yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text())


def need(kind, name):
    """Skip where a plugin is missing."""
    module = f"snakemake_{kind}_plugin_{name.replace('-', '_')}"
    if not importlib.util.find_spec(module):
        pytest.skip(f"not installed: {module.replace('_', '-')}")


def dry_run(folder, *options, device="auto", genomes="."):
    """Rule to the words of its first job."""
    (folder / "genomes.tsv").write_text("name\tfasta\ndemo\t<resources>/demo/genome.fa\nown\town.fa\n")
    (folder / genomes).mkdir(exist_ok=True)
    (folder / genomes / "own.fa").write_text(">c\nACGT\n")
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG | {"device": device}))
    status, said = snakemake(folder, "--dry-run", *options)
    assert status == 0, said
    jobs = re.findall(r"^(?:local)?rule (\w+):\n(.*?)(?=^\[|\Z)", said, re.M | re.S)
    return dict(reversed(jobs))


def resources(text):
    """Resource to its value, as Snakemake prints them."""
    (line,) = re.findall(r"^    resources: (.*)$", text, re.M)
    return dict(pair.split("=", 1) for pair in line.split(", "))


def test_memory_and_the_time_to_score_grow_with_attempts(tmp_path):
    first, second = (dry_run(tmp_path, "--attempt", attempt) for attempt in ("1", "2"))
    asked = [[resources(jobs[rule])["mem_mb"] for rule in ("encode", "score")] for jobs in (first, second)]
    assert asked == [["2048", "4096"], ["4096", "8192"]]
    # Training goes on from where it was.
    asked = [[resources(jobs[rule])["runtime"] for rule in ("train", "score")] for jobs in (first, second)]
    assert asked == [["240", "120"], ["240", "240"]]
    assert not any("gpu" in resources(text) for text in first.values())


def test_a_gpu_is_asked_for_where_the_configuration_insists(tmp_path):
    jobs = dry_run(tmp_path, device="cuda")
    asked = {rule: resources(text)["gpu"] for rule, text in jobs.items() if "gpu" in resources(text)}
    assert asked == dict.fromkeys(USES_GPU, "1")


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_understood(tmp_path, name):
    profile = settings(name)
    options = ["--workflow-profile", str(ROOT / f"profiles/{name}")]
    if executor := profile.get("executor"):
        need("executor", executor)
    if provider := profile.get("default-storage-provider"):
        need("storage", provider)
        # A folder for the bucket, which even a dry run looks into.
        need("storage", "fs")
        options += ["--default-storage-provider", "fs"]
        options += ["--default-storage-prefix", str(tmp_path / "bucket")]
    # The user's genome is in the bucket, too, and nowhere else.
    jobs = dry_run(tmp_path, *options, device="cuda", genomes="bucket" if provider else ".")
    asked = resources(jobs["score"])
    assert asked["gpu"] == "1"
    for key, value in profile.get("default-resources", {}).items():
        assert key in asked, f"{key}: {value}"
    if name != "default":
        # Not bound to the cores of the machine that submits.
        assert profile["cores"] > 100
        assert profile["retries"] >= 1
        assert profile["rerun-incomplete"] is True


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_has_its_line_in_the_docs(name):
    assert f"| `profiles/{name}` |" in (ROOT / "docs/cluster.md").read_text()
