"""GUE: core promoters and human transcription factors, with the fixed parts of the benchmark.

    python -m benchmarks.accuracy.gue DATA [--tasks NAME ...] [--seeds 1 2 3] [--table]

DATA is the folder that has benchmarks/gue. Each task and seed is one `dnabilstm train --sequences` with its
defaults; early stopping, trials and calibration see train and dev alone. A result is written when it is done, to
benchmarks/accuracy/results/gue, and not computed again; `--table` prints what there is, as Markdown.
"""

import json
import statistics
from functools import partial
from pathlib import Path

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
from dnabilstm.model.bundle import read_card

FOLDER = RESULTS / "gue"
TASKS = {
    "prom_core_tata": "prom/prom_core_tata",
    "tf_2": "tf/2",
    "tf_4": "tf/4",
    "tf_0": "tf/0",
    "tf_1": "tf/1",
    "prom_core_notata": "prom/prom_core_notata",
    "prom_core_all": "prom/prom_core_all",
    "prom_300_tata": "prom/prom_300_tata",
}
"""Short ones first; the last has no published figures beside it, and counts in no mean."""
COUNTED = ("prom_core_all", "prom_core_notata", "prom_core_tata", "tf_0", "tf_1", "tf_2", "tf_4")
PUBLISHED = {
    "DNABERT-2, 117 M, pre-trained": (0.694, 0.680, 0.742, 0.720, 0.761, 0.665, 0.774),
    "Nucleotide Transformer 2500M, pre-trained": (0.674, 0.675, 0.697, 0.663, 0.683, 0.587, 0.676),
    "VQDNA, pre-trained": (0.710, 0.706, 0.785, 0.725, 0.764, 0.669, 0.781),
    "k-mer regression, same files": (0.568, 0.605, 0.779, 0.634, 0.685, 0.589, 0.716),
}
SEED_STEP = 10
"""Members take seeds one after another, so runs start so far apart."""


def measure(task: str, seed: int, data: Path) -> Row:
    """Train with one seed, and test."""
    folder = data / "benchmarks/gue" / TASKS[task]
    place = WORK / "gue" / f"{task}-{seed}"
    model = place / "model.safetensors"
    words = ["train", "--output", model, "--seed", 1 + (seed - 1) * SEED_STEP, "--set", "train.shards=1"]
    for option, part in (("", "train"), ("valid-", "dev"), ("test-", "test")):
        words += [f"--{option}sequences", folder / f"{part}.csv.gz"]
    minutes = command(words, place / "log.txt")
    found = json.loads(model.with_name("model.test.json").read_text())
    card = read_card(model)
    first = card.get("members", [card])
    config = card["config"] if "config" in card else first[0]["config"]
    return {
        "task": task,
        "seed": seed,
        "parameters": parameters_of(model),
        "minutes": minutes,
        "read": {key: config[key] for key in ("strand", "aligned")},
        "dev_mcc_of_members": [member["metrics"]["mcc"] for member in first],
        "leaked": found["leaked"],
        **{
            part: {k: found[part][k] for k in ("mcc", "accuracy", "auroc", "intervals")}
            for part in ("raw", "leak_free")
        },
    }


def table(rows: list[Row]) -> str:
    """Test MCC of each task, over seeds, beside the published figures."""
    by_task = {task: [row for row in rows if row["task"] == task] for task in TASKS}
    shown, means = [], []
    for task, some in by_task.items():
        if not some:
            continue
        ours = [row["raw"]["mcc"] for row in some]
        others = [
            f"{figures[COUNTED.index(task)]:.3f}" if task in COUNTED else "-"
            for figures in PUBLISHED.values()
        ]
        clean = spread([row["leak_free"]["mcc"] for row in some])
        reading = ", ".join(sorted({f"{r['read']['strand']}, {r['read']['aligned']} places" for r in some}))
        dev = spread([statistics.mean(row["dev_mcc_of_members"]) for row in some])
        shown.append(
            [task, f"{len(some)}", f"**{spread(ours)}**", clean, f"{some[0]['leaked']}", *others, dev, reading,
             f"{some[0]['parameters']:,}", average_minutes(some)]
        )  # fmt: skip
        if task in COUNTED:
            means.append(statistics.mean(ours))
    if len(means) == len(COUNTED):
        theirs = [f"{statistics.mean(figures):.3f}" for figures in PUBLISHED.values()]
        shown.append(
            ["mean of the seven", "", f"**{statistics.mean(means):.3f}**", "", "", *theirs, "", "", "", ""]
        )
    header = [
        "task",
        "seeds",
        "dnabilstm",
        "without leaks",
        "leaked rows",
        *PUBLISHED,
        "dev, one member",
        "read",
    ]
    return markdown([*header, "parameters", "minutes"], shown)


def main() -> None:
    given = parse_options(__doc__, "benchmarks/gue", {"tasks": TASKS})
    names = {f"{task}-{seed}": (task, seed) for seed in given.seeds for task in given.tasks}
    if given.table:
        print(table(read_all(names, FOLDER)))
        return
    print(
        table(
            run_all({n: partial(measure, *pair, given.data) for n, pair in names.items()}, FOLDER, given.jobs)
        )
    )


if __name__ == "__main__":
    main()
