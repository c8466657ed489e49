"""The grid and the precision that a model's card asks for."""

from dnabilstm.score import job
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.job import grid_of, settled
from dnabilstm.score.settings import DEFAULT_CHUNK
from tests.score.conftest import model_of


def test_the_grid_is_the_models(tmp_path):
    model = model_of({"context": {"halo": 250, "chunk": 700}})
    assert grid_of(model, ScoreConfig()).halo == 50
    assert grid_of(model, ScoreConfig()).chunk == 140
    assert grid_of(model, ScoreConfig(halo=0)).halo == 0
    assert grid_of(model, ScoreConfig(exact=True)).chunk == 0
    assert grid_of(model_of(), ScoreConfig()).chunk == DEFAULT_CHUNK // 5


def test_auto_takes_bf16_where_it_is_there_and_good_enough(monkeypatch):
    good, loss = {"p999": 0.009}, {"a": 0.0005, "b": -0.01}
    taken = {}
    for has in (True, False):
        monkeypatch.setattr(job, "computes_bf16", lambda device, has=has: has)
        for name, error in {
            "good": good | {"auprc_loss": loss},
            "too far": {"p999": 0.011, "auprc_loss": loss},
            "too lossy": good | {"auprc_loss": {"a": 0.0011, "b": 0.0}},
            "not measured": good,
        }.items():
            config = settled(ScoreConfig(), model_of({"context": {"bf16": error}}))
            taken[name, has] = config.precision
    assert [key for key, precision in taken.items() if precision == "bf16"] == [("good", True)]
    assert settled(ScoreConfig(precision="bf16"), model_of()).precision == "bf16"
