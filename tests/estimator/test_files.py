"""What is saved is the ordinary model file: it comes back the same, serves the command line, and cannot run code."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file
from sklearn.base import clone

from dnabilstm import DNABiLSTMClassifier
from dnabilstm.cli import cli
from dnabilstm.model.bundle import Model, load_model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from tests.estimator.small import named, quick, texts_of

X, RICH = texts_of(20)
NEW, _ = texts_of(9, seed=1, length=61)
LABELS = {"str": named(RICH), "int": [3 + 7 * one for one in RICH], "bool": RICH, "three": list("abcd" * 5)}
WRITTEN = 6e-6
"""Half of the last of the six digits that a table has, relative."""
SMALL = {
    "model": {"hidden": 4, "layers": 1, "filters": 4, "strand": "symmetric", "aligned": 0},
    "train": {"min_steps": 4, "epochs": 1, "shards": 1, "members": 1},
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with a model for each kind of labels, and the models."""
    folder = tmp_path_factory.mktemp("saved")
    models = {}
    for kind, labels in LABELS.items():
        more = {"members": 2, "validation_fraction": 0.3} if kind == "three" else {"random_state": 5}
        models[kind] = quick(min_steps=4, merge="sum", **more).fit(X, labels)
        models[kind].save(folder / f"{kind}.safetensors")
    (folder / "new.fa").write_text("".join(f">s{i}\n{text}\n" for i, text in enumerate(NEW)))
    return folder, models


FRESH = """
import json, sys
import numpy as np
from dnabilstm import DNABiLSTMClassifier
folder = sys.argv[1]
found = {}
for kind in sys.argv[2:]:
    model = DNABiLSTMClassifier.load(f"{folder}/{kind}.safetensors")
    np.save(f"{folder}/{kind}.npy", model.predict_proba(f"{folder}/new.fa"))
    found[kind] = model.predict(f"{folder}/new.fa").tolist()
    if kind == "three":
        np.save(f"{folder}/spread.npy", model.predict_spread(f"{folder}/new.fa"))
print(json.dumps(found))
"""


def test_a_fresh_process_finds_the_same_probabilities(saved):
    folder, models = saved
    command = [sys.executable, "-c", FRESH, str(folder), *LABELS]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for kind, model in models.items():
        np.testing.assert_array_equal(np.load(folder / f"{kind}.npy"), model.predict_proba(NEW))
        called = json.loads(done.stdout)[kind]
        assert called == model.predict(NEW).tolist()
        assert {type(label) for label in called} == {type(label) for label in LABELS[kind]}
    np.testing.assert_array_equal(np.load(folder / "spread.npy"), models["three"].predict_spread(NEW))


@pytest.mark.parametrize("kind", LABELS)
def test_parameters_come_back(saved, kind):
    folder, models = saved
    loaded = DNABiLSTMClassifier.load(folder / f"{kind}.safetensors")
    wanted = models[kind].get_params()
    # No options is kept as an empty set of them.
    assert loaded.get_params() == {**wanted, "options": {}}
    assert loaded.model_.digest == models[kind].model_.digest
    again = clone(loaded).fit(X, LABELS[kind])
    assert again.model_.digest == loaded.model_.digest


def table(path):
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def call(*words):
    done = CliRunner().invoke(cli, list(map(str, words)))
    assert done.exit_code == 0, (done.output, done.exception)


@pytest.mark.parametrize("kind", ["int", "three"])
def test_the_command_line_reads_it(saved, tmp_path, kind):
    folder, models = saved
    call(
        *("classify", "--model", folder / f"{kind}.safetensors", "--sequences", folder / "new.fa"),
        *("--device", "cpu", "--output", tmp_path / "out.tsv"),
    )
    found, model = table(tmp_path / "out.tsv"), models[kind]
    assert found["called"] == [str(label) for label in model.predict(NEW)]
    for index, label in enumerate(model.classes_):
        written = np.array(found[f"p_{label}"], float)
        np.testing.assert_allclose(written, model.predict_proba(NEW)[:, index], rtol=WRITTEN)
    if kind == "three":
        best = model.predict_proba(NEW).argmax(axis=1)
        written = np.array(found["spread"], float)
        np.testing.assert_allclose(written, model.predict_spread(NEW)[np.arange(9), best], rtol=WRITTEN)


def test_it_reads_what_the_command_line_trained(saved, tmp_path):
    """Its classes are in the order 2, 10, which as texts is no ascending one."""
    folder, _ = saved
    rows = "".join(f"{text},{2 + 8 * rich}\n" for text, rich in zip(X, RICH, strict=True))
    (tmp_path / "t.csv").write_text("sequence,label\n" + rows)
    settings = [
        f"--set={part}.{key}={value}" for part, given in SMALL.items() for key, value in given.items()
    ]
    call("train", "--sequences", tmp_path / "t.csv", "--output", tmp_path / "m.safetensors", *settings)
    call(
        *("classify", "--model", tmp_path / "m.safetensors", "--sequences", folder / "new.fa"),
        *("--device", "cpu", "--output", tmp_path / "out.tsv"),
    )
    model, found = DNABiLSTMClassifier.load(tmp_path / "m.safetensors"), table(tmp_path / "out.tsv")
    assert model.classes_.tolist() == ["10", "2"]
    assert list(found)[-2:] == ["p_2", "p_10"]
    assert model.predict(NEW).tolist() == found["called"]
    for index, label in enumerate(model.classes_):
        np.testing.assert_allclose(
            np.array(found[f"p_{label}"], float), model.predict_proba(NEW)[:, index], rtol=WRITTEN
        )
    assert (model.hidden, model.min_steps, model.shards) == (4, 4, 1)


class Payload:
    """Unpickling it leaves a file."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (open, (self.mark, "w"))


def plain_pickle(path, payload, _):
    path.write_bytes(pickle.dumps(payload))


def torch_file(path, payload, _):
    torch.save({"network": payload}, path)


def card_with_pickle(path, payload, model):
    text = pickle.dumps(payload, protocol=0).decode("latin-1")
    save_file(model.model_.network.state_dict(), path, metadata={"dnabilstm": text})


def pickle_behind_the_length(path, payload, _):
    raw = pickle.dumps(payload)
    path.write_bytes(len(raw).to_bytes(8, "little") + raw)


@pytest.mark.parametrize("write", [plain_pickle, torch_file, card_with_pickle, pickle_behind_the_length])
def test_a_file_with_a_pickle_is_refused_and_not_run(saved, tmp_path, write):
    mark, path = tmp_path / "it_ran", tmp_path / "m.safetensors"
    write(path, Payload(str(mark)), saved[1]["str"])
    assert path.stat().st_size > 20
    with pytest.raises(ValueError, match=r"m.safetensors: .*(not a whole .safetensors|card is damaged)"):
        DNABiLSTMClassifier.load(path)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Payload(str(mark)))).close()
    assert mark.exists()  # it would have


DAMAGED = {
    "another_label": ["rich", "pour"],
    "one_too_many": ["poor", "rich", "more"],
    "no_list": "poor",
    "of_two_types": ["poor", 1],
}


@pytest.mark.parametrize("case", DAMAGED)
def test_labels_that_do_not_fit_are_refused(saved, tmp_path, case):
    folder, _ = saved
    model = load_model(folder / "str.safetensors")
    model.card["estimator"]["classes"] = DAMAGED[case]
    save_model(model, tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match="labels do not fit its classes; the file is damaged"):
        DNABiLSTMClassifier.load(tmp_path / "m.safetensors")


@pytest.mark.parametrize("part", ["estimator", "train"])
def test_a_card_without_what_the_classifier_noted_will_do(saved, tmp_path, part):
    folder, models = saved
    model = load_model(folder / "str.safetensors")
    model.card[part] = "nothing"
    save_model(model, tmp_path / "m.safetensors")
    loaded = DNABiLSTMClassifier.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict_proba(NEW), models["str"].predict_proba(NEW))


def test_places_that_cannot_be_are_refused(saved, tmp_path):
    folder, models = saved
    with pytest.raises(ValueError, match=r"wanted a name that ends in .safetensors"):
        models["str"].save(tmp_path / "m.pkl")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="file"):
        models["str"].save(tmp_path / "file/m.safetensors")
    with pytest.raises(ValueError, match="no such file"):
        DNABiLSTMClassifier.load(folder / "none.safetensors")
    position = Model(build(BiLSTMConfig(tasks=("p",), hidden=4, filters=4, layers=1)).eval(), {})
    save_model(position, tmp_path / "p.safetensors")
    with pytest.raises(ValueError, match="scores the bases of genomes; wanted a classifier of sequences"):
        DNABiLSTMClassifier.load(tmp_path / "p.safetensors")


def test_it_can_be_pickled_by_those_who_must(saved):
    _, models = saved
    for kind in ("str", "three"):
        copy = pickle.loads(pickle.dumps(models[kind]))
        np.testing.assert_array_equal(copy.predict_proba(NEW), models[kind].predict_proba(NEW))
