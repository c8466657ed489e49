"""The report on disk: read back as JSON, table, PNG and SVG; the same result gives the same bytes."""

import csv
import json
import xml.etree.ElementTree

import numpy as np
import pytest

from dnabilstm.evaluate import report
from dnabilstm.evaluate.assess import FIGURES, evaluate_scores
from dnabilstm.evaluate.config import EvaluateConfig
from dnabilstm.evaluate.pictures import PICTURES

LENGTH = 8000


class Arrays:
    def __init__(self, arrays):
        self.arrays = arrays
        self.channels = tuple(arrays)

    def track(self, channel, contig):
        return self.arrays[channel]


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(0)
    labels = {name: np.repeat((rng.random(80) < 0.2).astype(np.uint8), 100) for name in ("promoter",)}
    labels["empty"] = np.zeros(LENGTH, np.uint8)
    models = {}
    for model, strength in (("bilstm", 3), ("kmer", 1)):
        logits = {name: strength * values - 3 + rng.normal(size=LENGTH) for name, values in labels.items()}
        models[model] = Arrays({n: (1 / (1 + np.exp(-v))).astype(np.float32) for n, v in logits.items()})
    return evaluate_scores(
        models, Arrays(labels), [("one", 0, LENGTH)], EvaluateConfig(block=500, bootstrap=20)
    )


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    report.write_report(result, folder)
    return folder


def test_every_file_is_there_and_nothing_else(folder):
    pictures = {f"{name}{suffix}" for name in PICTURES for suffix in (".png", ".svg")}
    assert {path.name for path in folder.iterdir()} == pictures | {"evaluation.json", "evaluation.tsv"}


def test_json_and_table_hold_the_figures(result, folder):
    assert json.loads((folder / report.JSON_FILE).read_text()) == result
    with (folder / report.TABLE_FILE).open() as handle:
        lines = list(csv.DictReader(handle, delimiter="\t"))
    assert len(lines) == 4 * (4 + len(FIGURES))
    value = {(line["model"], line["task"], line["figure"]): line for line in lines}
    row = next(row for row in result["rows"] if (row["model"], row["channel"]) == ("kmer", "promoter"))
    for key in ("value", "low", "high"):
        assert float(value["kmer", "promoter", "auprc"][key]) == pytest.approx(
            row["figures"]["auprc"][key], rel=1e-5
        )
    empty = value["kmer", "empty", "auprc"]
    assert (empty["value"], empty["reason"]) == ("", "only one class among these bases")


def test_pictures_are_pictures_and_name_models_and_tasks(folder):
    for name in PICTURES:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        drawn = "".join(xml.etree.ElementTree.parse(folder / f"{name}.svg").getroot().itertext())
        for word in ("promoter", "empty", "bilstm", "only one class"):
            assert word in drawn, (name, word)
    assert "base rate" in "".join(xml.etree.ElementTree.parse(folder / "pr.svg").getroot().itertext())


def test_the_same_result_gives_the_same_bytes(result, folder, tmp_path):
    for path in report.write_report(result, tmp_path):
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_the_summary_has_a_line_a_task_and_model(result):
    head, *lines = report.summary(result).splitlines()
    assert head.split()[:4] == ["task", "model", "base", "rate"]
    assert [line.split()[:2] for line in lines] == [
        [task, model] for task in ("promoter", "empty") for model in ("bilstm", "kmer")
    ]
    assert lines[-1].split()[3:] == ["-"] * 7


def test_an_older_report_does_not_speak_for_new_pictures(result, tmp_path, monkeypatch):
    report.write_report(result, tmp_path)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "write_pictures", killed)
    with pytest.raises(KeyboardInterrupt):
        report.write_report(result, tmp_path)
    assert not (tmp_path / "evaluation.json").exists()
