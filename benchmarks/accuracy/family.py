"""The family on one real task: yeast promoters and nucleosome-free regions, a short training of each variant.

    python benchmarks/accuracy/family.py CODES LABELS [--steps 1500] [--only NAME ...] [--output FOLDER]

CODES and LABELS are folders of `dnabilstm encode` and `dnabilstm label`, of the yeast run for example. Every
variant is trained by the same command for the same number of steps on one core, then judged on every base of
chr4 and chr13. A variant that is done is not run again; `--table` prints what there is, as Markdown.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from safetensors import safe_open

PLAIN = {"norm": False, "residual": False}
"""What every variant has unless it says otherwise: the table was measured about a plain stack."""
VARIANTS = {
    "2 layers, both directions, tied": {},
    "1 layer": {"layers": 1},
    "3 layers": {"layers": 3},
    "untied, both directions, 2 layers": {"strand": "none"},
    "untied, one direction, 2 layers": {"strand": "none", "bidirectional": False},
    "untied, one direction, 1 layer": {"strand": "none", "bidirectional": False, "layers": 1},
    "untied, one direction, 128 units": {"strand": "none", "bidirectional": False, "hidden": 128},
    "merge by sum": {"merge": "sum"},
    "peephole": {"cell": "peephole"},
    "grid": {"cell": "grid"},
    "local attention": {"attention": "local"},
    "normalised, residual": {"norm": True, "residual": True},
    "normalised, residual, 4 layers": {"norm": True, "residual": True, "layers": 4},
    "stem of 2 further residual convolutions": {"stem_layers": 2},
    "per-base skip": {"skip": True},
    "pool 3": {"pool": 3},
    "pool 9": {"pool": 9},
    "dropout of single values": {"dropout_mask": "element"},
}
TEST, VALID = "chr4,chr13", "chr7,chr16"


def run(words: list[str]) -> float:
    """Run one command on one core; minutes of processor time that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "dnabilstm", *words], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 60


def measure(name: str, settings: dict, given: argparse.Namespace) -> dict:
    """Train and judge one variant."""
    slug = "".join(c if c.isalnum() else "_" for c in name)
    folder = given.output / slug
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "model.safetensors"
    words = ["train", "--genome", given.codes, "--labels", given.labels, "--test", TEST, "--valid", VALID]
    words += ["--output", str(model), "--set", f"train.steps={given.steps}", "--set", "train.shards=1"]
    words += ["--set", f"train.evaluate_every={given.steps // 4}", "--seed", str(given.seed)]
    words += ["--set", "train.task_weight=none"]
    for key, value in (PLAIN | settings).items():
        words += ["--set", f"model.{key}={json.dumps(value)}"]
    clock = folder / "minutes.json"
    if not (model.exists() and clock.exists()):
        clock.write_text(json.dumps(run(words)))
    judged = ["evaluate", "--genome", given.codes, "--labels", given.labels, "--model", str(model)]
    run([*judged, "--bootstrap", "200", "--output", str(folder / "evaluation")])
    rows = json.loads((folder / "evaluation/evaluation.json").read_text())["rows"]
    with safe_open(str(model), framework="np") as handle:
        parameters = sum(handle.get_tensor(key).size for key in handle.keys())  # noqa: SIM118
    figures = {row["channel"]: row["figures"]["auprc"] for row in rows}
    minutes = json.loads(clock.read_text())
    return {"variant": name, "parameters": parameters, "minutes": minutes, "auprc": figures}


def table(rows: list[dict]) -> str:
    """Results as Markdown."""
    channels = list(rows[0]["auprc"])
    lines = [
        "| variant | parameters | " + " | ".join(f"{c}: AUPRC" for c in channels) + " | minutes |",
        "|---|---|" + "---|" * (len(channels) + 1),
    ]
    for row in rows:
        shown = " | ".join(
            f"{row['auprc'][c]['value']:.3f} [{row['auprc'][c]['low']:.3f}, {row['auprc'][c]['high']:.3f}]"
            for c in channels
        )
        lines.append(f"| {row['variant']} | {row['parameters']:,} | {shown} | {row['minutes']:.1f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("codes")
    parser.add_argument("labels")
    parser.add_argument("--steps", type=int, default=1_500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=VARIANTS)
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/family"))
    parser.add_argument("--table", action="store_true", help="print what is there, run nothing")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in () if given.table else given.only or VARIANTS:
        done = given.output / f"{''.join(c if c.isalnum() else '_' for c in name)}.json"
        if not done.exists():
            row = measure(name, VARIANTS[name], given)
            done.write_text(json.dumps(row, indent=2) + "\n")
    files = {json.loads(path.read_text())["variant"]: path for path in given.output.glob("*.json")}
    rows = [json.loads(files[name].read_text()) for name in VARIANTS if name in files]
    print(table(rows) if rows else "nothing is measured yet")


if __name__ == "__main__":
    main()
