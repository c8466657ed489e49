"""The table of trials and the file of the best settings, read back."""

import csv
from dataclasses import replace

import yaml

from dnabilstm.cli.settings import read_settings
from dnabilstm.errors import Problems
from dnabilstm.tune.report import write_best, write_trials
from dnabilstm.tune.space import merged
from tests.tune.conftest import FIXED

ROWS = [
    {"number": 0, "state": "complete", "value": 0.1 + 0.2, "model.hidden": 4, "model.cell": "lstm",
     "steps": 12, "minutes": 0.5, "reason": None},
    {"number": 1, "state": "fail", "value": None, "model.hidden": 6, "model.cell": "grid",
     "steps": None, "minutes": None, "reason": "a\tb"},
    {"number": 2, "state": "running", "value": None, "steps": None, "minutes": None, "reason": None},
]  # fmt: skip


def test_the_table_has_a_row_a_trial(tmp_path):
    write_trials(ROWS, ["model.hidden", "model.cell"], tmp_path / "trials.tsv")
    with (tmp_path / "trials.tsv").open(newline="") as handle:
        header, *rows = csv.reader(handle, delimiter="\t")
    assert header == [
        "number", "state", "value", "model.cell", "model.hidden", "steps", "minutes", "reason",
    ]  # fmt: skip
    assert float(rows[0][2]) == 0.1 + 0.2
    assert rows[1] == ["1", "fail", "", "grid", "6", "", "", "a\tb"]
    assert rows[2] == ["2", "running"] + [""] * 6


def test_the_best_settings_are_those_of_the_run(make, tmp_path):
    run = make(merged(FIXED, {"train.learning_rate": 1e-5, "model.dropout": 0.1 + 0.2}))
    options = {"a": 1, "b": "x y"}
    run = replace(run, model=replace(run.model, options=options))
    path = tmp_path / "best.yaml"
    write_best(run, ["model.dropout", "train.learning_rate"], "trial 3", path)
    problems = Problems()
    found = read_settings(path, (), ("model", "train"), problems)
    problems.raise_if_any()
    for section in found:
        config = getattr(run, section)
        assert set(found[section]) == set(config.__dataclass_fields__) - {"tasks"}
        assert {key: getattr(config, key) for key in found[section]} == found[section]
    lines = path.read_text().splitlines()
    assert lines[0] == "# trial 3"
    assert [line.split(":")[0].strip() for line in lines if line.endswith("# tuned")] == [
        "dropout", "learning_rate",
    ]  # fmt: skip
    assert yaml.safe_load(path.read_text())["model"]["options"] == options
