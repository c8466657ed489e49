import numpy as np
import pysam
import pytest
from click.testing import CliRunner

from dnabilstm.cli import cli
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig, Genome
from dnabilstm.score.store import create_scores


@pytest.fixture
def folder(tmp_path):
    genome = Genome((Contig("chr1", 100, 0, ""),), np.ones(100, np.uint8), "made")
    with create_scores(tmp_path / "scores", genome.contigs, ("promoter",)) as scores:
        scores.values[0, 10:] = 0.25
        scores.values[0, 50:60] = 0.87654
    return tmp_path


def run(folder, *more):
    arguments = ["tracks", "--scores", str(folder / "scores"), "--output", str(folder / "out"), *more]
    return CliRunner().invoke(cli, arguments)


def test_tracks_are_written_and_summed_up(folder):
    result = run(folder, "--digits", "2")
    assert result.exit_code == 0, result.output
    assert "promoter: 90 bases scored + 10 no-call" in result.stderr
    assert str(folder / "out" / "promoter.bw") in result.stderr
    with pysam.TabixFile(str(folder / "out" / "promoter.bedgraph.gz")) as file:
        assert list(file.fetch()) == ["chr1\t10\t50\t0.25", "chr1\t50\t60\t0.88", "chr1\t60\t100\t0.25"]


def test_unfinished_scores_are_refused(folder):
    (folder / "scores" / "scores.json").unlink()
    result = run(folder)
    assert isinstance(result.exception, DnabilstmError)
    assert "no finished scores" in str(result.exception)
    assert not (folder / "out").exists()


def test_digits_out_of_range_are_refused(folder):
    result = run(folder, "--digits", "9")
    assert isinstance(result.exception, DnabilstmError)
    assert "tracks.digits" in str(result.exception)
