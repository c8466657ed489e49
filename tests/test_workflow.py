"""The workflow, run for real on a tiny genome; and what it does with a configuration before it runs."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pybigtools
import pytest
import yaml
from snakemake.exceptions import WorkflowError

from dnabilstm.model.bundle import read_card
from dnabilstm.score.store import open_scores
from tests.browse.readers import read_hub, read_jbrowse, read_session
from tests.conftest import ROOT
from tests.workflow import command, environment, read_configuration, snakemake

pytestmark = pytest.mark.slow
CONTIGS = {"c1": 3000, "c2": 2000, "c3": 2000, "c4": 500}
REGIONS = [(contig, start, start + 200) for contig in ("c1", "c2", "c3") for start in (300, 1000, 1500)]


def configuration(**changes):
    """A configuration of a model that is trained in a second, with other outermost keys put over it."""
    training = {
        "genome": "own",
        "labels": {"region": {"path": "regions.bed"}},
        "split": {"test": ["c2"], "valid": ["c3"]},
        "model": {"hidden": 4, "layers": 1, "filters": 4},
        "train": {"steps": 4, "evaluate_every": 2, "window": 200, "batch": 4},
    }
    evaluate = {
        "baselines": ["kmer", "unidirectional"],
        "compare": {"pair": {"model": {"cell": "peephole"}, "train": {"members": 2}}, "gone": None},
        "bootstrap": 10,
    }
    return {
        "model": "tiny",
        "genomes": "genomes.tsv",
        "training": training,
        "evaluate": evaluate,
        "device": "cpu",
        **changes,
    }


def prepare(folder, config=None):
    """Write genomes, regions, sheet and configuration into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    bases = random.Random(1)
    for name in ("own", "other"):
        records = [f">{c}\n{''.join(bases.choices('ACGT', k=n))}\n" for c, n in CONTIGS.items()]
        (folder / f"{name}.fa").write_text("".join(records) + ">gap\n" + 40 * "N" + "ACGT\n")
    (folder / "regions.bed").write_text("".join(f"{c}\t{a}\t{b}\n" for c, a, b in REGIONS))
    (folder / "genes.bed").write_text("c1\t3\t90\tg1\t0\t+\nelsewhere\t3\t90\tg2\t0\t+\n")
    sheet = "name\tfasta\talias\tgenes\nown\town.fa\t\tgenes.bed\nother\tother.fa\t\t\n"
    (folder / "genomes.tsv").write_text(sheet)
    (folder / "config.yaml").write_text(yaml.safe_dump(config or configuration(), sort_keys=False))
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder in which the whole workflow has run, and what Snakemake said."""
    folder = prepare(tmp_path_factory.mktemp("workflow"))
    status, said = snakemake(folder)
    assert status == 0, said
    return folder, said


def test_a_run_ends_with_tracks_regions_and_figures_and_says_where(finished):
    folder, said = finished
    for genome in ("own", "other"):
        with pybigtools.open(str(folder / f"results/{genome}/tiny/region.bw")) as track:
            # The contig that is all N has no score, and so no place in a bigWig.
            assert {c: n for c, n in track.chroms().items() if c != "gap"} == CONTIGS
        data = folder / f"results/{genome}/tiny/region.bedgraph.gz"
        index = data.with_name("region.bedgraph.gz.tbi")
        assert index.stat().st_size
        assert index.stat().st_mtime >= data.stat().st_mtime
        assert f"results/{genome}/tiny/\n    region.bw" in said
    rows = (folder / "results/models/tiny/evaluation/evaluation.tsv").read_text().splitlines()
    assert {row.split("\t")[0] for row in rows[1:]} == {"model", "unidirectional", "pair", "kmer"}
    assert (folder / "logs/benchmarks/train/tiny.tsv").exists()


def test_every_genome_gets_a_page_and_the_training_genome_its_labels(finished):
    folder, said = finished
    tracks = {}
    for genome in ("own", "other"):
        place = folder / f"results/{genome}/tiny/browse"
        page = (place / "index.html").read_text()
        data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
        assert f"<h1>{genome}</h1>" in page
        assert (place / "data/region.bw").samefile(folder / f"results/{genome}/tiny/region.bw")
        tracks[genome] = [track["name"] for track in data["tracks"]]
        assert [contig[0] for contig in data["contigs"] if contig[3]] == (["c2"] if genome == "own" else [])
    assert {"region, measured", "parts of the genome"} <= set(tracks["own"])
    assert not {"region, measured", "parts of the genome"} & set(tracks["other"])
    assert "    browse\n" in said


def test_genes_of_the_sheet_are_shown_and_pages_can_be_left_out(finished, tmp_path):
    folder = shutil.copytree(finished[0], tmp_path / "copy")
    (folder / "other_genes.bed").write_text("one\t10\t90\tABC1\nelsewhere\t1\t2\tX\n")
    (folder / "alias.tsv").write_text("c1\tone\n")
    (folder / "genes.tsv").write_text(
        "name\tfasta\talias\tgenes\nother\tother.fa\talias.tsv\tother_genes.bed\n"
    )
    given = {"model": "tiny", "genomes": "genes.tsv", "model_file": "results/models/tiny/model.safetensors"}
    (folder / "given.yaml").write_text(yaml.safe_dump(given))
    status, said = snakemake(
        folder, "results/other/tiny/browse", "--force", "--allowed-rules", "browse", config="given.yaml"
    )
    assert status == 0, said
    names = (folder / "results/other/tiny/browse/data/names.tsv").read_text()
    assert names.startswith("ABC1\tc1\t10\t90\n")
    assert "elsewhere 1" in (folder / "logs/browse/other.tiny.log").read_text()
    (folder / "given.yaml").write_text(yaml.safe_dump(given | {"browse": {"enabled": False}}))
    status, said = snakemake(folder, "--dry-run", "--forceall", config="given.yaml")
    assert status == 0, said
    assert "rule tracks" in said
    assert "rule browse" not in said


def test_a_compared_model_is_a_whole_model_that_scores_when_asked(finished):
    folder, _ = finished
    compared = folder / "results/models/tiny.pair"
    card = read_card(compared / "model.safetensors")
    assert [member["config"]["cell"] for member in card["members"]] == ["peephole", "peephole"]
    assert (compared / "model.training.csv").read_text().startswith("member,step,")
    assert not (folder / "results/other/tiny.pair").exists()
    status, said = snakemake(folder, "results/other/tiny.pair/region.regions.bed")
    assert status == 0, said
    assert open_scores(folder / "results/other/tiny.pair").channels == ("region", "region.spread")
    # Its tracks are others than the model's, which is no ensemble: there is no rule for those.
    status, said = snakemake(folder, "results/other/tiny.pair/region.bw")
    assert status == 1
    assert "MissingRuleException" in said


def test_other_browsers_get_a_folder_a_genome_where_it_is_wanted(finished, tmp_path):
    folder = finished[0]
    assert not (folder / "results/own/tiny/hub").exists()
    known = {"own": {"organism": "A b"}, "other": {"ucsc": "x1"}}
    config = configuration(hub={"email": "a@example.org", "genomes": known})
    (tmp_path / "hub.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    status, said = snakemake(folder, config=tmp_path / "hub.yaml")
    assert status == 0, said
    # One a genome, and what all wants.
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", said, re.M))
    assert jobs == {"default": "1", "hub": "2", "total": "3"}
    assert "    region.regions.bed\n    hub\n" in said.partition("\nResults:")[2]
    found = {genome: read_hub(folder / f"results/{genome}/tiny/hub") for genome in ("own", "other")}
    beside = ["region", "region_called", "region_measured"], ["genes", "parts_of_the_genome", "no_score"]
    assert list(found["own"][2]) == [*beside[0], *beside[1]]
    assert found["own"][0]["email"] == "a@example.org"
    assert (found["own"][1]["organism"], found["own"][1]["genome"]) == ("A b", "own")
    # No model is trained on the other one.
    assert list(found["other"][2]) == ["region", "region_called", "no_score"]
    assert found["other"][1] == {"genome": "x1"}
    read_session(folder / "results/own/tiny/hub")
    read_jbrowse(folder / "results/own/tiny/hub")
    assert "genes: 1 intervals on contigs" in (folder / "logs/hub/own.tiny.log").read_text()
    assert "Nothing to be done" in snakemake(folder, "--dry-run")[1]


def test_an_ensemble_has_tracks_of_its_spread(finished, tmp_path):
    folder = shutil.copytree(finished[0], tmp_path / "copy")
    config = configuration(model="many", evaluate={"bootstrap": 0}, genomes="one.tsv")
    config["training"]["train"] |= {"members": 3, "shards": 1}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "one.tsv").write_text("name\tfasta\nown\town.fa\n")
    status, said = snakemake(folder)
    assert status == 0, said
    tracks = json.loads((folder / "results/own/many/tracks.json").read_text())["channels"]
    assert list(tracks) == ["region", "region.spread"]
    with pybigtools.open(str(folder / "results/own/many/region.spread.bw")) as track:
        assert 0 < track.info()["summary"]["max"] <= 0.5
    called = json.loads((folder / "results/own/many/regions.json").read_text())["channels"]
    assert list(called) == ["region"]
    assert "results/own/many/\n    region.bw\n    region.bedgraph.gz\n    region.spread.bw" in said
    # The same tracks where the ensemble is there already.
    given = {"model": "given", "model_file": "results/models/many/model.safetensors", "genomes": "one.tsv"}
    (folder / "config.yaml").write_text(yaml.safe_dump(given))
    status, said = snakemake(folder, "--dry-run")
    assert status == 0, said
    assert "results/own/given/region.spread.bw" in said
    assert "region.spread.regions.bed" not in said


def test_time_and_cores_follow_the_settings(tmp_path):
    config = configuration(evaluate={"compare": {"more": {"train": {"folds": 4, "shards": 1}}}})
    status, said = snakemake(prepare(tmp_path, config), "--dry-run")
    assert status == 0, said
    jobs = {
        words["output"].split(",")[0]: words
        for block in said.split("rule train:\n")[1:]
        for words in [dict(re.findall(r"^    (\w+): (.*)$", block.partition("\n\n")[0], re.M))]
    }
    one, four = (jobs[f"results/models/{name}/model.safetensors"] for name in ("tiny", "tiny.more"))
    assert "runtime=240" in one["resources"]
    assert "runtime=960" in four["resources"]
    assert (one["threads"], four.get("threads", "1")) == ("2", "1")


def test_a_second_run_has_nothing_to_do(finished):
    status, said = snakemake(finished[0], "--dry-run")
    assert status == 0
    assert "Nothing to be done" in said


@pytest.mark.parametrize(
    ("section", "change", "wanted"),
    [
        ("training", {"labels": {"region": {"path": "regions.bed", "slop": 5}}}, "label"),
        ("training", {"train": {"steps": 5, "window": 200, "batch": 4}}, "train"),
        ("evaluate", {"bootstrap": 11}, "evaluate"),
        ("score", {"halo": 300}, "score"),
    ],
)
def test_a_setting_that_changed_runs_its_rule_again(finished, tmp_path, section, change, wanted):
    config = configuration()
    config[section] = config.get(section, {}) | change
    (tmp_path / "changed.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    status, said = snakemake(finished[0], "--dry-run", config=tmp_path / "changed.yaml")
    assert status == 0, said
    rules = [line.split()[1].rstrip(":") for line in said.splitlines() if line.startswith("rule ")]
    assert wanted in rules
    assert ("train" in rules) == (section == "training")


def test_a_genome_that_changed_is_scored_again_alone(finished, tmp_path):
    folder = shutil.copytree(finished[0], tmp_path / "copy")
    with (folder / "other.fa").open("a") as fasta:
        fasta.write(">c5\nACGTACGTAA\n")
    status, said = snakemake(folder, "--dry-run")
    assert status == 0
    rules = [line.split()[1].rstrip(":") for line in said.splitlines() if line.startswith("rule ")]
    assert sorted(rules) == ["browse", "call", "default", "encode", "score", "tracks"]
    assert "genome=own" not in said


def test_as_a_module_it_writes_where_the_other_workflow_says(finished, tmp_path):
    trained = finished[0] / "results/models/tiny/model.safetensors"
    mine = {"model": "theirs", "genomes": "my/genomes.tsv", "model_file": str(trained), "device": "cpu"}
    prepare(tmp_path / "my")
    (tmp_path / "my/genomes.tsv").write_text("name\tfasta\nother\tmy/other.fa\n")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"scoring": mine}))
    (tmp_path / "Snakefile").write_text(
        f"""
configfile: "config.yaml"
module scoring:
    snakefile: {str(ROOT / "workflow/Snakefile")!r}
    config: config["scoring"]
    pathvars:
        results="out/results",
        logs="out/logs",
use rule * from scoring as scoring_*
rule everything:
    default_target: True
    input: rules.scoring_all.input
"""
    )
    status, said = snakemake(tmp_path, snakefile=tmp_path / "Snakefile", config=None)
    assert status == 0, said
    assert (tmp_path / "out/results/other/theirs/region.regions.bed").exists()
    assert not (tmp_path / "results").exists()
    # The same scores as the workflow gives by itself: the grid is the model's, not the workflow's.
    alone = (finished[0] / "results/other/tiny/scores.f32").read_bytes()
    assert (tmp_path / "out/results/other/theirs/scores.f32").read_bytes() == alone


def test_a_prefix_moves_no_input_of_the_user(tmp_path):
    prepare(tmp_path)
    (tmp_path / "Snakefile").write_text(
        f"""
configfile: "config.yaml"
module moved:
    snakefile: {str(ROOT / "workflow/Snakefile")!r}
    config: config
    prefix: "moved"
use rule * from moved as moved_*
rule everything:
    default_target: True
    input: rules.moved_all.input
"""
    )
    status, said = snakemake(tmp_path, "--dry-run", snakefile=tmp_path / "Snakefile", config=None)
    assert status == 0, said
    assert "input: own.fa\n" in said
    assert "input: moved/results/own/codes, regions.bed\n" in said


def test_an_interrupted_training_goes_on_from_its_state(tmp_path):
    config = configuration()
    config["training"]["train"] = {**config["training"]["train"], "steps": 100_000, "patience": 100_000}
    prepare(tmp_path, config)
    log, state = tmp_path / "logs/train/tiny.log", tmp_path / "results/models/tiny/model.state"
    options = ("--rerun-incomplete", "results/models/tiny/model.safetensors")
    _interrupt(tmp_path, options, lambda: state.exists())
    assert state.exists()
    log.unlink()
    _interrupt(tmp_path, options, lambda: log.exists() and "resumed at step" in log.read_text())
    assert not (tmp_path / "results/models/tiny/model.safetensors").exists()


def _interrupt(folder, options, when):
    """Start the workflow, press Ctrl-C when a condition holds, and wait for its end."""
    words = command(folder, *options)
    running = subprocess.Popen(
        words, env=environment(folder), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, process_group=0
    )
    try:
        deadline = time.monotonic() + 60
        while not when():
            assert running.poll() is None, "the workflow ended by itself"
            assert time.monotonic() < deadline, "the condition did not come"
            time.sleep(0.1)
        os.killpg(running.pid, signal.SIGINT)
        running.wait(timeout=60)
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def test_every_setting_reaches_its_command(tmp_path):
    label = {"path": "r.gff3", "feature": "gene", "promoter": {"upstream": 200, "downstream": 50}}
    config = configuration(
        score={"exact": True, "halo": 300, "precision": "fp32"},
        tracks={"digits": 2},
        call={"threshold": 0.5},
        evaluate={
            "baselines": ["kmer", "untied"],
            "compare": {"grid": {"model": {"cell": "grid", "hidden": 2}, "train": {"steps": 9}}},
            "contigs": ["c2", "c3"],
            "bootstrap": 7,
        },
    )
    config["training"] |= {
        "labels": {"tss": label, "peak": {"path": "p.bed", "slop": [5, 9]}, "gone": None},
        "exclude": ["black list.bed"],
        "unknown_contigs": "skip",
        "model": {"hidden": 4, "dropout": 0.1, "skip": False, "strand": "symmetric"},
    }
    prepare(tmp_path, config)
    (tmp_path / "genomes.tsv").write_text("name\tfasta\talias\nown\town.fa\talias.tsv\n")
    for name in ("r.gff3", "p.bed", "black list.bed", "alias.tsv"):
        (tmp_path / name).touch()
    status, said = snakemake(tmp_path, "--dry-run", "--printshellcmds")
    assert status == 0, said
    for wanted in (
        "--labels tss=r.gff3 --feature tss=gene --promoter tss=200,50 --labels peak=p.bed --slop peak=5,9"
        " --exclude 'black list.bed' --alias alias.tsv --unknown-contigs skip",
        "--test c2 --valid c3 --set model.hidden=4 --set model.dropout=0.1 --set model.skip=false"
        " --set model.strand=symmetric --set train.steps=4",
        "--set model.strand=none --set train.steps=4",
        "--set model.hidden=2 --set model.dropout=0.1 --set model.skip=false --set model.strand=symmetric"
        " --set model.cell=grid --set train.steps=9 --set train.evaluate_every=2",
        "--compare untied=results/models/tiny.untied/model.safetensors"
        " --compare grid=results/models/tiny.grid/model.safetensors --baseline kmer --contigs c2,c3 --bootstrap 7",
        "--exact --halo 300 --precision fp32",
        "--digits 2",
        "--threshold 0.5",
        "--device cpu",
    ):
        assert f" {wanted} " in said


def test_a_stranded_model_has_a_track_a_strand(tmp_path):
    config = configuration(evaluate={})
    config["training"]["model"]["strand"] = "stranded"
    status, said = snakemake(prepare(tmp_path, config), "--dry-run", "--printshellcmds")
    assert status == 0, said
    assert "--strand region=use" in said
    assert "results/own/tiny/region.plus.bw, results/own/tiny/region.minus.bw" in said


def test_a_misspelt_key_is_named_before_anything_runs(tmp_path):
    config = configuration()
    config["training"]["model"]["hiden"] = 8
    status, said = snakemake(prepare(tmp_path, config))
    assert status == 1
    wanted = (
        "The configuration: training.model: Additional properties are not allowed ('hiden' was unexpected)"
    )
    assert wanted in said.splitlines()
    assert not (tmp_path / "results").exists()


def _read(folder, config, monkeypatch):
    return read_configuration(prepare(folder, config), config, monkeypatch)


def _without(config, key):
    return {name: value for name, value in config.items() if name != key}


def _trained(**changes):
    return configuration(training={**configuration()["training"], **changes})


def _compared(**compare):
    return configuration(evaluate={"compare": compare})


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        (configuration(modle="x"), "'modle' was unexpected"),
        (_trained(model={"layers": "two"}), "training.model.layers: 'two' is not of type 'integer'"),
        (_trained(train={"steps": 0}), "training.train.steps: 0 is less than the minimum of 1"),
        (_trained(labels={"a": {"pth": "x"}}), "'pth' was unexpected"),
        (_trained(labels={"a b": {"path": "x"}}), "'a b' does not match"),
        (_trained(labels={"a": None}), "training.labels: no task is left"),
        (configuration(hub={"emial": "x"}), "hub: .*'emial' was unexpected"),
        (configuration(hub={"email": "x"}), "hub.email: 'x' does not match"),
        (
            configuration(hub={"genomes": {"own": {"ucsc": "a b"}}}),
            "hub.genomes.own.ucsc: 'a b' does not match",
        ),
        (
            configuration(hub={"genomes": {"owm": {}}}),
            "hub.genomes: 'owm' is not in .*, which has own, other",
        ),
        (_trained(genome="owm"), "training.genome: 'owm' is not in .*genomes.tsv, which has own, other"),
        (
            _trained(model={"strand": "stranded"}),
            "evaluate.baselines: unidirectional has no score a strand, unlike the model$",
        ),
        (_compared(s={"model": {"strand": "stranded"}}), "evaluate.compare: s has a score a strand, unlike"),
        (_compared(kmer={"model": {}}), "evaluate.compare.kmer: the name is taken"),
        (_compared(model={"model": {}}), "evaluate.compare.model: the name is taken"),
        (_compared(x={"model": {"hiden": 3}}), "evaluate.compare.x.model: .*'hiden' was unexpected"),
        (_compared(x={"train": {"step": 3}}), "evaluate.compare.x.train: .*'step' was unexpected"),
        (_compared(x={"modle": {}}), "evaluate.compare.x: .*'modle' was unexpected"),
        (_without(configuration(), "training"), "wanted one of 'training', 'classifier', 'model_file', and"),
        (
            configuration(model_file="m.safetensors"),
            "wanted one of 'training', 'classifier', 'model_file', and",
        ),
        (
            _without(configuration(), "genomes"),
            "wanted 'genomes', the sheet in which training.genome is named",
        ),
        (
            configuration(classify={"x": ["a.fa"]}),
            "classify: wanted 'classifier', or a model_file that tells",
        ),
        (
            _trained(labels={"a": {"path": "$NOBODY_SET/a.bed"}}, exclude=["${NOR}.bed"]),
            r"labels.a.path: \$NOBODY_SET/a.bed: the variable NOBODY_SET is not set; set it, or write the path"
            r" out; training.exclude: .* NOR is not set",
        ),
        ({"model": "m", 1.5: "x"}, "the key 1.5 is no text; put it between quotes"),
        (configuration(download={"a": {"url": "https://x/y"}}), "download.a: wanted either 'sha256' or"),
        (configuration(download={"a": {"url": "ftp://x/y"}}), "'ftp://x/y' does not match"),
        (configuration(evaluate={"baselines": ["svm"]}), "'svm' is not one of"),
        (configuration(genomes="no.tsv"), "no.tsv: the sheet of genomes cannot be read"),
        (
            {"model": "m", "genomes": "genomes.tsv", "model_file": "own.fa"},
            "own.fa: is not a model of 'dnabilstm train'",
        ),
    ],
)
def test_a_wrong_configuration_is_an_error_of_one_line(tmp_path, monkeypatch, config, wanted):
    with pytest.raises(WorkflowError, match=wanted) as error:
        _read(tmp_path, config, monkeypatch)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("sheet", "wanted"),
    [
        ("name\tfasta\nown\town.fa\nown\tother.fa\n", "genomes.tsv:3: the name 'own' is there twice"),
        ("name\tfasta\na b\town.fa\n", "genomes.tsv:2: name: 'a b' does not match"),
        ("name\tfasta\nmodels\town.fa\n", "genomes.tsv:2: name: 'models' should not be valid"),
        ("name\tfata\nown\town.fa\n", "genomes.tsv:2: .*'fata' was unexpected"),
        ("name\tfasta\nown\town.fa\tx\ty\n", "genomes.tsv:2: has more columns"),
        ("name\tfasta\n", "genomes.tsv: has no genome"),
        ("name\tfasta\nown\t$NOBODY/a.fa\n", r"genomes.tsv:2: \$NOBODY/a.fa: the variable NOBODY is not set"),
    ],
)
def test_a_wrong_line_of_the_sheet_is_named(tmp_path, monkeypatch, sheet, wanted):
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong/genomes.tsv").write_text(sheet)
    with pytest.raises(WorkflowError, match=wanted):
        _read(tmp_path, configuration(genomes="wrong/genomes.tsv"), monkeypatch)


def test_a_right_configuration_gives_genomes_and_channels(tmp_path, monkeypatch):
    names = _read(tmp_path, configuration(), monkeypatch)
    assert list(names["GENOMES"]) == ["own", "other"]
    assert names["CHANNELS"] == ["region"]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the project as a fresh clone has it: what git knows, and what is about to be added."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("the project is not a git checkout")
    folder = tmp_path_factory.mktemp("clone")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--configfile", "config/yeast.yaml"],
        ["--configfile", "config/yeast.yaml", "config/yeast_promoter.yaml"],
        ["--configfile", "config/classifier.yaml"],
        ["--configfile", "config/ienhancer.yaml"],
        ["--configfile", "config/core_promoter.yaml"],
    ],
)
def test_a_fresh_clone_runs_with_no_edit(clone, options):
    words = [sys.executable, "-m", "snakemake", "--dry-run", *options]
    done = subprocess.run(words, cwd=clone, env=environment(clone), capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "profiles/default" in said
    assert ("results/demo/demo/enhancer.bw" in said) == (not options)
    assert ("nfr" in said) == (options[1:] == ["config/yeast.yaml"])
    assert ("rule train_classifier" in said) == (len(options) == 2 and "yeast" not in options[1])


def test_the_linter_has_nothing_to_say(clone):
    words = [sys.executable, "-m", "snakemake", "--lint"]
    done = subprocess.run(words, cwd=clone, env=environment(clone), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_snakefiles_are_formatted(clone):
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ["PATH"]])
    if not shutil.which("shfmt", path=path) or not shutil.which("snakefmt", path=path):
        pytest.skip("no snakefmt, or no shfmt that it needs")
    done = subprocess.run(
        [shutil.which("snakefmt", path=path), "--check", "."],
        cwd=clone,
        env={**environment(clone), "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_has_what_a_rule_has(clone):
    rules = {path.stem: path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk")}
    stages = {name: text for name, text in rules.items() if not name.startswith("common")}
    assert len(stages) == 17, sorted(stages)
    for name, text in stages.items():
        # A plan is printed, and makes nothing.
        for part in (
            '"""',
            "log:",
            "threads:",
            "mem_mb=",
            "conda:",
            *(["output:"] if name != "plan" else []),
        ):
            assert text.count(part) >= text.count("\nrule ") + text.startswith("rule "), (name, part)
        assert "lambda" not in text


def test_shards_share_the_scoring_of_a_genome(finished, tmp_path):
    trained = finished[0] / "results/models/tiny/model.safetensors"
    prepare(
        tmp_path,
        {
            "model": "tiny", "genomes": "genomes.tsv", "model_file": str(trained), "device": "cpu",
            "score": {"shards": 3, "chunk": 500, "halo": 100, "cache": "kept"},
        },
    )  # fmt: skip
    status, said = snakemake(tmp_path)
    assert status == 0, said
    rules = re.findall(r"^(?:local)?rule (\w+):", said, re.MULTILINE)
    assert (rules.count("score_shard"), rules.count("merge"), rules.count("score")) == (6, 2, 0)
    assert not (tmp_path / "results/own/tiny/shards").exists()
    assert (tmp_path / "results/own/tiny/region.bw").exists()
    assert open_scores(tmp_path / "results/own/tiny").info["bases"]["in"] == 7544
    assert len(list((tmp_path / "kept").glob("*/*.index"))) == 2


def test_a_changed_contig_alone_is_scored_again(finished, tmp_path):
    """Snakemake deletes the scores before it makes them anew; the cache has those of the other contigs."""
    folder = shutil.copytree(finished[0], tmp_path / "copy")
    text = (folder / "other.fa").read_text().replace("\n>c3", "ACGT\n>c3")
    (folder / "other.fa").unlink()
    (folder / "other.fa").write_text(text)
    status, said = snakemake(folder, "results/other/tiny/scores.json")
    assert status == 0, said
    assert (
        "5,544 of them were scored before, and not again"
        in (folder / "logs/score/other.tiny.log").read_text()
    )


def test_regions_are_explained_when_that_is_asked_for(finished, tmp_path):
    folder = shutil.copytree(finished[0], tmp_path / "copy")
    small = {
        "width": 40,
        "check": 0,
        "pictures": 1,
        "regions": "regions.bed",
        "only": ["attribution", "states"],
        "background": 3,
    }
    (folder / "explained.yaml").write_text(yaml.safe_dump(configuration(explain=small)))
    status, said = snakemake(folder, "explain", config="explained.yaml")
    assert status == 0, said
    explained = folder / "results/own/tiny/explain/region"
    told = json.loads((explained / "explain.json").read_text())
    assert told["settings"]["only"] == ["attribution", "states"]
    # Of nine regions the three on the contig that the model was tested on.
    assert told["parts"]["attribution"]["loci"] == 3
    assert (explained / "attribution/region.bw").exists()
    assert "\tlabel.region\t" in (explained / "states/units.tsv").read_text().partition("\n")[0]


def test_a_plan_is_printed_and_nothing_written(tmp_path):
    prepare(tmp_path)
    status, said = snakemake(tmp_path, "plan")
    assert status == 0, said
    assert re.search(r"own +7,544 +5 .*\nother +7,544 +5 .*\nall +15,088 +10 ", said)
    assert not (tmp_path / "results").exists()
