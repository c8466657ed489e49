from dnabilstm.report.table import legible, table_of


def test_fields_are_parted_by_tabs_and_hold_none():
    table = table_of(("name", "value"), [("a\tb\nc", 1 / 3), ("é\udcff", None), ("x", 1_234_567)])
    assert table.tsv() == "name\tvalue\na b c\t0.333333\né\ufffd\t\nx\t1234567\n"


def test_groups_keep_the_order_in_which_they_come():
    table = table_of(("k", "v"), [("b", 1), ("a", 2), ("b", 3)])
    assert [(key, part.column("v")) for key, part in table.groups("k")] == [(("b",), [1, 3]), (("a",), [2])]


def test_bytes_that_are_no_text_are_replaced():
    assert legible("chr\udce9") == "chr\ufffd"
