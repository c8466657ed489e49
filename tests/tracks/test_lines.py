import numpy as np
import pytest

from dnabilstm.tracks import lines
from dnabilstm.tracks.lines import format_lines, number_table
from dnabilstm.tracks.runs import Called


def called(counts, start, end, code):
    return Called(
        np.arange(len(counts)), np.array(counts), np.array(start), np.array(end), np.array(code, np.int32)
    )


def reference(names, some, digits):
    """Each line, and where it starts, a line at a time."""
    numbers = [f"{step / 10**digits:.{digits}f}".rstrip("0").rstrip(".") for step in some.code.tolist()]
    owners = np.repeat(np.arange(len(names)), some.count).tolist()
    rows = zip(owners, some.start.tolist(), some.end.tolist(), numbers, strict=True)
    texts = [b"%s\t%d\t%d\t%s\n" % (names[i], start, end, number.encode()) for i, start, end, number in rows]
    return b"".join(texts), np.cumsum([0, *map(len, texts)])


@pytest.fixture(params=["each contig by itself", "short contigs"])
def way(request, monkeypatch):
    monkeypatch.setattr(lines, "_MANY", 0 if request.param == "each contig by itself" else 1 << 40)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("digits", [1, 3, 4, 5, 6])
@pytest.mark.parametrize(
    "names", [[b"c"], [b"chr1", b"c", b"long_name_of_a_scaffold_1", b"chr\xff"], [b"\xce\xb1 x", b""]]
)
def test_lines_are_those_made_one_by_one(names, digits, monkeypatch):
    monkeypatch.setattr(lines, "_ROWS", 37)
    rng = np.random.default_rng(digits)
    for scale in (1, 3, 1000, 3_000_000):
        counts = rng.integers(0, 300, len(names))
        start, end = [], []
        for count in counts.tolist():
            size, gap = rng.integers(1, 2 + scale, count), rng.integers(0, 2, count)
            borders = np.cumsum(size + gap * scale)
            start.append(borders - size)
            end.append(borders)
        code = rng.integers(0, 10**digits + 1, counts.sum())
        some = called(counts, np.concatenate(start), np.concatenate(end), code)
        text, places = format_lines(names, some, digits)
        wanted, at = reference(names, some, digits)
        assert text.tobytes() == wanted
        assert places.tolist() == at.tolist()


@pytest.mark.usefixtures("way")
def test_positions_of_any_size():
    starts = np.array(
        [0, 1, 9, 10, 99, 9_999, 10_000, 10_001, 99_999_999, 100_000_000, 4_294_967_290, 123_400_005_678]
    )
    some = called([len(starts)], starts, starts + 1, np.full(len(starts), 50))
    assert format_lines([b"c"], some, 3)[0].tobytes() == reference([b"c"], some, 3)[0]


@pytest.mark.usefixtures("way")
def test_no_line_is_no_text():
    text, places = format_lines([b"a", b"b"], called([0, 0], [], [], []), 3)
    assert (text.tobytes(), places.tolist()) == (b"", [0])


@pytest.mark.parametrize("digits", [1, 2, 3, 4])
def test_every_number_is_the_shortest_text_of_its_score(digits):
    texts = [entry.tobytes().rstrip(b"\0").decode() for entry in number_table(digits)]
    assert [float(text) for text in texts] == [step / 10**digits for step in range(10**digits + 1)]
    assert max(map(len, texts)) == digits + 2
    assert not any("." in text and text.endswith(("0", ".")) for text in texts)
