"""The scores of a genome on disk."""

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.score.store import create_scores, open_scores
from tests.score.conftest import genome_of


def test_what_is_written_comes_back(tmp_path):
    genome = genome_of({"a": 5, "b": 3})
    with create_scores(tmp_path, genome.contigs, ("x", "y")) as scores:
        scores.contig("b")[1:] = [[0.25, 0.5], [0.75, 1.0]]
        scores.info["bases"] = {"in": 8}
    back = open_scores(tmp_path)
    assert back.channels == ("x", "y")
    assert back.info["bases"] == {"in": 8}
    np.testing.assert_array_equal(back.track("y", "b"), np.array([np.nan, 0.5, 1.0], np.float32))
    assert back.no_calls("a").tolist() == [[0, 5]]
    assert back.no_calls("b").tolist() == [[0, 1]]


def test_scores_that_are_not_finished_are_refused(tmp_path):
    genome = genome_of({"a": 5})
    with pytest.raises(RuntimeError), create_scores(tmp_path, genome.contigs, ("x",)):
        raise RuntimeError
    with pytest.raises(DnabilstmError, match="no finished scores"):
        open_scores(tmp_path)


def test_a_cut_array_is_refused(tmp_path):
    with create_scores(tmp_path, genome_of({"a": 5}).contigs, ("x",)):
        pass
    (tmp_path / "scores.f32").write_bytes(b"1234")
    with pytest.raises(DnabilstmError, match="has 4 bytes"):
        open_scores(tmp_path)


def test_other_formats_are_refused(tmp_path):
    (tmp_path / "scores.json").write_text("{}")
    with pytest.raises(DnabilstmError, match="format"):
        open_scores(tmp_path)
