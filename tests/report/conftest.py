import numpy as np
import pytest

from dnabilstm.evaluate.assess import evaluate_scores
from dnabilstm.evaluate.config import EvaluateConfig
from dnabilstm.genome import Contig, Genome
from dnabilstm.intervals import runs
from dnabilstm.labels import Labels
from dnabilstm.report.inputs import Run
from dnabilstm.score.store import Scores

HOSTILE = "<script>alert('1')</script> ../\"&\udcff é" + "x" * 300
TASK = "promoter"


def labels_of(genome, values):
    channels = (TASK, "enhancer")
    table = {
        "tasks": channels,
        "channels": channels,
        "genome_digest": genome.digest,
        "sources": {TASK: {"path": "<b>.bed", "intervals": 3, "skipped": {"past the end": 2}}},
    }
    return Labels(genome, values, table)


@pytest.fixture(scope="session")
def run() -> Run:
    """A genome of two contigs, one with a name that means harm, with scores that follow the labels roughly."""
    rng = np.random.default_rng(5)
    lengths = (9_000, 6_000)
    contigs = (Contig(HOSTILE, lengths[0], 0, "SQ.a"), Contig("chr2", lengths[1], lengths[0], "SQ.b"))
    total = sum(lengths)
    genome = Genome(contigs, np.full(total, 1, np.uint8), "made.fa")
    values = np.zeros((2, total), np.uint8)
    for channel in (0, 1):
        for start in range(300, total - 300, 700):
            values[channel, start + 50 * channel : start + 150 + 50 * channel] = 1
    values[:, 100:120] = 255
    labels = labels_of(genome, values)
    noise = rng.random((2, total)) ** 2
    scores = np.clip(0.75 * (values == 1) * (rng.random((2, total)) > 0.1) + 0.25 * noise, 0, 1).astype(
        np.float32
    )
    scores = np.repeat(scores[:, ::5], 5, axis=1)[:, :total]
    # A region that no score is near, and a score that no region is near.
    scores[0, 10_100:10_250], scores[0, 9_020:9_100] = 0.01, 0.99
    scores[:, 9_600:9_640] = np.nan
    store = Scores(contigs, (TASK, "enhancer"), scores, {})
    held_out = [("chr2", 0, 6_000)]
    other = Scores(contigs, (TASK, "enhancer"), (0.5 * scores + 0.5 * noise).astype(np.float32), {})
    evaluation = evaluate_scores(
        {"model": store, "other": other}, labels, held_out, EvaluateConfig(bootstrap=20, block=500)
    )
    evaluation = {**evaluation, "genome": {"digest": genome.digest}, "warnings": []}
    card = {
        "split": [(HOSTILE, 0, 6_000, "train"), (HOSTILE, 6_000, 9_000, "valid"), ("chr2", 0, 6_000, "test")],
        "thresholds": {TASK: 0.6, "enhancer": 0.5},
        "context": {
            "measured": [
                {"halo": halo, "worst": 1 / (halo + 1), "p999": 0.1 / (halo + 1), "mean": 0.0}
                for halo in (0, 50)
            ]
        },
        "genome": {"source": "made.fa", "digest": genome.digest, "bases": total},
        "trained": {"steps": 40},
    }
    history = [
        {
            "step": s,
            "bases": s,
            "loss": 1 / s,
            "mean_auprc": 0.1,
            f"auprc.{TASK}": s / 100,
            "auprc.enhancer": 0.2,
        }
        for s in (10, 20, 30)
    ]
    jobs = [
        {"job": "train", "s": "12.5", "cpu_time": "20", "max_rss": "512.25"},
        {"job": "score", "s": "0.5", "cpu_time": "-", "max_rss": "NA"},
    ]
    channels, audit = (TASK, "enhancer"), {"warnings": ["<i>mind</i>"]}
    return Run(
        *("<model>.safetensors", card, channels, "d1", genome, labels, evaluation),
        **{"history": history, "audit": audit, "scores": store, "benchmarks": jobs},
    )


def held_out_of(run, channel):
    """Labels and scores of the held-out bases that count."""
    label, score = run.labels.track(channel, "chr2"), run.scores.track(channel, "chr2")
    kept = (label != 255) & ~np.isnan(score)
    return label[kept], score[kept]


def true_runs(label):
    return runs(label == 1).tolist()
