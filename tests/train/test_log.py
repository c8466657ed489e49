"""The log and the picture of a run."""

import csv
import json

import pytest

from dnabilstm.train.log import draw_learning_curve, join_histories, write_log

HISTORY = [
    {"step": 10, "bases": 100, "loss": 0.5, "mean_auprc": 0.2, "auprc.a": 0.2},
    {"step": 20, "bases": 200, "loss": 0.4, "mean_auprc": 0.3, "auprc.a": 0.3},
]


def test_csv_and_json_say_the_same(tmp_path):
    write_log(HISTORY, tmp_path / "m")
    with (tmp_path / "m.training.csv").open() as handle:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(handle)]
    assert rows == HISTORY == json.loads((tmp_path / "m.training.json").read_text())


def test_the_picture_is_the_same_each_time(tmp_path):
    pictures = []
    for name in ("x", "y"):
        draw_learning_curve(HISTORY, ("a",), tmp_path / name)
        pictures.append((tmp_path / f"{name}.learning_curve.svg").read_bytes())
        assert (tmp_path / f"{name}.learning_curve.png").read_bytes().startswith(b"\x89PNG")
    assert pictures[0] == pictures[1]


def test_members_are_told_apart_in_one_log_and_one_picture(tmp_path):
    joined = join_histories([HISTORY, HISTORY[:1]])
    assert [(row["member"], row["step"]) for row in joined] == [(1, 10), (1, 20), (2, 10)]
    write_log(joined, tmp_path / "m")
    header, *rows = (tmp_path / "m.training.csv").read_text().splitlines()
    assert header.startswith("member,step,")
    assert len(rows) == 3
    draw_learning_curve(joined, ("a",), tmp_path / "m")
    text = (tmp_path / "m.learning_curve.svg").read_text()
    assert text.count("<!-- a -->") == 1
    assert "kept, of each member" in text


def test_what_is_not_defined_is_null(tmp_path):
    row = HISTORY[0] | {"mean_auprc": float("-inf"), "auprc.a": float("nan")}
    write_log([row], tmp_path / "m")
    found = json.loads((tmp_path / "m.training.json").read_text(), parse_constant=pytest.fail)
    assert found == [row | {"mean_auprc": None, "auprc.a": None}]
