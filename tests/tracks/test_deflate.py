import gzip
import importlib
import subprocess
import sys
import zlib

import numpy as np
import pytest
from Bio import bgzf

from dnabilstm.files import BGZF_EOF
from dnabilstm.tracks import deflate
from dnabilstm.tracks.deflate import bgzf_blocks, pack, virtual_offsets


@pytest.fixture(params=["installed", "zlib"])
def library(request, monkeypatch):
    """With what is installed, and with zlib alone."""
    if request.param == "zlib":
        monkeypatch.setattr(deflate, "_library", None)


def texts():
    rng = np.random.default_rng(1)
    return {
        "nothing": b"",
        "letter": b"a",
        "lines": b"".join(b"chr1\t%d\t%d\t0.5\n" % (i, i + 1) for i in range(20_000)),
        "noise": rng.bytes(200_000),
        "one block": rng.bytes(65280),
    }


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("name", texts())
def test_streams_and_blocks_are_read_by_others(name, tmp_path):
    text = texts()[name]
    assert zlib.decompress(pack(text)) == text
    blocks, starts = bgzf_blocks(text)
    path = tmp_path / "text.gz"
    path.write_bytes(b"".join([*blocks, BGZF_EOF]))
    assert gzip.decompress(path.read_bytes()) == text
    assert max(map(len, blocks), default=0) <= 1 << 16
    assert starts.tolist() == [sum(map(len, blocks[:i])) for i in range(len(blocks) + 1)]
    with bgzf.BgzfReader(str(path), "rb") as reader:
        places = np.unique(np.linspace(0, max(0, len(text) - 1), 7).astype(np.int64))
        for place, offset in zip(places, virtual_offsets(places, len(text), starts), strict=True):
            if text:
                reader.seek(int(offset))
                assert reader.read(1) == text[place : place + 1]


def test_the_end_of_a_text_is_the_start_of_what_follows():
    blocks, starts = bgzf_blocks(b"x" * 70_000)
    assert len(blocks) == 2
    assert virtual_offsets(np.array([0, 65280, 70_000]), 70_000, starts).tolist() == [
        0,
        len(blocks[0]) << 16,
        (len(blocks[0]) + len(blocks[1])) << 16,
    ]


def test_tracks_are_written_without_the_faster_library():
    code = """
import sys
sys.modules["deflate"] = None
import zlib
from dnabilstm.tracks import deflate
assert deflate._library is None
assert zlib.decompress(deflate.pack(b"a" * 100)) == b"a" * 100
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_bytes_do_not_change_from_run_to_run():
    text = texts()["lines"]
    once = b"".join(bgzf_blocks(text)[0]), pack(text[:3000]), pack(text)
    importlib.reload(deflate)
    assert once == (b"".join(deflate.bgzf_blocks(text)[0]), deflate.pack(text[:3000]), deflate.pack(text))
