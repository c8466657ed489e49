"""Snakemake as a user calls it, for the tests of the workflow."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from snakemake.io import expand

from tests.conftest import ROOT


def command(folder, *options, snakefile=ROOT / "Snakefile", config="config.yaml"):
    words = [sys.executable, "-m", "snakemake", "--cores", "2", "--snakefile", str(snakefile)]
    words += ["--directory", str(folder), *options]
    return words + (["--configfile", str(folder / config)] if config else [])


def environment(folder):
    """The same, but for a cache of its own and no plotting or data folders of the user's."""
    kept = {name: value for name, value in os.environ.items() if name != "DNABILSTM_DATA"}
    return {**kept, "XDG_CACHE_HOME": str(folder / "cache")}


def snakemake(folder, *options, **where):
    """Run Snakemake in a folder; its exit status and all it says."""
    done = subprocess.run(
        command(folder, *options, **where),
        env=environment(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    return done.returncode, done.stdout + done.stderr


def read_configuration(folder, config, monkeypatch):
    """What rules/common*.smk, which are plain Python, make of a configuration."""
    # Schemas are found from the file's own folder, as Snakemake does it.
    monkeypatch.chdir(ROOT / "workflow/rules")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    paths = {key: str(folder / config[key]) for key in ("genomes", "model_file") if key in config}
    names = {"config": {**config, **paths}, "local": str, "expand": expand}
    for file in ("common.smk", "common_genomes.smk", "common_classifier.smk"):
        exec(compile(Path(file).read_text(), file, "exec"), names)
        # Not before the configuration is read: Snakemake's `validate` would want all of a workflow.
        names["workflow"] = SimpleNamespace(storage_settings=SimpleNamespace(default_storage_provider=None))
    return names
