"""The log and the picture of a run."""

import csv
import json

from dnabilstm.train.log import draw_learning_curve, write_log

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
