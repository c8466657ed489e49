"""Search spaces: the defaults, files, and all that can be wrong with a file at once."""

import gzip

import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import parse
from dnabilstm.tune.space import DEFAULT, KINDS, Choice, Range, defaults, merged, plain, read_space, written
from tests.conftest import ROOT

NOTHING = {"model": {}, "train": {}}


def read(tmp_path, text, head="position", fixed=NOTHING):
    file = tmp_path / "space.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_space(file, head, fixed)


def problems(tmp_path, text, **more):
    with pytest.raises(DnabilstmError) as error:
        read(tmp_path, text, **more)
    return [line.removeprefix(f"{tmp_path / 'space.yaml'}: ") for line in error.value.problems]


@pytest.mark.parametrize("head", DEFAULT)
def test_a_default_space_holds_the_defaults_and_its_corners_are_networks(head):
    space = read_space(None, head, NOTHING)
    assert all(space[name].holds(value) for name, value in defaults(head, space).items())
    for end in (0, -1):
        corner = {
            name: found.values[end] if isinstance(found, Choice) else (found.low, found.high)[end]
            for name, found in space.items()
        }
        settings = merged({"model": {"head": head, "tasks": ("a", "b")}, "train": {}}, corner)
        for section, kind in KINDS[head].items():
            parse(kind, settings[section], section)


def test_what_is_fixed_is_not_tried():
    left = read_space(None, "sequence", {"model": {"hidden": 8}, "train": {"mutation": 0}})
    assert set(DEFAULT["sequence"]) - set(left) == {"model.hidden", "train.mutation"}
    everything = {section: {} for section in NOTHING}
    for name in DEFAULT["position"]:
        section, _, key = name.partition(".")
        everything[section][key] = 1
    with pytest.raises(DnabilstmError, match="no setting is left to be tried"):
        read_space(None, "position", everything)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_gives_choices_and_ranges_of_the_kind_of_their_setting(tmp_path, pack):
    text = (
        "model.hidden: [8, '16']\n"
        "model.norm: [true, false]\n"
        "model.dropout: {low: 0, high: 0.5, step: 0.25}\n"
        "model.layers: {low: 1, high: 3}\n"
        "model.pool: {low: 3, high: 7, step: 2}\n"
        "train.learning_rate: {low: 1e-4, high: 1e-2, log: true}\n"  # YAML 1.1 reads 1e-4 as text
    )
    space = read(tmp_path, pack(text.encode()))
    assert space == {
        "model.hidden": Choice((8, 16)),
        "model.norm": Choice((True, False)),
        "model.dropout": Range(0.0, 0.5, False, 0.25),
        "model.layers": Range(1, 3),
        "model.pool": Range(3, 7, False, 2),
        "train.learning_rate": Range(1e-4, 1e-2, True),
    }
    assert not space["model.dropout"].whole
    assert plain(space)["model.layers"] == {"low": 1, "high": 3, "log": False, "step": None}


def test_what_a_range_and_a_choice_hold():
    assert [Range(3, 9, step=2).holds(value) for value in (3, 4, 9, 11)] == [True, False, True, False]
    assert Range(0.0, 0.3, step=0.1).holds(0.3)
    assert not Range(0, 1).holds(True)
    assert Choice((True,)).holds(True)
    assert not Choice((True,)).holds(1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hidden: [1]", "hidden: wanted SECTION.KEY with SECTION one of model, train, such as model.hidden"),
        ("model: {hidden: [1]}", "model: wanted SECTION.KEY"),
        ("model.hiden: [1]", "model.hiden: is not a setting; wanted one of tasks, architecture"),
        ("train.epochs: [1, 2]", "train.epochs: is not a setting"),
        ("model.tasks: [a]", "model.tasks: are what the data name; take it out of the space"),
        ("train.seed: [1, 2]", "train.seed: is no choice between models"),
        ("model.filters: [8]", "model.filters: is fixed by --config or --set too"),
        ("model.hidden: 64", "model.hidden: 64 is no choice; wanted a list such as [32, 64]"),
        ("model.hidden:", "model.hidden: None is no choice"),
        ("model.hidden: []", "model.hidden: is an empty list"),
        ("model.hidden: [8, 8.0]", "model.hidden: 8.0 stands there twice"),
        ("model.hidden: [0]", "model.hidden: 0: Input should be greater than or equal to 1"),
        ("model.cell: [gru]", "model.cell: 'gru': Input should be 'lstm', 'peephole' or 'grid'"),
        ("model.pool: [3, 4]", "model.pool: 4 is even; wanted odd widths"),
        ("model.pool: {low: 3, high: 9}", "model.pool: holds even widths; wanted an odd low and step: 2"),
        ("model.cell: {low: lstm, high: grid}", "model.cell: is not a number; wanted a list of choices"),
        ("model.norm: {low: false, high: true}", "model.norm: is not a number"),
        ("model.hidden: {low: 8}", "model.hidden: low; wanted low and high, and perhaps log or step"),
        ("model.hidden: {low: 8, high: 9, by: 1}", "model.hidden: low, high, by; wanted low and high"),
        ("model.hidden: {low: 9, high: 8}", "model.hidden: low: 9 is not below high: 8"),
        ("model.hidden: {low: 8, high: 12.5}", "model.hidden: 12.5: Input should be a valid integer"),
        ("model.hidden: {low: 8, high: 16, step: 3}", "model.hidden: step: 3 does not lead from low: 8 to"),
        ("model.hidden: {low: 8, high: 16, step: 0.5}", "model.hidden: step: 0.5; wanted a whole number"),
        ("model.hidden: {low: 8, high: 16, step: 0}", "model.hidden: step: 0 does not lead from low: 8"),
        ("model.hidden: {low: 8, high: 16, log: 2}", "model.hidden: log: 2; wanted true or false"),
        ("model.hidden: {low: 8, high: 16, log: true, step: 2}", "model.hidden: step: 2 with log: true"),
        (
            "model.dropout: {low: 0, high: 0.5, log: true}",
            "model.dropout: low: 0.0 with log: true; wanted mo",
        ),
        ("model.dropout: {low: 0, high: 1}", "model.dropout: 1: Input should be less than 1"),
        ("model.dropout: {low: .nan, high: 0.5}", "model.dropout: nan: Input should be"),
    ],
)
def test_a_wrong_line_is_named_beside_another_one(tmp_path, line, said):
    fixed = {"model": {"filters": 8}, "train": {}}
    found = problems(tmp_path, f"train.folds: [2]\n{line}\n", fixed=fixed)
    assert found[0].startswith("train.folds: is 0 in every trial")
    assert found[1].startswith(said)
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty; wanted lines such as 'model.hidden: [32, 64]'"),
        ("# nothing\n", "is empty"),
        ("[1, 2]\n", "is not a mapping"),
        ("{}\n", "no setting is left to be tried"),
        ("a: [1\n", "is not YAML: while parsing a flow sequence"),
        (b"PK\x03\x04", "is a zip archive"),
        (b"a: \xff\n", "is not YAML: unacceptable character"),
    ],
)
def test_a_file_that_is_no_space_is_one_line(tmp_path, text, said):
    (found,) = problems(tmp_path, text)
    assert found.removeprefix(f"{tmp_path / 'space.yaml'}: ").startswith(said)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(DnabilstmError, match=r"none\.yaml: cannot be read: No such file"):
        read_space(tmp_path / "none.yaml", "position", NOTHING)


def test_what_may_be_tried_of_a_setting_depends_on_the_head(tmp_path):
    assert read(tmp_path, "train.shift: [0, 5]\n", head="sequence") == {"train.shift": Choice((0, 5))}
    assert problems(tmp_path, "train.shift: [0, 5]\n")[0].startswith("train.shift: is not a setting")


def test_the_space_of_the_page_is_one(tmp_path):
    shown = (ROOT / "docs/tune.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    names = [line.partition(":")[0] for line in shown.splitlines()]
    assert len(names) == 6
    for head in DEFAULT:
        assert list(read(tmp_path, shown, head)) == names


@pytest.mark.parametrize("head", DEFAULT)
def test_a_default_space_can_be_written_as_a_file_and_read(tmp_path, head):
    assert read(tmp_path, "\n".join(written(DEFAULT[head])), head) == read_space(None, head, NOTHING)
