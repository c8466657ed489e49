"""``dnabilstm explain``: files that others can read, and one line for each thing that is wrong."""

import gzip
import json
import sys
from xml.etree import ElementTree

import numpy as np
import pyBigWig
import pysam
import pytest
import torch

from dnabilstm.alphabet import decode
from dnabilstm.cli import main
from dnabilstm.explain.inside import hidden_states
from dnabilstm.genome import encode_fasta, open_genome
from dnabilstm.model.bundle import Model, save_model
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import ARCHITECTURES
from tests.explain.made import made_choice, made_ensemble, made_genome, made_model

REGIONS = "c\t300\t340\tone\t5\t.\nc\t700\t760\ttwo\t9\t.\nc\t1000\t1030\tthree\t7\t.\n"
MEME = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF known\nletter-probability matrix: alength= 4 w= 5 nsites= 9 E= 0\n"
MEME += "0.97 0.01 0.01 0.01\n" * 5
SMALL = {
    "background": 3,
    "width": 40,
    "top": 2,
    "least-seqlets": 2,
    "level": 0.2,
    "tolerance": 0.01,
}
QUICK = [word for name, value in SMALL.items() for word in (f"--{name}", value)]
ONE = ("--check", 1, "--pictures", 1)
UNSEEN = ("--check", 0, "--pictures", 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("explain")
    (place / "genome.fa").write_text(f">c\n{decode(made_genome().codes).decode()}\n>d\nACGT\n")
    encode_fasta(place / "genome.fa", place / "codes")
    (place / "regions.bed").write_text(REGIONS)
    (place / "known.meme").write_text(MEME)
    (place / "sequences.fa").write_text(
        f">s\n{decode(made_genome().codes[:90]).decode()}\n>t\n{'ACGTTGCA' * 9}\n"
    )
    save_model(made_model(), place / "model.safetensors")
    save_model(made_ensemble(), place / "ensemble.safetensors")
    save_model(made_model(head="sequence"), place / "classes.safetensors")
    save_model(made_model(attention="local"), place / "attention.safetensors")
    save_model(made_model(head="sequence", attention="multihead"), place / "attentive_classes.safetensors")
    return place


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["dnabilstm", "explain", *map(str, words)])
    try:
        main()
    except SystemExit as exit:
        return exit.code
    return 0


def on_genome(folder, output, *more, model="model"):
    given = ("--model", folder / f"{model}.safetensors", "--genome", folder / "codes", "--output", output)
    return (*given, *(() if "--regions" in more else ("--regions", folder / "regions.bed")), *QUICK, *more)


def rows(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="surrogateescape") as handle:
        head, *lines = (line.rstrip("\n").split("\t") for line in handle)
    return [dict(zip(head, line, strict=True)) for line in lines]


@pytest.fixture(scope="module")
def explained(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("output")
    with pytest.MonkeyPatch.context() as patch:
        assert run(patch, *on_genome(folder, output, "--motifs", folder / "known.meme", *ONE)) == 0
    return output


def test_the_best_regions_are_explained_and_summed_up(explained):
    assert [row["locus"] for row in rows(explained / "attribution/loci.tsv")] == ["two", "three"]
    told = json.loads((explained / "explain.json").read_text())
    assert told["settings"]["width"] == 40
    assert told["model"]["digest"]
    assert set(told["parts"]) == {"attribution", "motifs", "states", "context", "attention"}
    assert told["parts"]["attention"] == {"not_made": "the model has no attention"}
    assert not (explained / "attention").exists()
    agreement = told["parts"]["attribution"]["agreement"]
    assert agreement["loci"] == 1
    assert -1 <= agreement["correlation"]["a"] <= 1
    assert agreement["largest_gap"] >= 0


def test_table_bigwig_and_bedgraph_say_the_same(explained):
    table = rows(explained / "attribution/a.tsv.gz")
    assert len(table) == 80
    sequence = decode(made_genome().codes).decode()
    with pyBigWig.open(str(explained / "attribution/a.bw")) as bigwig:
        assert bigwig.chroms() == {"c": 1203, "d": 4}
        track = np.array(bigwig.values("c", 0, 1203))
    assert np.isfinite(track).sum() == 80
    for row in table:
        position = int(row["position"])
        assert row["base"] == sequence[position]
        assert row[row["base"]] == row["attribution"]
        assert track[position] == pytest.approx(float(row["attribution"]), abs=1e-6)
        assert sum(float(row[letter]) for letter in "ACGT") == pytest.approx(0, abs=3e-4)
    assert min(track[np.isfinite(track)]) < 0
    with pysam.TabixFile(str(explained / "attribution/a.bedgraph.gz")) as bedgraph:
        for line in bedgraph.fetch("c"):
            _, start, end, value = line.split("\t")
            assert track[int(start) : int(end)] == pytest.approx(float(value), abs=1e-6)


def test_motifs_are_meme_text_with_hits_and_matches(explained):
    from Bio import motifs as bio

    found = rows(explained / "motifs/a.tsv")
    with (explained / "motifs/a.meme").open() as handle:
        names = [motif.name for motif in bio.parse(handle, "minimal")]
    assert names == [row["motif"] for row in found]
    assert {row["match"] for row in found} <= {"known"}
    for hit in rows(explained / "motifs/a.hits.tsv"):
        assert hit["motif"] in names
        assert 0 <= int(hit["start"]) < int(hit["end"]) <= 1203
    pictures = sorted(path.name for path in (explained / "attribution/a").iterdir())
    assert pictures == ["001_two.png", "001_two.svg"]


def test_one_part_of_one_output_by_gradients_of_an_ensemble(folder, tmp_path, monkeypatch):
    more = ("--only", "attribution", "--channels", "b", "--method", "gradients", *UNSEEN)
    assert run(monkeypatch, *on_genome(folder, tmp_path, *more, model="ensemble")) == 0
    assert not (tmp_path / "motifs").exists()
    assert not (tmp_path / "attribution/a.bw").exists()
    assert len(rows(tmp_path / "attribution/b.tsv.gz")) == 80


@pytest.mark.parametrize("model", ["model", "classes"])
def test_sequences_are_explained_by_either_head(folder, tmp_path, monkeypatch, model):
    words = (
        "--model",
        folder / f"{model}.safetensors",
        "--sequences",
        folder / "sequences.fa",
        "--output",
        tmp_path,
    )
    assert run(monkeypatch, *words, *QUICK, *UNSEEN) == 0
    table = rows(tmp_path / "attribution/a.tsv.gz")
    assert {row["locus"] for row in table} == {"s", "t"}
    assert len(table) == 90 + 72
    assert not (tmp_path / "attribution/a.bw").exists()


def test_regions_are_explained_by_a_head_for_whole_sequences(folder, tmp_path, monkeypatch):
    assert run(monkeypatch, *on_genome(folder, tmp_path, *UNSEEN, model="classes")) == 0
    with pyBigWig.open(str(tmp_path / "attribution/a.bw")) as bigwig:
        assert np.isfinite(bigwig.values("c", 710, 750)).all()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--channels", "zzz"), "--channels zzz: the model has a, b"),
        (("--only", "zzz"), "--only zzz: no such part; wanted some of attribution, motifs, states"),
        (("--only", "states,attention"), "--only attention: cannot be made: the model has no attention"),
        (("--layer", "3"), "--layer 3: the network has 2; wanted 1 to 2, or 0 for the last"),
        (("--member", "2"), "--member 2: the model has 1; wanted 1 to 1"),
        (
            ("--units", "forward.1,up.2"),
            "--units up.2: no such unit; wanted forward.1 to .4 or backward.1 to .4",
        ),
        (("--places", "0"), "explain.places"),
        (("--labels", "{folder}/beyond.bed"), "past the end of c (1203)"),
        (("--labels", "{folder}/codes"), "has no labels"),
        (("--contigs", "zzz"), "has no contig 'zzz'"),
        (("--contigs", "d"), "none of them on d"),
        (("--sequences", "x.fa"), "--regions or --sequences: wanted one of them"),
        (("--motifs", "{folder}/regions.bed"), "wanted MEME text"),
        (("--regions", "{folder}/empty.bed"), "is empty"),
        (("--regions", "{folder}/beyond.bed"), "past the end of c (1203)"),
        (("--tolerance", "0"), "explain.tolerance"),
        (("--output", "/proc/nowhere"), "cannot be written"),
    ],
)
def test_what_is_wrong_is_one_line(folder, tmp_path, monkeypatch, capsys, more, said):
    (folder / "empty.bed").write_text("")
    (folder / "beyond.bed").write_text("c\t1200\t1300\n")
    more = [str(word).format(folder=folder) for word in more]
    assert run(monkeypatch, *on_genome(folder, tmp_path / "x", *more)) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert said in lines[0]
    assert not (tmp_path / "x").exists()


def test_the_genome_on_disk_is_left_as_it_is(folder, explained):
    assert (open_genome(folder / "codes").sequence("c") == made_genome().codes).all()


def test_states_are_tables_tracks_and_pictures(folder, tmp_path, monkeypatch):
    label = folder / "my sites.bed"
    label.write_text("c\t310\t330\nc\t1005\t1200\nc\t705\t745\n")
    more = ("--only", "states", "--labels", label, "--units", "backward.4,forward.2", "--layer", 1, *ONE)
    assert run(monkeypatch, *on_genome(folder, tmp_path, *more)) == 0
    table = rows(tmp_path / "states/units.tsv")
    assert [(row["direction"], row["unit"]) for row in table] == [
        (direction, str(unit)) for direction in ("forward", "backward") for unit in (1, 2, 3, 4)
    ]
    assert {row["layer"] for row in table} == {"1"}
    assert {row["follows"] for row in table} == {"label.my_sites"}
    for row in table:
        assert all(-1 <= float(row[f"{name}"]) <= 1 for name in ("score.a", "score.b", "label.my_sites"))
        assert -1 < float(row["mean"]) < 1
        assert 0 < float(row["sd"]) < 1
    told = json.loads((tmp_path / "explain.json").read_text())["parts"]["states"]
    assert told["bases"] == 5 * 40
    assert list(told["tracks"]) == ["backward.4", "forward.2"]
    model, genome = made_model(), open_genome(folder / "codes")
    choice = made_choice(model, 710, 750, genome)
    ((_, states),) = hidden_states(model.network, 1, [choice.locus])
    with pyBigWig.open(str(tmp_path / "states/backward.4.bw")) as bigwig:
        assert np.isfinite(bigwig.values("c", 0, 1203)).sum() == 80
        assert bigwig.values("c", 710, 750) == pytest.approx(states[1, :, 3], abs=1e-4)
    with pysam.TabixFile(str(tmp_path / "states/forward.2.bedgraph.gz")) as bedgraph:
        first = next(bedgraph.fetch("c", 710)).split("\t")
    assert float(first[3]) == pytest.approx(states[0, 0, 1], abs=1e-4)
    assert sorted(path.name for path in (tmp_path / "states/b").iterdir()) == ["001_two.png", "001_two.svg"]


def test_correlations_are_over_the_bases_of_the_loci(folder, tmp_path, monkeypatch):
    label = folder / "sites.bed"
    label.write_text("c\t310\t330\nc\t1005\t1200\nc\t705\t745\n")
    more = ("--only", "states", "--labels", label, "--units", "backward.1,forward.2", "--background", 0)
    assert run(monkeypatch, *on_genome(folder, tmp_path, *more, "--digits", 6, *UNSEEN)) == 0
    sites = np.zeros(1203)
    sites[705:745] = sites[1005:1200] = 1
    for row in rows(tmp_path / "states/units.tsv"):
        track = tmp_path / f"states/{row['direction']}.{row['unit']}.bw"
        if track.exists():
            with pyBigWig.open(str(track)) as bigwig:
                states = np.array(bigwig.values("c", 0, 1203))
            has = np.isfinite(states)
            assert has.sum() == 80
            assert float(row["mean"]) == pytest.approx(states[has].mean(), abs=2e-6)
            assert float(row["sd"]) == pytest.approx(states[has].std(), abs=2e-6)
            wanted = np.corrcoef(states[has], sites[has])[0, 1]
            assert float(row["label.sites"]) == pytest.approx(wanted, abs=1e-4)


def test_what_either_side_adds_is_a_table_and_tracks(explained):
    for channel in "ab":
        table = rows(explained / f"context/{channel}.tsv.gz")
        assert {row["locus"] for row in table} == {"two", "three"}
        tracks = {}
        for side in ("from_left", "from_right"):
            with pyBigWig.open(str(explained / f"context/{channel}.{side}.bw")) as bigwig:
                tracks[side] = np.array(bigwig.values("c", 0, 1203))
            assert np.isfinite(tracks[side]).sum() == 80
        for row in table:
            values = {
                name: float(row[name])
                for name in ("full", "left", "right", "none", "from_left", "from_right")
            }
            assert values["from_left"] == pytest.approx(values["full"] - values["right"], abs=2e-4)
            assert values["from_right"] == pytest.approx(values["full"] - values["left"], abs=2e-4)
            for side, track in tracks.items():
                assert track[int(row["start"]) : int(row["end"])] == pytest.approx(values[side], abs=1e-5)
        assert sum(int(row["end"]) - int(row["start"]) for row in table) == 80


def test_scores_with_less_context_are_summed_up(explained):
    regions = rows(explained / "context/a.distances.tsv.gz")
    curve = rows(explained / "context/a.curve.tsv")
    assert {row["side"] for row in curve} == {"both", "left", "right"}
    assert {row["context"] for row in curve} == {row["context"] for row in regions}
    for row in curve:
        over = [float(one[row["side"]]) for one in regions if one["context"] == row["context"]]
        assert len(over) == int(row["loci"]) == 2
        assert float(row["mean"]) == pytest.approx(np.mean(over), abs=2e-4)
        assert float(row["q90"]) == pytest.approx(np.quantile(over, 0.9), abs=2e-4)
    told = json.loads((explained / "explain.json").read_text())["parts"]["context"]["a"]
    assert str(told["from_context"]) in {row["context"] for row in curve}
    assert sorted(path.name for path in (explained / "context").glob("a.*.bw")) == [
        "a.from_left.bw",
        "a.from_right.bw",
    ]


def test_attention_is_a_table_means_and_pictures(folder, tmp_path, monkeypatch):
    more = ("--only", "attention", "--check", 0, "--pictures", 2)
    assert run(monkeypatch, *on_genome(folder, tmp_path, *more, model="attention")) == 0
    sums = {}
    for row in rows(tmp_path / "attention/weights.tsv.gz"):
        key = row["locus"], row["start"], row["head"]
        sums[key] = sums.get(key, 0) + float(row["weight"])
        assert int(row["offset"]) in range(-15, 16, 5)
    assert len(sums) == 2 * 2 * len({key[1] for key in sums if key[0] == "two"})
    assert list(sums.values()) == pytest.approx([1] * len(sums), abs=1e-5)
    means = rows(tmp_path / "attention/offsets.tsv")
    assert [int(row["offset"]) for row in means if row["head"] == "1"] == list(range(-15, 16, 5))
    for head in "12":
        assert sum(float(row["mean"]) for row in means if row["head"] == head) == pytest.approx(1, abs=1e-5)
    names = sorted(path.name for path in (tmp_path / "attention").glob("*.png"))
    assert names == ["001_two.png", "002_three.png", "offsets.png"]


def test_attention_of_whole_sequences(folder, tmp_path, monkeypatch):
    words = ("--model", folder / "attentive_classes.safetensors", "--sequences", folder / "sequences.fa")
    assert run(monkeypatch, *words, "--output", tmp_path, "--only", "attention,states,context", *ONE) == 0
    sums = {}
    for row in rows(tmp_path / "attention/weights.tsv.gz"):
        sums[row["head"]] = sums.get(row["head"], 0) + float(row["weight"])
    assert list(sums.values()) == pytest.approx([1, 1], abs=1e-4)
    assert not (tmp_path / "attention/offsets.tsv").exists()
    assert not list(tmp_path.glob("*/*.bw"))
    assert not list(tmp_path.glob("context/*.distances.tsv.gz"))
    assert "label.a" not in rows(tmp_path / "states/units.tsv")[0]
    assert (tmp_path / "context/a/001_s.svg").exists()


def test_a_member_of_an_ensemble_is_chosen(folder, tmp_path, monkeypatch):
    tables = {}
    for member in (1, 2):
        more = ("--only", "states", "--member", member, *UNSEEN)
        assert run(monkeypatch, *on_genome(folder, tmp_path / str(member), *more, model="ensemble")) == 0
        tables[member] = rows(tmp_path / str(member) / "states/units.tsv")
    assert [row["mean"] for row in tables[1]] != [row["mean"] for row in tables[2]]


class Unknown(torch.nn.Module):
    """A network of parts that nobody knows: whether a base is a G, and whether the next one is."""

    def __init__(self, config):
        super().__init__()
        self.config, self.scale = config, torch.nn.Parameter(torch.ones(2))

    def forward_bins(self, codes):
        here = (codes == 4).float()
        there = torch.nn.functional.pad(here, (0, 1))[:, 1:]
        return torch.stack([here, there], dim=2) * self.scale


@pytest.fixture
def unknown(folder, monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "unknown", Unknown)
    config = BiLSTMConfig(tasks=("a", "b"), architecture="unknown", pool=1)
    save_model(Model(Unknown(config), {}), folder / "unknown.safetensors")
    return "unknown"


def test_of_an_unknown_architecture_the_context_is_shown_and_the_rest_said(
    folder, unknown, tmp_path, monkeypatch, capsys
):
    assert run(monkeypatch, *on_genome(folder, tmp_path, *UNSEEN, model=unknown)) == 0
    reason = "the parts of architecture 'unknown' are not known"
    said = [line for line in capsys.readouterr().err.splitlines() if "not made" in line]
    assert said == [f"states is not made: {reason}", f"attention is not made: {reason}"]
    parts = json.loads((tmp_path / "explain.json").read_text())["parts"]
    assert parts["states"] == parts["attention"] == {"not_made": reason}
    sequence = decode(made_genome().codes).decode()
    for row in rows(tmp_path / "context/b.tsv.gz"):
        assert float(row["from_left"]) == 0
        assert float(row["from_right"]) == (sequence[int(row["end"])] == "G")
    assert run(monkeypatch, *on_genome(folder, tmp_path / "x", "--only", "states", model=unknown)) == 2
    assert f"error: --only states: cannot be made: {reason}" in capsys.readouterr().err


def test_names_of_any_kind_are_harmless(folder, tmp_path, monkeypatch):
    names = ["$x_{1}$ \\frac", "<b>&\"'", "é ü / ../..", "a b"]
    lines = [f"c\t{300 + 50 * k}\t{340 + 50 * k}\t{name}\t{9 - k}\t.\n" for k, name in enumerate(names)]
    (folder / "odd.bed").write_bytes("".join(lines).encode() + b"c\t600\t640\t\xff\xfe\t1\t.\n")
    more = ("--regions", folder / "odd.bed", "--annotate", folder / "odd.bed", "--labels", folder / "odd.bed")
    more = (*more, "--only", "states,context,attention", "--top", 5, "--pictures", 5, "--check", 0)
    assert run(monkeypatch, *on_genome(folder, tmp_path, *more, model="attention")) == 0
    assert rows(tmp_path / "attention/weights.tsv.gz")[0]["locus"] == names[0]
    for part in ("states/a", "context/a", "attention"):
        found = sorted(path.name for path in (tmp_path / part).glob("0*.svg"))
        assert found == ["001__x__1_frac.svg", "002__b_.svg", "003__.._...svg", "004_a_b.svg", "005__.svg"]
        for name in found:
            ElementTree.parse(tmp_path / part / name)


def test_unlabelled_sequences_take_no_labels(folder, tmp_path, monkeypatch, capsys):
    words = ("--model", folder / "model.safetensors", "--sequences", folder / "sequences.fa")
    assert run(monkeypatch, *words, "--output", tmp_path / "x", "--labels", folder / "regions.bed") == 2
    assert "regions.bed: go with --genome and --regions" in capsys.readouterr().err
