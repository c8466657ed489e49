"""Batches side by side: memory that runs out, errors, and what fits."""

import threading

import numpy as np
import pytest
import torch

from dnabilstm.errors import DnabilstmError, is_out_of_memory
from dnabilstm.native import sweep as native
from dnabilstm.score import workers
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.plan import Grid, windows_of
from dnabilstm.score.sweep import Program
from dnabilstm.score.workers import compute, limits_of
from tests.score.conftest import genome_of, model_of

FP32 = ScoreConfig(precision="fp32", workers=2)


def windows_in(genome, chunk=100):
    return [window for contig in genome.contigs for window in windows_of(contig, Grid(5, chunk, 10))]


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_a_batch_that_does_not_fit_is_halved(model, error, monkeypatch):
    genome = genome_of({f"c{k}": 400 + k for k in range(20)})
    want = dict(compute(genome, model.network, windows_in(genome), FP32))
    whole, sizes = workers._score_whole, []

    def tight(genome, program, batch, finish):
        if len(batch) > 2:
            raise error
        sizes.append(len(batch))
        return whole(genome, program, batch, finish)

    monkeypatch.setattr(workers, "_score_whole", tight)
    got = dict(compute(genome, model.network, windows_in(genome), FP32))
    assert max(sizes) == 2
    assert got.keys() == want.keys()
    for window, values in got.items():
        np.testing.assert_allclose(values, want[window], atol=1e-5)


def test_a_window_that_never_fits_is_one_clear_line(model, monkeypatch):
    def tight(genome, program, batch, finish):
        raise MemoryError

    monkeypatch.setattr(workers, "_score_whole", tight)
    genome = genome_of({"c": 400})
    with pytest.raises(DnabilstmError, match="out of memory in a window of 400 bases"):
        list(compute(genome, model.network, windows_in(genome), FP32))


def test_another_error_is_not_taken_for_memory(model, monkeypatch):
    def broken(genome, program, batch, finish):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(workers, "_score_whole", broken)
    genome = genome_of({"c": 400})
    with pytest.raises(RuntimeError, match="shapes"):
        list(compute(genome, model.network, windows_in(genome), FP32))
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(ValueError("out of range"))


def test_a_stopped_run_leaves_no_thread_at_work(model):
    genome = genome_of({"c": 60_000})
    running = compute(
        genome, model.network, windows_in(genome, 20), ScoreConfig(precision="fp32", batch=1, workers=2)
    )
    next(running)
    running.close()
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join(5)
            assert not thread.is_alive()


def test_limits_follow_the_settings():
    program = Program(model_of(filters=64, hidden=64).network)
    assert program.bytes_per_bin == 4 * 2 * 128
    assert limits_of(program, ScoreConfig()).rows == (16 if native.usable_widths(torch.float32) else 64)
    odd = Program(model_of(filters=8, hidden=7).network)
    assert (limits_of(odd, ScoreConfig()).rows, limits_of(odd, ScoreConfig()).least) == (64, 16)
    assert limits_of(program, ScoreConfig(batch=7)).rows == 7
    assert limits_of(program, ScoreConfig(batch=7)).least == 7
    assert limits_of(program, ScoreConfig(memory=1)).bins == (1 << 20) // 1024
    assert Program(model_of(filters=64, hidden=64).network, torch.bfloat16).bytes_per_bin == 512
