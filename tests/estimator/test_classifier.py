"""The classifier learns, repeats itself, and is what scikit-learn wants of an estimator."""

import subprocess
import sys
import tempfile
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
import torch
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord
from joblib.externals.loky import get_reusable_executor
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from dnabilstm import DNABiLSTMClassifier
from dnabilstm.estimator.settings import LEFT_OUT, descriptions
from dnabilstm.estimator.training import _ONE_THREAD
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.score.sequences import class_probabilities
from dnabilstm.train.config import SequenceTrainConfig
from tests.estimator.small import named, quick, texts_of

X, RICH = texts_of(40)
Y = named(RICH)
NEW, NEW_RICH = texts_of(60, seed=1)


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(X, Y)


def test_it_learns(fitted):
    assert fitted.classes_.tolist() == ["poor", "rich"]
    assert fitted.score(NEW, named(NEW_RICH)) > 0.9
    assert fitted.history_[0].keys() >= {"member", "step", "loss", "mean_auprc", "auprc.rich"}


def test_probabilities(fitted):
    found = fitted.predict_proba(NEW)
    assert (found.shape, found.dtype) == ((60, 2), np.float32)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert fitted.predict(NEW).tolist() == [["poor", "rich"][row] for row in found.argmax(axis=1)]
    np.testing.assert_allclose(fitted.predict_proba(NEW[:1]), found[:1], atol=1e-6)
    np.testing.assert_allclose(fitted.predict_proba(NEW[::-1]), found[::-1], atol=1e-6)


def test_neither_case_nor_strand_matters(fitted):
    found = fitted.predict_proba(NEW)
    np.testing.assert_array_equal(fitted.predict_proba([text.lower() for text in NEW]), found)
    turned = [str(Seq(text).reverse_complement()) for text in NEW]
    np.testing.assert_allclose(fitted.predict_proba(turned), found, atol=1e-5)


def fasta(folder, texts):
    path = folder / "a=b.fa"
    path.write_text("".join(f">s{i}\n{text[:20]}\n{text[20:]}\n" for i, text in enumerate(texts)))
    return path


KINDS = {
    "str_array": lambda texts, _: np.array(texts),
    "object_array": lambda texts, _: np.array(texts, object),
    "tuple": lambda texts, _: tuple(texts),
    "series": lambda texts, _: pd.Series(texts, index=range(5, 5 + len(texts))),
    "object_series": lambda texts, _: pd.Series(texts, dtype=object),
    "records": lambda texts, _: [SeqRecord(Seq(text), id=f"r{i}") for i, text in enumerate(texts)],
    "path": lambda texts, folder: fasta(folder, texts),
    "path_as_str": lambda texts, folder: str(fasta(folder, texts)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_sequences_may_come_as(fitted, kind, tmp_path):
    given = KINDS[kind](NEW, tmp_path)
    np.testing.assert_array_equal(fitted.predict_proba(given), fitted.predict_proba(NEW))


@pytest.mark.parametrize("kind", ["records", "path"])
def test_it_learns_the_same_however_sequences_come(fitted, kind, tmp_path):
    other = quick().fit(KINDS[kind](X, tmp_path), Y)
    np.testing.assert_array_equal(other.predict_proba(NEW), fitted.predict_proba(NEW))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (RICH, [False, True]),
        ([3 * one - 1 for one in RICH], [-1, 2]),
        ([2 + 8 * one for one in RICH], [2, 10]),
        ([float(one) for one in RICH], [0.0, 1.0]),
        (pd.Series(Y, dtype=object), ["poor", "rich"]),
        (pd.Categorical(Y, categories=["rich", "none", "poor"]), ["poor", "rich"]),
        (np.array(RICH, np.int8), [0, 1]),
    ],
    ids=["bool", "negative", "ten", "float", "series", "category", "int8"],
)
def test_labels_keep_their_type(fitted, labels, classes):
    other = quick().fit(X, labels)
    assert other.classes_.tolist() == classes
    assert [type(label) for label in other.classes_.tolist()] == [type(label) for label in classes]
    np.testing.assert_array_equal(other.predict_proba(NEW), fitted.predict_proba(NEW))
    assert other.predict(NEW[:2]).dtype == other.classes_.dtype


def test_the_random_state_decides(fitted):
    assert quick().fit(X, Y).model_.digest == fitted.model_.digest
    assert quick(random_state=1).fit(X, Y).model_.digest == fitted.model_.digest
    drawn = [quick(random_state=np.random.RandomState(seed)).fit(X, Y).model_.digest for seed in (5, 5, 6)]
    assert drawn[0] == drawn[1]
    assert len({*drawn, fitted.model_.digest}) == 3


def test_what_torch_was_told_stays_so():
    before = torch.get_num_threads()
    torch.manual_seed(4)
    wanted = torch.rand(2)
    torch.manual_seed(4)
    quick().fit(X, Y)
    assert torch.equal(torch.rand(2), wanted)
    assert torch.get_num_threads() == before


def test_runs_side_by_side_leave_the_threads_as_they_were():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with _ONE_THREAD:
            with _ONE_THREAD:
                assert torch.get_num_threads() == 1
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_numbers_of_numpy_are_numbers(tmp_path):
    made = quick(aligned=np.int64(4), hidden=np.int64(4)).fit(X, Y)
    made.save(tmp_path / "m.safetensors")
    assert DNABiLSTMClassifier.load(tmp_path / "m.safetensors").aligned == 4


def test_parameters_are_the_settings_with_their_defaults():
    parameters = DNABiLSTMClassifier().get_params()
    settings = [*fields(BiLSTMConfig), *fields(SequenceTrainConfig)]
    assert set(LEFT_OUT) <= {field.name for field in settings}
    own = {"validation_fraction", "random_state", "device", "verbose"}
    assert set(parameters) == {field.name for field in settings} - set(LEFT_OUT) | own
    for field in settings:
        if field.name in parameters and field.name != "options":
            assert parameters[field.name] == field.default, field.name
    assert parameters["random_state"] == SequenceTrainConfig.seed
    for name, text in descriptions():
        assert f"\n{name}\n    {text}\n" in DNABiLSTMClassifier.__doc__


def test_it_is_cloned_and_set():
    made = clone(quick(hidden=6, merge="sum")).set_params(hidden=5)
    assert (made.get_params()["hidden"], made.merge) == (5, "sum")
    assert made.fit(X, Y).model_.network.config.hidden == 5
    assert not hasattr(clone(made), "model_")
    assert repr(DNABiLSTMClassifier(hidden=5)) == "DNABiLSTMClassifier(hidden=5)"


@pytest.fixture
def _workers_end():
    """Worker processes of joblib would outlive the test."""
    yield
    get_reusable_executor().shutdown(wait=True)


@pytest.mark.usefixtures("_workers_end")
@pytest.mark.parametrize("backend", [pytest.param("loky", marks=pytest.mark.slow), "threading"])
def test_scores_do_not_depend_on_jobs(backend):
    import joblib

    serial = cross_val_score(quick(), X, Y, cv=3, scoring="neg_log_loss")
    with joblib.parallel_backend(backend):
        parallel = cross_val_score(quick(), X, Y, cv=3, scoring="neg_log_loss", n_jobs=2)
    np.testing.assert_array_equal(parallel, serial)


@pytest.mark.slow
def test_the_defaults_can_be_cross_validated():
    texts, rich = texts_of(40, seed=2, length=25)
    scores = cross_val_score(DNABiLSTMClassifier(min_steps=300), texts, named(rich), cv=2)
    assert scores.shape == (2,)
    assert scores.mean() > 0.8


def middle(texts, width=40):
    """The bases about the centre of each sequence."""
    return [text[(len(text) - width) // 2 :][:width] for text in texts]


def test_a_grid_is_searched_inside_a_pipeline():
    steps = Pipeline([("middle", FunctionTransformer(middle)), ("classifier", quick())])
    grid = {"middle__kw_args": [{"width": 2}, {"width": 36}], "classifier__hidden": np.array([3, 4])}
    search = GridSearchCV(steps, grid, cv=2).fit(X, Y)
    assert search.best_params_["middle__kw_args"] == {"width": 36}
    assert len(search.cv_results_["params"]) == 4
    assert search.score(NEW, named(NEW_RICH)) > 0.85


@pytest.mark.parametrize("more", [{"members": 2}, {"folds": 2}])
def test_an_ensemble_knows_where_its_members_disagree(more, fitted):
    several = quick(**more).fit(X, Y)
    alone = []
    for network, card in zip(several.model_.network.members, several.model_.card["members"], strict=True):
        alone.append(class_probabilities(type(several.model_)(network, card), sequence_set(NEW))[0])
    np.testing.assert_allclose(several.predict_proba(NEW), np.mean(alone, axis=0), atol=1e-6)
    np.testing.assert_allclose(several.predict_spread(NEW), np.std(alone, axis=0), atol=1e-6)
    assert several.predict_spread(NEW).max() > 0
    assert {row["member"] for row in several.history_} == {0, 1}
    with pytest.raises(ValueError, match="one network, which has no spread; fit with members=3"):
        fitted.predict_spread(NEW)


def sequence_set(texts):
    from dnabilstm.estimator.inputs import sequences_of

    return sequences_of(texts)


def test_every_wrong_parameter_is_named_at_once():
    wrong = quick(hidden=0, merge="product", batch=0, device="cpu")
    with pytest.raises(ValueError) as raised:
        wrong.fit(X, Y)
    lines = str(raised.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        f"DNABiLSTMClassifier.{name}" for name in ("hidden", "merge", "batch")
    ]


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"pool": 4}, "4 is even"),
        ({"device": "tpu"}, "tpu: wanted one of auto, cpu, cuda"),
        ({"validation_fraction": 1.0}, "validation_fraction: 1.0; wanted a number from 0 on, below 1"),
        ({"validation_fraction": "a"}, "validation_fraction: 'a'; wanted a number"),
        ({"architecture": "none"}, "none"),
        ({"kmers": "gapped", "validation_fraction": 0}, "kmers: 'gapped' with validation_fraction=0"),
        ({"random_state": "x"}, "'x' cannot be used to seed"),
    ],
)
def test_a_parameter_that_cannot_be_is_one_line(parameter, message):
    with pytest.raises(ValueError, match=message) as raised:
        quick(**parameter).fit(X, Y)
    assert len(str(raised.value).splitlines()) == 1


def test_a_run_that_fails_leaves_nothing_behind(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    again = quick().fit(X, Y)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="the loss is nan"):
        again.set_params(learning_rate=1e30, clip=1e30, min_steps=80, norm=False).fit(X, Y)
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(again.predict_proba(NEW), fitted.predict_proba(NEW))


def test_it_speaks_only_if_asked(capsys):
    quick().fit(X, Y)
    assert capsys.readouterr() == ("", "")
    quick(verbose=True).fit(X, Y)
    out, err = capsys.readouterr()
    assert out.startswith("[DNABiLSTMClassifier] step 1: loss")
    assert not err


def test_importing_it_does_not_import_torch():
    code = (
        "import sys; from dnabilstm import DNABiLSTMClassifier as C; C(); assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    import dnabilstm

    with pytest.raises(AttributeError, match="no attribute 'DNABiLSTM'"):
        dnabilstm.DNABiLSTM  # noqa: B018
