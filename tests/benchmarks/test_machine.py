"""What benchmarks say of the machine and of a GPU."""

import sys

import numpy as np
import pytest
import torch

from benchmarks.speed import gpu, machine, peak
from benchmarks.speed.made import random_fasta, random_genome
from dnabilstm.genome import encode_fasta
from dnabilstm.model.config import BiLSTMConfig


@pytest.mark.parametrize(
    ("settings", "operations"),
    [
        # two layers of two directions, each 8 * 64 * (128 + 64) a step, a step five bases
        ({}, 2 * 2 * 98_304 / 5),
        # 8 * 3 * (4 + 3), then 8 * 3 * (6 + 3)
        ({"hidden": 3, "pool": 1, "filters": 0}, 2 * 168 + 2 * 216),
        ({"hidden": 3, "pool": 1, "filters": 0, "merge": "sum"}, 2 * 168 + 2 * 144),
        ({"hidden": 3, "pool": 1, "filters": 0, "bidirectional": False, "strand": "none"}, 168 + 144),
    ],
)
def test_operations_a_base_are_those_of_the_matrix_products(settings, operations):
    assert peak.operations_per_base(BiLSTMConfig(tasks=("a",), **settings)) == operations


def test_a_peak_is_measured_and_the_threads_are_left_as_they_were():
    before = torch.get_num_threads()
    assert peak.matrix_peak("fp32", 1, seconds=0.01, sizes=(64,)) > 1e6
    assert torch.get_num_threads() == before


def test_the_machine_is_described():
    assert f"{machine.cores()} cores" in machine.described()
    assert torch.__version__.split("+")[0] in machine.described()


def test_random_genomes_are_the_same_in_memory_and_as_a_file(tmp_path):
    random_fasta(tmp_path / "genome.fa", 1_001)
    read, made = encode_fasta(tmp_path / "genome.fa", tmp_path / "codes"), random_genome(1_001)
    assert (read.codes == made.codes).all()
    assert [c.length for c in read.contigs] == [c.length for c in made.contigs]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_its_benchmark_is_skipped(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu"])
    gpu.main()
    assert capsys.readouterr().out == "no GPU here: skipped\n"


def test_the_gpu_benchmark_fills_its_table(monkeypatch, tmp_path):
    monkeypatch.setattr(gpu, "NETWORKS", {"tiny": {"hidden": 4, "filters": 2}})
    sizes = ("--bases", "3000", "--warm-bases", "100", "--short-bases", "500")
    monkeypatch.setattr(
        sys, "argv", ["gpu", "--device", "cpu", *sizes, "--output", str(tmp_path / "table.md")]
    )
    gpu.main()
    *_, fp32, bf16, tf32 = (tmp_path / "table.md").read_text().splitlines()
    for row, name in ((fp32, "fp32"), (bf16, "bf16"), (tf32, "tf32")):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[:2] == ["tiny", name]
        assert float(cells[2]) > 0
        assert 0 < float(cells[4].strip("%")) <= 100
        assert np.isfinite(float(cells[-1]))
    assert float(fp32.split("|")[-3]) < 1e-6
    assert float(bf16.split("|")[-3]) > 1e-6


def test_a_row_that_fails_does_not_cost_the_others(monkeypatch, tmp_path):
    monkeypatch.setattr(gpu, "measure", lambda *given: 1 / 0)
    bench = gpu.Bench(torch.device("cpu"), *[random_genome(100)] * 3, {}, tmp_path)
    networks = {"tiny": lambda: gpu.random_model(hidden=4, filters=2)}
    assert list(gpu.rows(bench, networks, float("inf"))) == [
        f"| tiny | {name} | failed: division by zero |" for name in ("fp32", "bf16", "tf32")
    ]
