import re

import pytest

from dnabilstm.browse.names import LONGEST_SYMBOL, one_line, plain_label, symbols

HOSTILE = [
    *("a b", 'it\'s "quoted"', "<script>alert(1)</script>", "../../etc/passwd", "x" * 300, "x" * 299 + "y"),
    *(
        "\N{GREEK SMALL LETTER ALPHA}-factor",
        "",
        " ",
        "1st",
        "_",
        "a\nb",
        "a\ttrack b",
        "end\\",
        "\udcff",
        "\0",
    ),
    *(
        "CON",
        "#comment",
        "$(rm -rf ~)",
        "A B",
        "a  b",
        "a_b",
        "promoter",
        "Promoter",
        "promoter_2",
        "-n",
        ".",
    ),
]


def test_symbols_are_different_and_of_plain_letters():
    found = symbols(HOSTILE)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", symbol) for symbol in found)
    assert len({symbol.lower() for symbol in found}) == len(HOSTILE)
    assert max(map(len, found)) == LONGEST_SYMBOL


def test_a_name_that_is_a_symbol_stays_as_it_is():
    assert symbols(["promoter", "ctcf.site", "promoter, called"]) == [
        "promoter",
        "ctcf_site",
        "promoter_called",
    ]
    assert symbols(["a b", "a.b", "A_B", "a b"]) == ["a_b", "a_b_2", "A_B_3", "a_b_4"]
    assert symbols(["7", "../"]) == ["t_7", "t"]


def test_a_symbol_depends_on_those_before_it_only():
    assert symbols(HOSTILE)[:9] == symbols(HOSTILE[:9])


@pytest.mark.parametrize("name", HOSTILE)
def test_labels_are_one_line_of_what_can_be_shown(name):
    assert one_line(name).isprintable()
    assert one_line(name) == one_line(name).strip() != ""
    label = plain_label(name, 17)
    assert 0 < len(label) <= 17
    assert label.isascii()
    assert not re.search(r"[<>&'\"\\#$`\n]", label)


def test_a_label_says_where_it_is_cut():
    assert plain_label("promoter, measured", 17) == "promoter measured"
    assert plain_label("promoter.plus, measured", 17) == "promoter.plus m.."
    assert plain_label("members' \N{GREEK SMALL LETTER ALPHA}", 17) == "members _"
    assert plain_label("promoter.plus", 17) == "promoter.plus"
    assert plain_label("<b>", 17) == "_b_"
