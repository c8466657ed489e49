"""Snakemake as a user calls it, for the tests of the workflow."""

import os
import subprocess
import sys

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
