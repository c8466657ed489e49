import subprocess
import sys

import numpy as np
import pybigtools
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig
from dnabilstm.score.store import Scores
from dnabilstm.tracks import bigwig
from dnabilstm.tracks.bigwig import write_bigwig

pyBigWig = pytest.importorskip("pyBigWig")


def values_of(path, contig, length):
    """Scores of a contig as pyBigWig and as pybigtools read them."""
    with pyBigWig.open(str(path)) as file:
        one = np.array(file.values(contig, 0, length), np.float32)
    with pybigtools.open(str(path)) as file:
        two = np.array(file.values(contig, 0, length, fillna=None), np.float32)
    return one, two


def check_values(path, tracks, digits=3):
    for name, track in tracks.items():
        if len(track):
            wanted = np.round(np.asarray(track, float), digits).astype(np.float32)
            for found in values_of(path, name, len(track)):
                np.testing.assert_array_equal(found, wanted)


@pytest.fixture
def tracks(random_track):
    """Contigs in no order of names; runs, single bases and gaps."""
    rng = np.random.default_rng(7)
    return {
        "chr10": random_track(30_000, 1),
        "empty": [],
        "chr2": rng.random(5000).astype(np.float32),
        "gap": np.full(700, np.nan, np.float32),
        "chr1": np.full(9000, 0.25, np.float32),
        "one": [0.5],
    }


@pytest.mark.parametrize("digits", [1, 3, 6])
def test_both_readers_give_the_rounded_scores(make_scores, tracks, tmp_path, digits):
    write_bigwig(make_scores(tracks), "promoter", tmp_path / "p.bw", digits=digits)
    check_values(tmp_path / "p.bw", tracks, digits)
    assert [path.name for path in tmp_path.iterdir()] == ["p.bw"]


def test_batches_join_without_a_seam(make_scores, tracks, small_batches, tmp_path, monkeypatch):
    small_batches(512)
    monkeypatch.setattr(bigwig, "ZOOMS", (32, 128, 512))
    write_bigwig(make_scores(tracks), "promoter", tmp_path / "p.bw")
    check_values(tmp_path / "p.bw", tracks)
    check_zooms(tmp_path / "p.bw", tracks, [32, 128, 512])


def test_contigs_keep_the_order_of_the_fasta(make_scores, tracks, tmp_path):
    write_bigwig(make_scores(tracks), "promoter", tmp_path / "p.bw")
    lengths = {name: len(track) for name, track in tracks.items()}
    with pyBigWig.open(str(tmp_path / "p.bw")) as file:
        assert list(file.chroms().items()) == list(lengths.items())
        assert file.intervals("chr1")[0][0] == 0
    with pybigtools.open(str(tmp_path / "p.bw")) as file:
        assert file.chroms() == lengths


def check_zooms(path, tracks, widths):
    """Every record of every level against the bases it stands for; bases without one are no-calls."""
    with pybigtools.open(str(path)) as file:
        assert list(file.zooms()) == widths
        for width in widths:
            for name, track in tracks.items():
                rounded = np.round(np.asarray(track, float), 3)
                seen = 0
                for start, end, found in file.zoom_records(width, name) if len(track) else ():
                    part = rounded[start:end]
                    assert start % width == 0
                    assert end == min(start + width, len(track))
                    assert found["bases_covered"] == np.isfinite(part).sum()
                    assert found["min_val"] == np.float32(np.nanmin(part))
                    assert found["max_val"] == np.float32(np.nanmax(part))
                    assert found["sum"] == pytest.approx(np.nansum(part), rel=1e-6)
                    assert found["sum_squares"] == pytest.approx(np.nansum(part**2), rel=1e-6)
                    seen += found["bases_covered"]
                assert seen == np.isfinite(rounded).sum()


def test_zoom_levels_hold_the_statistics_of_their_bases(make_scores, tracks, tmp_path):
    write_bigwig(make_scores(tracks), "promoter", tmp_path / "p.bw")
    check_zooms(tmp_path / "p.bw", tracks, [128, 512, 2048, 8192])


def test_statistics_come_from_the_zoom_levels(make_scores, random_track, tmp_path):
    track = random_track(2**17, 4)
    write_bigwig(make_scores({"chr1": track}), "promoter", tmp_path / "p.bw")
    parts = np.round(track.astype(float), 3).reshape(4, -1)
    with pyBigWig.open(str(tmp_path / "p.bw")) as file:
        found = {
            kind: file.stats("chr1", 0, len(track), type=kind, nBins=4)
            for kind in ("mean", "min", "max", "coverage")
        }
    np.testing.assert_allclose(found["mean"], np.nanmean(parts, 1), rtol=1e-5)
    np.testing.assert_allclose(found["min"], np.nanmin(parts, 1), rtol=1e-6)
    np.testing.assert_allclose(found["max"], np.nanmax(parts, 1), rtol=1e-6)
    np.testing.assert_allclose(found["coverage"], np.isfinite(parts).mean(1), rtol=1e-5)


def test_totals_are_in_the_header_and_given_back(make_scores, tracks, tmp_path):
    summary = write_bigwig(make_scores(tracks), "promoter", tmp_path / "p.bw")
    rounded = np.round(np.concatenate([np.asarray(track, float) for track in tracks.values()]), 3)
    with pybigtools.open(str(tmp_path / "p.bw")) as file:
        header = file.info()["summary"]
    assert header["basesCovered"] == summary.bases == np.isfinite(rounded).sum()
    assert header["sum"] == pytest.approx(np.nansum(rounded)) == summary.total
    assert (header["min"], header["max"]) == (summary.minimum, summary.maximum) == (0, 1)


def test_many_contigs_need_trees_of_two_levels(make_scores, random_track, tmp_path):
    tracks = {f"scaffold_{i}": random_track(40 + i % 7, i) for i in range(700)}
    write_bigwig(make_scores(tracks), "promoter", tmp_path / "p.bw")
    some = {name: tracks[name] for name in list(tracks)[::50] + ["scaffold_699"]}
    check_values(tmp_path / "p.bw", some)
    check_zooms(tmp_path / "p.bw", some, [128])


@pytest.mark.parametrize("track", [{"a": [np.nan] * 50, "b": []}, {"a": [np.nan]}])
def test_a_track_without_a_score_is_a_valid_file(make_scores, tmp_path, track):
    summary = write_bigwig(make_scores(track), "promoter", tmp_path / "p.bw")
    assert summary.bases == 0
    with pyBigWig.open(str(tmp_path / "p.bw")) as file:
        assert file.chroms() == {name: len(values) for name, values in track.items()}
        assert file.intervals("a") is None
        assert file.header()["nBasesCovered"] == 0
    for found in values_of(tmp_path / "p.bw", "a", len(track["a"])):
        assert np.isnan(found).all()


def test_runs_and_single_bases_are_stored_as_what_is_smaller(make_scores, tmp_path):
    rng = np.random.default_rng(1)
    flat = make_scores({"a": np.repeat(np.arange(500) / 1000, 100)})
    rough = make_scores({"a": rng.random(50_000)})
    for name, scores in (("flat", flat), ("rough", rough)):
        write_bigwig(scores, "promoter", tmp_path / f"{name}.bw")
    with pyBigWig.open(str(tmp_path / "flat.bw")) as file:
        assert len(file.intervals("a")) == 500
    with pyBigWig.open(str(tmp_path / "rough.bw")) as file:
        assert {end - start for start, end, _ in file.intervals("a")} == {1}
    with pybigtools.open(str(tmp_path / "rough.bw")) as file:
        assert file.info()["primaryDataSize"] < 4 * 50_000


@pytest.mark.parametrize("block", [2048, 1 << 19])
def test_every_assembly_is_read_back_by_both_readers(
    make_scores, assemblies, small_batches, tmp_path, monkeypatch, block
):
    small_batches(block)
    monkeypatch.setattr(bigwig, "ZOOMS", (32, 128, 512, 2048))
    for tracks in assemblies.values():
        # The readers take names that are UTF-8 only.
        tracks = {name.replace("\udcff", "."): track for name, track in tracks.items()}
        write_bigwig(make_scores(tracks), "promoter", tmp_path / "p.bw")
        some = dict(list(tracks.items())[:: 1 + len(tracks) // 60])
        check_values(tmp_path / "p.bw", some)
        longest = max(map(len, tracks.values()))
        widths = [width for width in bigwig.ZOOMS if width == 32 or width < longest]
        check_zooms(tmp_path / "p.bw", some, widths)


@pytest.mark.parametrize("block", [2048, 1 << 19])
def test_bytes_do_not_depend_on_the_workers(
    make_scores, assemblies, small_batches, tmp_path, monkeypatch, block
):
    small_batches(block)
    monkeypatch.setattr(bigwig, "ZOOMS", (32, 128, 512, 2048))
    for tracks in assemblies.values():
        for workers in (1, 2, 5):
            write_bigwig(make_scores(tracks), "promoter", tmp_path / f"{workers}.bw", workers=workers)
        one, *others = ((tmp_path / f"{workers}.bw").read_bytes() for workers in (1, 2, 5))
        assert others == [one, one]


def test_scores_of_bins_are_stored_one_a_bin(make_scores, tmp_path):
    rng = np.random.default_rng(1)
    write_bigwig(make_scores({"a": np.repeat(rng.random(20_000), 5)}), "promoter", tmp_path / "p.bw")
    with pyBigWig.open(str(tmp_path / "p.bw")) as file:
        assert {end - start for start, end, _ in file.intervals("a")} == {5}
    with pybigtools.open(str(tmp_path / "p.bw")) as file:
        assert file.info()["primaryDataSize"] < 4 * 20_000


def test_an_unwritable_place_is_an_error(make_scores, tmp_path):
    scores = make_scores({"a": [0.5]})
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.bw").mkdir()
    for path in (tmp_path / "file" / "p.bw", tmp_path / "folder.bw"):
        with pytest.raises(DnabilstmError, match=path.name):
            write_bigwig(scores, "promoter", path)


def test_a_contig_beyond_32_bits_is_refused(tmp_path):
    scores = Scores((Contig("vast", 2**32, 0, ""),), ("p",), np.empty((1, 0), np.float32), {})
    with pytest.raises(DnabilstmError, match=r"'vast'.*4294967296"):
        write_bigwig(scores, "p", tmp_path / "p.bw")


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig
from dnabilstm.score.store import Scores
from dnabilstm.tracks.bedgraph import write_bedgraph
from dnabilstm.tracks.bigwig import write_bigwig

values = np.random.default_rng(1).random((1, 100_000), np.float32)
scores = Scores((Contig("a", 100_000, 0, ""),), ("p",), values, {})
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
for write, name in ((write_bigwig, "p.bw"), (write_bedgraph, "p.bedgraph.gz")):
    for workers in (1, 2):
        try:
            write(scores, "p", Path(sys.argv[1]) / name, workers=workers)
        except DnabilstmError as error:
            print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert run.stdout.count("cannot be written: File too large") == 4
    assert list(tmp_path.iterdir()) == []
