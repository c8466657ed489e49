"""The family on one task: yeast's eight kinds of regions, a short training of each variant of the default.

    python -m benchmarks.accuracy.family DATA [--variants NAME ...] [--seeds 1 2 3] [--steps 1500] [--table]

Data, split and bases are those of `benchmarks.accuracy.yeast`; each variant differs from the default in what its name
says. MCC is that at the threshold of the model's card, which validation chose. Results lie in
benchmarks/accuracy/results/family; what is done is not run again.
"""

from functools import partial

from benchmarks.accuracy.rows import (
    RESULTS,
    average_minutes,
    markdown,
    parse_options,
    read_all,
    run_all,
    slug,
    spread,
)
from benchmarks.accuracy.yeast import FREE, measure, prepare, value

FOLDER = RESULTS / "family"
ONE_WAY = {**FREE, "model.bidirectional": "false"}
VARIANTS = {
    "the default: 2 layers, both directions, tied": {},
    "1 layer": {"model.layers": 1},
    "3 layers": {"model.layers": 3},
    "4 layers": {"model.layers": 4},
    "128 units": {"model.hidden": 128},
    "128 filter pairs": {"model.filters": 128},
    "both directions, untied": FREE,
    "one direction": ONE_WAY,
    "one direction, 1 layer": {**ONE_WAY, "model.layers": 1},
    "one direction, 128 units": {**ONE_WAY, "model.hidden": 128},
    "neither normalised nor residual": {"model.norm": "false", "model.residual": "false"},
    "merge by sum": {"model.merge": "sum"},
    "peephole": {"model.cell": "peephole"},
    "grid": {"model.cell": "grid"},
    "local attention": {"model.attention": "local"},
    "stem of 2 further residual convolutions": {"model.stem_layers": 2},
    "per-base skip": {"model.skip": "true"},
    "pool 3": {"model.pool": 3},
    "pool 9": {"model.pool": 9},
    "dropout of single values": {"model.dropout_mask": "element"},
}
SHOWN = ("promoter", "nfr", "Reb1")
"""Tasks of the table, a common one to a rare one."""


def table(rows: list[dict]) -> str:
    """MCC and AUPRC over seeds, and the minutes."""
    shown = []
    for name in VARIANTS:
        some = [row for row in rows if row["run"] == name]
        if not some:
            continue
        cells = [name, f"{some[0]['parameters']:,}", f"{len(some)}"]
        for figure in ("mcc", "auprc"):
            cells += [spread([value(row["figures"][task][figure]) for row in some]) for task in SHOWN]
        shown.append([*cells, average_minutes(some)])
    header = ["variant", "parameters", "seeds"]
    header += [f"{task}: {figure}" for figure in ("MCC", "AUPRC") for task in SHOWN]
    return markdown([*header, "minutes"], shown)


def main() -> None:
    given = parse_options(__doc__, "yeast", {"variants": VARIANTS}, steps=1_500)
    jobs = {
        f"{slug(name)}-{seed}": partial(
            measure, name, VARIANTS[name], seed, given.steps, given.data, "family"
        )
        for seed in given.seeds
        for name in given.variants
    }
    if not given.table:
        prepare(given.data)
    print(table(read_all(jobs, FOLDER) if given.table else run_all(jobs, FOLDER, given.jobs)))


if __name__ == "__main__":
    main()
