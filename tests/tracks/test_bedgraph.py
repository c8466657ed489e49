import gzip

import numpy as np
import pysam
import pytest
from Bio.bgzf import BgzfWriter

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import open_text
from dnabilstm.tracks import bedgraph, lines
from dnabilstm.tracks.bedgraph import _csi, write_bedgraph


def read_back(path, contig, length):
    """Scores of a contig through tabix: float64 (length,), and how often each base has a line."""
    values, lines = np.full(length, np.nan), np.zeros(length, int)
    index = next(path.parent.glob(f"{path.name}.*i"))
    with pysam.TabixFile(str(path), index=str(index)) as file:
        if contig not in file.contigs:
            return values, lines
        for row in file.fetch(contig):
            name, start, end, score = row.split("\t")
            assert name == contig
            values[int(start) : int(end)] = float(score)
            lines[int(start) : int(end)] += 1
    return values, lines


def test_lines_by_hand(make_scores, tmp_path):
    scores = make_scores(
        {
            "chrB": [0.5, 0.5001, 0.25, np.nan, np.nan, 0, 0, 1],
            "empty": [],
            "chrA": [1, 1],
            "gap": [np.nan, np.nan],
        }
    )
    index = write_bedgraph(scores, "promoter", tmp_path / "p.bedgraph.gz")
    assert index == tmp_path / "p.bedgraph.gz.tbi"
    with open_text(tmp_path / "p.bedgraph.gz") as handle:
        assert handle.read() == (
            "chrB\t0\t2\t0.5\nchrB\t2\t3\t0.25\nchrB\t5\t7\t0\nchrB\t7\t8\t1\nchrA\t0\t2\t1\n"
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.bedgraph.gz", "p.bedgraph.gz.tbi"]


@pytest.mark.parametrize("digits", [1, 3, 5])
def test_tabix_reads_every_rounded_score_once(make_scores, random_track, tmp_path, digits):
    tracks = {"z": random_track(30_000, 1), "none": [], "a": random_track(12_345, 2), "one": [0.5]}
    write_bedgraph(make_scores(tracks), "promoter", tmp_path / "p.bedgraph.gz", digits=digits)
    for name, track in tracks.items():
        values, lines = read_back(tmp_path / "p.bedgraph.gz", name, len(track))
        np.testing.assert_array_equal(values, np.round(np.asarray(track, float), digits))
        np.testing.assert_array_equal(lines, ~np.isnan(track))


def test_the_index_finds_a_place_far_away(make_scores, random_track, tmp_path):
    track = random_track(200_000, 3)
    write_bedgraph(make_scores({"a": [0.5], "b": track}), "promoter", tmp_path / "p.bedgraph.gz")
    with pysam.TabixFile(str(tmp_path / "p.bedgraph.gz")) as file:
        assert file.contigs == ["a", "b"]
        for start in (0, 16_383, 150_000, 199_990):
            rows = [row.split("\t") for row in file.fetch("b", start, start + 10)]
            found = np.full(10, np.nan)
            for _, first, last, score in rows:
                found[max(0, int(first) - start) : int(last) - start] = float(score)
            np.testing.assert_array_equal(found, np.round(track[start : start + 10].astype(float), 3))


def test_contigs_longer_than_a_tbi_reaches_get_a_csi(make_scores, tmp_path, monkeypatch):
    scores = make_scores({"a": [0.5] * 100})
    path = tmp_path / "p.bedgraph.gz"
    write_bedgraph(scores, "promoter", path)
    monkeypatch.setattr(bedgraph, "TBI_REACH", 99)
    assert write_bedgraph(scores, "promoter", path).suffix == ".csi"
    assert not path.with_name(path.name + ".tbi").exists()
    assert read_back(path, "a", 100)[0].tolist() == [0.5] * 100


def test_a_csi_reaches_beyond_512_mb(tmp_path):
    path = tmp_path / "p.bedgraph.gz"
    with BgzfWriter(str(path)) as out:
        out.write(b"a\t5\t6\t0.5\na\t600000000\t600000001\t0.25\n")
    _csi(path, tmp_path / "p.bedgraph.gz.csi")
    with pysam.TabixFile(str(path), index=str(tmp_path / "p.bedgraph.gz.csi")) as file:
        assert list(file.fetch("a", 599_999_000, 600_000_100)) == ["a\t600000000\t600000001\t0.25"]


def test_a_track_without_a_score_is_an_empty_indexed_file(make_scores, tmp_path):
    path = tmp_path / "p.bedgraph.gz"
    write_bedgraph(make_scores({"a": [np.nan] * 9, "b": []}), "promoter", path)
    assert gzip.decompress(path.read_bytes()) == b""
    with pysam.TabixFile(str(path)) as file:
        assert file.contigs == []


@pytest.mark.parametrize("block", [500, 1 << 19])
def test_bytes_do_not_depend_on_the_workers(make_scores, assemblies, small_batches, tmp_path, block):
    small_batches(block)
    for tracks in assemblies.values():
        for workers in (1, 2, 5):
            write_bedgraph(
                make_scores(tracks), "promoter", tmp_path / f"{workers}.bedgraph.gz", workers=workers
            )
        for end in ("", ".tbi"):
            one, *others = ((tmp_path / f"{n}.bedgraph.gz{end}").read_bytes() for n in (1, 2, 5))
            assert others == [one, one]


@pytest.mark.parametrize("many", [0, 1 << 40])
@pytest.mark.parametrize("block", [300, 4096, 1 << 19])
@pytest.mark.parametrize("digits", [2, 3, 6])
def test_text_is_that_of_a_line_at_a_time(
    make_scores, assemblies, runs_by_base, small_batches, tmp_path, monkeypatch, many, block, digits
):
    small_batches(block)
    monkeypatch.setattr(lines, "_MANY", many)
    path = tmp_path / "p.bedgraph.gz"
    for tracks in assemblies.values():
        write_bedgraph(make_scores(tracks), "promoter", path, digits=digits)
        wanted = "".join(
            f"{name}\t{start}\t{end}\t{score:.{digits}f}".rstrip("0").rstrip(".") + "\n"
            for name, track in tracks.items()
            for start, end, score in runs_by_base(track, digits)
        )
        assert gzip.decompress(path.read_bytes()) == wanted.encode("utf-8", "surrogateescape")


def test_names_are_kept_byte_for_byte(make_scores, tmp_path):
    name = b"chr\xff|1".decode("utf-8", "surrogateescape")
    write_bedgraph(make_scores({name: [0.5]}), "promoter", tmp_path / "p.bedgraph.gz")
    assert gzip.decompress((tmp_path / "p.bedgraph.gz").read_bytes()) == b"chr\xff|1\t0\t1\t0.5\n"


def test_a_name_that_would_be_a_comment_is_refused(make_scores, tmp_path):
    with pytest.raises(DnabilstmError, match=r"'#1'.*comment"):
        write_bedgraph(make_scores({"#1": [0.5]}), "promoter", tmp_path / "p.bedgraph.gz")


def test_a_failed_index_leaves_the_old_pair(make_scores, tmp_path, monkeypatch):
    path = tmp_path / "p.bedgraph.gz"
    write_bedgraph(make_scores({"a": [0.5]}), "promoter", path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(bedgraph, "tbi", fail)
    with pytest.raises(DnabilstmError, match="No space left"):
        write_bedgraph(make_scores({"a": [0.7]}), "promoter", path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
