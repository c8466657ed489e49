"""Bad inputs through the real command line: clear lines, status 2, no traceback, nothing written.

To add a case, add a row to ``CASES``: a name, the command line (words, with the names of ``FILES`` in
braces; ``{out}`` is the output) and what the message must say. A new input is a row of ``FILES``.
"""

import gzip
import io
import os
import shlex
import sys

import pytest
from Bio import bgzf

from dnabilstm.cli import main

FASTA = ">chr1 one\n" + "ACGTACGTAC\n" * 10 + ">chr2\n" + "GGCCATTAGC\n" * 5
BED = "chr1\t0\t10\n"
GFF = "##gff-version 3\nchr1\tx\tgene\t11\t20\t.\t+\t.\tID=a\n"


def cut_bgzip(text):
    """A bgzip file without the block that ends it: whole blocks, so a valid gzip."""
    packed = io.BytesIO()
    writer = bgzf.BgzfWriter(fileobj=packed)
    writer.write(text.encode())
    writer.flush()
    return packed.getvalue()


def damaged(packed):
    """A gzip whose checksum says that a byte of the content was changed."""
    return packed[:-8] + bytes([packed[-8] ^ 0xFF]) + packed[-7:]


FILES = {
    "genome": FASTA,
    "bed": BED,
    "gff": ("a.gff3", GFF),
    # genomes
    "empty": "",
    "blank": " \n\n\t\n",
    "headless": "chr1\n" + FASTA,
    "nameless": FASTA + ">\nACGT\n",
    "duplicate": FASTA + ">chr1 again\nACGT\n",
    "gapped": FASTA + ">chr3\nACGT-ACGT\n",
    "protein": ">sp|P1\nMELQVSIKTP\n",
    "binary": bytes(range(256)) * 20,
    "binary_fasta": b">chr1\n" + bytes(range(256)),
    "cut_gzip": gzip.compress(FASTA.encode())[:-12],
    "cut_bgzip": cut_bgzip(FASTA),
    "damaged_gzip": damaged(gzip.compress(FASTA.encode())),
    "tail_gzip": gzip.compress(FASTA.encode()) + b"and then some",
    "baseless": ">chr1\n>chr2\n\n",
    "fasta_utf16": FASTA.encode("utf-16"),
    "zipped": b"PK\x03\x04" + bytes(40),
    "ncbi": FASTA.replace("chr1", "NC_000913.3"),
    # regions
    "two_columns": "chr1\t5\n",
    "words": "chr1\t5\tten\n",
    "decimals": "chr1\t5\t10.0\n",
    "backwards": "chr1\t20\t10\n",
    "negative": "chr1\t-5\t10\n",
    "zero_length": "chr1\t10\t10\n",
    "past_end": "chr1\t90\t101\n",
    "unknown": "chr1\t0\t5\nscaffold_7\t0\t5\nscaffold_7\t6\t8\n",
    "roman": "chrI\t0\t5\nchrII\t0\t5\n",
    "version": "NC_000913.2\t0\t5\n",
    "bad_strand": "chr1\t0\t5\tx\t0\tplus\n",
    "no_strand": "chr1\t0\t5\tx\t0\t.\n",
    "gff_no_strand": ("b.gff3", GFF.replace("+", ".")),
    "gff_8": ("c.gff3", GFF.replace("\tID=a", "")),
    "gff_zero": ("d.gff3", GFF.replace("\t11\t", "\t0\t")),
    "gff_types": ("e.gff3", GFF + "chr1\tx\texon\t11\t20\t.\t+\t.\tID=b\n"),
    "only_headers": "# nothing\ntrack name=x\n",
    "bed_utf16": BED.encode("utf-16"),
    "bed_cut_gzip": gzip.compress(BED.encode() * 100)[:-12],
    "commas": "chr1,0,5\n",
    "ragged": "chr1\t0\t5\tx\t0\t+\nchr1\t6\t9\n",
    "narrow": ("a.narrowPeak", "chr1\t0\t5\tx\t0\t+\n"),
    "everything": "chr1\t0\t100\nchr2\t0\t50\n",
    "many": "".join(f"chr1\t{k}\t{k}\n" for k in range(40)),
    # alias tables
    "alias_none": "I\tone\nII\ttwo\n",
    "alias_two": "chr1\tchr2\n",
    "alias_twice": "chr1\tone\nchr2\tone\n",
    "alias_odd_row": "chr1\tI\nchr2\tII\nIII\tthree\n",
    # a file where a folder is wanted
    "taken": "years of work\n",
}

ENCODE = "encode --output {out} --genome "
LABEL = "label --output {out} --genome {genome} "

CASES = {
    "empty FASTA": (ENCODE + "{empty}", ["{empty}: is empty"]),
    "only whitespace": (ENCODE + "{blank}", ["{blank}: is empty"]),
    "text before >": (ENCODE + "{headless}", ["{headless}:1: 'chr1' before the first '>'"]),
    "empty name": (ENCODE + "{nameless}", ["{nameless}:18: record 3 has no name"]),
    "duplicate name": (ENCODE + "{duplicate}", ["{duplicate}:18: duplicate name 'chr1', first on line 1"]),
    "non-IUPAC byte": (ENCODE + "{gapped}", ["{gapped}:19: record 'chr3' has the byte '-' at column 5"]),
    "protein FASTA": (ENCODE + "{protein}", ["{protein}:2: ", "a protein sequence?"]),
    "binary junk": (ENCODE + "{binary}", ["{binary}:1: ", "before the first '>'"]),
    "binary after a header": (ENCODE + "{binary_fasta}", ["{binary_fasta}:2: record 'chr1' has the byte"]),
    "truncated gzip": (ENCODE + "{cut_gzip}", ["{cut_gzip}: the gzip file ends too early (truncated)"]),
    "bgzip cut at a block border": (ENCODE + "{cut_bgzip}", ["{cut_bgzip}: ", "truncated"]),
    "damaged gzip": (ENCODE + "{damaged_gzip}", ["{damaged_gzip}: the gzip file is damaged"]),
    "gzip with a tail": (ENCODE + "{tail_gzip}", ["{tail_gzip}: the gzip file is damaged"]),
    "missing FASTA": (ENCODE + "{dir}/none.fa", ["{dir}/none.fa: cannot be read: No such file"]),
    "FASTA is a folder": (ENCODE + "{dir}", ["{dir}: is a folder; wanted a FASTA file"]),
    "FASTA without a base": (ENCODE + "{baseless}", ["{baseless}: has 2 records but not one base"]),
    "UTF-16 FASTA": (ENCODE + "{fasta_utf16}", ["{fasta_utf16}: is UTF-16 text; save it as UTF-8"]),
    "zip archive": (ENCODE + "{zipped}", ["{zipped}: is a zip archive"]),
    "output is a file": ("encode --genome {genome} --output {taken}", ["{taken}: is a file; a folder"]),
    "output lies under a file": (
        "encode --genome {genome} --output {taken}/x",
        ["{taken}/x: cannot be written"],
    ),
    "output holds other files": (
        "encode --genome {genome} --output {dir}",
        ["{dir}: holds files that would"],
    ),
    "no genome given": ("encode --output {out}", ["--genome"]),
    "misspelt option": (ENCODE + "{genome} --genom x", ["--genom"]),
    "unknown subcommand": ("encod --genome {genome}", ["encod"]),
    "label: genome is no genome": (
        "label --genome {bed} --labels p={bed} --output {out}",
        ["{bed}:1: 'chr1\\t0\\t10' before the first '>'"],
    ),
    "label: genome is another folder": (
        "label --genome {dir} --labels p={bed} --output {out}",
        ["{dir}: is not an encoded genome"],
    ),
    "BED of 2 columns": (LABEL + "--labels p={two_columns}", ["{two_columns}:1: found 2 columns"]),
    "end is a word": (LABEL + "--labels p={words}", ["{words}:1: end is 'ten'; wanted a whole number"]),
    "end is a decimal": (LABEL + "--labels p={decimals}", ["{decimals}:1: end is '10.0'"]),
    "start after end": (LABEL + "--labels p={backwards}", ["{backwards}:1: start 20, end 10"]),
    "negative start": (LABEL + "--labels p={negative}", ["{negative}:1: start is -5; wanted at least 0"]),
    "zero-length interval": (LABEL + "--labels p={zero_length}", ["{zero_length}:1: start 10, end 10"]),
    "end past the contig": (
        LABEL + "--labels p={past_end}",
        ["{past_end}:1: end 101 is past the end of chr1 (100)"],
    ),
    "unknown contig": (
        LABEL + "--labels p={unknown}",
        ["{unknown}: 2 intervals on 1 contig not in the genome: scaffold_7; the genome has chr1, chr2"],
    ),
    "chrI against chr1": (
        LABEL + "--labels p={roman}",
        ["chrI, chrII", "chr1, chr2", "chr1<TAB>chrI", "--alias"],
    ),
    "other assembly version": (
        "label --genome {ncbi} --labels p={version} --output {out}",
        ["{version}: 1 intervals are on another version", "NC_000913.2 against NC_000913.3"],
    ),
    "other version, skipping": (
        "label --genome {ncbi} --labels p={version} --output {out} --unknown-contigs skip",
        ["{version}: 1 intervals are on another version", "NC_000913.2 against NC_000913.3"],
    ),
    "nothing left after skipping": (
        LABEL + "--labels p={roman} --unknown-contigs skip",
        ["{roman}: task 'p' has no positive base"],
    ),
    "bad strand": (LABEL + "--labels p={bad_strand}", ["{bad_strand}:1: strand is 'plus'"]),
    "promoter without strand": (
        LABEL + "--labels p={no_strand} --promoter p=5,5",
        ["{no_strand}:1: has no strand"],
    ),
    "promoter of a BED3": (LABEL + "--labels p={bed} --promoter p=5,5", ["{bed}:1: has no strand"]),
    "GFF3 promoter without strand": (
        LABEL + "--labels p={gff_no_strand} --promoter p=5,5",
        ["{gff_no_strand}:2: has no strand; wanted + or - in column 7"],
    ),
    "missing feature type": (
        LABEL + "--labels p={gff} --feature p=tRNA",
        ["{gff}: has no feature of type 'tRNA' (column 3); it has gene (1)"],
    ),
    "several feature types": (
        LABEL + "--labels p={gff_types}",
        ["{gff_types}: has 2 feature types", "--feature"],
    ),
    "feature type of a BED": (LABEL + "--labels p={bed} --feature p=gene", ["{bed}: is a BED"]),
    "GFF3 of 8 columns": (LABEL + "--labels p={gff_8}", ["{gff_8}:2: found 8 columns"]),
    "GFF3 at 0": (LABEL + "--labels p={gff_zero}", ["{gff_zero}:2: start is 0; wanted at least 1"]),
    "same task twice": (LABEL + "--labels p={bed} --labels p={gff}", ["task 'p': is given 2 times"]),
    "bad task name": (LABEL + "--labels 'p 1={bed}'", ["task 'p 1': wanted a name of letters"]),
    "task without file": (LABEL + "--labels {bed}", ["--labels {bed}: wanted TASK=FILE"]),
    "option of no task": (
        LABEL + "--labels p={bed} --slop q=5",
        ["--slop q=5: no --labels names the task 'q'"],
    ),
    "bad slop": (LABEL + "--labels p={bed} --slop p=-5", ["--slop p=-5: wanted whole numbers"]),
    "bad promoter": (LABEL + "--labels p={bed} --promoter p=200", ["--promoter p=200: wanted two numbers"]),
    "bad strand option": (
        LABEL + "--labels p={bed} --strand p=both",
        ["strand is 'both'; wanted one of ignore, use"],
    ),
    "labels folder for label": (LABEL + "--labels {dir}", ["--labels {dir}: is a folder; wanted TASK=FILE"]),
    "alias that matches nothing": (
        LABEL + "--labels p={roman} --alias {alias_none}",
        ["{alias_none}: has 2 rows (I, II), none with a contig of the genome (chr1, chr2)"],
    ),
    "alias row of two contigs": (
        LABEL + "--labels p={roman} --alias {alias_two}",
        ["{alias_two}:1: names two contigs of the genome, chr1, chr2"],
    ),
    "alias name in two rows": (
        LABEL + "--labels p={roman} --alias {alias_twice}",
        ["{alias_twice}:2: 'one' stands on line 1 too"],
    ),
    "alias row without a contig": (
        LABEL + "--labels p={roman} --alias {alias_odd_row}",
        ["{alias_odd_row}:3: the row of 'III' has no contig"],
    ),
    "missing alias table": (LABEL + "--labels p={bed} --alias {dir}/none", ["{dir}/none: cannot be read"]),
    "BED of no bytes": (LABEL + "--labels p={empty}", ["{empty}: is empty: no interval"]),
    "BED without records": (LABEL + "--labels p={only_headers}", ["{only_headers}: is empty: no interval"]),
    "UTF-16 BED": (LABEL + "--labels p={bed_utf16}", ["{bed_utf16}: is UTF-16 text"]),
    "truncated BED": (LABEL + "--labels p={bed_cut_gzip}", ["{bed_cut_gzip}: ", "truncated"]),
    "FASTA given as BED": (LABEL + "--labels p={genome}", ["{genome}:1: found '>chr1 one': a FASTA"]),
    "binary given as BED": (LABEL + "--labels p={binary}", ["{binary}:1: found ", "no text"]),
    "table with commas": (LABEL + "--labels p={commas}", ["{commas}:1: found a table with commas"]),
    "columns that vary": (LABEL + "--labels p={ragged}", ["{ragged}:2: found 3 columns; wanted 6"]),
    "narrowPeak of 6 columns": (LABEL + "--labels p={narrow}", ["{narrow}:1: found 6 columns; wanted 10"]),
    "missing BED": (LABEL + "--labels p={dir}/none.bed", ["{dir}/none.bed: cannot be read: No such file"]),
    "missing blacklist": (
        LABEL + "--labels p={bed} --exclude {dir}/none.bed",
        ["{dir}/none.bed: cannot be read"],
    ),
    "everything is excluded": (
        LABEL + "--labels p={bed} --exclude {everything}",
        ["task 'p' has no positive base"],
    ),
    "everything is positive": (LABEL + "--labels p={everything}", ["task 'p' marks every base"]),
    "many bad lines": (
        LABEL + "--labels p={many}",
        ["{many}:1: ", "{many}:10: ", "{many}: and 30 more problems"],
    ),
    "two bad files": (LABEL + "--labels p={negative} --labels q={words}", ["{negative}:1: ", "{words}:1: "]),
    "label output is a file": (
        "label --genome {genome} --labels p={bed} --output {taken}",
        ["{taken}: is a file; a folder is to be written there"],
    ),
    "info of nothing": ("info {dir}/none", ["{dir}/none: cannot be read"]),
    "info of a folder of others": ("info {dir}", ["{dir}: is no folder of dnabilstm"]),
}


@pytest.fixture
def inputs(tmp_path):
    """Each of ``FILES`` as a path, the folder they lie in, and a place for the output."""
    folder = tmp_path / "in"
    folder.mkdir()
    places = {"dir": folder, "out": tmp_path / "out"}
    for name, content in FILES.items():
        name_there, content = content if isinstance(content, tuple) else (name, content)
        places[name] = folder / name_there
        places[name].write_bytes(content if isinstance(content, bytes) else content.encode())
    return places


def run(line, inputs, monkeypatch, capsys):
    """Status and stderr of a command line, and what it left that was not there before."""
    root = inputs["dir"].parent
    words = [word.format(**inputs) for word in shlex.split(line)]
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    monkeypatch.setattr(sys, "argv", ["dnabilstm", *words])
    status = 0
    try:
        main()
    except SystemExit as exit:
        status = exit.code
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert before.items() <= after.items()
    left = sorted(path.name for path in after.keys() - before.keys())
    return status, capsys.readouterr().err, left


@pytest.mark.parametrize("case", CASES)
def test_a_bad_input_is_refused_with_clear_lines_and_nothing_is_written(case, inputs, monkeypatch, capsys):
    line, wanted = CASES[case]
    status, err, left = run(line, inputs, monkeypatch, capsys)
    assert status == 2
    assert "Traceback" not in err
    for words in wanted:
        assert words.format(**inputs) in err
    assert len(err.splitlines()) <= 12
    assert left == []
    assert not inputs["out"].exists()
    assert not list(inputs["dir"].parent.rglob("*.part"))


@pytest.mark.parametrize(
    "line", [ENCODE + "{genome}", LABEL + "--labels p={bed}", LABEL + "--labels p={gff}"]
)
def test_the_good_inputs_of_the_cases_are_good(line, inputs, monkeypatch, capsys):
    status, _, left = run(line, inputs, monkeypatch, capsys)
    assert status == 0
    assert len(left) == 2


@pytest.mark.parametrize("name", ["genome", "bed"])
def test_an_unreadable_file_is_one_line(name, inputs, monkeypatch, capsys):
    if os.geteuid():
        inputs[name].chmod(0)
    else:  # root may read everything: let opening fail as it would for others
        opened = type(inputs[name]).open

        def denied(self, *args, **kwargs):
            if self == inputs[name]:
                raise PermissionError(13, "Permission denied", str(self))
            return opened(self, *args, **kwargs)

        monkeypatch.setattr(type(inputs[name]), "open", denied)
        monkeypatch.setattr(type(inputs[name]), "read_bytes", lambda self: b"")
    monkeypatch.setattr(
        sys, "argv", ["dnabilstm", *shlex.split((LABEL + "--labels p={bed}").format(**inputs))]
    )
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == f"error: {inputs[name]}: cannot be read: Permission denied\n"
    assert not inputs["out"].exists()


@pytest.mark.parametrize("line", [ENCODE + "{genome}", LABEL + "--labels p={bed}"])
def test_an_output_that_may_not_be_written_is_one_line(line, inputs, monkeypatch, capsys):
    def denied(*_, **how):
        raise PermissionError(13, "Permission denied")

    genome = inputs["dir"].parent / "genome"
    assert run(f"encode --genome {{genome}} --output {genome}", inputs, monkeypatch, capsys)[0] == 0
    monkeypatch.setattr("tempfile.mkdtemp", denied)
    status, err, left = run(
        line.replace("--genome {genome} ", f"--genome {genome} "), inputs, monkeypatch, capsys
    )
    assert (status, left) == (2, [])
    assert err == f"error: {inputs['out']}: cannot be written: Permission denied\n"
