"""The workflow where its files and the user's are in a bucket, which a folder stands in for."""

import importlib.util
import shutil

import pytest

from tests.test_workflow import configuration, prepare
from tests.workflow import snakemake

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not importlib.util.find_spec("snakemake_storage_plugin_fs") or not shutil.which("rsync"),
        reason="not installed: snakemake-storage-plugin-fs, or rsync, which it calls",
    ),
]


def test_every_rule_finds_its_files_in_the_bucket(tmp_path):
    here, bucket = prepare(tmp_path / "here", configuration(evaluate={"bootstrap": 0})), tmp_path / "bucket"
    bucket.mkdir()
    for name in ("own.fa", "other.fa", "regions.bed"):
        (here / name).rename(bucket / name)
    options = ["--default-storage-provider", "fs", "--default-storage-prefix", str(bucket)]
    status, said = snakemake(here, *options)
    assert status == 0, said
    for genome in ("own", "other"):
        assert (bucket / f"results/{genome}/tiny/region.bw").stat().st_size
        assert (bucket / f"results/{genome}/tiny/region.regions.bed").exists()
    assert (bucket / "results/models/tiny/evaluation/evaluation.tsv").stat().st_size
    assert not (here / "results").exists()
