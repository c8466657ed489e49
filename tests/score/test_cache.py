"""Scores found again by content, with others writing and cleaning at the same time."""

import os
import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig
from dnabilstm.score.cache import Cache, check_cache, key_of
from dnabilstm.score.engine import put_if_possible


def contigs_of(names: str, length: int = 10) -> list[Contig]:
    return [Contig(name, length, length * k, f"SQ.{name}") for k, name in enumerate(names)]


def array_of(folder, contigs, value=0.0):
    """Scores of two channels; contig k has k + value everywhere."""
    path = folder / "scores.f32"
    rows = np.repeat(np.arange(len(contigs), dtype=np.float32), 10) + value
    np.stack([rows, -rows]).astype(np.float32).tofile(path)
    return path


def digests_of(names: str) -> np.ndarray:
    return np.array([f"SQ.{name}".encode() for name in names], "S40")


@pytest.fixture
def cache(tmp_path) -> Cache:
    return Cache(tmp_path / "cache")


def test_contigs_are_found_by_their_digest(cache, tmp_path):
    contigs = contigs_of("cab")
    cache.put("key", "one", array_of(tmp_path, contigs), contigs)
    (shelf,) = cache.shelves("key", 2)
    places = shelf.find(digests_of("axbcz"))
    assert (places >= 0).tolist() == [True, False, True, True, False]
    assert [shelf.scores(place)[0, 0] for place in places if place >= 0] == [1, 2, 0]
    assert [shelf.scores(place).shape for place in places if place >= 0] == [(2, 10)] * 3
    assert list(cache.shelves("other", 2)) == []


def test_contigs_without_a_digest_are_not_kept(cache, tmp_path):
    contigs = [Contig("a", 10, 0, "")]
    cache.put("key", "one", array_of(tmp_path, contigs), contigs)
    (shelf,) = cache.shelves("key", 2)
    assert shelf.find(np.array([b""], "S40")).tolist() == [-1]


def test_the_scores_take_no_room_of_their_own(cache, tmp_path):
    contigs = contigs_of("ab")
    array = array_of(tmp_path, contigs)
    cache.put("key", "one", array, contigs)
    (entry,) = cache.entries()
    assert entry.path.samefile(array)
    assert entry.held


@pytest.fixture
def no_links(monkeypatch):
    """A cache on another file system."""

    def refuse(*args):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)


def test_a_copy_where_there_is_no_link(cache, tmp_path, no_links, monkeypatch):
    contigs, array = contigs_of("ab"), tmp_path / "näme\nwith \udcff"
    array.mkdir()
    array = array_of(array, contigs)
    cache.put("key", "one", array, contigs)
    (shelf,) = cache.shelves("key", 2)
    assert (shelf.find(digests_of("ab")) >= 0).all()
    # Copied once, and known for what it is as long as the scores are there.
    copies = []
    monkeypatch.setattr(shutil, "copyfile", lambda *files: copies.append(files))
    cache.put("key", "one", array, contigs)
    assert copies == []
    assert [entry.held for entry in cache.entries()] == [True]
    array.write_bytes(b"changed")
    assert [entry.held for entry in cache.entries()] == [False]
    array.unlink()
    assert [entry.held for entry in cache.entries()] == [False]


@pytest.mark.parametrize("damage", ["array gone", "array cut", "index cut", "index row cut", "index of junk"])
def test_what_is_damaged_is_passed_over(cache, tmp_path, damage):
    contigs = contigs_of("ab")
    for name in ("one", "two"):
        cache.put("key", name, array_of(tmp_path, contigs), contigs)
    index = next(cache.folder.glob("key/one.index"))
    array = index.with_suffix(".f32")
    if damage == "array gone":
        array.unlink()
    elif damage == "array cut":
        array.unlink()
        array.write_bytes(b"\0" * 24)
    else:
        whole = index.read_bytes()
        cuts = {"index cut": whole[:20], "index row cut": whole[:-1]}
        index.write_bytes(cuts.get(damage, b"junk" * 99))
    assert len(list(cache.shelves("key", 2))) == 1


def test_a_cache_of_somebody_else_is_read_and_cannot_spoil_a_run(cache, tmp_path, monkeypatch):
    """As where another user's files may be read and nothing else; root, who may do all, is refused by hand."""
    contigs = contigs_of("ab")
    cache.put("key", "one", array_of(tmp_path, contigs), contigs)

    def refuse(*args, **kwargs):
        raise PermissionError(1, "Operation not permitted")

    for name in ("utime", "link"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    (shelf,) = cache.shelves("key", 2)
    assert (shelf.find(digests_of("ab")) >= 0).all()
    assert cache.clean() == []
    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(DnabilstmError, match=r"cache: cannot be written: Operation not permitted"):
        cache.put("key", "two", array_of(tmp_path, contigs, 7), contigs)
    assert "cannot be written" in put_if_possible(
        cache, "key", "two", array_of(tmp_path, contigs, 7), contigs
    )


def test_cleaning_takes_the_longest_unused_first(cache, tmp_path):
    contigs = contigs_of("ab")
    for age, name in enumerate(["new", "middle", "old"]):
        cache.put("key", name, array_of(tmp_path, contigs, age), contigs)
        os.utime(cache.folder / "key" / f"{name}.index", (1e9 - age, 1e9 - age))
    size = cache.entries()[0].size
    assert cache.clean(unused_days=1e6) == []
    assert [entry.path.stem for entry in cache.clean(keep_bytes=2 * size)] == ["old"]
    assert [entry.path.stem for entry in cache.clean()] == ["middle", "new"]
    assert cache.entries() == []


@pytest.mark.parametrize("links", [True, False])
def test_what_no_scores_folder_has_any_more_goes_after_a_while(cache, tmp_path, links, request):
    if not links:
        request.getfixturevalue("no_links")
    contigs = contigs_of("ab")
    for name in ("kept", "orphan", "fresh orphan"):
        folder = tmp_path / name
        folder.mkdir()
        cache.put("key", name, array_of(folder, contigs), contigs)
    for name in ("kept", "orphan"):
        os.utime(cache.folder / "key" / f"{name}.index", (1e9, 1e9))
    for name in ("orphan", "fresh orphan"):
        (tmp_path / name / "scores.f32").unlink()
    cache.put("key", "new", array_of(tmp_path, contigs), contigs)
    assert {entry.path.stem for entry in cache.entries()} == {"kept", "fresh orphan", "new"}


def test_readers_writers_and_cleaners_at_once(cache, tmp_path):
    """Whatever is found is right, and nobody stumbles."""
    contigs, problems, stop = contigs_of("abcdef"), [], threading.Event()

    def guarded(work):
        def run():
            try:
                while not stop.is_set():
                    work()
            except BaseException as error:
                problems.append(error)
                raise

        return threading.Thread(target=run)

    def write(name):
        # Finished scores are never changed in place; a rerun replaces the file.
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            cache.put("key", name, array_of(Path(folder), contigs), contigs)

    def read():
        for shelf in cache.shelves("key", 2):
            for k, place in enumerate(shelf.find(digests_of("abcdef"))):
                assert (shelf.scores(place)[0] == k).all()

    work = [
        lambda: write("one"),
        lambda: write("one"),
        lambda: write("two"),
        read,
        read,
        cache.clean,
        cache.entries,
    ]
    threads = [guarded(one) for one in work]
    for thread in threads:
        thread.start()
    stop.wait(1.5)
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []


def test_keys_tell_models_and_settings_apart():
    keys = {key_of(model, {"halo": halo}) for model in ("m", "n") for halo in (1, 2)}
    assert len(keys) == 4


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(DnabilstmError, match="is not a folder"):
        check_cache(tmp_path / "missing")
