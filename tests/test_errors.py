"""One line a problem, all of them at once, the first ten of a file word for word."""

import pytest

from dnabilstm.errors import SHOWN, DnabilstmError, Problems


def test_an_error_is_its_problems_one_a_line():
    error = DnabilstmError("a.bed:1: this", "b.bed:2: that")
    assert error.problems == ("a.bed:1: this", "b.bed:2: that")
    assert str(error) == "a.bed:1: this\nb.bed:2: that"


def test_no_problem_raises_nothing():
    problems = Problems()
    problems.raise_if_any()
    assert not problems


def test_the_problems_of_a_file_are_shown_up_to_ten_and_counted():
    problems = Problems()
    for line in range(1, SHOWN + 4):
        problems.add(f"a.bed:{line}: wrong", "a.bed")
    problems.add("b.bed:7: wrong", "b.bed")
    with pytest.raises(DnabilstmError) as caught:
        problems.raise_if_any()
    assert caught.value.problems == (
        *(f"a.bed:{line}: wrong" for line in range(1, 11)),
        "a.bed: and 3 more problems",
        "b.bed:7: wrong",
    )


def test_an_error_raised_elsewhere_is_taken_over_whole():
    problems = Problems()
    problems.extend(DnabilstmError(*(f"line {k}" for k in range(30))))
    assert problems
    assert len(problems.error().problems) == 30


def test_several_checks_report_together():
    problems = Problems()
    for text in ("one", "two"):
        with problems.collect():
            raise DnabilstmError(text)
    with problems.collect():
        pass
    assert problems.error().problems == ("one", "two")
    with pytest.raises(ZeroDivisionError), problems.collect():
        _ = 1 / 0
