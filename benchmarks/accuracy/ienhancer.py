"""iEnhancer-2L: enhancers against other sequences (layer 1), strong against weak ones (layer 2), raw and leak-free.

    python -m benchmarks.accuracy.ienhancer DATA [--seeds 1 2 3] [--table]

All 100 strong enhancers of the "independent" test set are copies of training sequences. Each run is one `dnabilstm
train --sequences` on strong and weak enhancers and others, three classes, with its defaults, `train.folds=10` and
`train.leaks=compare`: the leak-free figures are of the model that was trained without the copies, the raw ones of a
second model, trained with them. One model answers both layers: an enhancer is strong or weak (layer 1), and of
enhancers the likelier of the two is called (layer 2). Out of fold, each training sequence of the first model is judged
by the one of its ten networks that was not trained on it, but stopped and calibrated on it and others.
Beside it stands logistic regression on the shares of all k-mers of 1 to 6 bases, fitted to each layer by itself.
Results lie in benchmarks/accuracy/results/ienhancer; what is done is not run again.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from benchmarks.accuracy.rows import (
    RESULTS,
    WORK,
    Row,
    average_minutes,
    command,
    markdown,
    parameters_of,
    parse_options,
    read_all,
    run_all,
    spread,
)
from dnabilstm.audit.leaks import find_leaks, leaked, repeated
from dnabilstm.classify.assess import assess
from dnabilstm.classify.parts import make_runs, with_validation, without_leaks
from dnabilstm.evaluate.kmer import kmer_indices
from dnabilstm.model.bundle import Model, load_model
from dnabilstm.model.ensemble import members_of
from dnabilstm.score.sequences import class_probabilities
from dnabilstm.sequences.read import read_sequences
from dnabilstm.train.config import SequenceTrainConfig

FOLDER = RESULTS / "ienhancer"
LAYERS = {
    "layer1": {"enhancer": "enhancers.fa", "other": "nonenhancers.fa"},
    "layer2": {"strong": "strong_enhancers.fa", "weak": "weak_enhancers.fa"},
}
FOLDS = 10
"""Members, each of which leaves another tenth of so few sequences to validation."""
SEED_STEP = 10
"""Members take seeds one after another, so runs start so far apart."""
PUBLISHED = {
    "layer1": "iEnhancer-2L .730/.460, ECNN .769/.537, EBLSTM .772/.534, attention BiLSTM + DACC .773/.547, "
    "spEnhancer .773/.579, RD .788/.576, DCSA .825/.651, ELM .830/.661",
    "layer2": "EBLSTM -/.324, RD -/.426, DCSA -/.837",
}
"""Accuracy / MCC, all raw: trained with the copies."""


def files(data: Path, layer: str, part: str) -> list[str]:
    """CLASS=FILE of a part of a layer."""
    folder = data / "benchmarks/ienhancer2l" / layer
    return [f"{name}={folder / f'{part}_{file}'}" for name, file in LAYERS[layer].items()]


def all_files(data: Path, part: str) -> list[str]:
    """CLASS=FILE of a part of both layers: strong, weak, other."""
    return files(data, "layer2", part) + files(data, "layer1", part)[1:]


def measure(seed: int, data: Path) -> Row:
    """Train with one seed, without and with the copies, and test both layers."""
    place = WORK / "ienhancer" / f"{seed}"
    model = place / "model.safetensors"
    words = ["train", "--output", model, "--seed", 1 + (seed - 1) * SEED_STEP]
    words += ["--set", "train.shards=1", "--set", "train.leaks=compare", "--set", f"train.folds={FOLDS}"]
    words += [word for file in all_files(data, "train") for word in ("--sequences", file)]
    words += [word for file in all_files(data, "test") for word in ("--test-sequences", file)]
    minutes = command(words, place / "log.txt")
    models = {"leak_free": model, "raw": model.with_name("model.with_leaks.safetensors")}
    return {
        "run": "dnabilstm",
        "seed": seed,
        "parameters": parameters_of(model),
        "minutes": minutes,
        "layers": {
            layer: {kind: judge(layer, load_model(file), data) for kind, file in models.items()}
            | {"out_of_fold": out_of_fold(layer, load_model(model), data)}
            for layer in LAYERS
        },
    }


def judge(layer: str, model: Model, data: Path) -> Row:
    """Figures on a layer's test sequences."""
    tests = read_sequences(files(data, layer, "test"), classes=tuple(LAYERS[layer]))
    chances = of_layer(layer, class_probabilities(model, tests)[0], model.channels)
    return assess(tests.labels, chances, tests.classes)["raw"]


def of_layer(layer: str, chances: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Probabilities of a layer's classes: enhancers are strong or weak; strong is more likely than weak."""
    chance = dict(zip(classes, chances.T, strict=True))
    yes, no = chance["strong"], chance["weak"]
    if layer == "layer1":
        yes, no = yes + no, chance["other"]
    return np.stack([yes, no], 1) / (yes + no)[:, None]


def out_of_fold(layer: str, model: Model, data: Path) -> Row:
    """Figures on the training sequences, each by the member that has it to validate."""
    given = {
        part: read_sequences(all_files(data, part), classes=model.channels) for part in ("train", "test")
    }
    card = model.card["members"][0]
    plan = SequenceTrainConfig(**card["train"])
    kept = without_leaks(given, find_leaks(given))
    runs = make_runs(kept, model.network.config, plan, torch.device("cpu"))
    labels, chances = [], []
    for run, network, own in zip(runs, members_of(model.network), model.card["members"], strict=True):
        if run.validation.digest != own["sequences"]["valid"]["digest"]:
            raise RuntimeError("the folds are not those that the model was trained with")
        labels.append(run.validation.labels)
        chances.append(class_probabilities(Model(network, own), run.validation)[0])
    strong, weak, other = (
        np.concatenate(labels) == model.channels.index(c) for c in ("strong", "weak", "other")
    )
    asked, second = (strong | weak | other, other) if layer == "layer1" else (strong | weak, weak)
    found = of_layer(layer, np.concatenate(chances)[asked], model.channels)
    return assess(second[asked].astype(np.int64), found, tuple(LAYERS[layer]))["raw"]


def kmers(layer: str, data: Path) -> Row:
    """Logistic regression on the shares of k-mers, its penalty chosen on validation; without and with the copies."""
    parts = {"train": read_sequences(files(data, layer, "train"), classes=())}
    parts["test"] = read_sequences(files(data, layer, "test"), classes=parts["train"].classes)
    parts = with_validation(parts, SequenceTrainConfig())
    report = find_leaks(parts)
    features = {part: shares(one) for part, one in parts.items()}
    row: Row = {"run": "k-mer regression", "seed": None, "minutes": None, "layers": {layer: {}}}
    row["audited"] = {"test rows that training repeats": int(leaked(report, "test").sum())}
    for name, kept in (
        ("raw", np.ones(len(parts["train"]), bool)),
        ("leak_free", ~repeated(report, "train")),
    ):
        middle, wide = features["train"][kept].mean(0), features["train"][kept].std(0) + 1e-9
        scaled = {part: (x - middle) / wide for part, x in features.items()}
        fits = [
            LogisticRegression(C=c, max_iter=300).fit(scaled["train"][kept], parts["train"].labels[kept])
            for c in (1e-5, 1e-4, 1e-3, 1e-2)
        ]
        best = max(fits, key=lambda fit: fit.score(scaled["valid"], parts["valid"].labels))
        chances = best.predict_proba(scaled["test"])
        row["layers"][layer][name] = assess(parts["test"].labels, chances, parts["train"].classes)["raw"]
        row["parameters"] = best.coef_.size
    return row


def shares(sequences) -> np.ndarray:
    """How often each k-mer of 1 to 6 bases occurs, a row a sequence."""
    rows = []
    for index in range(len(sequences)):
        codes, row = sequences.sequence(index), []
        for k in range(1, 7):
            found = kmer_indices(codes, k)
            row.append(np.bincount(found[found < 4**k], minlength=4**k) / max(1, len(found)))
        rows.append(np.concatenate(row))
    return np.array(rows)


def table(rows: list[Row]) -> str:
    """Accuracy and MCC over seeds, leak-free, raw, and out of fold."""
    shown = []
    for layer in LAYERS:
        for run in ("dnabilstm", "k-mer regression"):
            some = [row for row in rows if row["run"] == run and layer in row["layers"]]
            if not some:
                continue
            cells = [layer, run, f"{len(some)}" if run == "dnabilstm" else ""]
            for part in ("leak_free", "raw", "out_of_fold"):
                found = [row["layers"][layer][part] for row in some if part in row["layers"][layer]]
                cells += [spread([one[figure] for one in found]) for figure in ("accuracy", "mcc")]
            cells += [f"{some[0]['parameters']:,}", average_minutes(some)]
            shown.append(cells)
        shown.append([layer, "published, accuracy/MCC", "", "", "", PUBLISHED[layer], "", "", "", "", ""])
    header = ["layer", "", "seeds", "accuracy, leak-free", "MCC, leak-free", "accuracy, raw", "MCC, raw"]
    header += ["accuracy, out of fold", "MCC, out of fold", "parameters", "minutes"]
    return markdown(header, shown)


def main() -> None:
    given = parse_options(__doc__, "benchmarks/ienhancer2l", {})
    jobs = {f"{layer}-kmers": partial(kmers, layer, given.data) for layer in LAYERS}
    jobs |= {f"{seed}": partial(measure, seed, given.data) for seed in given.seeds}
    print(table(read_all(jobs, FOLDER) if given.table else run_all(jobs, FOLDER, given.jobs)))


if __name__ == "__main__":
    main()
