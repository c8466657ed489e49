import struct

import numpy as np
import pytest
import twobitreader

from dnabilstm.alphabet import decode, encode
from dnabilstm.browse import twobit
from dnabilstm.browse.twobit import twobit_problems, write_twobit
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import Contig, Genome


def genome(sequences):
    contigs, offset = [], 0
    for name, sequence in sequences.items():
        contigs.append(Contig(name, len(sequence), offset, ""))
        offset += len(sequence)
    return Genome(tuple(contigs), encode("".join(sequences.values()).encode()), "made")


def random_sequence(length, seed, letters="ACGTNRY", weights=(6, 6, 6, 6, 3, 1, 1)):
    rng = np.random.default_rng(seed)
    return "".join(rng.choice(list(letters), length, p=np.array(weights) / sum(weights)))


def expected(sequence):
    return "".join(base if base in "ACGT" else "N" for base in sequence)


SEQUENCES = {
    **{f"short{length}": random_sequence(length, length) for length in range(1, 12)},
    "ambiguous": "NNNACGTRYKMNACGTNNN",
    "all_n": "N" * 50,
    "plain": random_sequence(1000, 1, "ACGT", (1, 1, 1, 1)),
    "x" * 255: random_sequence(333, 2),
}


@pytest.mark.parametrize("block", [4, 8, 1 << 22])
def test_an_independent_reader_finds_the_bases(tmp_path, monkeypatch, block):
    monkeypatch.setattr(twobit, "BLOCK", block)
    write_twobit(genome(SEQUENCES), tmp_path / "g.2bit")
    found = twobitreader.TwoBitFile(str(tmp_path / "g.2bit"))
    assert set(found) == set(SEQUENCES)
    for name, sequence in SEQUENCES.items():
        assert str(found[name][:]).upper() == expected(sequence)
        assert str(found[name][len(sequence) // 2 :]).upper() == expected(sequence)[len(sequence) // 2 :]


def read(data):
    """All contigs, byte after byte as the specification says; the version comes with them."""
    magic, version, count, reserved = struct.unpack_from("<IIII", data)
    assert (magic, reserved) == (0x1A412743, 0)
    at, found = 16, {}
    place = "<Q" if version else "<I"
    for _ in range(count):
        name = data[at + 1 : at + 1 + data[at]]
        (offset,) = struct.unpack_from(place, data, at + 1 + len(name))
        at += 1 + len(name) + struct.calcsize(place)
        size, runs = struct.unpack_from("<II", data, offset)
        starts = struct.unpack_from(f"<{runs}I", data, offset + 8)
        sizes = struct.unpack_from(f"<{runs}I", data, offset + 8 + 4 * runs)
        bases = offset + 8 + 8 * runs
        assert struct.unpack_from("<II", data, bases) == (0, 0)
        letters = ["TCAG"[data[bases + 8 + i // 4] >> (6 - 2 * (i % 4)) & 3] for i in range(size)]
        for start, length in zip(starts, sizes, strict=True):
            letters[start : start + length] = "N" * length
        found[name.decode("utf-8", "surrogateescape")] = "".join(letters)
    return version, found


def test_names_are_kept_byte_for_byte_and_contigs_may_be_empty(tmp_path):
    odd = {"chr\udcff|1": "ACGT", "\N{GREEK SMALL LETTER ALPHA}<script>": "NACG", "../a b": "", '"': "TTTTT"}
    write_twobit(genome(odd), tmp_path / "g.2bit")
    assert read((tmp_path / "g.2bit").read_bytes()) == (0, odd)


def test_places_beyond_32_bits_take_64(tmp_path, monkeypatch):
    write_twobit(genome(SEQUENCES), tmp_path / "small.2bit")
    monkeypatch.setattr(twobit, "LONGEST", 1200)
    write_twobit(genome(SEQUENCES), tmp_path / "large.2bit")
    wanted = {name: expected(sequence) for name, sequence in SEQUENCES.items()}
    assert read((tmp_path / "small.2bit").read_bytes()) == (0, wanted)
    assert read((tmp_path / "large.2bit").read_bytes()) == (1, wanted)


def test_what_the_format_cannot_hold_is_refused(tmp_path, monkeypatch):
    with pytest.raises(DnabilstmError, match="has a name of 256 bytes; 2bit ends at 255"):
        write_twobit(genome({"a": "A", "\xe9" * 128: "C"}), tmp_path / "g.2bit")
    monkeypatch.setattr(twobit, "LONGEST", 4)
    with pytest.raises(DnabilstmError, match="contig 'b': has 5 bases; 2bit ends at 4"):
        write_twobit(genome({"a": "ACGT", "b": "ACGTA"}), tmp_path / "g.2bit")
    assert not (tmp_path / "g.2bit").exists()
    assert not twobit_problems(genome({"x" * 255: "A"}))


def test_bases_that_are_no_n_are_as_they_were(tmp_path):
    codes = np.random.default_rng(0).integers(1, 16, 999).astype(np.uint8)
    write_twobit(Genome((Contig("c", 999, 0, ""),), codes, "made"), tmp_path / "g.2bit")
    found = read((tmp_path / "g.2bit").read_bytes())[1]["c"]
    plain = np.isin(codes, [1, 2, 4, 8])
    letters = decode(codes).decode()
    assert all(a == (b if same else "N") for a, b, same in zip(found, letters, plain, strict=True))
