"""Colours of tasks."""

from dnabilstm.colours import COLOURS, colour_of


def test_tasks_differ_until_the_colours_run_out():
    assert len({colour_of(index) for index in range(len(COLOURS))}) == len(COLOURS)
    assert colour_of(len(COLOURS)) == colour_of(0)
