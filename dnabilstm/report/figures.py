"""Every figure of a report as a table: what its picture shows, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from dnabilstm.intervals import runs
from dnabilstm.labels import MASK
from dnabilstm.report.inputs import Run
from dnabilstm.report.loci import KINDS, Example, examples
from dnabilstm.report.table import Table, table_of
from dnabilstm.tracks.calling import call_regions
from dnabilstm.windows import PARTS

AROUND = 2_000
"""Bases that are shown on both sides of the middle of an example."""
BASE_FIGURES = ("auprc", "auroc", "f1", "mcc")
REGION_FIGURES = ("region_precision", "region_recall", "region_f1")


def split_map(run: Run) -> Table:
    """The parts of the genome along its contigs."""
    rows = [(stretch.contig, stretch.start, stretch.end, stretch.part) for stretch in run.split]
    return table_of(("contig", "start", "end", "part"), rows)


def label_rates(run: Run) -> Table:
    """Labelled bases and regions of each part of the genome."""
    rows = []
    for channel in run.labels.channels:
        for part in PARTS:
            tracks = [
                run.labels.track(channel, s.contig)[s.start : s.end] for s in run.split if s.part == part
            ]
            if tracks:
                rows.append((channel, part, *_counts(tracks)))
    return table_of(("channel", "part", "bases", "masked", "positive", "rate", "regions"), rows)


def _counts(tracks: list[np.ndarray]) -> tuple[int, int, int, float | None, int]:
    bases = sum(map(len, tracks))
    masked = sum(int((track == MASK).sum()) for track in tracks)
    positive = sum(int((track == 1).sum()) for track in tracks)
    rate = positive / (bases - masked) if bases > masked else None
    return bases, masked, positive, rate, sum(len(runs(track == 1)) for track in tracks)


def learning(run: Run) -> Table:
    """Loss and validation AUPRC at each evaluation of the training."""
    rows = []
    for row in run.history:
        member = row.get("member", 1)
        rows.append((member, "training loss", row["step"], float(row["loss"])))
        rows += [
            (member, channel, row["step"], _defined(row[f"auprc.{channel}"])) for channel in run.channels
        ]
    return table_of(("member", "what", "step", "value"), rows)


def _defined(figure: float | None) -> float:
    return float("nan") if figure is None else figure


def _curve(run: Run, kind: str, x: str, y: str) -> Table:
    """Points of a curve of each model and channel, with the band of the first model."""
    rows: list[tuple[Any, ...]] = []
    for row in run.evaluation["rows"]:
        curves = row.get("curves")
        if not curves:
            continue
        place = row["channel"], row["model"]
        points = zip(curves[kind][x], curves[kind][y], strict=True)
        rows += [(*place, "curve", at, value, None, None) for at, value in points]
        rows += [(*place, "band", *point) for point in _band(curves, kind, x)]
    return table_of(("channel", "model", "what", x, y, "low", "high"), rows)


def _band(curves: dict[str, Any], kind: str, x: str) -> list[tuple[Any, ...]]:
    band = curves[kind] if "low" in curves[kind] else curves.get(f"{kind}_band", {})
    if band.get("low") is None:
        return []
    return [(at, None, low, high) for at, low, high in zip(band[x], band["low"], band["high"], strict=True)]


def precision_recall(run: Run) -> Table:
    """Precision against recall."""
    return _curve(run, "pr", "recall", "precision")


def roc(run: Run) -> Table:
    """True against false positive rate."""
    return _curve(run, "roc", "false_rate", "true_rate")


def reliability(run: Run) -> Table:
    """Observed rate against mean score."""
    return _curve(run, "reliability", "mean_score", "observed")


def distribution(run: Run) -> Table:
    """Held-out bases at each score of the model, inside and outside of regions."""
    rows = []
    for row in _of_first_model(run):
        bins = row["curves"]["distribution"]
        edges = zip(bins["edges"], bins["edges"][1:], bins["true"], bins["false"], strict=False)
        rows += [(row["channel"], *edge) for edge in edges]
    return table_of(("channel", "from", "to", "in_regions", "outside"), rows)


def _of_first_model(run: Run) -> list[dict[str, Any]]:
    first = run.evaluation["rows"][0]["model"] if run.evaluation["rows"] else None
    return [row for row in run.evaluation["rows"] if row["model"] == first and row.get("curves")]


def _figures(run: Run, names: tuple[str, ...]) -> Table:
    rows = []
    for bases, found in (
        ("all", run.evaluation["rows"]),
        ("leak-free", (run.evaluation.get("leak_free") or {}).get("rows", [])),
    ):
        for row in found:
            for name in names:
                figure = row["figures"][name]
                values = figure["value"], figure["low"], figure["high"]
                rows.append((row["channel"], row["model"], bases, name, *values))
    return table_of(("channel", "model", "bases", "figure", "value", "low", "high"), rows)


def base_figures(run: Run) -> Table:
    """Figures on every base, of the model and of what it is compared with."""
    return _figures(run, BASE_FIGURES)


def region_figures(run: Run) -> Table:
    """Figures on regions."""
    return _figures(run, REGION_FIGURES)


def context(run: Run) -> Table:
    """How far the scores move with a halo of some length from those without any cut."""
    rows = [
        (member, row["halo"], row["worst"], row["p999"], row["mean"])
        for member, card in enumerate(run.card.get("members", [run.card]), start=1)
        for row in card.get("context", {}).get("measured", [])
    ]
    return table_of(("member", "halo", "worst", "p999", "mean"), rows)


def loci(run: Run) -> Table:
    """Scores, labels, called regions and genes around the examples: stretches with one value each."""
    rows: list[tuple[Any, ...]] = []
    held_out = [(contig, start, end) for contig, start, end in run.evaluation["intervals"]]
    shared = [channel for channel in run.channels if channel in run.labels.channels]
    for channel in shared if run.scores is not None else []:
        threshold = float(run.card.get("thresholds", {}).get(channel, 0.5))
        for example in examples(run.scores, run.labels, channel, threshold, held_out):
            place = (channel, example.kind, example.contig)
            rows += [(*place, *row) for row in _around(run, example, threshold)]
    return table_of(("channel", "kind", "contig", "what", "start", "end", "value"), rows)


def _around(run: Run, example: Example, threshold: float) -> list[tuple[Any, ...]]:
    length = run.genome.contig(example.contig).length
    middle = (example.start + example.end) // 2
    start, end = max(0, middle - AROUND), min(length, middle + AROUND)
    track = run.scores.track(example.channel, example.contig)
    label = run.labels.track(example.channel, example.contig)[start:end]
    rows: list[tuple[Any, ...]] = [("example", example.start, example.end, threshold)]
    rows += [("score", a + start, b + start, value) for a, b, value in _steps(track[start:end])]
    rows += [("label", a + start, b + start, None) for a, b in runs(label == 1).tolist()]
    rows += [("excluded", a + start, b + start, None) for a, b in runs(label == MASK).tolist()]
    return rows + _called_there(run, example, start, end) + _genes_there(run, example.contig, start, end)


def _steps(values: np.ndarray) -> list[tuple[int, int, float]]:
    """Stretches of one score; bases without a score are in none."""
    borders = np.flatnonzero(~((values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))))
    borders = [0, *(borders + 1).tolist(), len(values)]
    return [(a, b, float(values[a])) for a, b in pairwise(borders) if not np.isnan(values[a])]


def _called_there(run: Run, example: Example, start: int, end: int) -> list[tuple[Any, ...]]:
    threshold = float(run.card.get("thresholds", {}).get(example.channel, 0.5))
    track = run.scores.track(example.channel, example.contig)
    found = call_regions(track, threshold=threshold, extend=threshold / 2)
    near = (found.end > start) & (found.start < end)
    pairs = zip(found.start[near].tolist(), found.end[near].tolist(), found.max[near].tolist(), strict=True)
    return [("called", max(a, start), min(b, end), top) for a, b, top in pairs]


def _genes_there(run: Run, contig: str, start: int, end: int) -> list[tuple[Any, ...]]:
    if run.genes is None:
        return []
    genes, index = run.genes, run.genome.names.index(contig)
    near = np.flatnonzero((genes.contig == index) & (genes.end > start) & (genes.start < end))
    return [("gene", max(int(genes.start[k]), start), min(int(genes.end[k]), end), None) for k in near]


def benchmarks(run: Run) -> Table:
    """Time and memory of the jobs, as Snakemake measured them."""
    rows = [
        (row["job"], _number(row.get("s")), _number(row.get("cpu_time")), _number(row.get("max_rss")))
        for row in run.benchmarks
    ]
    return table_of(("job", "seconds", "processor_seconds", "peak_memory_mb"), rows)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None  # a job that was too short to be measured has "NA" or "-"


@dataclass(frozen=True)
class Figure:
    """A figure: its data, a title, and a sentence on how to read it; ``lacks`` says why there may be none."""

    table: Callable[[Run], Table]
    title: str
    caption: str
    lacks: str


_KINDS = "; ".join(f"{kind}: {rule}" for kind, rule in KINDS.items())
FIGURES: dict[str, Figure] = {
    "split": Figure(
        split_map,
        "Parts of the genome",
        "Which stretches trained the model, chose its weights (valid) and judge it (test); guards serve nothing.",
        "The model's card has no split.",
    ),
    "labels": Figure(
        label_rates,
        "Labels",
        "Share of labelled bases in each part of the genome, masked bases left out.",
        "The model's card has no split.",
    ),
    "learning": Figure(
        learning,
        "Learning curve",
        "Loss of the training windows and AUPRC on the validation part, at each evaluation.",
        "The log of the training is not beside the model file.",
    ),
    "figures": Figure(
        base_figures,
        "Every base",
        "On every held-out base, at the true base rate, with bootstrap intervals; leak-free figures leave out what"
        " repeats training sequence.",
        "Nothing was evaluated.",
    ),
    "pr": Figure(
        precision_recall,
        "Precision and recall",
        "Precision against recall over all thresholds, with the interval of the model's curve.",
        "Only one class among the held-out bases.",
    ),
    "roc": Figure(
        roc,
        "ROC",
        "True against false positive rate, with the interval of the model's curve.",
        "Only one class among the held-out bases.",
    ),
    "reliability": Figure(
        reliability,
        "Reliability",
        "Share of true bases against mean score, in bins of equally many bases: on the diagonal a score is a"
        " probability.",
        "Only one class among the held-out bases.",
    ),
    "distribution": Figure(
        distribution,
        "Distribution of the scores",
        "Held-out bases at each score, inside and outside of labelled regions; the scale is logarithmic.",
        "Only one class among the held-out bases.",
    ),
    "regions": Figure(
        region_figures,
        "Regions",
        "Called regions against labelled ones, each counted once.",
        "Nothing was evaluated.",
    ),
    "loci": Figure(
        loci,
        "Examples",
        f"Held-out stretches of {2 * AROUND:,} bases, chosen by rule. {_KINDS[0].upper()}{_KINDS[1:]}.",
        "There are no scores of this genome: give the folder of 'dnabilstm score'.",
    ),
    "context": Figure(
        context,
        "Context",
        "How far scores with a halo of some length are from those of contigs swept whole: worst base, 99.9th"
        " percentile, mean.",
        "The model's card has no measured context.",
    ),
    "benchmarks": Figure(
        benchmarks,
        "Time and memory",
        "Seconds and peak memory of the jobs, as Snakemake measured them.",
        "No benchmark file was given.",
    ),
}
"""The figures, in the order in which the report shows them."""
