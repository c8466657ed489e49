"""CNNProm's Arabidopsis promoters (Umarov & Solovyev 2017, PLoS ONE 12:e0171410), 251 bp, in five folds.

    python -m benchmarks.accuracy.cnnprom DATA [--sets tata non_tata] [--folds 0 1 2 3 4] [--table]

The data have no fixed parts. Folds are drawn with seed 1; sequences that repeat each other are in one fold, so that no
test sequence has a copy in training. Each fold is one `dnabilstm train --sequences` with its defaults, which
takes its validation sequences from the other four fifths. Results lie in benchmarks/accuracy/results/cnnprom; what is
done is not run again.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np

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
from dnabilstm.audit.groups import groups_of
from dnabilstm.sequences.parts import k_folds
from dnabilstm.sequences.read import read_sequences, write_fasta

FOLDER = RESULTS / "cnnprom"
SETS = {
    "tata": {"promoter": "Arabidopsis_tata.fa.gz", "other": "Arabidopsis_non_prom.fa.gz"},
    "non_tata": {"promoter": "Arabidopsis_non_tata.fa.gz", "other": "Arabidopsis_non_prom_big.fa.gz"},
}
FOLDS = 5
PUBLISHED = {
    "tata": ("iPTT(2L)-CNN .937, CNNProm .91", ".908"),
    "non_tata": ("iPTT(2L)-CNN .907, CNNProm .86", ".875"),
}
"""MCC as published, and of a k-mer regression."""


def write_parts(kind: str, fold: int, data: Path, place: Path) -> dict[str, Path]:
    """FASTA files of what trains and what tests in a fold, by part and class."""
    named = [f"{name}={data / 'benchmarks/cnnprom' / file}" for name, file in SETS[kind].items()]
    sequences = read_sequences(named, classes=())
    held_out = k_folds(sequences, FOLDS, groups_of(sequences), seed=1)[fold]
    tests = np.zeros(len(sequences), bool)
    tests[held_out] = True
    place.mkdir(parents=True, exist_ok=True)
    files = {}
    for part, taken in (("train", ~tests), ("test", tests)):
        for label, name in enumerate(sequences.classes):
            rows = np.flatnonzero(taken & (sequences.labels == label))
            files[f"{part}:{name}"] = place / f"{part}_{name}.fa"
            write_fasta(sequences.subset(rows), files[f"{part}:{name}"])
    return files


def measure(kind: str, fold: int, data: Path) -> Row:
    """Train on four folds, and test on the fifth."""
    place = WORK / "cnnprom" / f"{kind}-{fold}"
    model = place / "model.safetensors"
    words = ["train", "--output", model, "--seed", 1, "--set", "train.shards=1"]
    for key, file in write_parts(kind, fold, data, place).items():
        part, _, name = key.partition(":")
        words += ["--sequences" if part == "train" else "--test-sequences", f"{name}={file}"]
    minutes = command(words, place / "log.txt")
    found = json.loads(model.with_name("model.test.json").read_text())
    figures = {name: found["raw"][name] for name in ("mcc", "accuracy", "auroc", "sequences")}
    return {
        "set": kind,
        "fold": fold,
        "parameters": parameters_of(model),
        "minutes": minutes,
        "leaked": found["leaked"],
        **figures,
    }


def table(rows: list[Row]) -> str:
    """MCC over the folds, beside the published figures."""
    shown = []
    for kind, (published, floor) in PUBLISHED.items():
        some = [row for row in rows if row["set"] == kind]
        if some:
            cells = [kind, f"{len(some)} of {FOLDS}", f"**{spread([row['mcc'] for row in some])}**"]
            cells += [spread([row["accuracy"] for row in some]), spread([row["auroc"] for row in some])]
            least, most = (pick(row["parameters"] for row in some) for pick in (min, max))
            cells += [published, floor, f"{least:,} to {most:,}" if least < most else f"{most:,}"]
            shown.append([*cells, average_minutes(some)])
    header = ["set", "folds", "MCC", "accuracy", "AUROC", "published MCC", "k-mer regression", "parameters"]
    return markdown([*header, "minutes a fold"], shown)


def main() -> None:
    given = parse_options(__doc__, "benchmarks/cnnprom", {"sets": SETS, "folds": range(FOLDS)}, seeds=False)
    jobs = {
        f"{kind}-{fold}": partial(measure, kind, fold, given.data)
        for kind in given.sets
        for fold in given.folds
    }
    print(table(read_all(jobs, FOLDER) if given.table else run_all(jobs, FOLDER, given.jobs)))


if __name__ == "__main__":
    main()
