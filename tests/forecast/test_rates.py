"""What is measured of this machine."""

from dnabilstm.forecast import rates
from dnabilstm.forecast.rates import measure_rates
from dnabilstm.score.config import ScoreConfig
from tests.score.conftest import model_of


def test_a_small_network_is_measured_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(rates, "PROBE", 100_000)
    found = measure_rates(model_of(), ScoreConfig(), tmp_path, seconds=0.2)
    assert found.bins > 1000
    assert found.encoded > 1000
    assert found.written > 1000
    assert 0 < found.track_bytes < 100
    assert found.memory > 50e6
    assert found.precision in ("fp32", "bf16")
    assert list(tmp_path.iterdir()) == []


def test_a_larger_network_is_slower(tmp_path, monkeypatch):
    monkeypatch.setattr(rates, "PROBE", 100_000)
    slow, fast = (
        measure_rates(model_of(hidden=hidden), ScoreConfig(workers=1), tmp_path, seconds=0.3).bins
        for hidden in (256, 4)
    )
    assert slow < fast
