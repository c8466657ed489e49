"""A search on a planted genome, small enough for several trials a second."""

import contextlib

import pytest
import torch

from dnabilstm.model.config import BiLSTMConfig, parse
from dnabilstm.train.config import TrainConfig
from dnabilstm.train.loop import Reporter
from dnabilstm.train.positions import PositionRun
from dnabilstm.tune.sampler import Sampler
from dnabilstm.tune.search import Search
from dnabilstm.tune.space import Choice, Range, plain
from dnabilstm.tune.study import open_study
from dnabilstm.windows import choose_split
from tests.train.conftest import labels_of, planted_genome

SPACE = {
    "model.attention_heads": Choice((2, 4)),
    "model.dropout": Range(0.0, 0.5),
    "train.learning_rate": Range(1e-3, 0.1, log=True),
}
FIXED = {
    "model": {"filters": 4, "filter_width": 11, "hidden": 4, "layers": 1, "tasks": ("site",)},
    "train": {"steps": 6, "evaluate_every": 2, "window": 200, "batch": 2, "shards": 1, "precision": "fp32"},
}
CARD = {"data": {"genome": "x"}, "device": "cpu", "seed": 1, "settings": {"a": 1}, "space": plain(SPACE)}


@pytest.fixture(scope="session")
def _planted(tmp_path_factory):
    genome, places = planted_genome()
    split = choose_split(genome, ["c"], ["b"])
    return genome, labels_of(genome, places, tmp_path_factory.mktemp("planted")), split


@pytest.fixture(scope="session")
def make(_planted):
    """From settings to a run."""
    genome, labels, split = _planted

    def make(settings):
        model = parse(BiLSTMConfig, settings["model"], "model")
        train = parse(TrainConfig, settings["train"], "train")
        return PositionRun(model, train, torch.device("cpu"), genome, labels, split)

    return make


@pytest.fixture
def plan(make, tmp_path):
    """A search; ``plan.note`` is the list of its notes."""
    return plan_in(tmp_path / "out", make)


class Notes(list):
    """Keeps what is told."""

    def __call__(self, text):
        self.append(text)


def plan_in(folder, make):
    return Search(
        folder, FIXED, SPACE, make, lambda run: contextlib.nullcontext(Reporter()), Notes(), lambda: None
    )


def open_plan(plan, card=CARD, seed=1):
    """Open the study of a search."""
    return open_study(plan.folder, card, Sampler(plan.space, {"model.dropout": 0.2}, seed), plan.note)
