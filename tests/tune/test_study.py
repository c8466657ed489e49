"""The study on disk: kept through kills, and kept apart from other data and settings."""

import copy
import json

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.trial import TrialState

from dnabilstm.errors import DnabilstmError
from dnabilstm.tune import study as study_module
from dnabilstm.tune.study import CARD as CARD_KEY
from dnabilstm.tune.study import best_of, rows_of
from tests.tune.conftest import CARD, open_plan


def refused(plan, card=CARD):
    with pytest.raises(DnabilstmError) as error, open_plan(plan, card):
        pass
    (line,) = error.value.problems
    return line


def test_a_study_is_there_again(plan):
    with open_plan(plan) as study:
        trial = study.ask()
        trial.report(0.25, 0)
        study.tell(trial, 0.5)
    with open_plan(plan) as study:
        (trial,) = study.trials
        assert (trial.value, trial.intermediate_values) == (0.5, {0: 0.25})
        assert study.user_attrs == {CARD_KEY: CARD}
        assert study.direction.name == "MAXIMIZE"


def test_optuna_reads_the_file_as_its_own(plan):
    with open_plan(plan) as study:
        study.tell(study.ask(), 0.5)
    storage = JournalStorage(JournalFileBackend(str(plan.folder / "study.journal")))
    assert optuna.load_study(study_name="tune", storage=storage).best_value == 0.5


@pytest.mark.parametrize("cut", [1, 30, -1])
def test_a_line_that_a_kill_cut_off_is_as_if_it_never_was(plan, cut):
    with open_plan(plan) as study:
        study.tell(study.ask(), 0.5)
        before = (plan.folder / "study.journal").read_bytes()
        study.ask()
    path = plan.folder / "study.journal"
    line = path.read_bytes()[len(before) :]
    path.write_bytes(before + line[:cut])
    with open_plan(plan) as study:
        assert [trial.state for trial in study.trials] == [TrialState.COMPLETE]
        study.tell(study.ask(), 0.75)
    assert [json.loads(line)["op_code"] for line in path.read_text().splitlines()]
    with open_plan(plan) as study:
        assert [trial.value for trial in study.trials] == [0.5, 0.75]


def test_a_lock_that_a_kill_has_left_is_given_up(plan, monkeypatch):
    monkeypatch.setattr(study_module, "PATIENCE", 3)
    with open_plan(plan):
        pass
    lock = plan.folder / "study.journal.lock"
    lock.symlink_to(plan.folder / "study.journal")
    with open_plan(plan) as study:
        study.ask()
    assert not lock.is_symlink()
    assert any("Forcibly releasing the lock" in note for note in plan.note)


def test_two_searches_in_one_folder_are_refused(plan):
    with open_plan(plan):
        assert refused(plan) == f"{plan.folder}: another 'dnabilstm tune' is at work there"
    with open_plan(plan):
        pass


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data": {"genome": "y"}}, "other data (genome)"),
        ({"device": "cuda"}, "another device (cpu there, cuda here)"),
        ({"seed": 2}, "another seed (1 there, 2 here)"),
        ({"settings": {"a": 2}}, "other fixed settings (a: 1 there, 2 here)"),
        ({"settings": {"a": 1, "b": 0}}, "other fixed settings (b: not given there, 0 here)"),
        ({"space": {**CARD["space"], "model.attention_heads": [2]}},
         "another space (model.attention_heads: [2, 4] there, [2] here)"),
    ],
)  # fmt: skip
def test_a_search_of_something_else_is_refused(plan, change, said):
    with open_plan(plan):
        pass
    content = (plan.folder / "study.journal").read_bytes()
    told = refused(plan, copy.deepcopy(CARD) | change)
    assert told == f"{plan.folder}: holds a search with {said}; give those again, or another folder"
    assert (plan.folder / "study.journal").read_bytes() == content


def test_a_damaged_study_is_one_line(plan):
    with open_plan(plan):
        pass
    path = plan.folder / "study.journal"
    path.write_bytes(b"no journal\n" + path.read_bytes())
    assert refused(plan).startswith(f"{path}: is damaged")


def test_a_folder_that_cannot_be_written_is_one_line(plan):
    plan.folder.write_text("in the way")
    assert refused(plan).startswith(f"{plan.folder}: cannot be written")


def test_warnings_of_optuna_are_notes(plan, capfd):
    with open_plan(plan):
        logger = optuna.logging.get_logger("optuna.study")
        logger.warning("mind the gap")
        logger.info("nothing to mind")
    with open_plan(plan):
        logger.warning("again")
    assert plan.note == ["optuna: mind the gap", "optuna: again"]
    assert capfd.readouterr().err == ""


def test_rows_have_settings_and_reasons(plan):
    with open_plan(plan) as study:
        assert best_of(study) is None
        for value in (0.5, 0.75, 0.75):
            study.tell(study.ask(), value)
        trial = study.ask()
        trial.suggest_float("model.dropout", 0.0, 0.5)
        trial.set_user_attr("reason", "too bold")
        study.tell(trial, state=TrialState.FAIL)
        study.ask()
        assert best_of(study).number == 1
        rows = rows_of(study)
    assert [row["state"] for row in rows] == ["complete"] * 3 + ["fail", "running"]
    failed = rows[3]
    assert 0 <= failed.pop("model.dropout") <= 0.5
    assert failed == {
        "number": 3,
        "state": "fail",
        "value": None,
        "steps": None,
        "minutes": None,
        "reason": "too bold",
    }
