"""Yeast, every base of chr4 and chr13: our default beside other networks, on the same data, split, bases and report.

    python -m benchmarks.accuracy.yeast DATA [--runs NAME ...] [--seeds 1 2 3] [--steps 10000] [--table]

Each network learns the eight tasks of config/yeast.yaml at once, from the same windows, and stops where validation
(chr7 and chr16) no longer rises. All but the tied ones are shown either strand at random. The k-mer regression is
that of `dnabilstm evaluate`. Results lie in benchmarks/accuracy/results/yeast; what is done is not run again.
"""

import json
import statistics
from functools import partial
from pathlib import Path

from benchmarks.accuracy.rows import (
    RESULTS,
    WORK,
    Row,
    command,
    markdown,
    parameters_of,
    parse_options,
    read_all,
    run_all,
    slug,
    spread,
)

FOLDER = RESULTS / "yeast"
FREE = {"model.strand": "none", "train.reverse_complement": "true"}
RUNS = {
    "dnabilstm": {},
    "one direction": {**FREE, "model.bidirectional": "false"},
    "two directions, untied": FREE,
    "DanQ": {**FREE, "model.architecture": "danq", "model.pool": 13},
    "dilated CNN": {**FREE, "model.architecture": "dilated", "model.pool": 1},
}
KMER = "k-mer regression"
"""Deterministic, so it has one row."""
LABELS = {
    "promoter": ("promoters_tss-200+50_xu2009.bed", 0),
    "transcript": ("transcripts_xu2009.bed", 0),
    "nfr": ("nfr_rossi2021.bed", 0),
    "plus1": ("plus1_dyads_rossi2021.bed", 73),
    "Sua7": ("chipexo_Sua7.bed", 50),
    "Reb1": ("chipexo_Reb1.bed", 10),
    "Abf1": ("chipexo_Abf1.bed", 10),
    "tRNA": ("tRNA_sgd.bed", 0),
}
"""File and bases added on both sides."""
TEST, VALID = "chr4,chr13", "chr7,chr16"


def prepare(data: Path) -> tuple[Path, Path]:
    """Codes and labels, made once."""
    codes, labels = WORK / "yeast/codes", WORK / "yeast/labels"
    if not labels.exists():
        log, words = WORK / "yeast/prepare.txt", []
        command(["encode", "--genome", data / "yeast/sacCer3.fa.gz", "--output", codes], log)
        for task, (file, slop) in LABELS.items():
            words += ["--labels", f"{task}={data / 'yeast' / file}"] + ["--slop", f"{task}={slop}"] * bool(
                slop
            )
        command(["label", "--genome", codes, *words, "--output", labels], log)
    return codes, labels


def measure(run: str, own: dict, seed: int, steps: int, data: Path, benchmark: str = "yeast") -> Row:
    """Train one network, the default but for some settings of its own, and judge it on every test base."""
    codes, labels = prepare(data)
    place = WORK / benchmark / f"{slug(run)}-{seed}"
    model, module, log = place / "model.safetensors", "benchmarks.accuracy.networks", place / "log.txt"
    settings = {"train.steps": steps, "train.shards": 1, **own}
    words = ["train", "--genome", codes, "--labels", labels, "--test", TEST, "--valid", VALID]
    words += ["--output", model, "--seed", seed]
    words += [word for pair in settings.items() for word in ("--set", f"{pair[0]}={pair[1]}")]
    minutes = command(words, log, module)
    rows = judge(model, codes, labels, place / "evaluation", log, [])
    figures = {row["channel"]: row["figures"] for row in rows}
    trained = json.loads(model.with_name("model.training.json").read_text())
    return {
        "run": run,
        "seed": seed,
        "steps": steps,
        "parameters": parameters_of(model),
        "minutes": minutes,
        "last": (trained[-1] if isinstance(trained, list) else trained),
        "figures": kept(figures),
    }


def judge(model: Path, codes: Path, labels: Path, place: Path, log: Path, more: list[str]) -> list[dict]:
    """Rows of `dnabilstm evaluate`."""
    words = ["evaluate", "--genome", codes, "--labels", labels, "--model", model, "--bootstrap", 200]
    command([*words, "--output", place, *more], log, "benchmarks.accuracy.networks")
    return json.loads((place / "evaluation.json").read_text())["rows"]


def kmers(data: Path) -> Row:
    """The k-mer regression, fitted on the training part of the default's first seed."""
    codes, labels = prepare(data)
    model = WORK / "yeast" / "dnabilstm-1" / "model.safetensors"
    rows = judge(model, codes, labels, WORK / "yeast/kmers", WORK / "yeast/kmers.txt", ["--baseline", "kmer"])
    figures = {row["channel"]: row["figures"] for row in rows if "kmer" in row["model"]}
    return {"run": KMER, "seed": None, "minutes": None, "parameters": None, "figures": kept(figures)}


def kept(figures: dict[str, dict]) -> dict[str, dict]:
    """What the table shows of each channel."""
    names = ("auroc", "auprc", "best_f1", "f1", "mcc", "ece_equal_width", "ece_equal_mass")
    return {task: {name: found[name] for name in names if name in found} for task, found in figures.items()}


def value(figure: float | dict) -> float:
    return figure["value"] if isinstance(figure, dict) else figure


def table(rows: list[Row]) -> str:
    """AUPRC of each task over seeds; the interval of the first seed's is in brackets."""
    shown = []
    for run in (*RUNS, KMER):
        some = [row for row in rows if row["run"] == run]
        if not some:
            continue
        cells = [run, f"{some[0]['parameters']:,}" if some[0]["parameters"] else "", f"{len(some)}"]
        for task in LABELS:
            first = some[0]["figures"][task]["auprc"]
            text = spread([value(row["figures"][task]["auprc"]) for row in some])
            if isinstance(first, dict):
                text += f" [{first['low']:.3f}, {first['high']:.3f}]"
            cells.append(text)
        worst = max(value(figure["ece_equal_mass"]) for row in some for figure in row["figures"].values())
        minutes = [row["minutes"] for row in some if row["minutes"]]
        shown.append([*cells, f"{worst:.3f}", f"{statistics.mean(minutes):.0f}" if minutes else ""])
    header = ["network", "parameters", "seeds", *LABELS, "worst calibration error", "minutes of one core"]
    return markdown(header, shown)


def main() -> None:
    given = parse_options(__doc__, "yeast", {"runs": [*RUNS, KMER]}, steps=10_000)
    jobs = {
        f"{slug(run)}-{seed}": partial(measure, run, RUNS[run], seed, given.steps, given.data)
        for seed in given.seeds
        for run in given.runs
        if run != KMER
    }
    last = {slug(KMER): partial(kmers, given.data)} if KMER in given.runs else {}
    if given.table:
        print(table(read_all(jobs | last, FOLDER)))
        return
    prepare(given.data)
    rows = run_all(jobs, FOLDER, given.jobs)
    print(table(rows + run_all(last, FOLDER, given.jobs)))


if __name__ == "__main__":
    main()
