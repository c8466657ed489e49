"""Text in by content, outputs that appear whole or not at all."""

import bz2
import gzip
import os
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from Bio import bgzf

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import (
    BGZF_EOF,
    atomic_file,
    atomic_folder,
    check_file_place,
    check_folder_place,
    in_temporary_folder,
    is_folder,
    open_text,
    read_json,
    reserve,
    scratch_folder,
    write_json,
)

TEXT = "chr1\t0\t10\nchr2\t5\t9\n"


def read(path):
    with open_text(path) as handle:
        return handle.read()


def write_bgzip(path, text):
    with bgzf.open(str(path), "wt") as out:
        out.write(text)


@pytest.mark.parametrize("name", ["a.bed", "a.bed.gz", "a.txt"])
@pytest.mark.parametrize("how", ["plain", "gzip", "bgzip"])
def test_content_not_name_tells_how_a_file_is_packed(tmp_path, name, how):
    path = tmp_path / name
    if how == "bgzip":
        write_bgzip(path, TEXT)
    else:
        path.write_bytes(gzip.compress(TEXT.encode()) if how == "gzip" else TEXT.encode())
    assert read(path) == TEXT


def test_names_survive_byte_for_byte(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"\xef\xbb\xbfchr\xff\xc3\xa9\r\n")
    assert read(path).encode("utf-8", "surrogateescape") == b"chr\xff\xc3\xa9\n"


def test_several_gzip_members_are_one_text(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    assert read(path) == "one\ntwo\n"


@pytest.mark.parametrize("cut", [1, 5, 8, 9, 20])
def test_a_cut_gzip_is_refused_wherever_it_is_cut(tmp_path, cut):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT.encode() * 50)[:-cut])
    with pytest.raises(DnabilstmError, match=r"a\.gz: .*truncated"):
        read(path)


def test_a_bgzip_cut_at_a_block_border_is_refused(tmp_path):
    path = tmp_path / "a.gz"
    write_bgzip(path, TEXT)
    whole = path.read_bytes()
    assert whole.endswith(BGZF_EOF)
    path.write_bytes(whole[: -len(BGZF_EOF)])
    assert gzip.decompress(path.read_bytes()).decode() == TEXT  # a valid gzip: only the end block is missing
    with pytest.raises(DnabilstmError, match="no end block"):
        read(path)


def test_a_changed_byte_in_a_gzip_is_refused(tmp_path):
    path = tmp_path / "a.gz"
    packed = bytearray(gzip.compress(os.urandom(1000)))
    packed[500] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(DnabilstmError, match="damaged"):
        read(path)


@pytest.mark.parametrize(
    ("content", "word"),
    [(TEXT.encode("utf-16"), "UTF-16"), (bz2.compress(b"ACGT"), "bzip2"), (b"\x28\xb5\x2f\xfd123", "zstd")],
)
def test_what_is_neither_text_nor_gzip_is_named(tmp_path, content, word):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DnabilstmError, match=word):
        read(tmp_path / "a")


def test_a_zip_archive_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr("a.bed", TEXT)
    with pytest.raises(DnabilstmError, match="zip"):
        read(tmp_path / "a")


def test_a_missing_file_and_a_folder_are_one_line(tmp_path):
    for path in (tmp_path / "none", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(DnabilstmError, match="cannot be read") as caught:
            read(path)
        assert len(caught.value.problems) == 1


def test_a_pipe_is_refused_since_it_can_be_read_only_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DnabilstmError, match="not a regular file"):
        read(tmp_path / "pipe")


def test_an_atomic_file_appears_whole_with_the_usual_mode(tmp_path):
    target = tmp_path / "new" / "a.txt"
    with atomic_file(target) as part:
        part.write_text("whole")
        assert not target.exists()
        assert part.parent == target.parent
    assert target.read_text() == "whole"
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    assert [file.name for file in target.parent.iterdir()] == ["a.txt"]


def test_a_failed_atomic_file_leaves_the_old_one_and_nothing_else(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail():
        with atomic_file(target) as part:
            part.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_atomic_folder_replaces_an_older_one_of_the_same_files(tmp_path):
    target = tmp_path / "out"
    for text in ("first", "second"):
        with atomic_folder(target) as part:
            (part / "a.txt").write_text(text)
    (target / ".snakemake_timestamp").touch()
    with atomic_folder(target, ["a.txt"]) as part:
        (part / "a.txt").write_text("third")
    assert [file.name for file in target.iterdir()] == ["a.txt"]
    assert (target / "a.txt").read_text() == "third"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("names", [None, ["a.txt"]])
def test_an_atomic_folder_never_deletes_what_is_not_its_own(tmp_path, names):
    target = tmp_path / "out"
    target.mkdir()
    (target / "thesis.tex").write_text("years of work")

    def write():
        with atomic_folder(target, names) as part:
            (part / "a.txt").write_text("new")

    with pytest.raises(DnabilstmError, match=r"out: holds files that would be lost \(thesis.tex\)"):
        write()
    assert [file.name for file in target.iterdir()] == ["thesis.tex"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "a", tmp_path / "file"):
        with pytest.raises(DnabilstmError, match=str(place)), atomic_folder(place):
            pass
    with pytest.raises(DnabilstmError, match="is a folder"), atomic_file(tmp_path):
        pass

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", denied)
    with (
        pytest.raises(DnabilstmError, match="out: cannot be written: Permission denied"),
        atomic_folder(tmp_path / "out"),
    ):
        pass


def test_json_round_trip_and_what_is_not_json(tmp_path):
    write_json(tmp_path / "a.json", {"name": "chr\udcff", "n": 1})
    assert read_json(tmp_path / "a.json") == {"name": "chr\udcff", "n": 1}
    (tmp_path / "b.json").write_bytes(b"{\xff")
    for name, word in (("b.json", "not JSON"), ("c.json", "cannot be read")):
        with pytest.raises(DnabilstmError, match=word):
            read_json(tmp_path / name)


def test_is_folder_answers_where_the_question_cannot_be_asked(tmp_path):
    assert is_folder(tmp_path)
    assert not is_folder(tmp_path / ("x" * 300))


def test_a_temporary_folder_goes_with_what_was_made_in_it_or_with_the_failure():
    class Built:
        def __init__(self, folder):
            self.folder = folder

    built = in_temporary_folder(Built)
    folder = built.folder
    assert folder.is_dir()
    del built
    assert not folder.exists()

    def fail(folder):
        seen.append(folder)
        raise RuntimeError

    seen = []
    with pytest.raises(RuntimeError):
        in_temporary_folder(fail)
    assert not seen[0].exists()


def kill_while_writing(target, kind):
    """Start to write ``target`` in another process and kill it in the middle."""
    code = f"""
import os, signal, pathlib
from dnabilstm.files import {kind}
with {kind}(pathlib.Path({str(target)!r})) as part:
    (part / "x" if part.is_dir() else part).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL


@pytest.mark.parametrize("kind", ["atomic_file", "atomic_folder", "scratch_folder"])
def test_what_a_killed_run_left_is_deleted_by_the_next_one(tmp_path, kind):
    kill_while_writing(tmp_path / "out", kind)
    kill_while_writing(tmp_path / "out.other", kind)
    left = list(tmp_path.iterdir())
    other = next(path for path in left if path.name.startswith(".out.other."))
    assert [path.suffix for path in left] == [".part", ".part"]
    with atomic_file(tmp_path / "out") as part:
        part.write_text("whole")
    assert sorted(tmp_path.iterdir()) == [other, tmp_path / "out"]


def test_the_part_of_a_run_that_lives_is_left_alone(tmp_path):
    with atomic_file(tmp_path / "out") as one:
        with atomic_file(tmp_path / "out") as other:
            one.write_text("one")
            other.write_text("other")
        assert (tmp_path / "out").read_text() == "other"
        with atomic_file(tmp_path / "out"):
            assert one.read_text() == "one"
    assert (tmp_path / "out").read_text() == "one"


def test_files_that_only_look_like_parts_are_not_deleted(tmp_path):
    mine = [tmp_path / name for name in (".out.mine.part", "out.abcdefgh.part", ".out.abcdefgh.parts")]
    for path in mine:
        path.touch()
    write_json(tmp_path / "out", 1)
    assert all(path.exists() for path in mine)


def test_new_folders_go_with_a_failure_unless_something_is_in_them(tmp_path):
    (tmp_path / "old").mkdir()
    for writer in (atomic_file, atomic_folder, scratch_folder):
        with pytest.raises(RuntimeError), writer(tmp_path / "old/a/b/c"):
            raise RuntimeError
        assert list(tmp_path.rglob("*")) == [tmp_path / "old"]
    with pytest.raises(AttributeError), atomic_file(tmp_path / "old/a/b/c"):
        (tmp_path / "old/a/kept").mkdir().missing()
    assert (tmp_path / "old/a/kept").exists()


def test_a_scratch_folder_is_gone_afterwards(tmp_path):
    with scratch_folder(tmp_path / "out") as folder:
        (folder / "x").touch()
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_place_is_checked_before_and_nothing_is_left(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    for check, place, words in (
        (check_file_place, tmp_path / "folder", "is a folder; a file is to be written there"),
        (check_folder_place, tmp_path / "file", "is a file; a folder is to be written there"),
        (check_file_place, tmp_path / "file/x", "cannot be written: Not a directory"),
        (check_folder_place, tmp_path / "file/x/y", "cannot be written: Not a directory"),
        (check_file_place, Path("/proc/none/x"), "cannot be written"),
        (check_folder_place, tmp_path / ("x" * 300), "cannot be written: File name too long"),
    ):
        with pytest.raises(DnabilstmError, match=f"^{place}: {words}"):
            check(place)
    for place in ("new", "a/b/c", "folder/x"):
        check_file_place(tmp_path / place)
        check_folder_place(tmp_path / place)
    check_file_place(tmp_path / "file")
    check_folder_place(tmp_path / "folder")
    assert sorted(tmp_path.rglob("*")) == before


def test_what_cannot_be_read_meanwhile_is_named_itself(tmp_path):
    with (
        pytest.raises(DnabilstmError, match=r"^/elsewhere/x: Permission denied$"),
        atomic_file(tmp_path / "new"),
    ):
        raise PermissionError(13, "Permission denied", "/elsewhere/x")
    with (
        pytest.raises(DnabilstmError, match="new: cannot be written: No space left on device"),
        atomic_file(tmp_path / "new") as part,
    ):
        raise OSError(28, "No space left on device", str(part))


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe"])
def test_a_pipe_or_device_is_never_replaced(tmp_path, kind):
    place = tmp_path / "pipe"
    os.mkfifo(place)
    if kind != "pipe":
        (tmp_path / "link").symlink_to(place)
        place = tmp_path / "link"
    for write in (check_file_place, lambda path: write_json(path, {})):
        with pytest.raises(DnabilstmError, match=f"^{place}: is a device or a pipe"):
            write(place)
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path, there):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real/file", tmp_path / "link"
    if there:
        target.write_text("old")
    link.symlink_to(target)
    write_json(link, 5)
    assert link.is_symlink()
    assert target.read_text() == "5\n"
    (tmp_path / "folders").symlink_to(tmp_path / "real/folder")
    for text in ("a", "b"):
        with atomic_folder(tmp_path / "folders") as part:
            (part / "x").write_text(text)
    assert (tmp_path / "folders").is_symlink()
    assert (tmp_path / "real/folder/x").read_text() == "b"
    assert sorted(file.name for file in (tmp_path / "real").iterdir()) == ["file", "folder"]


def test_reserved_space_is_there(tmp_path):
    (tmp_path / "x").touch()
    reserve(tmp_path / "x", 100_000)
    assert (tmp_path / "x").read_bytes() == bytes(100_000)
    assert (tmp_path / "x").stat().st_blocks * 512 >= 100_000
