"""Intervals: the algebra against bioframe, the readers line by line, names against a genome."""

import gzip

import bioframe
import numpy as np
import pandas as pd
import pytest

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.genome import Contig, Genome, open_genome
from dnabilstm.intervals import (
    Aliases,
    Intervals,
    complement,
    intersect,
    merge,
    read_aliases,
    read_intervals,
    runs,
)
from dnabilstm.intervals.algebra import concatenate, make_intervals
from dnabilstm.intervals.alias import other_versions, propose


def genome_of(**lengths):
    contigs, offset = [], 0
    for name, length in lengths.items():
        contigs.append(Contig(name, length, offset, f"SQ.{name}"))
        offset += length
    return Genome(tuple(contigs), np.ones(offset, np.uint8), "genome.fa")


# Not ours to mend: bioframe uses what pandas is about to drop.
BIOFRAME_WARNS = pytest.mark.filterwarnings("ignore::DeprecationWarning")
GENOME = genome_of(chr1=1000, chr2=500, chr3=70)


def write(folder, text, name="a.bed"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path, genome=GENOME, **how):
    problems = Problems()
    intervals, skipped = read_intervals(path, genome, problems=problems, **how)
    problems.raise_if_any()
    return intervals, skipped


def rows(intervals):
    return list(
        zip(
            intervals.contig.tolist(),
            intervals.start.tolist(),
            intervals.end.tolist(),
            intervals.strand.tolist(),
            strict=True,
        )
    )


def refused(path, genome=GENOME, **how):
    with pytest.raises(DnabilstmError) as caught:
        read(path, genome, **how)
    return caught.value.problems


# The algebra


def drawn(seed, count):
    rng = np.random.default_rng(seed)
    contig = rng.integers(0, 3, count)
    length = np.array([1000, 500, 70])[contig]
    start = (rng.random(count) * length).astype(np.int64)
    end = np.minimum(start + rng.integers(1, 40, count), length)
    return Intervals(contig.astype(np.int32), start, end, rng.integers(-1, 2, count).astype(np.int8))


def frame(intervals):
    return pd.DataFrame(
        {"chrom": intervals.contig.astype(str), "start": intervals.start, "end": intervals.end}
    )


def painted(intervals):
    mask = [np.zeros(contig.length, bool) for contig in GENOME.contigs]
    for contig, start, end, _ in rows(intervals):
        mask[contig][start:end] = True
    return np.concatenate(mask)


@BIOFRAME_WARNS
@pytest.mark.parametrize("seed", range(12))
def test_merge_is_bioframes(seed):
    intervals = drawn(seed, 5 * seed + 1)
    merged = merge(intervals)
    wanted = bioframe.merge(frame(intervals), min_dist=0)[["chrom", "start", "end"]]
    assert frame(merged).values.tolist() == wanted.values.tolist()
    assert rows(merge(merged)) == rows(merged)
    assert merged.bases == painted(intervals).sum()
    assert (merged.strand == 0).all()


@pytest.mark.parametrize("seed", range(6))
def test_complement_and_intersect_are_those_of_the_bases(seed):
    a, b = drawn(seed, 8 * seed), drawn(100 + seed, 30)
    left = complement(a, GENOME)
    assert np.array_equal(painted(left), ~painted(a))
    assert np.array_equal(painted(intersect(a, b)), painted(a) & painted(b))
    for found in (left, intersect(a, b)):
        assert rows(merge(found)) == rows(found)  # sorted, and nothing touches


@BIOFRAME_WARNS
def test_complement_is_bioframes():
    intervals = drawn(7, 20)
    sizes = {str(k): contig.length for k, contig in enumerate(GENOME.contigs)}
    wanted = bioframe.complement(frame(intervals), sizes)
    wanted = wanted[wanted["end"] > wanted["start"]]
    assert (
        frame(complement(intervals, GENOME)).values.tolist()
        == wanted[["chrom", "start", "end"]].values.tolist()
    )


def test_nothing_at_all_is_an_ordinary_set():
    none = concatenate([])
    assert len(merge(none)) == len(intersect(none, drawn(1, 5))) == 0
    assert rows(complement(none, GENOME)) == [(0, 0, 1000, 0), (1, 0, 500, 0), (2, 0, 70, 0)]
    assert len(complement(complement(none, GENOME), GENOME)) == 0


def test_touching_intervals_join_but_not_across_contigs():
    merged = merge(make_intervals([0, 0, 1], [990, 980, 0], [1000, 990, 5]))
    assert rows(merged) == [(0, 980, 1000, 0), (1, 0, 5, 0)]


def test_runs_of_true():
    assert runs(np.array([1, 0, 1, 1, 0, 1], bool)).tolist() == [[0, 1], [2, 4], [5, 6]]
    assert runs(np.zeros(0, bool)).shape == (0, 2)


# Formats

BED6 = "chr1\t10\t20\ta\t0\t+\nchr2\t5\t9\tb\t0\t-\nchr1\t0\t1\tc\t0\t.\n"
BED6_ROWS = [(0, 10, 20, 1), (1, 5, 9, -1), (0, 0, 1, 0)]


@pytest.mark.parametrize(
    "text",
    [
        BED6,
        BED6.replace("\n", "\r\n"),
        BED6.rstrip("\n"),
        BED6.replace("\t", " "),
        "# made by hand\nbrowser position chr1:1-100\ntrack name=a\n\n" + BED6.replace("chr2", "\n#x\nchr2"),
        gzip.compress(BED6.encode()),
        "\ufeff" + BED6,
        "".join(f"{line}\t1\t2\t0\t1\t10,\t0,\n" for line in BED6.splitlines()),
    ],
    ids=["tabs", "crlf", "no-final-newline", "spaces", "headers", "gzip", "byte-order-mark", "bed12"],
)
def test_every_way_to_write_a_bed_gives_the_same_intervals(tmp_path, text):
    intervals, skipped = read(write(tmp_path, text))
    assert rows(intervals) == BED6_ROWS
    assert skipped.total == 0
    assert [column.dtype for column in vars(intervals).values()] == [np.int32, np.int64, np.int64, np.int8]


def test_a_bed_of_three_columns_has_no_strand(tmp_path):
    assert rows(read(write(tmp_path, "chr1\t0\t1000\nchr3\t69\t70\n"))[0]) == [
        (0, 0, 1000, 0),
        (2, 69, 70, 0),
    ]


def test_a_contig_may_be_called_track(tmp_path):
    text = "track\tname=x\ntrack\t1\t5\nbrowser\t2\t3\n"
    assert rows(read(write(tmp_path, text), genome_of(track=9, browser=9))[0]) == [(0, 1, 5, 0), (1, 2, 3, 0)]


@pytest.mark.parametrize(("name", "count"), [("a.narrowPeak", 10), ("a.broadPeak.gz", 9)])
def test_peak_files_have_their_number_of_columns(tmp_path, name, count):
    line = ["chr1", "10", "20", "p", "900", ".", "5.1", "3.2", "2.1", "4"]
    assert rows(read(write(tmp_path, "\t".join(line[:count]) + "\n", name))[0]) == [(0, 10, 20, 0)]
    (problem,) = refused(write(tmp_path, "\t".join(line[:6]) + "\n", name))
    assert f"{name}:1: found 6 columns; wanted {count}" in problem


GFF = (
    "##gff-version 3\n"
    "chr1\tx\tgene\t11\t20\t.\t+\t.\tID=a\n"
    "chr1\tx\tmRNA\t11\t11\t.\t-\t.\tID=b\n"
    "chr2\tx\tgene\t1\t500\t.\t?\t.\tID=c\n"
    "###\n##FASTA\n>chr1\nACGT\n"
)


@pytest.mark.parametrize("name", ["a.gff3", "a.gff", "a.GFF3.gz", "a.gtf", "a.txt", "a"])
def test_gff_is_one_based_and_closed_and_ends_at_its_fasta(tmp_path, name):
    path = write(tmp_path, gzip.compress(GFF.encode()) if name.endswith("gz") else GFF, name)
    assert rows(read(path, feature="gene")[0]) == [(0, 10, 20, 1), (1, 0, 500, 0)]
    assert rows(read(path, feature="mRNA")[0]) == [(0, 10, 11, -1)]


def test_gff_is_known_by_its_first_record_too(tmp_path):
    assert len(read(write(tmp_path, GFF.split("\n", 1)[1], "a.txt"), feature="gene")[0]) == 2


def test_gff_names_are_unescaped(tmp_path):
    text = "chr%201\tx\tgene\t1\t2\t.\t+\t.\tID=a\n"
    assert (
        len(read(write(tmp_path, text, "a.gff"), Genome((Contig("chr 1", 5, 0, ""),), np.ones(5), "g"))[0])
        == 1
    )


def test_of_several_feature_types_one_must_be_named(tmp_path):
    path = write(tmp_path, GFF, "a.gff3")
    (problem,) = refused(path)
    assert "2 feature types; wanted one (--feature TASK=TYPE): gene (2), mRNA (1)" in problem
    assert (
        "no feature of type 'exon' (column 3); it has gene (2), mRNA (1)" in refused(path, feature="exon")[0]
    )
    assert "has no feature types" in refused(write(tmp_path, BED6), feature="exon")[0]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("chr1\t5", "found 2 columns ('chr1\\t5'); wanted contig, start and end"),
        ("\t5\t6", "wanted contig, start and end"),
        ("chr1\t5.0\t9", "start is '5.0'; wanted a whole number"),
        ("chr1\t1_0\t19", "start is '1_0'; wanted a whole number"),
        ("chr1\t٣\t19", "wanted a whole number"),
        ("chr1\t\t19", "start is ''; wanted a whole number"),
        ("chrom\tstart\tend", "a header line begins with #"),
        ("chr1\t-5\t9", "start is -5; wanted at least 0"),
        ("chr1\t9\t5", "start 9, end 5: has no base; wanted start < end"),
        ("chr1\t5\t5", "start 5, end 5: has no base; wanted start < end"),
        ("chr1\t990\t1001", "end 1001 is past the end of chr1 (1000)"),
        ("chr1\t5\t99999999999999999999", "end is '99999999999999999999'; wanted a whole number"),
        ("chr1\t5\t9\tx", "found 4 columns; wanted 3"),
    ],
)
def test_a_bad_line_of_a_bed_is_named(tmp_path, line, wanted):
    path = write(tmp_path, f"# one\nchr1\t0\t5\nchr1\t6\t8\n{line}\nchr2\t0\t5\n")
    (problem,) = refused(path)
    assert problem.startswith(f"{path}:4: ")
    assert wanted in problem


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("chr1\tx\tgene\t5\t9\t.\t+\t.", "found 8 columns"),
        ("chr1\tx\tgene\t0\t9\t.\t+\t.\tID=a", "start is 0; wanted at least 1"),
        ("chr1\tx\tgene\t9\t8\t.\t+\t.\tID=a", "start 9, end 8: has no base; wanted start <= end"),
        ("chr1\tx\tgene\t9\t1001\t.\t+\t.\tID=a", "end 1001 is past the end of chr1 (1000)"),
        ("chr1\tx\tgene\t9\t10\t.\t*\t.\tID=a", "strand is '*'; wanted one of + - . ? in column 7"),
    ],
)
def test_a_bad_line_of_a_gff_is_named(tmp_path, line, wanted):
    path = write(tmp_path, f"##gff-version 3\nchr1\tx\tgene\t1000\t1000\t.\t+\t.\tID=z\n{line}\n", "a.gff")
    (problem,) = refused(path)
    assert problem.startswith(f"{path}:3: ")
    assert wanted in problem


def test_all_bad_lines_are_reported_ten_word_for_word(tmp_path):
    path = write(tmp_path, "".join(f"chr1\t{k}\tx\n" for k in range(25)) + "chr1\t0\t2000\nchrZ\t0\t1\n")
    problems = refused(path)
    assert problems[9].startswith(f"{path}:10: ")
    assert any("and 16 more problems" in problem for problem in problems)
    assert any("chrZ" in problem for problem in problems)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "is empty"),
        (b"#chrom\n\n \n", "is empty"),
        (b">chr1\nACGT\n", "a FASTA"),
        (b"\x88\x8f\xfc\x26\0\0\1\0" * 50, "no text"),
        (b"chrom,start,end\nchr1,5,9\n", "a table with commas"),
        ("chr1\t0\t5\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_interval_file_is_one_line(tmp_path, content, wanted):
    (problem,) = refused(write(tmp_path, content))
    assert wanted in problem


# Promoters and slop


@pytest.mark.parametrize("seed", range(3))
def test_promoters_are_mirror_images_on_the_two_strands(tmp_path, seed):
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 900, 20)
    end = start + rng.integers(1, 100, 20)
    forward = "".join(f"chr1\t{a}\t{b}\tx\t0\t+\n" for a, b in zip(start, end, strict=True))
    mirrored = "".join(f"chr1\t{1000 - b}\t{1000 - a}\tx\t0\t-\n" for a, b in zip(start, end, strict=True))
    how = {"promoter": (20, 5), "slop": (7, 3)}
    plus, _ = read(write(tmp_path, forward), **how)
    minus, _ = read(write(tmp_path, mirrored), **how)
    assert plus.start.tolist() == (1000 - minus.end).tolist()
    assert plus.end.tolist() == (1000 - minus.start).tolist()
    assert plus.start.tolist() == np.maximum(start - 27, 0).tolist()
    assert plus.end.tolist() == np.minimum(start + 8, 1000).tolist()


def test_promoters_and_slop_by_hand(tmp_path):
    path = write(tmp_path, "chr1\t100\t300\ta\t0\t+\nchr1\t100\t300\tb\t0\t-\nchr3\t60\t70\tc\t0\t-\n")
    assert rows(read(path, promoter=(50, 10))[0]) == [(0, 50, 110, 1), (0, 290, 350, -1), (2, 60, 70, -1)]
    assert rows(read(path, slop=(50, 10))[0]) == [(0, 50, 310, 1), (0, 90, 350, -1), (2, 50, 70, -1)]


def test_a_promoter_past_the_end_of_its_contig_is_counted(tmp_path):
    path = write(tmp_path, "chr3\t0\t9\ta\t0\t+\nchr3\t5\t9\ta\t0\t+\n")
    intervals, skipped = read(path, promoter=(10, 0))
    assert rows(intervals) == [(2, 0, 5, 1)]
    assert skipped.clipped == skipped.total == 1


def test_what_needs_a_strand_says_so(tmp_path):
    path = write(tmp_path, "chr1\t5\t9\tx\t0\t+\nchr1\t5\t9\tx\t0\t.\n")
    assert refused(path, promoter=(10, 5))[0].startswith(
        f"{path}:2: has no strand; wanted + or - in column 6"
    )
    assert "has no strand" in refused(path, slop=(1, 2))[0]
    assert len(read(path, slop=(2, 2))[0]) == 2
    gff = write(tmp_path, "chr1\tx\tgene\t5\t9\t.\t.\t.\tID=a\n", "a.gff")
    assert "wanted + or - in column 7 for a promoter" in refused(gff, promoter=(10, 5))[0]


# Names

YEAST = genome_of(chr1=100, chr2=100, chr9=100, chr10=100, chrM=50)
TABLE = "# name\tucsc\trefseq\nchr1\tchrI\tNC_001133.9\nchr2\tchrII\t\nchrIX\tchr9\nchr10\tchrX\n"


def test_unknown_contigs_show_both_name_sets_and_a_table_to_write(tmp_path):
    path = write(tmp_path, "chrI\t0\t5\nchrIX\t0\t5\nchrX\t0\t5\nchrX\t6\t8\n")
    (problem,) = refused(path, YEAST)
    assert "4 intervals on 3 contigs not in the genome: chrI, chrIX, chrX" in problem
    assert "the genome has chr1, chr2, chr9, chr10, chrM" in problem
    assert "chr1<TAB>chrI, chr9<TAB>chrIX, chr10<TAB>chrX" in problem
    assert "--alias" in problem


def test_aliases_name_the_contigs(tmp_path):
    aliases = read_aliases(write(tmp_path, TABLE, "alias.tsv"), YEAST)
    path = write(tmp_path, "chrI\t0\t5\nNC_001133.9\t0\t5\nchrIX\t0\t5\nchrX\t0\t5\nchr2\t1\t2\n")
    assert read(path, YEAST, aliases=aliases)[0].contig.tolist() == [0, 0, 2, 3, 1]
    assert "nor in" in refused(write(tmp_path, "chrZ\t0\t5\n"), YEAST, aliases=aliases)[0]


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ("chrI\tI\nchrII\tII\n", "has 2 rows (chrI, chrII), none with a contig of the genome"),
        ("# only a header\n", "has no rows"),
        ("", "has no rows"),
        (TABLE + "chr1\tchr2\n", ":6: 'chr1' stands on line 2 too"),
        ("chr1\tchr2\n", ":1: names two contigs of the genome, chr1, chr2"),
        ("chr1\tone\nchr2\tone\n", ":2: 'one' stands on line 1 too"),
        (TABLE + "chr99\tninety-nine\n", ":6: the row of 'chr99' has no contig of the genome"),
        ("name\tucsc\n" + TABLE, ":1: the row of 'name' has no contig"),
    ],
)
def test_a_table_that_is_not_clear_is_refused(tmp_path, table, wanted):
    path = write(tmp_path, table, "alias.tsv")
    with pytest.raises(DnabilstmError) as caught:
        read_aliases(path, YEAST)
    assert f"{path}{wanted}" in str(caught.value) or f"{path}: {wanted}" in str(caught.value)


def test_rows_without_a_contig_can_be_skipped(tmp_path):
    aliases = read_aliases(write(tmp_path, TABLE + "chr99\tx\n", "alias.tsv"), YEAST, unknown="skip")
    assert isinstance(aliases, Aliases)
    assert aliases.unused == ("chr99",)
    with pytest.raises(DnabilstmError, match="none with a contig"):
        read_aliases(write(tmp_path, "a\tb\n", "alias.tsv"), YEAST, unknown="skip")


def test_another_version_of_the_assembly_is_refused_whatever_is_asked(tmp_path):
    genome = genome_of(**{"NC_000913.3": 100})
    path = write(tmp_path, "NC_000913.2\t0\t5\n")
    for unknown in ("refuse", "skip"):
        (problem,) = refused(path, genome, unknown=unknown)
        assert "1 intervals are on another version" in problem
        assert "NC_000913.2 against NC_000913.3" in problem
        assert "--alias" not in problem
    assert other_versions(["NC_000913.3", "NC_000913", "x.1"], genome) == {}


def test_numbers_that_count_contigs_are_no_versions():
    assert other_versions(["ctg.3"], genome_of(**{"ctg.1": 5, "ctg.2": 5})) == {}


def test_proposals_are_made_only_where_they_are_clear():
    human = genome_of(chr1=5, chr10=5, chrX=5, chrM=5)
    assert propose(["1", "X", "MT", "Z"], human) == {"1": "chr1", "X": "chrX", "MT": "chrM"}
    assert propose(["chrX", "chrIV"], genome_of(chr4=5, chr10=5)) == {"chrX": "chr10", "chrIV": "chr4"}
    assert propose(["a"], genome_of(A=5, chrA=5)) == {}


def test_skipping_is_counted_and_named_but_an_overhang_is_refused(tmp_path):
    text = "chr1\t0\t5\nchr9\t0\t5\nchr9\t7\t9\nchrUn\t0\t1\nchr2\t500\t501\nchr2\t900\t990\n"
    intervals, skipped = read(write(tmp_path, text), unknown="skip")
    assert rows(intervals) == [(0, 0, 5, 0)]
    assert skipped.contigs == {"chr9": 2, "chrUn": 1}
    assert skipped.beyond == {"chr2": 2}
    assert skipped.total == 5
    assert str(skipped) == "3 on contigs that the genome lacks (chr9 2, chrUn 1), 2 past the end of chr2 2"
    overhang = write(tmp_path, "chr2\t499\t501\n")
    assert "end 501 is past the end of chr2 (500)" in refused(overhang, unknown="skip")[0]


# Real files


def test_the_yeast_gff_needs_the_alias_table_and_gives_the_published_promoters(data):
    genome = open_genome(data / "yeast/sacCer3.fa.gz")
    path = data / "yeast/Xu_2009_ORF-Ts_V64.gff3.gz"
    (problem,) = refused(path, genome)
    assert "5171 intervals on 16 contigs not in the genome: chrI, chrII" in problem
    assert "the genome has chr1, chr2" in problem
    assert "chr1<TAB>chrI, chr2<TAB>chrII" in problem
    aliases = read_aliases(data / "yeast/chromAlias.tsv", genome)
    # The file has one feature type, transcript; naming it changes nothing.
    found, _ = read(path, genome, aliases=aliases, promoter=(200, 50), feature="transcript")
    wanted, _ = read(data / "yeast/promoters_tss-200+50_xu2009.bed", genome)
    assert len(found) == 5171
    assert sorted(rows(found)) == sorted(rows(wanted))


def test_the_ecoli_sites_of_the_older_assembly_are_refused_and_the_lifted_ones_read(data):
    genome = open_genome(data / "ecoli/GCF_000005845.2_ASM584v2_genomic.fna.gz")
    for unknown in ("refuse", "skip"):
        original = data / "ecoli/tss_thomason2015_original_NC_000913.2.bed"
        (problem,) = refused(original, genome, unknown=unknown)
        assert "2672 intervals" in problem
        assert "NC_000913.2 against NC_000913.3" in problem
    assert len(read(data / "ecoli/tss_thomason2015_lifted_NC_000913.3.bed", genome)[0]) == 2664
    genes, _ = read(data / "ecoli/GCF_000005845.2_ASM584v2_genomic.gff.gz", genome, feature="gene")
    assert rows(genes)[0] == (0, 189, 255, 1)  # thrL, 190..255 in the file


def test_the_human_blacklist_is_refused_or_counted_contig_by_contig(data):
    genome = open_genome(data / "human_chr1_3Mb/hg19_chr1_0-3004950.fa.gz")
    path = data / "human_chr1_3Mb/blacklist.bed"
    problems = refused(path, genome)
    assert any("384 intervals on 24 contigs not in the genome: chr10" in problem for problem in problems)
    intervals, skipped = read(path, genome, unknown="skip")
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    assert len(intervals) == sum(line[0] == "chr1" and int(line[2]) <= 3_004_950 for line in lines) == 4
    assert skipped.contigs["chrY"] == sum(line[0] == "chrY" for line in lines) == 118
    assert skipped.beyond == {"chr1": 23}
    assert len(intervals) + skipped.total == len(lines) == 411


def test_the_yeast_blacklist_lies_on_the_genome_as_a_whole(data):
    genome = open_genome(data / "yeast/sacCer3.fa.gz")
    intervals, skipped = read(data / "yeast/chexmix_blacklist.bed", genome)
    assert (len(intervals), skipped.total) == (417, 0)
