import gzip

import numpy as np
import pysam
import pytest

from dnabilstm.browse.annotation import annotate, name_lines, read_annotation, write_annotation
from dnabilstm.browse.catalogue import RegionTrack
from dnabilstm.browse.page_names import track_name
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.genome import Contig, Genome
from dnabilstm.intervals import Aliases
from dnabilstm.intervals.algebra import make_intervals

OPEN, SHUT = "\u2039", "\u203a"
GENOME = Genome((Contig("c:1", 1000, 0, ""), Contig("b", 500, 1000, "")), np.ones(1500, np.uint8), "made")


def read(path, text, **how):
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    problems = Problems()
    made = read_annotation(RegionTrack("genes", "genes", path, "#444444"), GENOME, problems=problems, **how)
    problems.raise_if_any()
    return made


def test_bed_is_sorted_renamed_and_made_harmless(tmp_path):
    tail = "\t1\t2\t0,4,5"
    text = f"""track x
b\t7\t9\t<b>x</b>\t0\t+{tail}
c:1\t300\t400\tn\t1\t-{tail}
# no
c:1\t3\t4\t\udcff\t1\t.{tail}
"""
    made = read(tmp_path / "a.bed", text)
    harmless = f"{OPEN}b{SHUT}x{OPEN}/b{SHUT}"
    assert made.lines == ["c%3A1\t3\t4\t�\t1\t.", "c%3A1\t300\t400\tn\t1\t-", f"b\t7\t9\t{harmless}\t0\t+"]
    assert made.names == ["�", "n", harmless]
    assert made.intervals.contig.tolist() == [0, 0, 1]


def test_gff3_keeps_its_columns_and_takes_aliases(tmp_path):
    rows = ["chrB\ts\tgene\t11\t90\t.\t+\t.\tID=g1;Name=ABC1", "c%3A1\ts\tgene\t5\t9\t.\t-\t.\tID=g2"]
    text = "##gff-version 3\n" + "\n".join(rows) + "\n##FASTA\n>x\nACGT\n"
    made = read(tmp_path / "a.gff3", text, aliases=Aliases("t", {"chrB": "b"}))
    assert made.format == "gff3"
    assert made.lines == [rows[1], rows[0].replace("chrB", "b")]
    assert made.names == ["g2", "ABC1"]
    assert made.intervals.start.tolist() == [4, 10]
    assert list(name_lines([made, made], GENOME)) == ["g2\tc%3A1\t4\t9\n", "ABC1\tb\t10\t90\n"]


def test_contigs_that_are_not_known_are_refused_or_left_out(tmp_path):
    text = "b\t1\t2\nchrQ\t1\t2\n"
    with pytest.raises(DnabilstmError, match="1 intervals on 1 contig not in the genome: chrQ"):
        read(tmp_path / "a.bed", text)
    assert read(tmp_path / "a.bed", text, unknown="skip").lines == ["b\t1\t2"]
    with pytest.raises(DnabilstmError, match=r"a\.bed:1: end 501 is past the end of b"):
        read(tmp_path / "a.bed", "b\t1\t501\n")


def test_tabix_finds_what_was_written(tmp_path):
    intervals = make_intervals([0, 0, 1], [10, 500, 20], [30, 600, 40])
    made = annotate(RegionTrack("a", "labels", tmp_path, "#000000"), intervals, GENOME)
    index = write_annotation(made, tmp_path / "a.bed.gz", GENOME)
    assert index == tmp_path / "a.bed.gz.tbi"
    assert index.is_file()
    with pysam.TabixFile(str(tmp_path / "a.bed.gz"), encoding="utf-8") as file:
        assert list(file.fetch("c%3A1", 550, 551)) == ["c%3A1\t500\t600"]
    assert len(gzip.decompress((tmp_path / "a.bed.gz").read_bytes()).splitlines()) == 3


def test_a_contig_that_is_too_long_for_tbi_gets_a_csi(tmp_path):
    genome = Genome((Contig("long", 1 << 30, 0, ""),), np.empty(0, np.uint8), "made")
    intervals = make_intervals([0], [(1 << 30) - 50], [(1 << 30) - 20])
    made = annotate(RegionTrack("a", "labels", tmp_path, "#000000"), intervals, genome)
    assert write_annotation(made, tmp_path / "a.bed.gz", genome).name == "a.bed.gz.csi"
    with pysam.TabixFile(str(tmp_path / "a.bed.gz"), index=str(tmp_path / "a.bed.gz.csi")) as file:
        assert len(list(file.fetch("long", 1 << 29, 1 << 30))) == 1


def test_every_hostile_contig_is_read(world):
    problems = Problems()
    track = RegionTrack("no score", "no_calls", world.tracks / "nocall.bed", "#999999")
    made = read_annotation(track, world.genome, problems=problems)
    problems.raise_if_any()
    assert [line.split("\t")[0] for line in made.lines] == [track_name(name) for name in world.genome.names]
