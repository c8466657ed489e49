"""Tables against the network's own convolution."""

import pytest
import torch

from dnabilstm.alphabet import PAD
from dnabilstm.score import stem
from dnabilstm.score.stem import TableStem, fits_tables
from tests.model.variants import codes_of, network_of

CPU = torch.device("cpu")


@pytest.mark.parametrize("width", [1, 3, 5, 7, 9, 19, 21])
@pytest.mark.parametrize("pool", [1, 3, 5, 7])
@pytest.mark.parametrize("strand", ["symmetric", "none"])
def test_tables_give_what_the_convolution_gives(width, pool, strand):
    network = network_of(torch.float32, filters=6, filter_width=width, pool=pool, strand=strand)
    codes = codes_of(3, 30 * pool)
    codes[1, 17:] = PAD
    codes[2, :3] = PAD
    with torch.inference_mode():
        features = network.stem(codes)
        want = network.pool(features).transpose(0, 1)
        tables = TableStem(network, torch.float32)
        padded = tables.padded(codes)
        got = torch.cat([tables(padded, start, min(start + 7, 30), None)[0] for start in range(0, 30, 7)])
    torch.testing.assert_close(got, want, rtol=0, atol=2e-6)


def test_all_sixteen_codes_are_read_as_the_mean_of_their_bases():
    network = network_of(torch.float32, filters=6, filter_width=5, pool=1)
    codes = torch.arange(1, 16, dtype=torch.uint8).repeat(2, 4)
    with torch.inference_mode():
        want = network.pool(network.stem(codes)).transpose(0, 1)
        tables = TableStem(network, torch.float32)
        got, _ = tables(tables.padded(codes), 0, codes.shape[1], None)
    torch.testing.assert_close(got, want, rtol=0, atol=2e-6)


def test_the_skip_sees_each_base():
    network = network_of(torch.float32, filters=6, filter_width=5, pool=3, skip=True)
    codes = codes_of(2, 30)
    with torch.inference_mode():
        want = network.skip(network.stem(codes).transpose(1, 2))
        tables = TableStem(network, torch.float32)
        _, got = tables(tables.padded(codes), 0, 10, network.skip)
    torch.testing.assert_close(got.permute(2, 0, 1, 3).flatten(1, 2), want, rtol=0, atol=2e-6)


def test_bf16_tables_are_near():
    network = network_of(torch.float32, filters=6, filter_width=9)
    codes = codes_of(2, 200)
    with torch.inference_mode():
        want = network.pool(network.stem(codes)).transpose(0, 1)
        tables = TableStem(network, torch.bfloat16)
        got, _ = tables(tables.padded(codes), 0, 40, None)
    assert got.dtype == torch.bfloat16
    assert 0 < (got.float() - want).abs().max() < 0.05


def test_only_a_processor_and_bearable_tables(monkeypatch):
    network = network_of(torch.float32, filters=6, filter_width=9)
    assert fits_tables(network, CPU, torch.float32)
    assert not fits_tables(network, torch.device("cuda"), torch.float32)
    assert not fits_tables(network, CPU, torch.float64)
    assert not fits_tables(network_of(torch.float32, filters=0, pool=1), CPU, torch.float32)
    monkeypatch.setattr(stem, "LARGEST", 1000)
    assert not fits_tables(network, CPU, torch.float32)
