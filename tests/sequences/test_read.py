"""Files, texts and records become the same sequences; what is wrong is one clear line each."""

import gzip
import io

import numpy as np
import pytest
from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord

from dnabilstm.alphabet import N
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import open_genome
from dnabilstm.sequences.read import from_records, from_texts, read_sequences, write_fasta
from dnabilstm.sequences.regions import RegionSettings
from dnabilstm.sequences.table import TableColumns

FASTA = ">one first\nACGT\nrrn\n\n>two\r\nGGG\n>one again\nT"


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.fixture
def genome(tmp_path):
    written(tmp_path, "genome.fa", ">chr1\nAACCGGTTAC\n>chr2\nNNNNNNNNNNNNAC\n")
    return open_genome(tmp_path / "genome.fa")


def texts(sequences):
    return [sequences.text(i) for i in range(len(sequences))]


def labels(sequences):
    return [None if label < 0 else sequences.classes[label] for label in sequences.labels]


def problems(*files, **more):
    with pytest.raises(DnabilstmError) as caught:
        read_sequences(files, **more)
    return caught.value.problems


@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
@pytest.mark.parametrize("name", ["a.fa", "a.txt", "a.csv", "a"])
def test_a_fasta_is_known_by_its_first_letter(tmp_path, name, pack):
    found = read_sequences([written(tmp_path, name, pack(FASTA))])
    assert texts(found) == ["ACGTRRN", "GGG", "T"]
    assert found.names == ("one", "two", "one")
    assert labels(found) == [None] * 3
    assert found.classes == found.places == ()


def test_a_fasta_has_the_records_that_biopython_reads(data):
    path = data / "benchmarks/cnnprom/Arabidopsis_tata.fa.gz"
    found = read_sequences([str(path)])
    with gzip.open(path, "rt") as handle:
        records = list(SeqIO.parse(handle, "fasta"))
    assert len(found) == 1497
    assert texts(found) == [str(record.seq).upper() for record in records]
    assert list(found.names) == [record.id for record in records]


def test_classes_are_sorted_and_by_number_where_all_are_numbers(tmp_path):
    a, b = written(tmp_path, "a.fa", ">a\nA\n"), written(tmp_path, "b.fa", ">b\nC\n>c\nG\n")
    assert read_sequences([f"yes={a}", f"no={b}"]).classes == ("no", "yes")
    found = read_sequences([f"10={a}", f"2={b}"])
    assert found.classes == ("2", "10")
    assert labels(found) == ["10", "2", "2"]
    assert texts(found) == ["A", "C", "G"]


def test_the_classes_of_a_model_give_the_order_and_the_bounds(tmp_path):
    a = written(tmp_path, "a.fa", ">a\nA\n")
    found = read_sequences([f"no={a}"], classes=("yes", "no", "perhaps"))
    assert found.classes == ("yes", "no", "perhaps")
    assert found.labels.tolist() == [1]
    (problem,) = problems(f"nein={a}", classes=("yes", "no"))
    assert problem == f"{a}: has the class 'nein'; wanted 'yes', 'no'"


def test_files_with_and_without_class_can_be_read_together(tmp_path):
    a, b = written(tmp_path, "a.fa", ">a\nA\n"), written(tmp_path, "b.fa", ">b\nC\n")
    assert labels(read_sequences([a, f"x={b}"])) == [None, "x"]


def test_a_path_may_hold_an_equals_sign(tmp_path):
    (tmp_path / "run=1").mkdir()
    path = written(tmp_path / "run=1", "a=b.fa", ">a\nA\n")
    assert labels(read_sequences([path])) == [None]
    assert labels(read_sequences([f"x={path}"])) == ["x"]


@pytest.mark.parametrize(("name", "gap"), [("a.csv", ","), ("a.tsv", "\t"), ("a.txt", "\t")])
def test_a_table_has_sequences_classes_and_names(tmp_path, name, gap):
    rows = [["name", "label", "sequence", "more"], ["x", "10", "acgu", ""], ["y", "9", "NNN", "1"]]
    path = written(tmp_path, name, "".join(gap.join(row) + "\n" for row in rows))
    found = read_sequences([path])
    assert texts(found) == ["ACGT", "NNN"]
    assert found.names == ("x", "y")
    assert found.classes == ("9", "10")
    assert labels(found) == ["10", "9"]


def test_real_tables_have_the_rows_that_pandas_reads(data):
    pandas = pytest.importorskip("pandas")
    path = data / "benchmarks/gue/tf/4/test.csv.gz"
    found, frame = read_sequences([str(path)]), pandas.read_csv(path)
    assert texts(found) == frame.sequence.tolist()
    assert labels(found) == frame.label.astype(str).tolist()


def test_regions_are_read_on_their_own_strand(tmp_path, genome):
    path = written(tmp_path, "a.bed", "chr1\t0\t4\ta\t0\t+\nchr1\t1\t5\tb\t0\t-\nchr2\t11\t14\tc\t0\t.\n")
    found = read_sequences([f"peak={path}"], genome=genome)
    assert texts(found) == ["AACC", "CGGT", "NAC"]
    assert found.names == ("chr1:0-4(+)", "chr1:1-5(-)", "chr2:11-14")
    assert [(p.contig, p.start, p.end, p.strand) for p in found.places][1:] == [
        ("chr1", 1, 5, -1),
        ("chr2", 11, 14, 0),
    ]
    assert labels(found) == ["peak"] * 3


def test_gff3_starts_at_one_and_a_feature_is_chosen_by_class(tmp_path, genome):
    lines = ["chr1\tx\tgene\t1\t4\t.\t+\t.\tID=a", "chr1\tx\texon\t2\t2\t.\t+\t.\tID=b"]
    path = written(tmp_path, "a.gff3", "##gff-version 3\n" + "\n".join(lines) + "\n")
    chosen = RegionSettings(features={"g": "gene", "": "exon"})
    assert texts(read_sequences([f"g={path}"], genome=genome, regions=chosen)) == ["AACC"]
    assert texts(read_sequences([path], genome=genome, regions=chosen)) == ["A"]
    assert "2 feature types" in problems(path, genome=genome)[0]


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_a_width_about_the_centre_mirrors_with_the_strand(tmp_path, width):
    forward = "ACGATTGCCATAGGACTTAC"
    backward = str(Seq(forward).reverse_complement())
    written(tmp_path, "g.fa", f">f\n{forward}\n>b\n{backward}\n")
    bed = "f\t7\t10\t.\t0\t+\nb\t10\t13\t.\t0\t-\nf\t8\t12\t.\t0\t+\nb\t8\t12\t.\t0\t-\n"
    path, opened = written(tmp_path, "a.bed", bed), open_genome(tmp_path / "g.fa")
    found = read_sequences([path], genome=opened, regions=RegionSettings(width=width))
    assert found.lengths.tolist() == [width] * 4
    assert found.text(0) == found.text(1)
    assert found.text(2) == found.text(3)
    if width == 3:
        assert found.text(0) == forward[7:10]


def test_places_are_kept_where_all_have_one(tmp_path, genome):
    bed, fasta = written(tmp_path, "a.bed", "chr1\t0\t4\n"), written(tmp_path, "a.fa", ">a\nA\n")
    assert len(read_sequences([bed], genome=genome).places) == 1
    assert read_sequences([bed, fasta], genome=genome).places == ()


def test_what_is_left_out_is_said(tmp_path, genome):
    path = written(tmp_path, "a.bed", "chr1\t0\t4\nchr1\t4\t6\nchr9\t0\t4\n")
    said = []
    skipping = RegionSettings(width=6, unknown="skip")
    found = read_sequences([path], genome=genome, regions=skipping, note=said.append)
    assert found.names == ("chr1:2-8",)
    assert said == [
        f"{path}: left out 1 on contigs that the genome lacks (chr9 1)",
        f"{path}: regions that reach past an end of their contig when 6 bases wide: 1 (chr1:-1-5); left out",
    ]
    assert len(problems(path, genome=genome, regions=RegionSettings(width=6))) == 1


def test_all_n_is_a_sequence(tmp_path):
    found = read_sequences([written(tmp_path, "a.fa", ">a\nNNnn\n")])
    assert found.codes.tolist() == [N] * 4


BAD = {
    "empty": ("a.fa", "", "a.fa: is empty: no sequence in it"),
    "blank": ("a.csv", "\n \n", "a.csv: is empty"),
    "only a header": ("a.csv", "sequence,label\n", "a.csv: has a header but no row"),
    "only a FASTA header": ("a.fa", ">x\n", "a.fa:1: record 'x' has no base (length 0)"),
    "a record without bases": ("a.fa", ">x\nA\n>y z\n\n>x\nC\n", "a.fa:3: record 'y' has no base (length 0)"),
    "a nameless record": ("a.fa", ">x\nA\n>\nC\n", "a.fa:3: record 2 has no name"),
    "binary junk": ("a.bin", bytes(range(256)) * 9, "a.bin:1: begins with"),
    "binary junk in a FASTA": ("a.fa", b">x\n" + bytes(range(128, 256)), "a.fa:2: record 'x' has the byte"),
    "binary junk in a table": ("a.csv", b"sequence\n\xff\x00\n", "a.csv:2: record 'row1' has the byte"),
    "prose": ("a.txt", "Dear reader,\n", "a.txt:1: begins with 'Dear reader,'; wanted a FASTA"),
    "a zip": ("a.zip", b"PK\x03\x04" + bytes(30), "a.zip: is a zip archive"),
    "a cut gzip": ("a.fa", gzip.compress(FASTA.encode())[:-12], "a.fa: the gzip file ends too early"),
    "not IUPAC": ("a.fa", ">x\nACGT\nAC-T\n", "a.fa:3: record 'x' has the byte '-' at column 3; wanted IUPAC"),
    "a protein": ("a.fa", ">x\nMELQ\n", "a protein sequence?"),
    "no sequence column": ("a.csv", "seq,y\nA,1\n", "a.csv: has no column 'sequence'; it has 'seq', 'y'; say"),
    "two sequence columns": ("a.csv", "sequence,sequence\nA,C\n", "a.csv: has 2 columns 'sequence'"),
    "ragged": ("a.csv", "sequence,label\nA,1\nC\nG,1,2\n", "a.csv:3: found 1 cell; wanted 2, as in the header"),
    "not IUPAC in a table": ("a.csv", "sequence,name\nACXT,s\n", "a.csv:2: record 's' has the byte 'X' at column 3"),
    "an empty cell": ("a.csv", "sequence,label\n,1\n", "a.csv:2: record 'row1' has no base (length 0)"),
    "no class": ("a.csv", "sequence,label\nA,1\nC,\n", "a.csv:3: has no class"),
    "open quotes": ("a.csv", 'sequence\n"ACGT\nAC\n', "is no row of a table"),
    "BED without genome": ("a.bed", "chr1\t0\t4\n", "a.bed: holds regions; wanted the genome"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "said"), BAD.values(), ids=BAD)
def test_bad_files_are_one_clear_line(tmp_path, name, content, said):
    found = problems(written(tmp_path, name, content))
    assert said in found[0]
    assert len(found) == (2 if name == "a.csv" and said.endswith("header") else 1)
    assert all("\n" not in line and line.startswith(str(tmp_path)) for line in found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x=F", "y=F"], "is given twice as 'x' and as 'y'; leave one out"),
        (["F", "F"], "is given twice; leave one out"),
        (["x=T"], "is given as 'x' but has a column with classes"),
        (["x="], "x=: wanted CLASS=FILE or FILE"),
        (["=F"], "wanted CLASS=FILE or FILE"),
        (["x=G"], "cannot be read: No such file"),
        ([], "no file of sequences"),
        (["D"], "is a folder; wanted a file of sequences"),
    ],
)
def test_bad_choices_of_files_are_one_clear_line(tmp_path, words, said):
    paths = {
        "F": written(tmp_path, "a.fa", ">a\nA\n"),
        "T": written(tmp_path, "a.csv", "sequence,label\nA,1\n"),
        "G": str(tmp_path / "none.fa"),
        "D": str(tmp_path),
    }
    places = [word.rpartition("=") for word in words]
    (problem,) = problems(*(name + equals + paths.get(path, path) for name, equals, path in places))
    assert said in problem


def test_what_is_wrong_with_all_files_is_said_at_once(tmp_path):
    a, b = written(tmp_path, "a.fa", ">a\nA\n>b\n"), written(tmp_path, "b.csv", "sequence\nX\nA\nJ\n")
    assert len(problems(a, f"x={b}", "y=", columns=TableColumns())) == 4


def test_columns_can_be_chosen(tmp_path):
    path = written(tmp_path, "a.csv", "id,dna,sequence,class\nx,A,C,p\ny,G,C,q\n")
    found = read_sequences([path], columns=TableColumns("dna", "class", "id"))
    assert texts(found) == ["A", "G"]
    assert found.names == ("x", "y")
    assert found.classes == ("p", "q")
    assert "has no column 'kind'" in problems(path, columns=TableColumns(label="kind"))[0]


def test_texts_and_records_become_what_a_file_becomes(tmp_path):
    from_file = read_sequences([written(tmp_path, "a.fa", FASTA)])
    records = [SeqRecord(Seq(s), id=n) for n, s in [("one", "ACGTrrn"), ("two", "GGG"), ("one", "t")]]
    from_memory = from_records(records)
    assert from_memory.names == from_file.names
    assert from_memory.digest == from_file.digest == from_texts(["acgtrrn", "GGG", "T"]).digest
    labelled = from_texts(["A", "C"], labels=np.array([1, 0]), classes=("p", "q"))
    assert labels(labelled) == ["q", "p"]


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: from_texts(["A", "AJ"]), "X[1]: record 'X[1]' has the byte 'J' at column 2"),
        (lambda: from_texts(["A", ""]), "X[1]: record 'X[1]' has no base (length 0)"),
        (lambda: from_texts(["A", "C\n"]), r"X[1]: record 'X[1]' has the byte '\n' at column 2"),
        (lambda: from_texts(["A", "\ud800é"]), "X[1]: record 'X[1]' has the byte '?' at column 1"),
        (lambda: from_texts(["A", 3.5]), "X[1]: is of type float; wanted a str"),
        (lambda: from_records([SeqRecord(Seq("MELQ"), id="p")]), "X[0]: record 'p' has the byte 'E'"),
        (
            lambda: from_records([SeqRecord(Seq(None, 3), id="p")]),
            "X[0]: record 'p' has a length but no bases",
        ),
        (lambda: from_records([SeqRecord(Seq("A")), "A"]), "X[1]: is of type str; wanted a SeqRecord"),
    ],
)
def test_bad_texts_and_records_are_named(build, said):
    with pytest.raises(DnabilstmError) as caught:
        build()
    assert len(caught.value.problems) == 1
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["a.fa", "a.fa.gz"])
def test_a_written_fasta_is_read_back(tmp_path, name):
    made = from_texts(["ACGTRYN", "G"], ["x", "y y"])
    write_fasta(made, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    assert read_sequences([str(tmp_path / name)]).digest == made.digest
    raw = gzip.decompress(first) if name.endswith("gz") else first
    assert [r.description for r in SeqIO.parse(io.StringIO(raw.decode()), "fasta")] == ["x", "y y"]
    write_fasta(made, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first
