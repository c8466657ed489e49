"""``dnabilstm tune`` from the command line to settings and a model that ``train`` makes too."""

import csv
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner
from optuna.trial import TrialState

from dnabilstm.cli import cli, tune_run
from dnabilstm.errors import DnabilstmError
from dnabilstm.simulate import simulate
from dnabilstm.tune import search as search_module
from dnabilstm.tune.study import JOURNAL, NAME

LONG = 240
TINY = ["model.filters=4", "model.layers=1", "train.window=200", "train.batch=2", "train.shards=1"]
SHORT = [*TINY, "train.steps=10", "train.evaluate_every=5"]
SPACE = "model.hidden: [2, 4]\nmodel.dropout: {low: 0, high: 0.5}\n"
FILES = [
    "best.learning_curve.png", "best.learning_curve.svg", "best.safetensors", "best.training.csv",
    "best.training.json", "best.yaml", "study.journal", "trials", "trials.tsv", "tune.png", "tune.svg",
]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A small demo genome, sequences of two classes, and a space."""
    folder = tmp_path_factory.mktemp("tune")
    simulate(folder / "demo", bases=50_000)
    rng = np.random.default_rng(0)
    for name, motif in (("pos", "GGACATTGCC"), ("neg", "")):
        with (folder / f"{name}.fa").open("w") as out:
            for number in range(40):
                text = "".join(rng.choice(list("ACGT"), 30))
                out.write(f">{name}{number}\n{text[:10]}{motif}{text[10 + len(motif) :]}\n")
    (folder / "space.yaml").write_text(SPACE)
    return folder


def genome(place, *, bed="promoter"):
    return ["--genome", place / "demo/genome.fa", "--labels", f"promoter={place / f'demo/{bed}.bed'}"]


def sequences(place):
    return ["--sequences", f"pos={place / 'pos.fa'}", "--sequences", f"neg={place / 'neg.fa'}"]


def words(place, output, data, *more, settings=SHORT, trials=2):
    given = [word for setting in settings for word in ("--set", setting)]
    return ["tune", *data, "--output", output, "--space", place / "space.yaml", "--device", "cpu",
            "--trials", trials, *given, *more]  # fmt: skip


def run(*arguments):
    """What was said; of an error its lines."""
    done = CliRunner().invoke(cli, [str(word) for word in arguments])
    if isinstance(done.exception, DnabilstmError):
        return done.exception.problems
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stderr


def table(output):
    with (output / "trials.tsv").open(newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (genome, SHORT),
        (sequences, [*(s for s in TINY if "window" not in s), "train.min_steps=10", "train.epochs=1"]),
    ],
    ids=["positions", "sequences"],
)
def test_train_takes_the_best_settings_and_makes_the_same_model(place, tmp_path, data, settings):
    out = tmp_path / "out"
    said = run(*words(place, out, data(place), settings=settings))
    assert f"the best settings are in {out / 'best.yaml'}" in said
    assert sorted(path.name for path in out.iterdir()) == FILES
    rows = table(out)
    assert [row["state"] for row in rows] == ["complete", "complete"]
    best = max(rows, key=lambda row: float(row["value"]))
    text = (out / "best.yaml").read_text()
    value = float(best["value"])
    assert text.startswith(f"# trial {best['number']} of 2: mean validation AUPRC {value:.4f}\n")
    assert f"  hidden: {best['model.hidden']}  # tuned\n" in text
    model = tmp_path / "m.safetensors"
    run("train", *data(place), "--config", out / "best.yaml", "--output", model, "--device", "cpu")
    assert model.read_bytes() == (out / "best.safetensors").read_bytes()
    # Given again, with all trials done, it trains nothing.
    assert "trial 1 of 2" not in run(*words(place, out, data(place), settings=settings))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data": {"bed": "enhancer"}}, "other data (labels)"),
        ({"more": ("--test", "demo2")}, "other data (split)"),
        ({"more": ("--set", "train.clip=2")}, "other fixed settings (train.clip: not given there, 2 here)"),
        ({"more": ("--seed", 2)}, "another seed (1 there, 2 here)"),
    ],
)
def test_a_folder_of_another_search_is_refused(place, tmp_path, change, said, monkeypatch):
    monkeypatch.setattr(tune_run, "search", lambda *_: False)
    out = tmp_path / "out"
    (line,) = run(*words(place, out, genome(place)))
    assert line == f"{out}: no trial is done yet; the same command goes on"
    names = re.findall(r"^>(\S+)", (place / "demo/genome.fa").read_text(), re.M)
    more = [word.replace("demo2", names[1]) if isinstance(word, str) else word
            for word in change.get("more", ())]  # fmt: skip
    (line,) = run(*words(place, out, genome(place, **change.get("data", {})), *more))
    assert line == f"{out}: holds a search with {said}; give those again, or another folder"


def test_all_that_is_wrong_is_said_at_once(place, tmp_path):
    (tmp_path / "space.yaml").write_text("model.hidden: []\nmodel.cell: [gru]\n")
    (tmp_path / "file").write_text("")
    given = [
        *words(place, tmp_path / "file", genome(place), "--set", "train.members=3", "--set", "train.clip=0")
    ]
    given[given.index("--space") + 1] = tmp_path / "space.yaml"
    found = run(*given, "--labels", "promoter=twice.bed")
    assert [line.removeprefix(f"{tmp_path / 'space.yaml'}: ").split(": ")[0] for line in found] == [
        str(tmp_path / "file"), "train.clip", "train.members", "model.hidden", "model.cell",
        "task 'promoter'",
    ]  # fmt: skip


def test_it_says_that_it_wants_data(place, tmp_path):
    (line,) = run(*words(place, tmp_path / "out", []))
    assert line.startswith("wanted --genome with --labels")
    assert not (tmp_path / "out").exists()


def test_without_optuna_there_is_one_line(place, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    (line,) = run(*words(place, tmp_path / "out", genome(place)))
    assert line == "dnabilstm tune: Optuna is not installed; pip install 'dnabilstm[tune]'"


def test_a_search_in_which_nothing_succeeds_is_an_error(place, tmp_path):
    out = tmp_path / "out"
    wrong = ["model.attention=local", "model.attention_heads=3"]
    (line,) = run(*words(place, out, genome(place), settings=[*SHORT, *wrong], trials=3))
    assert line.startswith(
        f"{out}: no trial has succeeded, 3 failed; the first: model.attention_heads: 3 do not divide hidden: "
    )
    assert [row["state"] for row in table(out)] == ["fail"] * 3
    assert (out / "tune.png").exists()
    assert not (out / "best.yaml").exists()


def test_an_interrupted_search_leaves_what_there_is(place, tmp_path, monkeypatch):
    out, real, calls = tmp_path / "out", search_module.train, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(search_module, "train", interrupted)
    done = CliRunner().invoke(cli, [str(word) for word in words(place, out, genome(place))])
    assert done.exit_code == 1  # click's; the command itself says 130
    assert [row["state"] for row in table(out)] == ["complete"]
    assert {path.name for path in out.iterdir()} == {
        "best.yaml", "study.journal", "trials", "trials.tsv", "tune.png", "tune.svg",
    }  # fmt: skip


def study_in(folder):
    """The study as Optuna by itself reads it."""
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalStorage

    storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    return optuna.load_study(study_name=NAME, storage=storage)


def trials_of(folder):
    return [
        (trial.number, trial.state.name, trial.params, trial.value, trial.intermediate_values)
        for trial in study_in(folder).trials
    ]


def start(arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "dnabilstm", *map(str, arguments)], stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_a_search_that_is_killed_and_given_again_goes_on_where_it_was(place, tmp_path):
    """SIGKILL in the middle of the second trial; then trials and model are those of an undisturbed search."""
    settings = [*TINY, "train.steps=40", "train.evaluate_every=10", "train.patience=9"]
    out, whole = tmp_path / "out", tmp_path / "whole"
    given = words(place, out, genome(place), settings=settings, trials=3)
    process = start(given)
    state, until = out / "trials/0001/trial.state", time.monotonic() + LONG
    while not state.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    before = study_in(out).trials
    assert [trial.state for trial in before] == [TrialState.COMPLETE, TrialState.RUNNING]
    assert not (out / "best.safetensors").exists()

    process = start(given)
    _, said = process.communicate(timeout=LONG)
    assert process.returncode == 0, said
    assert "trial 0 of 3" not in said
    assert f" from {state}" in said

    process = start(words(place, whole, genome(place), settings=settings, trials=3))
    _, said = process.communicate(timeout=LONG)
    assert process.returncode == 0, said
    assert trials_of(out) == trials_of(whole)
    assert [trial[2] for trial in trials_of(out)][:2] == [trial.params for trial in before]
    for name in ("best.yaml", "best.safetensors", "best.training.csv"):
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_ends_a_search_soon_with_one_line(place, tmp_path):
    out = tmp_path / "out"
    settings = [*TINY, "train.steps=4000", "train.evaluate_every=10"]
    process = start(words(place, out, genome(place), settings=settings))
    state, until = out / "trials/0000/trial.state", time.monotonic() + LONG
    while not state.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted; nothing half-written is left under a finished name"
    assert "Traceback" not in said
    assert not list(out.rglob("*.part"))
