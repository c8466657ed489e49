"""Settings from plain values, and combinations that make no network."""

import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.config import BiLSTMConfig, parse
from dnabilstm.model.registry import build
from tests.model.variants import EVERY

CLASSES = {"head": "sequence", "tasks": ("a", "b")}


def test_strings_of_a_command_line_become_numbers():
    assert parse(BiLSTMConfig, {"tasks": ["a"], "hidden": "32"}, "model").hidden == 32


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"hiden": 3}, "model.hiden: is not a setting"),
        ({"hidden": "many"}, "model.hidden: 'many'"),
        ({"hidden": True}, "model.hidden: True: Input should be a number, not a yes or no"),
        ({"dropout": False, "layers": 0}, r"model.dropout: False: .*\nmodel.layers: 0"),
        ({"aligned": True}, "model.aligned: True: Input should be a number"),
        ({"dropout": 1.5}, "model.dropout: 1.5"),
        ({"strand": "both"}, "model.strand: 'both'"),
        ({"pool": 2}, "model.pool: 2 is even"),
        ({"cell": "gru"}, "model.cell: 'gru'"),
        ({"attention": "local", "attention_window": 0}, "model.attention_window: 0"),
        ({"options": {"a b": 1}}, "model.options"),
    ],
)
def test_what_is_wrong_is_named(values, message):
    with pytest.raises(DnabilstmError, match=message):
        parse(BiLSTMConfig, {"tasks": ["a"]} | values, "model")


def test_all_problems_are_told_at_once():
    with pytest.raises(DnabilstmError) as caught:
        parse(BiLSTMConfig, {"tasks": ["a"], "hidden": 0, "layers": 0}, "model")
    assert len(caught.value.problems) == 2
    with pytest.raises(DnabilstmError) as caught:
        parse(BiLSTMConfig, {"tasks": ["a"], "pool": 4, "attention": "additive"}, "model")
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"tasks": ()}, "model.tasks: is empty; wanted at least one task"),
        ({"head": "sequence"}, "model.tasks: one class only; wanted two or more"),
        ({"filters": 0}, "model.pool: 5 without a stem (filters: 0); wanted pool: 1"),
        (
            {"filters": 0, "pool": 1, "stem_layers": 2},
            "model.stem_layers: without a stem (filters: 0); wanted 0",
        ),
        ({"bidirectional": False}, "model.bidirectional: false with strand: auto; wanted strand: none"),
        (
            {"bidirectional": False, "strand": "stranded"},
            "model.bidirectional: false with strand: stranded; wanted strand: none",
        ),
        (
            {"merge": "sum", "strand": "stranded"},
            "model.merge: sum makes both strands alike; wanted merge: concat with strand: stranded",
        ),
        (
            {"merge": "sum", "bidirectional": False, "strand": "none"},
            "model.merge: sum has nothing to add with bidirectional: false; wanted merge: concat",
        ),
        *(
            (
                {"attention": attention},
                f"model.attention: {attention} with head: position; wanted one of auto, none, local",
            )
            for attention in ("additive", "multihead")
        ),
        (
            {**CLASSES, "attention": "local"},
            "model.attention: local with head: sequence; wanted one of auto, none, additive, multihead",
        ),
        ({"attention": "local", "hidden": 30}, "model.attention_heads: 4 do not divide hidden: 30"),
        (
            {**CLASSES, "attention": "multihead", "attention_heads": 3},
            "model.attention_heads: 3 do not divide hidden: 64",
        ),
        ({**CLASSES, "skip": True}, "model.skip: is for head: position; wanted skip: false"),
        (
            {"options": {"depth": 3}},
            "model.options: are for plug-in architectures; wanted none with architecture: bilstm",
        ),
        *(
            (
                {name: 4},
                f"model.{name}: 4 is even; strand symmetry needs an odd width (1, 3, 5, 7, 9)",
            )
            for name in ("pool", "filter_width", "stem_width")
        ),
        (
            CLASSES | {"kmers": "gapped", "aligned": 4_000, "pool": 5},
            "model.kmers: gapped with aligned: 4000 bins of 5 bases; wanted at most 16,384 bases, or kmers: none",
        ),
    ],
    ids=str,
)
def test_a_combination_that_makes_no_network_is_one_line(settings, line):
    assert BiLSTMConfig(**({"tasks": ("a",)} | settings)).problems() == [line]


@pytest.mark.parametrize("name", EVERY)
def test_a_member_of_the_family_is_made_of_plain_values(name):
    config = parse(BiLSTMConfig, {"tasks": ["a", "b"]} | EVERY[name], "model")
    assert build(config).config == config.settled()


def test_channels_of_a_stranded_model():
    config = BiLSTMConfig(tasks=("a", "b"), strand="stranded")
    assert config.channels == ("a.plus", "a.minus", "b.plus", "b.minus")
    assert config.columns == ((0, 1), (2, 3))


def test_a_class_has_one_channel_whatever_the_strand():
    config = BiLSTMConfig(**CLASSES, strand="stranded")
    assert config.channels == ("a", "b")
    assert config.columns == ((0,), (1,))


def test_options_of_a_plug_in_keep_their_kind():
    options = {"depth": 3, "rate": 0.5, "gated": True, "kind": "wide"}
    config = parse(BiLSTMConfig, {"tasks": ["a"], "architecture": "other", "options": options}, "model")
    assert config.options == options
    assert [type(value) for value in config.options.values()] == [int, float, bool, str]


def test_a_setting_of_two_kinds_is_told_in_one_line():
    with pytest.raises(DnabilstmError) as caught:
        parse(BiLSTMConfig, {**CLASSES, "aligned": -3}, "model")
    (line,) = caught.value.problems
    assert line.startswith("model.aligned: -3: ")
    assert "greater than or equal to 0; or: " in line
    assert "'auto'" in line
