"""The workflow's other target: classes of whole sequences, from FASTA, tables, or regions with negatives."""

import csv
import json
import random

import pytest
import yaml
from snakemake.exceptions import WorkflowError

from dnabilstm.model.bundle import read_card
from tests.conftest import ROOT
from tests.workflow import read_configuration, snakemake

pytestmark = pytest.mark.slow
SMALL = {
    "model": {"hidden": 4, "layers": 1, "filters": 4, "filter_width": 7},
    "train": {"epochs": 1, "min_steps": 6, "shards": 1},
}


def prepare(folder, config):
    """Write sequences of two classes, regions of a genome, and a configuration into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    bases = random.Random(1)

    def draw(length, letters="ACGT"):
        return "".join(bases.choices(letters, k=length))

    seen = ""
    for part, count in (("train", 60), ("test", 20)):
        rich = [draw(50, "AACCGGGTC") for _ in range(count)]
        poor = [seen or draw(50, "AATTACGTT"), *(draw(50, "AATTACGTT") for _ in range(count - 1))]
        # The first one of the test part is a copy of the training's.
        seen = poor[0]
        for name, rows in (("rich", rich), ("poor", poor)):
            text = "".join(f">{name}{number}\n{row}\n" for number, row in enumerate(rows))
            (folder / f"{part} {name}.fa").write_text(text)
        table = [f"{row},{label}\n" for label, rows in ((1, rich), (0, poor)) for row in rows]
        (folder / f"{part}.csv").write_text("seq,label\n" + "".join(table))
    (folder / "g.fa").write_text(f">c\n{draw(9000)}\n>d\n{draw(9000)}\n")
    for name, contig in (("a", "c"), ("b", "d")):
        rows = [f"{contig}\t{start}\t{start + 41}\n" for start in range(50, 4050, 100)]
        (folder / f"{name}.bed").write_text("".join(rows))
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return folder


def configuration(classify=None, **classifier):
    """A configuration of a classifier that is trained in a second."""
    more = {} if classify is None else {"classify": classify}
    return {"model": "tell", "device": "cpu", "classifier": SMALL | classifier, **more}


PAIRS = configuration(
    sequences={"rich": ["train rich.fa"], "poor": ["train poor.fa"]},
    test={"rich": ["test rich.fa"], "poor": ["test poor.fa"]},
    classify={"unknown": ["test rich.fa"], "known": {"sequences": {"poor": ["train poor.fa"]}}},
)
REGIONS = configuration(
    sequences={"peak": ["a.bed"]},
    test={"peak": ["b.bed"]},
    genome="g.fa",
    width=40,
    negatives={"kind": "gc", "ratio": 1.5, "gc_tolerance": 0.2},
    train={**SMALL["train"], "members": 2},
)


def read_tsv(path):
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """A folder in which a classifier was made of FASTA files, and what Snakemake said."""
    folder = prepare(tmp_path_factory.mktemp("pairs"), PAIRS)
    status, said = snakemake(folder)
    assert status == 0, said
    return folder, said


def test_fasta_pairs_become_a_model_an_audit_and_figures(pairs):
    folder, said = pairs
    made = folder / "results/models/tell"
    assert read_card(made / "model.safetensors")["channels"] == ["poor", "rich"]
    figures = json.loads((made / "model.test.json").read_text())
    assert (figures["raw"]["sequences"], figures["leaked"], figures["leak_free"]["sequences"]) == (40, 1, 39)
    rows = read_tsv(made / "model.test.tsv")
    assert [row["name"] for row in rows if row["leak"] != "."] == ["poor0"]
    assert json.loads((made / "model.audit/audit.json").read_text())["leaked"]["test"] == 1
    assert (made / "model.audit/audit.png").stat().st_size
    assert "results/models/tell/\n    model.safetensors" in said


def test_sets_are_classified_and_held_against_what_was_trained_on(pairs):
    folder, _ = pairs
    rows = read_tsv(folder / "results/unknown/tell/classes.tsv")
    assert len(rows) == 20
    assert {row["leak"] for row in rows} == {"."}
    assert all(abs(float(row["p_poor"]) + float(row["p_rich"]) - 1) < 1e-4 for row in rows)
    assert "label" not in rows[0]
    rows = read_tsv(folder / "results/known/tell/classes.tsv")
    assert {(row["label"], row["leak"]) for row in rows} == {("poor", "exact")}
    figures = json.loads((folder / "results/known/tell/classes.json").read_text())
    assert (figures["raw"]["sequences"], figures["leak_free"]["sequences"]) == (60, 0)


def test_a_second_run_has_nothing_to_do(pairs):
    status, said = snakemake(pairs[0], "--dry-run")
    assert status == 0
    assert "Nothing to be done" in said


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"train": {**SMALL["train"], "folds": 2}}, "train_classifier"),
        ({"sequences": {"rich": ["train poor.fa"], "poor": ["train rich.fa"]}}, "train_classifier"),
        ({}, "classify"),
    ],
)
def test_what_changed_runs_its_rule_again(pairs, tmp_path, change, wanted):
    config = {**PAIRS, "classifier": PAIRS["classifier"] | change}
    if wanted == "classify":
        config["classify"] = {"unknown": {"sequences": {"rich": ["test rich.fa"]}}}
    (tmp_path / "changed.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    status, said = snakemake(pairs[0], "--dry-run", config=tmp_path / "changed.yaml")
    assert status == 0, said
    assert f"rule {wanted}:" in said
    assert ("rule train_classifier:" in said) == (wanted == "train_classifier")


def test_the_report_has_the_audit_and_the_figures(pairs, tmp_path):
    status, said = snakemake(pairs[0], "--report", str(tmp_path / "report.zip"))
    assert status == 0, said
    assert (tmp_path / "report.zip").stat().st_size
    assert "audit.png" in said
    assert "model.test.json" in said


def test_a_model_that_is_there_classifies_without_training(pairs, tmp_path):
    model = str(pairs[0] / "results/models/tell/model.safetensors")
    config = {"model": "given", "model_file": model, "classify": {"s": ["test rich.fa"]}}
    status, said = snakemake(prepare(tmp_path, config), "--quiet")
    assert status == 0, said
    rows = read_tsv(tmp_path / "results/s/given/classes.tsv")
    assert "leak" not in rows[0]
    before = read_tsv(pairs[0] / "results/unknown/tell/classes.tsv")
    assert [row["p_rich"] for row in rows] == [row["p_rich"] for row in before]


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    """A folder in which an ensemble was made of regions of one class and windows of their genome."""
    folder = prepare(tmp_path_factory.mktemp("regions"), REGIONS)
    status, said = snakemake(folder)
    assert status == 0, said
    return folder


def test_negatives_of_regions_are_windows_that_overlap_nothing(regions):
    taken = [range(start, start + 41) for start in range(50, 4050, 100)]
    places = {"c": list(taken), "d": list(taken)}
    for part in ("train", "test"):
        rows = (regions / f"results/models/tell/negatives/{part}.bed").read_text().splitlines()
        assert len(rows) == 60
        for row in rows:
            contig, start, end = row.split("\t")[:3]
            window = range(int(start), int(end))
            assert len(window) == 40
            assert not any(
                window.start < other.stop and other.start < window.stop for other in places[contig]
            )
            places[contig].append(window)


def test_an_ensemble_of_two_classes_has_one_log_and_a_spread(regions):
    made = regions / "results/models/tell"
    card = read_card(made / "model.safetensors")
    assert (card["channels"], len(card["members"])) == (["negative", "peak"], 2)
    assert (made / "model.training.csv").read_text().startswith("member,step,")
    rows = read_tsv(made / "model.test.tsv")
    assert len(rows) == 100
    assert {row["contig"] for row in rows if row["label"] == "peak"} == {"d"}
    assert max(float(row["spread"]) for row in rows) > 0
    status, said = snakemake(regions, "--dry-run")
    assert status == 0
    assert "Nothing to be done" in said


def test_a_table_has_its_columns_and_classes_that_are_numbers(tmp_path):
    config = configuration(
        sequences=["train.csv"], valid=["test.csv"], columns={"sequence": "seq"}, classify={"t": ["test.csv"]}
    )
    status, said = snakemake(prepare(tmp_path, config))
    assert status == 0, said
    assert read_card(tmp_path / "results/models/tell/model.safetensors")["channels"] == ["0", "1"]
    rows = read_tsv(tmp_path / "results/t/tell/classes.tsv")
    # What validates has been seen too.
    assert {(row["label"], row["leak"]) for row in rows} == {("0", "exact"), ("1", "exact")}


def test_every_setting_reaches_its_command(tmp_path):
    config = configuration(
        sequences={0: ["a.bed"], 1: ["b.gff3", "b.bed"]},
        valid={"0": ["x.bed"], "1": ["y.bed"]},
        test={"0": ["test poor.fa"], "negative": ["test rich.fa"]},
        genome="own",
        width=40,
        feature={"1": "gene"},
        unknown_contigs="skip",
        columns={"label": "kind"},
        negatives={"kind": "random", "seed": 7, "exclude": ["black list.bed"]},
        model={"hidden": 6, "attention": "multihead"},
        train={"leaks": "drop", "folds": 3, "shards": 1, "class_weight": "balanced"},
        classify={"s": {"sequences": ["z.bed"], "genome": "g.fa", "width": 9}},
    )
    prepare(tmp_path, config | {"genomes": "genomes.tsv"})
    (tmp_path / "genomes.tsv").write_text("name\tfasta\talias\nown\tg.fa\talias.tsv\n")
    for name in ("b.gff3", "x.bed", "y.bed", "z.bed", "alias.tsv", "black list.bed"):
        (tmp_path / name).touch()
    status, said = snakemake(tmp_path, "--dry-run", "--printshellcmds")
    assert status == 0, said
    reading = (
        "--genome results/own/codes --alias alias.tsv --width 40 --unknown-contigs skip --feature 1=gene"
    )
    reading += " --label-column kind"
    windows = "results/models/tell/negatives"
    for wanted in (
        f"--sequences 0=a.bed --sequences 1=b.gff3 --sequences 1=b.bed --exclude 'black list.bed'"
        f" --exclude x.bed --exclude y.bed {reading} --kind random --seed 7 ",
        f"--sequences 0=x.bed --sequences 1=y.bed --exclude 'black list.bed' --exclude a.bed --exclude b.gff3"
        f" --exclude b.bed --exclude {windows}/train.bed {reading} --kind random --seed 8 ",
        f"--sequences 0=a.bed --sequences 1=b.gff3 --sequences 1=b.bed --sequences negative={windows}/train.bed"
        f" --valid-sequences 0=x.bed --valid-sequences 1=y.bed --valid-sequences negative={windows}/valid.bed"
        f" --test-sequences '0=test poor.fa' --test-sequences 'negative=test rich.fa' {reading}"
        " --set model.hidden=6 --set model.attention=multihead --set train.leaks=drop --set train.folds=3"
        " --set train.shards=1 --set train.class_weight=balanced ",
        # A set that is read in another way cannot be held against the training's files.
        "--sequences z.bed --genome g.fa --width 9 --unknown-contigs skip --feature 1=gene",
        "runtime=720",
    ):
        assert wanted in said
    assert "--against" not in said
    assert f"{windows}/test" not in said


def test_as_a_module_it_writes_where_the_other_workflow_says(tmp_path):
    prepare(tmp_path / "my", {})
    mine = configuration(
        sequences={"rich": ["my/train rich.fa"], "poor": ["my/train poor.fa"]},
        test={"rich": ["my/test rich.fa"], "poor": ["my/test poor.fa"]},
        negatives={"kind": "dinucleotide"},
        classify={"s": ["my/test rich.fa"]},
    )
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"classes": mine}))
    (tmp_path / "Snakefile").write_text(
        f"""
configfile: "config.yaml"
module classes:
    snakefile: {str(ROOT / "workflow/Snakefile")!r}
    config: config["classes"]
    pathvars:
        results="out/results",
use rule * from classes as classes_*
rule everything:
    default_target: True
    input: rules.classes_all.input
"""
    )
    status, said = snakemake(tmp_path, snakefile=tmp_path / "Snakefile", config=None)
    assert status == 0, said
    assert (tmp_path / "out/results/s/tell/classes.tsv").exists()
    assert (tmp_path / "out/results/models/tell/negatives/test.fa").exists()
    assert not (tmp_path / "results").exists()


TWO = {"a": ["a.fa"], "b": ["b.fa"]}


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        (configuration(), "classifier: 'sequences' is a required property"),
        (
            configuration(sequences={"a": ["a.fa"]}),
            "classifier.sequences: one class only; wanted two or more, or",
        ),
        (configuration(sequences=TWO, valid={"a": ["a.fa"]}), "classifier.valid: one class only"),
        (configuration(sequences={"a": "a.fa"}), "classifier.sequences.a: 'a.fa' is not of type 'array'"),
        (configuration(sequences=TWO, widht=3), "classifier: .*'widht' was unexpected"),
        (configuration(sequences=TWO, model={"hiden": 3}), "classifier.model: .*'hiden' was unexpected"),
        (configuration(sequences=TWO, train={"steps": 3}), "classifier.train: .*'steps' was unexpected"),
        (
            configuration(sequences=TWO, model={"head": "position"}),
            "classifier.model: .*'head' was unexpected",
        ),
        (
            configuration(sequences=TWO, negatives={"knd": "gc"}),
            "classifier.negatives: .*'knd' was unexpected",
        ),
        (
            configuration(sequences=["t.csv"], negatives={}),
            "classifier.negatives: wanted 'sequences' by class",
        ),
        (
            configuration(sequences={"negative": ["a.fa"], "b": ["b.fa"]}, negatives={}),
            "classifier.negatives: wanted 'sequences' by class, none of them called 'negative'",
        ),
        (configuration(sequences=TWO, classify={"models": ["x"]}), "classify.models: the name is taken"),
        (configuration(sequences=TWO, classify={"s": {"sequence": ["x"]}}), "classify.s: .*'sequence' was"),
        (configuration(sequences=TWO, classify={"s": "x.fa"}), "classify.s: 'x.fa' is not "),
        (
            configuration(sequences={True: ["a"], False: ["b"]}),
            "the key True is no text; put it between quotes",
        ),
        (
            configuration(sequences={"a": ["$NOBODY/a.fa"], "b": ["b.fa"]}),
            r"classifier.sequences.a: \$NOBODY/a.fa: the variable NOBODY is not set",
        ),
        (
            configuration(sequences=TWO) | {"model_file": "m.safetensors"},
            "wanted one of 'training', 'classifier'",
        ),
    ],
)
def test_a_wrong_configuration_is_an_error_of_one_line(tmp_path, monkeypatch, config, wanted):
    with pytest.raises(WorkflowError, match=wanted) as error:
        read_configuration(tmp_path, config, monkeypatch)
    assert "\n" not in str(error.value)
