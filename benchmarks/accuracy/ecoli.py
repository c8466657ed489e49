"""E. coli transcription start sites (Thomason et al. 2015, Journal of Bacteriology 197:18), a score a base and strand.

    python -m benchmarks.accuracy.ecoli DATA [--seeds 1 2 3] [--table]

Sites with 10 bases on either side are the task `tss`, by strand. Two more tasks, coding sequences and their starts,
keep the network from learning the 2,664 sites by heart; they are asked of it, never told to it. The genome is one
contig, so `dnabilstm train` splits it into blocks; figures are of every base and strand of the blocks that are held
out. Results lie in benchmarks/accuracy/results/ecoli; what is done is not run again.
"""

import json
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

FOLDER = RESULTS / "ecoli"
SLOP = 10
TASKS = ("tss", "cds", "start")
FIGURES = ("auroc", "auprc", "ece_equal_mass")


def measure(seed: int, steps: int, data: Path) -> Row:
    """Train with one seed, and judge both strands."""
    place, folder = WORK / "ecoli" / f"{seed}", data / "ecoli"
    model, log = place / "model.safetensors", place / "log.txt"
    genes = folder / "GCF_000005845.2_ASM584v2_genomic.gff.gz"
    given = ["--genome", folder / "GCF_000005845.2_ASM584v2_genomic.fna.gz"]
    given += [
        "--labels",
        f"tss={folder / 'tss_thomason2015_lifted_NC_000913.3.bed'}",
        "--slop",
        f"tss={SLOP}",
    ]
    given += ["--labels", f"cds={genes}", "--feature", "cds=CDS"]
    given += ["--labels", f"start={genes}", "--feature", "start=CDS", "--promoter", f"start={SLOP},{SLOP}"]
    given += [word for task in TASKS for word in ("--strand", f"{task}=use")]
    settings = {"model.strand": "stranded", "train.steps": steps, "train.shards": 1}
    words = [word for pair in settings.items() for word in ("--set", f"{pair[0]}={pair[1]}")]
    minutes = command(["train", *given, "--output", model, "--seed", seed, *words], log)
    command(["evaluate", *given, "--model", model, "--bootstrap", 200, "--output", place / "evaluation"], log)
    rows = json.loads((place / "evaluation/evaluation.json").read_text())["rows"]
    return {
        "seed": seed,
        "steps": steps,
        "parameters": parameters_of(model),
        "minutes": minutes,
        "figures": {row["channel"]: {name: row["figures"][name] for name in FIGURES} for row in rows},
        "base_rates": {row["channel"]: row["base_rate"] for row in rows},
    }


def table(rows: list[Row]) -> str:
    """Figures of each strand over seeds; the interval of the first seed's AUROC is in brackets."""
    shown = []
    for channel in rows[0]["figures"] if rows else ():
        found = [row["figures"][channel] for row in rows]
        first = found[0]["auroc"]
        texts = [spread([one[name]["value"] for one in found]) for name in FIGURES]
        texts[0] = f"**{texts[0]}** [{first['low']:.3f}, {first['high']:.3f}]"
        rate = f"{rows[0]['base_rates'][channel]:.5f}"
        shown.append(
            [channel, f"{len(rows)}", rate, *texts, f"{rows[0]['parameters']:,}", average_minutes(rows)]
        )
    header = ["strand", "seeds", "base rate", "AUROC", "AUPRC", "calibration error", "parameters"]
    return markdown([*header, "minutes of one core"], shown)


def main() -> None:
    given = parse_options(__doc__, "ecoli", {}, steps=4_000)
    jobs = {f"{seed}": partial(measure, seed, given.steps, given.data) for seed in given.seeds}
    print(table(read_all(jobs, FOLDER) if given.table else run_all(jobs, FOLDER, given.jobs)))


if __name__ == "__main__":
    main()
