import pytest

from dnabilstm.browse.page_names import bigwig_name, file_name, inert, shown, track_name
from tests.browse.world import CONTIGS


@pytest.mark.parametrize(
    ("contig", "wanted"),
    [
        ("chr1", "chr1"),
        ("gi|12|ref|NC_1.2|", "gi|12|ref|NC_1.2|"),
        ("HLA-A*01:02", "HLA-A*01%3A02"),
        ("All", "%41ll"),
        ("%41ll", "%2541ll"),
        ("é", "%C3%A9"),
        ("\udcff", "%FF"),
        ("<b>", "%3Cb%3E"),
    ],
)
def test_a_contig_has_a_plain_name_in_tracks(contig, wanted):
    assert track_name(contig) == wanted


def test_no_two_contigs_share_a_name():
    names = [track_name(name) for name in CONTIGS]
    assert len(set(names)) == len(CONTIGS)
    assert all(
        name.isascii() and not set(name) & set(":<>&\"'/# ") and name.lower() != "all" for name in names
    )


def test_a_bigwig_is_read_as_latin_1():
    assert bigwig_name("é") == "Ã©"
    assert bigwig_name("\udcff") == "ÿ"


@pytest.mark.parametrize("name", [*CONTIGS, "", ".", "..", "con", "A b", "a_b", "a/b", ".hidden", "-rf"])
def test_a_file_name_is_safe(name):
    made = file_name(name, ".bw")
    assert made.isascii()
    assert not set(made) & set("/\\ '\"<>:|?*&%#")
    assert not made.startswith((".", "-"))
    assert len(made) < 120
    assert made.endswith(".bw")


def test_names_that_differ_have_files_that_differ():
    names = ["a b", "a_b", "A_b", "a/b", "a?b", "x" * 300, "x" * 301, "é", "ê", "", "."]
    assert len({file_name(name).lower() for name in names}) == len(names)
    assert file_name("promoter.plus", ".bw") == "promoter.plus.bw"


def test_text_is_no_markup_and_can_be_written():
    assert inert("<b>&\udcff") == "\u2039b\u203a&�"
    assert shown("a<\udcff").encode("utf-8") == "a<�".encode()
