"""Whole sequences: iEnhancer-2L layer 1 and GUE core promoters with TATA, raw and leak-free.

    python benchmarks/accuracy/classes.py DATA [--only NAME ...] [--output FOLDER] [--table]

DATA is the folder with benchmarks/ienhancer2l and benchmarks/gue. Each run is one `dnabilstm train --sequences`;
beside the enhancers stands logistic regression on k-mer counts. A run that is done is not
run again; `--table` prints what there is, as Markdown.
"""

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open

DATA = {
    "iEnhancer-2L layer 1": (
        "ienhancer2l/layer1",
        ["enhancer=train_enhancers.fa", "other=train_nonenhancers.fa"],
        [],
        ["enhancer=test_enhancers.fa", "other=test_nonenhancers.fa"],
    ),
    "GUE prom_core_tata": ("gue/prom/prom_core_tata", ["train.csv.gz"], ["dev.csv.gz"], ["test.csv.gz"]),
}
RUNS = {
    "default": {},
    "leaks dropped from training": {"train.leaks": "drop"},
    "three members": {"train.members": 3},
    "three members, leaks dropped": {"train.members": 3, "train.leaks": "drop"},
    "strand as given": {"model.strand": "stranded"},
    "strand as given, three members": {"model.strand": "stranded", "train.members": 3},
    "additive attention": {"model.attention": "additive"},
    "multi-head attention": {"model.attention": "multihead"},
}
# Where copies of test rows are in training, the strand is not known; where there are none, it is.
WANTED = {
    "iEnhancer-2L layer 1": [name for name in RUNS if not name.startswith("strand")],
    "GUE prom_core_tata": [name for name in RUNS if "leaks" not in name],
}


def options(folder: Path, files: list[str], flag: str) -> list[str]:
    """Files of a part as options."""
    words = []
    for file in files:
        name, equals, path = file.rpartition("=")
        words += [flag, f"{name}{equals}{folder / path}"]
    return words


def measure(data: str, name: str, given: argparse.Namespace) -> dict:
    """Train and test one run."""
    place, train, valid, test = DATA[data]
    folder = given.data / "benchmarks" / place
    model = given.output / slug(data, name) / "model.safetensors"
    model.parent.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "dnabilstm", "train", "--output", str(model), "--seed", str(given.seed)]
    words += options(folder, train, "--sequences") + options(folder, valid, "--valid-sequences")
    words += options(folder, test, "--test-sequences")
    for key, value in RUNS[name].items():
        words += ["--set", f"{key}={value}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with safe_open(str(model), framework="np") as handle:
        parameters = sum(handle.get_tensor(key).size for key in handle.keys())  # noqa: SIM118
    found = json.loads(model.with_name("model.test.json").read_text())
    minutes = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 60
    return {"data": data, "run": name, "parameters": parameters, "minutes": minutes, "test": found}


def kmers(data: str, given: argparse.Namespace, drop: bool) -> dict:
    """Logistic regression on the shares of all k-mers of 1 to 6 bases, its penalty chosen on validation."""
    from sklearn.linear_model import LogisticRegression

    from dnabilstm.audit.leaks import find_leaks, leaked, repeated
    from dnabilstm.classify.assess import assess
    from dnabilstm.classify.parts import with_validation
    from dnabilstm.sequences.read import read_sequences
    from dnabilstm.train.config import SequenceTrainConfig

    place, train, valid, test = DATA[data]
    folder = given.data / "benchmarks" / place
    parts, classes = {}, ()
    for part, files in (("train", train), ("valid", valid), ("test", test)):
        if files:
            words = [word for word in options(folder, files, "") if word]
            parts[part] = read_sequences(words, classes=classes)
            classes = parts["train"].classes
    parts = with_validation(parts, SequenceTrainConfig(seed=given.seed))
    report = find_leaks(parts)
    kept = ~repeated(report, "train") if drop else np.ones(len(parts["train"]), bool)
    features = {part: shares(one) for part, one in parts.items()}
    middle, spread = features["train"][kept].mean(0), features["train"][kept].std(0) + 1e-9
    scaled = {part: (x - middle) / spread for part, x in features.items()}
    fits = [
        LogisticRegression(C=c, max_iter=300).fit(scaled["train"][kept], parts["train"].labels[kept])
        for c in (1e-5, 1e-4, 1e-3, 1e-2)
    ]
    best = max(fits, key=lambda fit: fit.score(scaled["valid"], parts["valid"].labels))
    found = assess(
        parts["test"].labels, best.predict_proba(scaled["test"]), classes, leaked(report, "test") & (not drop)
    )
    name = "k-mer regression" + (", leaks dropped" if drop else "")
    return {"data": data, "run": name, "parameters": best.coef_.size, "minutes": None, "test": found}


def shares(sequences) -> np.ndarray:
    """How often each k-mer of 1 to 6 bases occurs, a row a sequence."""
    from dnabilstm.evaluate.kmer import kmer_indices

    rows = []
    for index in range(len(sequences)):
        codes, row = sequences.sequence(index), []
        for k in range(1, 7):
            found = kmer_indices(codes, k)
            row.append(np.bincount(found[found < 4**k], minlength=4**k) / max(1, len(found)))
        rows.append(np.concatenate(row))
    return np.array(rows)


def slug(data: str, name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in f"{data} {name}")


def figure(found: dict, name: str) -> str:
    interval = found["intervals"][name]
    if found[name] is None or not interval:
        return "-"
    return f"{found[name]:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def table(rows: list[dict]) -> str:
    """Results as Markdown."""
    lines = [
        "| data | run | parameters | accuracy, raw | MCC, raw | leaked | accuracy, leak-free | MCC, leak-free"
        " | minutes |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        raw, clean = row["test"]["raw"], row["test"]["leak_free"]
        cells = [row["data"], row["run"], f"{row['parameters']:,}"]
        cells += [
            figure(raw, "accuracy"),
            figure(raw, "mcc"),
            f"{row['test']['leaked']} of {raw['sequences']}",
        ]
        cells += [figure(clean, "accuracy"), figure(clean, "mcc")]
        cells.append("" if row["minutes"] is None else f"{row['minutes']:.1f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=RUNS)
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/classes"))
    parser.add_argument("--table", action="store_true", help="print what is there, run nothing")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    rows = []
    for data, wanted in WANTED.items():
        jobs = {name: None for name in wanted if not given.only or name in given.only}
        # Short promoters are told by where a k-mer lies, which these counts do not know: no baseline there.
        if "iEnhancer" in data:
            jobs |= {"k-mer regression": False, "k-mer regression, leaks dropped": True}
        for name, drop in jobs.items():
            done = given.output / f"{slug(data, name)}.json"
            if not done.exists() and not given.table:
                row = measure(data, name, given) if drop is None else kmers(data, given, drop)
                done.write_text(json.dumps(row, indent=2) + "\n")
            if done.exists():
                rows.append(json.loads(done.read_text()))
    print(table(rows) if rows else "nothing is measured yet")


if __name__ == "__main__":
    main()
