"""Labels: every base of every channel by hand, masks, and what is refused."""

import json

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import encode_fasta
from dnabilstm.intervals import read_aliases
from dnabilstm.labels import MASK, LabelSpec, make_labels, open_labels

FASTA = ">chr1\n" + "ACGT" * 10 + "\n>empty\n>chr2\n" + "AC" * 5 + "N" * 10 + "GT" * 5 + "\n"


@pytest.fixture
def genome(tmp_path):
    (tmp_path / "genome.fa").write_text(FASTA)
    return encode_fasta(tmp_path / "genome.fa", tmp_path / "genome")


@pytest.fixture
def write(tmp_path):
    def writer(text, name="a.bed"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return writer


def expected(contig_lengths, *painted):
    """Labels painted by hand: (contig, start, end, value), later ones over earlier ones."""
    rows = [np.zeros(length, np.uint8) for length in contig_lengths]
    for contig, start, end, value in painted:
        rows[contig][start:end] = value
    return np.concatenate(rows)


def test_every_base_gets_its_label(genome, write, tmp_path):
    bed = write("chr1\t0\t5\nchr1\t3\t8\nchr2\t8\t12\nchr1\t39\t40\n")
    black = write("chr1\t4\t6\n", "black.bed")
    labels = make_labels(genome, [LabelSpec("enhancer", bed)], tmp_path / "labels", exclude=[black])
    wanted = expected(
        [40, 0, 30], (0, 0, 8, 1), (0, 39, 40, 1), (2, 8, 12, 1), (0, 4, 6, MASK), (2, 10, 20, MASK)
    )
    assert labels.values.shape == (1, 70)
    assert labels.values[0].tolist() == wanted.tolist()
    assert labels.track("enhancer", "chr2").tolist() == wanted[40:].tolist()
    assert labels.track("enhancer", "empty").shape == (0,)
    assert (labels.tasks, labels.channels) == (("enhancer",), ("enhancer",))
    assert (tmp_path / "labels/labels.u8").read_bytes() == wanted.tobytes()


def test_counts_are_those_of_the_bases(genome, write, tmp_path):
    bed = write("chr1\t0\t5\nchr1\t3\t8\nchr2\t8\t12\n")
    labels = make_labels(
        genome, [LabelSpec("a", bed)], tmp_path / "labels", exclude=[write("chr1\t4\t6\n", "b.bed")]
    )
    row = labels.info["of_channel"]["a"]
    assert (row["intervals"], row["regions"]) == (3, 2)
    assert row["positive"] == (labels.values[0] == 1).sum() == 8
    assert labels.info["masked"] == (labels.values[0] == MASK).sum() == 12
    assert row["rate"] == pytest.approx(8 / 58)
    assert labels.info["sources"]["a"]["intervals"] == 3


def test_regions_are_the_runs_of_positive_bases(genome, write, tmp_path):
    bed = write("chr1\t0\t5\nchr1\t5\t8\nchr2\t8\t22\nchr1\t39\t40\n")
    labels = make_labels(genome, [LabelSpec("a", bed)], tmp_path / "labels")
    regions = labels.regions("a")
    assert regions.contig.tolist() == [0, 0, 2, 2]
    assert regions.start.tolist() == [0, 39, 8, 20]
    assert regions.end.tolist() == [8, 40, 10, 22]
    masked = labels.masked()
    assert (masked.contig.tolist(), masked.start.tolist(), masked.end.tolist()) == ([2], [10], [20])


def test_strands_are_two_channels_and_a_region_without_one_is_on_both(genome, write, tmp_path):
    bed = write("chr1\t0\t5\tx\t0\t+\nchr1\t10\t15\tx\t0\t-\nchr1\t20\t25\tx\t0\t.\n")
    specs = [LabelSpec("tss", bed, strand="use"), LabelSpec("any", bed)]
    labels = make_labels(genome, specs, tmp_path / "labels")
    assert labels.tasks == ("tss", "any")
    assert labels.channels == ("tss.plus", "tss.minus", "any")
    plus, minus, both = (np.flatnonzero(labels.track(channel, "chr1") == 1) for channel in labels.channels)
    assert plus.tolist() == [*range(5), *range(20, 25)]
    assert minus.tolist() == [*range(10, 15), *range(20, 25)]
    assert both.tolist() == sorted({*plus, *minus})
    assert labels.info["of_channel"]["tss.plus"]["unstranded"] == 1


def test_reading_options_reach_the_reader(genome, write, tmp_path):
    bed = write("chr1\t10\t20\tx\t0\t-\n")
    specs = [LabelSpec("p", bed, promoter=(4, 1)), LabelSpec("s", bed, slop=(0, 3))]
    labels = make_labels(genome, specs, tmp_path / "labels")
    assert np.flatnonzero(labels.track("p", "chr1") == 1).tolist() == [19, 20, 21, 22, 23]
    assert np.flatnonzero(labels.track("s", "chr1") == 1).tolist() == list(range(7, 20))
    assert labels.info["sources"]["p"]["promoter"] == [4, 1]


def test_aliases_and_skipping_are_kept_in_the_table(genome, write, tmp_path):
    aliases = read_aliases(write("chr1\tI\n", "alias.tsv"), genome)
    bed = write("I\t0\t5\nchrZ\t0\t5\n")
    labels = make_labels(genome, [LabelSpec("a", bed)], tmp_path / "labels", aliases=aliases, unknown="skip")
    table = json.loads((tmp_path / "labels/labels.json").read_text())
    assert labels.track("a", "chr1")[:6].tolist() == [1, 1, 1, 1, 1, 0]
    assert table["sources"]["a"]["skipped"] == {"contigs": {"chrZ": 1}}
    assert table["alias"].endswith("alias.tsv")


def test_the_same_inputs_give_the_same_bytes_in_any_order_of_lines(genome, write, tmp_path):
    lines = ["chr1\t0\t5\n", "chr2\t3\t9\n", "chr1\t30\t33\n"]
    first = make_labels(genome, [LabelSpec("a", write("".join(lines)))], tmp_path / "one")
    second = make_labels(genome, [LabelSpec("a", write("".join(lines[::-1]), "b.bed"))], tmp_path / "two")
    assert np.array_equal(first.values, second.values)


def test_labels_are_opened_again_and_only_with_their_genome(genome, write, tmp_path):
    make_labels(genome, [LabelSpec("a", write("chr1\t0\t5\n"))], tmp_path / "labels")
    again = open_labels(tmp_path / "labels", genome)
    assert again.values.sum(dtype=int) == 5 + 10 * MASK
    assert again.genome_digest == genome.digest
    (tmp_path / "other.fa").write_text(FASTA.replace("ACGTACGT", "ACGTACGA", 1))
    other = encode_fasta(tmp_path / "other.fa", tmp_path / "other")
    with pytest.raises(DnabilstmError, match="labels of another genome"):
        open_labels(tmp_path / "labels", other)


def test_damaged_labels_are_refused(genome, write, tmp_path):
    folder = tmp_path / "labels"
    make_labels(genome, [LabelSpec("a", write("chr1\t0\t5\n"))], folder)
    (folder / "labels.u8").write_bytes(b"\0" * 69)
    with pytest.raises(DnabilstmError, match="has 69 bytes, its table says 70"):
        open_labels(folder, genome)
    for table in ("[]", '{"format": 1}', '{"format": 99}'):
        (folder / "labels.json").write_text(table)
        with pytest.raises(DnabilstmError, match="not a labels table"):
            open_labels(folder, genome)
    with pytest.raises(DnabilstmError, match="has no labels"):
        open_labels(tmp_path, genome)


def refused(genome, specs, tmp_path, **how):
    with pytest.raises(DnabilstmError) as caught:
        make_labels(genome, specs, tmp_path / "labels", **how)
    assert not (tmp_path / "labels").exists()
    return caught.value.problems


def test_all_tasks_without_a_positive_base_are_reported_together(genome, write, tmp_path):
    in_n, excluded, fine = (
        write("chr2\t12\t15\n", "n.bed"),
        write("chr1\t0\t5\n", "x.bed"),
        write("chr1\t6\t9\n"),
    )
    specs = [LabelSpec("in-n", in_n), LabelSpec("excluded", excluded), LabelSpec("fine", fine)]
    problems = refused(genome, specs, tmp_path, exclude=[excluded])
    assert len(problems) == 2
    assert "n.bed: task 'in-n' has no positive base" in problems[0]
    assert "x.bed: task 'excluded' has no positive base" in problems[1]


def test_a_task_that_covers_everything_is_refused(genome, write, tmp_path):
    (problem,) = refused(genome, [LabelSpec("a", write("chr1\t0\t40\nchr2\t0\t30\n"))], tmp_path)
    assert "marks every base" in problem


def test_the_problems_of_all_files_are_reported_together(genome, write, tmp_path):
    specs = [
        LabelSpec("a", write("chr1\t5\t4\n", "a.bed")),
        LabelSpec("b", tmp_path / "missing.bed"),
        LabelSpec("c", write("chr9\t1\t2\n", "c.bed")),
    ]
    problems = refused(genome, specs, tmp_path, exclude=[write("chr1\t1\n", "black.bed")])
    assert [next(name for name in ("black", "a.bed", "missing", "c.bed") if name in p) for p in problems] == [
        "black", "a.bed", "missing", "c.bed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("specs", "wanted"),
    [
        ([], "no labels"),
        ([("a", {}), ("a", {})], "task 'a': is given 2 times"),
        ([("a.b", {})], "wanted a name of letters"),
        ([("", {})], "wanted a name of letters"),
        ([("a/b", {})], "wanted a name of letters"),
        ([("a", {"strand": "both"})], "strand is 'both'; wanted one of ignore, use"),
        ([("a", {"promoter": (0, 0)})], "has no base"),
        ([("a", {"slop": (-1, 0)})], "slop is -1,0"),
    ],
)
def test_tasks_that_make_no_sense_are_refused(genome, write, tmp_path, specs, wanted):
    bed = write("chr1\t0\t5\n")
    problems = refused(genome, [LabelSpec(task, bed, **how) for task, how in specs], tmp_path)
    assert wanted in problems[0]


def test_yeast_promoters_of_the_gff_are_the_published_ones_base_for_base(data, tmp_path):
    genome = encode_fasta(data / "yeast/sacCer3.fa.gz", tmp_path / "genome")
    aliases = read_aliases(data / "yeast/chromAlias.tsv", genome)
    specs = [
        LabelSpec("gff", data / "yeast/Xu_2009_ORF-Ts_V64.gff3.gz", feature="transcript", promoter=(200, 50)),
        LabelSpec("bed", data / "yeast/promoters_tss-200+50_xu2009.bed"),
        LabelSpec("transcripts", data / "yeast/transcripts_xu2009.bed", promoter=(200, 50)),
    ]
    labels = make_labels(genome, specs, tmp_path / "labels", aliases=aliases)
    assert np.array_equal(labels.values[0], labels.values[1])
    assert np.array_equal(labels.values[2], labels.values[1])
    assert labels.info["of_channel"]["bed"]["rate"] == pytest.approx(0.095, abs=5e-4)
    assert labels.info["masked"] == 0


def test_human_islands_with_the_blacklist_skipped_where_it_does_not_fit(data, tmp_path):
    genome = encode_fasta(data / "human_chr1_3Mb/hg19_chr1_0-3004950.fa.gz", tmp_path / "genome")
    spec = LabelSpec("cpg", data / "human_chr1_3Mb/cpgIslands_hg19_chr1_3Mb.bed")
    black = data / "human_chr1_3Mb/blacklist.bed"
    problems = refused(genome, [spec], tmp_path, exclude=[black])
    assert any("384 intervals on 24 contigs" in problem for problem in problems)
    labels = make_labels(genome, [spec], tmp_path / "labels", exclude=[black], unknown="skip")
    skipped = labels.info["exclude"][0]["skipped"]
    assert (sum(skipped["contigs"].values()), len(skipped["contigs"]), skipped["beyond"]) == (
        384,
        24,
        {"chr1": 23},
    )
    # The five runs of N and the four regions that fit, which overlap none of them.
    gaps = genome.sequence("chr1") == 15
    assert labels.info["masked"] == (labels.values[0] == MASK).sum()
    assert (labels.values[0][gaps] == MASK).all()
    assert (labels.values[0][564449:570371] == MASK).all()
