import gzip

import numpy as np
import pytest

from dnabilstm.browse.catalogue import RegionTrack
from dnabilstm.browse.features import CALLED, read_features
from dnabilstm.errors import Problems
from dnabilstm.genome import Contig, Genome
from dnabilstm.intervals import Aliases

GENOME = Genome((Contig("c2", 100, 0, ""), Contig("c1", 50, 100, "")), np.ones(150, np.uint8), "made")


def read(tmp_path, text, name="x.bed", kind="genes", **how):
    (tmp_path / name).write_text(text, errors="surrogateescape")
    problems = Problems()
    track = RegionTrack("it", kind, tmp_path / name, "#000000")
    found, _ = read_features(track, GENOME, problems=problems, **how)
    problems.raise_if_any()
    rows = zip(found.contig.tolist(), found.start.tolist(), found.end.tolist(), found.rest, strict=True)
    return list(rows), found


def test_bed_is_put_in_the_order_of_the_fasta(tmp_path):
    rows, _ = read(
        tmp_path, "track name=x\nc1\t3\t9\ta\t5.4\t-\nc2\t50\t60\tb\t1e9\t+\nc2\t0\t100\tc d\t.\t.\n"
    )
    assert rows == [(0, 0, 100, "c d\t0\t."), (0, 50, 60, "b\t1000\t+"), (1, 3, 9, "a\t5\t-")]


def test_columns_that_are_not_there_have_the_tracks_name(tmp_path):
    assert read(tmp_path, "c1 3 9\n")[0] == [(1, 3, 9, "it\t0\t.")]


def test_called_regions_keep_their_figures(tmp_path):
    line = "c1\t3\t9\tpromoter_1\t640\t.\t0.4369\t0.6400\t2\n"
    rows, found = read(tmp_path, line, kind="regions")
    assert rows == [(1, 3, 9, "promoter_1\t640\t.\t0.4369\t0.6400\t2")]
    assert found.columns == CALLED


GFF = """##gff-version 3
c1\ts\tregion\t1\t50\t.\t.\t.\tID=c1
c1\ts\t{gene}\t4\t9\t.\t-\t.\tID=g1;Name=YAL%201%3B%09x
c1\ts\tmRNA\t4\t9\t.\t-\t.\tID=t1;Parent=g1
c1\ts\texon\t4\t6\t.\t-\t.\tParent=t1
"""


@pytest.mark.parametrize("suffix", [".gff3", ".txt"])
def test_genes_of_a_gff3(tmp_path, suffix):
    assert read(tmp_path, GFF.format(gene="ncRNA_gene"), f"x{suffix}")[0] == [(1, 3, 9, "YAL 1; x\t0\t-")]


def test_transcripts_where_there_are_no_genes_and_else_what_is_part_of_nothing(tmp_path):
    assert read(tmp_path, GFF.format(gene="locus"), "x.gff")[0] == [(1, 3, 9, "t1\t0\t-")]
    rest = GFF.replace("mRNA", "CDS").format(gene="locus")
    assert [row[3] for row in read(tmp_path, rest, "x.gff")[0]] == ["c1\t0\t.", "YAL 1; x\t0\t-"]


def test_genes_of_a_gtf(tmp_path):
    gtf = 'c1\ts\tgene\t4\t9\t.\t+\t.\tgene_id "E;1"; gene_name "BRCA2"; level 2;\n'
    assert read(tmp_path, gtf, "x.gtf")[0] == [(1, 3, 9, "BRCA2\t0\t+")]


def test_gzip_empty_files_and_bytes_that_are_no_text(tmp_path):
    (tmp_path / "g.bed.gz").write_bytes(gzip.compress(b"c1\t0\t5\ta name that is no text\xff\n"))
    track = RegionTrack("it", "genes", tmp_path / "g.bed.gz", "#000000")
    assert read_features(track, GENOME, problems=Problems())[0].rest == ["a name that is no text\udcff\t0\t."]
    assert read(tmp_path, "# nothing\n")[0] == []


def test_other_names_of_contigs(tmp_path):
    aliases = Aliases("a.tsv", {"I": "c1"})
    assert read(tmp_path, "I\t0\t5\n", aliases=aliases)[0] == [(1, 0, 5, "it\t0\t.")]


def test_contigs_that_the_genome_lacks_are_refused_or_left_out(tmp_path):
    text = "chr1\t0\t5\nc1\t0\t5\n"
    with pytest.raises(
        Exception, match=r"x.bed: 1 intervals on 1 contig not in the genome: chr1; .* --alias"
    ):
        read(tmp_path, text)
    assert read(tmp_path, text, unknown="skip")[0] == [(1, 0, 5, "it\t0\t.")]
    track = RegionTrack("it", "genes", tmp_path / "x.bed", "#000000")
    assert read_features(track, GENOME, unknown="skip", problems=Problems())[1] == 1
    with pytest.raises(Exception, match="1 intervals on 1 contig not in the genome: chr1"):
        read(tmp_path, "chr1\t0\t5\n", unknown="skip")


def test_what_does_not_fit_the_genome_is_named_with_its_line(tmp_path):
    with pytest.raises(Exception, match=r"x.bed:2: end 51 is past the end of c1 \(50\)"):
        read(tmp_path, "c1\t0\t50\nc1\t0\t51\n")
    with pytest.raises(Exception, match=r"x.bed:1: start 5, end 5: has no base"):
        read(tmp_path, "c1\t5\t5\n")
    with pytest.raises(Exception, match=r"x.bed:1: start is 'x'"):
        read(tmp_path, "c1\tx\t5\n")
