"""Bad models, labels, settings and places through the real command line: as ``test_bad_input`` does it.

To add a case, add a row to ``CASES``: a name, the command line (names of ``made`` in braces; ``{out}`` is
the output) and what the message must say.
"""

import gzip
import json
import pickle
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from dnabilstm.genome import open_genome
from dnabilstm.labels import LabelSpec, make_labels
from dnabilstm.model.bundle import FORMAT, Model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import score_genome
from tests.test_bad_input import run

LENGTHS = {"chrA": 3000, "chrB": 2000, "chrC": 1500, "chrD": 1000}
TRAIN = "train --set train.steps=1 --genome {genome} --labels p={bed} --output {out}.safetensors --set train.steps=1 "
SPLIT = "--test chrD --valid chrC "
SCORE = "score --genome {genome} --model {model} --output {out} "
EVALUATE = "evaluate --genome {genome} --model {model} --labels p={bed} --output {out} --bootstrap 3 "
WITH = "score --genome {genome} --output {out} --model "
TRACKS, CALL = "tracks --output {out} --scores ", "call --output {out} --scores "

CASES = {
    # the model file
    "no model": (WITH + "{dir}/none.safetensors", ["{dir}/none.safetensors: no such file"]),
    "model is a folder": (WITH + "{dir}", ["{dir}: is a folder; wanted a model"]),
    "model of no bytes": (WITH + "{empty}", ["{empty}: is not a whole .safetensors file"]),
    "half a model": (WITH + "{half}", ["{half}: is not a whole .safetensors file"]),
    "model is text": (WITH + "{bed}", ["{bed}: is not a whole .safetensors file"]),
    "model is a pickle": (WITH + "{pickled}", ["{pickled}: is not a whole .safetensors file"]),
    "model of torch.save": (WITH + "{torched}", ["{torched}: is not a whole .safetensors file"]),
    "model of another program": (WITH + "{foreign}", ["{foreign}: ", "not a dnabilstm model"]),
    "model of a newer format": (WITH + "{newer}", ["{newer}: is of model format 2", "a newer dnabilstm"]),
    "card is no JSON": (WITH + "{carded}", ["{carded}: the model's card is damaged"]),
    "card is a list": (WITH + "{listed}", ["{listed}: the model's card is damaged"]),
    "card without config": (WITH + "{configless}", ["{configless}: the model's card has no config"]),
    "card of a huge network": (WITH + "{huge}", ["{huge}: the tensors do not fit"]),
    "card of a network without end": (WITH + "{endless}", ["{endless}: config.layers: 1000000000: "]),
    "card of an unknown network": (WITH + "{exotic}", ["{exotic}: ", "'transformer' is not known"]),
    "weights that are not finite": (WITH + "{infinite}", ["{infinite}: has weights that are not finite"]),
    "info of half a model": ("info {half}", ["{half}: is not a whole .safetensors file"]),
    "info of another program's": ("info {foreign}", ["{foreign}: ", "not a dnabilstm model"]),
    "evaluate with half a model": (
        "evaluate --genome {genome} --model {half} --labels p={bed} --output {out}",
        ["{half}: is not a whole .safetensors file"],
    ),
    # score
    "no genome": (
        "score --genome {dir}/no.fa --model {model} --output {out}",
        ["{dir}/no.fa: cannot be read"],
    ),
    "genome of no bytes": ("score --genome {empty} --model {model} --output {out}", ["{empty}: is empty"]),
    "genome cut short": ("score --genome {cut} --model {model} --output {out}", ["{cut}: ", "(truncated)"]),
    "genome of proteins": (
        "score --genome {protein} --model {model} --output {out}",
        ["a protein sequence?"],
    ),
    "genome and model are bad": (
        "score --genome {empty} --model {half} --output {out}",
        ["{half}: is not a whole", "{empty}: is empty"],
    ),
    "batch of -1": (SCORE + "--batch -1", ["score.batch: -1: ", "greater than or equal to 0"]),
    "negative chunk": (SCORE + "--chunk -1", ["score.chunk: -1: "]),
    "halo of -2": (SCORE + "--halo -2", ["score.halo: -2: "]),
    "memory of -1": (SCORE + "--memory -1", ["score.memory: -1: "]),
    "negative workers": (SCORE + "--workers -1", ["score.workers: -1: "]),
    "three settings": (SCORE + "--workers -1 --batch -1 --min-contig -5", ["workers", "batch", "min_contig"]),
    "precision of 16": (SCORE + "--precision fp16", ["fp16"]),
    "chunk of letters": (SCORE + "--chunk many", ["--chunk", "many"]),
    "no GPU": (SCORE + "--device cuda", ["--device cuda: PyTorch finds no GPU here"]),
    "scores onto a file": ("score --genome {genome} --model {model} --output {bed}", ["{bed}: is a file"]),
    "scores under a file": (
        "score --genome {genome} --model {model} --output {bed}/a/b",
        ["{bed}/a/b: cannot be written"],
    ),
    "scores into the kernel": (
        "score --genome {genome} --model {model} --output /proc/none",
        ["/proc/none: cannot be written"],
    ),
    # train: contigs and labels
    "unknown contig": (TRAIN + "--test chr4", ["--test chr4: ", "has no contig 'chr4'; it has chrA, chrB"]),
    "both unknown": (TRAIN + "--test chr4 --valid chr5", ["--test chr4: ", "--valid chr5: "]),
    "test and valid overlap": (
        TRAIN + "--test chrC --valid chrC",
        ["--valid chrC:0-1500 overlaps --test chrC"],
    ),
    "region past the end": (TRAIN + "--test chrD:0-1001", ["--test chrD:0-1001: ", "end <= 1000"]),
    "all contigs test": (TRAIN + "--test chrA,chrB,chrC,chrD", ["no base for the part 'train'", "'valid'"]),
    "no test": (TRAIN + "--test ''", ["no base for the part 'test'"]),
    "genome too small for a split": (
        "train --set train.steps=1 --genome {plasmid} --labels p={plasmid_bed} --output {out}.safetensors",
        ["no base for the part 'train'"],
    ),
    "no positives in valid": (
        "train --set train.steps=1 --genome {genome} --labels p={lonely} --output {out}.safetensors " + SPLIT,
        ["p: the 'valid' part has no positive base"],
    ),
    "labels of another genome": (
        "train --set train.steps=1 --genome {genome} --labels {other_labels} --output {out}.safetensors",
        ["{other_labels}: labels of another genome"],
    ),
    "labels folder of others": (
        "train --set train.steps=1 --genome {genome} --labels {dir} --output {out}.safetensors",
        ["{dir}: has no labels"],
    ),
    "stranded model of strandless labels": (
        TRAIN + "--set model.strand=stranded --strand p=ignore",
        ["the labels have the channels p,", "p.plus, p.minus"],
    ),
    "strandless model of stranded labels": (TRAIN + "--strand p=use", ["p.plus, p.minus", "gives p;"]),
    "label options on a labels folder": (
        "train --set train.steps=1 --genome {genome} --labels {labels} --slop p=5 --output {out}.safetensors",
        ["--slop: has no effect on {labels}"],
    ),
    # train: settings
    "unknown key": (TRAIN + "--set model.hiden=8", ["model.hiden: is not a setting; wanted one of"]),
    "unknown section": (TRAIN + "--set net.hidden=8", ["--set net.hidden=8: wanted SECTION.KEY=VALUE"]),
    "no section": (TRAIN + "--set hidden=8", ["--set hidden=8: wanted SECTION.KEY=VALUE"]),
    "no value": (TRAIN + "--set model.hidden", ["--set model.hidden: wanted SECTION.KEY=VALUE"]),
    "no key": (TRAIN + "--set model.=3", ["--set model.=3: wanted SECTION.KEY=VALUE"]),
    "a word for a number": (TRAIN + "--set model.hidden=many", ["model.hidden: 'many'"]),
    "nothing for a number": (TRAIN + "--set model.hidden=", ["model.hidden: "]),
    "value that is no YAML": (TRAIN + "--set 'model.hidden=[1'", ["--set model.hidden=[1: ", "YAML"]),
    "a list for a number": (TRAIN + "--set 'model.hidden=[1]'", ["model.hidden: [1]"]),
    "a number without end": (TRAIN + f"--set model.hidden={10**30}", ["model.hidden: "]),
    "even pool": (TRAIN + "--set model.pool=4", ["model.pool: 4 is even"]),
    "no such strand": (TRAIN + "--set model.strand=both", ["model.strand: 'both'"]),
    "no such architecture": (
        TRAIN + "--set model.architecture=gru",
        ["'gru' is not known; wanted one of bilstm"],
    ),
    "tasks are the labels'": (TRAIN + "--set model.tasks=q", ["model.tasks: ", "--labels"]),
    "not a number": (TRAIN + "--set train.learning_rate=.nan", ["train.learning_rate: nan"]),
    "infinite": (TRAIN + "--set train.clip=.inf", ["train.clip: inf"]),
    "window in the halo": (
        TRAIN + "--set train.window=10 --set train.halo=5",
        ["train.window: 10 leaves no base"],
    ),
    "too many shards": (TRAIN + "--set train.batch=1", ["train.shards: 2 for a batch of 1"]),
    "seed beyond 64 bits": (TRAIN + "--seed 99999999999999999999", ["train.seed: "]),
    "negative seed": (TRAIN + "--seed -1", ["--seed", "-1"]),
    "every setting is wrong": (
        TRAIN
        + "--set model.pool=4 --set model.filter_width=8 --set train.steps=0 --set net.x=1 --set train.x=1",
        ["model.pool: 4 is even", "model.filter_width: 8 is even", "train.steps: 0", "net.x=1", "train.x: "],
    ),
    "settings that are no YAML": (TRAIN + "--config {broken_yaml}", ["{broken_yaml}: is not YAML"]),
    "settings of bytes": (TRAIN + "--config {model}", ["{model}: is not YAML"]),
    "settings are a list": (TRAIN + "--config {list_yaml}", ["{list_yaml}: wanted a YAML mapping"]),
    "settings of other sections": (
        TRAIN + "--config {other_yaml}",
        ["{other_yaml}: 'network'", "model, train"],
    ),
    "section without settings": (TRAIN + "--config {flat_yaml}", ["{flat_yaml}: 'model'", "model, train"]),
    "key is a number": (TRAIN + "--config {number_yaml}", ["model.1: is not a setting"]),
    "no settings file": (TRAIN + "--config {dir}/no.yaml", ["{dir}/no.yaml: cannot be read"]),
    "settings are a folder": (TRAIN + "--config {dir}", ["{dir}: cannot be read: Is a directory"]),
    "train without a GPU": (TRAIN + SPLIT + "--device cuda", ["--device cuda: PyTorch finds no GPU here"]),
    # train: the place of the model
    "model of another ending": (
        "train --set train.steps=1 --genome {genome} --labels p={bed} --output {out}.pt",
        ["--output {out}.pt: wanted a name that ends in .safetensors"],
    ),
    "model without a name": (
        "train --set train.steps=1 --genome {genome} --labels p={bed} --output {dir}/.safetensors",
        ["wanted a name that ends in .safetensors"],
    ),
    "model onto a folder": (
        f"train --set train.steps=1 --genome {{genome}} --labels p={{bed}} --output {{named_folder}} {SPLIT}",
        ["{named_folder}: is a folder; a file is to be written there"],
    ),
    "model under a file": (
        f"train --set train.steps=1 --genome {{genome}} --labels p={{bed}} --output {{bed}}/m.safetensors {SPLIT}",
        ["{bed}/m.safetensors: cannot be written"],
    ),
    "model into the kernel": (
        f"train --set train.steps=1 --genome {{genome}} --labels p={{bed}} --output /proc/none/m.safetensors {SPLIT}",
        ["/proc/none/m.safetensors: cannot be written"],
    ),
    # evaluate
    "another genome's split": (
        "evaluate --genome {other} --model {model} --labels p={other_bed} --output {out}",
        ["{other}: is not the genome that the model was trained on", "--contigs"],
    ),
    "unknown contig to evaluate": (EVALUATE + "--contigs chrD,chr4", ["--contigs: ", "has no 'chr4'"]),
    "no contig to evaluate": (EVALUATE + "--contigs ,", ["--contigs"]),
    "labels of other tasks": (
        "evaluate --genome {genome} --model {model} --labels q={bed} --output {out}",
        ["no model has a channel of the labels (q)"],
    ),
    "labels of other strands": (
        EVALUATE + "--strand p=use",
        ["no model has a channel of the labels (p.plus"],
    ),
    "a comparison without a name": (EVALUATE + "--compare {model}", ["--compare {model}: wanted NAME=MODEL"]),
    "a comparison that is no model": (EVALUATE + "--compare x={half}", ["{half}: is not a whole"]),
    "bootstrap of -1": (EVALUATE + "--bootstrap -1", ["evaluate.bootstrap: -1"]),
    "block of 0": (EVALUATE + "--block 0", ["evaluate.block: 0"]),
    "level of 95": (EVALUATE + "--level 95", ["evaluate.level: 95"]),
    "evaluation onto a file": (
        "evaluate --genome {genome} --model {model} --labels p={bed} --output {bed}",
        ["{bed}: is a file; a folder is to be written there"],
    ),
    "evaluation under a file": (
        "evaluate --genome {genome} --model {model} --labels p={bed} --output {bed}/x",
        ["{bed}/x: cannot be written"],
    ),
    "evaluate without a GPU": (EVALUATE + "--device cuda", ["--device cuda: PyTorch finds no GPU here"]),
    "labels of another genome to evaluate": (
        "evaluate --genome {genome} --model {model} --labels {other_labels} --output {out}",
        ["{other_labels}: labels of another genome"],
    ),
    # tracks and call
    "tracks of nothing": (TRACKS + "{dir}/none", ["{dir}/none: has no finished scores"]),
    "tracks of a file": (TRACKS + "{bed}", ["{bed}: has no finished scores"]),
    "tracks of unfinished scores": (
        TRACKS + "{unfinished}",
        ["{unfinished}: has no finished scores", "score"],
    ),
    "tracks of cut scores": (TRACKS + "{cut_scores}", ["{cut_scores}/scores.f32: has ", "its table says"]),
    "tracks of a table that is no JSON": (TRACKS + "{no_json}", ["{no_json}/scores.json: is not JSON"]),
    "tracks of another table": (TRACKS + "{odd_table}", ["{odd_table}/scores.json: is not a scores table"]),
    "tracks of half a table": (TRACKS + "{half_table}", ["{half_table}/scores.json: is not a scores table"]),
    "tracks of a newer table": (
        TRACKS + "{newer_table}",
        ["{newer_table}/scores.json: is not a scores table"],
    ),
    "tracks of 0 digits": (TRACKS + "{scores} --digits 0", ["tracks.digits: 0"]),
    "tracks of 7 digits": (TRACKS + "{scores} --digits 7", ["tracks.digits: 7"]),
    "tracks onto a file": ("tracks --scores {scores} --output {bed}", ["{bed}: is a file"]),
    "tracks under a file": ("tracks --scores {scores} --output {bed}/x", ["{bed}/x: cannot be written"]),
    "threshold of 2": (CALL + "{scores} --threshold 2", ["call.threshold: 2"]),
    "threshold of nan": (CALL + "{scores} --threshold nan", ["call.threshold: nan"]),
    "extend above threshold": (CALL + "{scores} --threshold .3 --extend .4", ["extend: found 0.4, above"]),
    "extend above the model's threshold": (
        CALL + "{scores} --extend .9",
        ["p: extend is 0.9 and the threshold 0.5"],
    ),
    "min length of 0": (CALL + "{scores} --min-length 0", ["call.min_length: 0"]),
    "negative gap": (CALL + "{scores} --merge-gap -1", ["call.merge_gap: -1"]),
    "call of unfinished scores": (CALL + "{unfinished}", ["{unfinished}: has no finished scores"]),
    "call onto a file": ("call --scores {scores} --output {bed}", ["{bed}: is a file"]),
    "call under a file": ("call --scores {scores} --output {bed}/x", ["{bed}/x: cannot be written"]),
    # info and simulate
    "info of unfinished scores": ("info {unfinished}", ["{unfinished}: is no folder of dnabilstm"]),
    "info of cut scores": ("info {cut_scores}", ["{cut_scores}/scores.f32: has "]),
    "info of half a table": ("info {half_table}", ["{half_table}/scores.json: is not a scores table"]),
    "simulate few bases": ("simulate --output {out} --bases 10", ["bases: found 10; wanted at least 50000"]),
    "simulate a negative seed": ("simulate --output {out} --seed -1", ["seed: found -1; wanted 0 or more"]),
    "simulate onto a file": ("simulate --output {bed}", ["{bed}: is a file"]),
    "simulate over other files": ("simulate --output {dir}", ["{dir}: holds files that would be lost"]),
}


def write_genome(path, lengths, seed):
    rng = np.random.default_rng(seed)
    path.write_text(
        "".join(f">{name}\n{''.join(rng.choice(list('ACGT'), n))}\n" for name, n in lengths.items())
    )
    path.with_suffix(".bed").write_text(
        "".join(
            f"{name}\t{at}\t{at + 50}\tx\t0\t+\n"
            for name, n in lengths.items()
            for at in range(100, n - 50, 400)
        )
    )
    return path


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """A small genome with labels, an untrained model and its scores, and all that can be wrong with them."""
    folder = tmp_path_factory.mktemp("pristine") / "in"
    folder.mkdir()
    genome = open_genome(write_genome(folder / "genome.fa", LENGTHS, 0))
    other = open_genome(write_genome(folder / "other.fa", {"x": 3000, "y": 2000}, 1))
    write_genome(folder / "plasmid.fa", {"p": 9000}, 2)
    (folder / "lonely.bed").write_text("chrA\t100\t150\n")
    for place, of, bed in (("labels", genome, "genome.bed"), ("other_labels", other, "other.bed")):
        make_labels(of, [LabelSpec("p", folder / bed)], folder / place)
    write_models(folder, genome)
    write_scores(folder)
    (folder / "empty").touch()
    (folder / "protein.fa").write_text(">sp|P1\nMELQVSIKTP\n")
    (folder / "cut.fa.gz").write_bytes(gzip.compress((folder / "genome.fa").read_bytes())[:-20])
    (folder / "folder.safetensors").mkdir()
    for name, text in {
        "broken": "model: {hidden: 8\n",
        "list": "- model\n",
        "other": "network: {hidden: 8}\n",
        "flat": "model: 8\n",
        "number": "model: {1: 2}\n",
    }.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def write_models(folder, genome):
    torch.manual_seed(0)
    config = BiLSTMConfig(tasks=("p",), hidden=4, filters=4, layers=1)
    split = [[name, 0, LENGTHS[name], part] for name, part in
             zip(LENGTHS, ("train", "train", "valid", "test"), strict=True)]  # fmt: skip
    card = {"split": split, "genome": {"digest": genome.digest}, "calibration": {"p": {"a": 1.0, "b": 0.0}}}
    model = Model(build(config).eval(), card)
    save_model(model, folder / "model.safetensors")
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "half.safetensors").write_bytes(whole[: len(whole) // 2])
    (folder / "pickled.safetensors").write_bytes(pickle.dumps({"weights": [1.0]}))
    tensors = model.network.state_dict()
    torch.save(tensors, folder / "torched.safetensors")
    save_file(tensors, folder / "foreign.safetensors", metadata={"format": "pt"})
    good = {
        "format": FORMAT,
        "version": "1",
        "config": {"tasks": ["p"], "hidden": 4, "filters": 4, "layers": 1},
    }
    for name, changed in {
        "newer": json.dumps(good | {"format": FORMAT + 1}),
        "carded": "{",
        "listed": "[1]",
        "configless": json.dumps({"format": FORMAT}),
        "huge": json.dumps(good | {"config": good["config"] | {"hidden": 10**4}}),
        "endless": json.dumps(good | {"config": good["config"] | {"layers": 10**9}}),
        "exotic": json.dumps(good | {"config": good["config"] | {"architecture": "transformer"}}),
    }.items():
        save_file(tensors, folder / f"{name}.safetensors", metadata={"dnabilstm": changed})
    wild = {name: torch.full_like(tensor, torch.nan) for name, tensor in tensors.items()}
    save_file(wild, folder / "infinite.safetensors", metadata={"dnabilstm": json.dumps(good)})
    score_genome(genome, model, folder / "scores", ScoreConfig(workers=1))


def write_scores(folder):
    """Copies of the scores with one thing wrong each."""
    for name in ("unfinished", "cut_scores", "no_json", "odd_table", "half_table", "newer_table"):
        shutil.copytree(folder / "scores", folder / name)
    (folder / "unfinished/scores.json").unlink()
    (folder / "cut_scores/scores.f32").write_bytes((folder / "scores/scores.f32").read_bytes()[:-4])
    table = json.loads((folder / "scores/scores.json").read_text())
    for name, text in {
        "no_json": json.dumps(table)[:-9],
        "odd_table": "[1, 2]",
        "half_table": json.dumps({"format": table["format"]}),
        "newer_table": json.dumps(table | {"format": table["format"] + 1}),
    }.items():
        (folder / name / "scores.json").write_text(text)


@pytest.fixture
def made(pristine, tmp_path):
    shutil.copytree(pristine, tmp_path / "in")
    folder = tmp_path / "in"
    places = {"dir": folder, "out": tmp_path / "out", "bed": folder / "genome.bed"}
    for path in folder.iterdir():
        places[path.name.partition(".")[0] + ("_yaml" if path.suffix == ".yaml" else "")] = path
    places |= {
        "genome": folder / "genome.fa", "other": folder / "other.fa", "plasmid": folder / "plasmid.fa",
        "other_bed": folder / "other.bed", "plasmid_bed": folder / "plasmid.bed", "cut": folder / "cut.fa.gz",
        "named_folder": folder / "folder.safetensors",
    }  # fmt: skip
    return places


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_with_clear_lines_and_nothing_is_written(case, made, monkeypatch, capsys):
    line, wanted = CASES[case]
    before = sorted(made["dir"].parent.rglob("*"))
    status, err, left = run(line, made, monkeypatch, capsys)
    assert status == 2, err
    assert "Traceback" not in err
    for words in wanted:
        assert words.format(**made) in err
    assert len(err.splitlines()) <= 12
    assert left == []
    assert sorted(made["dir"].parent.rglob("*")) == before


def test_the_good_inputs_of_the_cases_are_good(made, monkeypatch, capsys):
    small = "--set train.window=100 --set train.batch=2 --set model.hidden=4 --set model.filters=4 "
    for line in (TRAIN + SPLIT + small, SCORE, EVALUATE, TRACKS + "{scores}", CALL + "{scores}"):
        status, err, left = run(line.replace("{out}", "{out}_" + line.split()[0]), made, monkeypatch, capsys)
        assert status == 0, err
        assert left
    run("info {model}", made, monkeypatch, capsys)
