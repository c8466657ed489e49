"""A genome with scores, tracks and regions of its own, names hostile where they can be."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from dnabilstm.browse.catalogue import Catalogue, read_catalogue
from dnabilstm.genome import Contig, Genome, sequence_digest
from dnabilstm.score.store import NO_CALL_FILE, Scores
from dnabilstm.tracks.regions import write_regions
from dnabilstm.tracks.write import write_tracks
from tests.browse.world import asked, world  # noqa: F401 - fixtures

# Names of contigs have no blanks, since they end at the first one; all else is possible.
HOSTILE_CONTIGS = [
    *("chr1", "<script>alert(1)</script>", "../../x", "'\"", "\N{GREEK SMALL LETTER ALPHA}|1", "x" * 255),
    *("a&b;c", "\\", "a#", "chr\udcff"),
]
HOSTILE_TASKS = [
    *(
        "a b",
        "<script>alert(1)</script>",
        "../../../etc/passwd",
        "'\"\\",
        "\N{GREEK SMALL LETTER ALPHA}-factor",
    ),
    *("y" * 300, "two\nlines\ntrack evil", "chr\udcff", "&amp;", "promoter.plus", "promoter.minus"),
    "promoter.plus.spread",
]


@dataclass
class Scored:
    """What there is of a genome: its codes, its scores, and a folder of its tracks."""

    genome: Genome
    scores: Scores
    folder: Path

    def catalogue(self, name="g", **beside) -> Catalogue:
        return read_catalogue(self.folder, name, **beside)


def make_genome(names, seed=0, shortest=40, longest=6000):
    rng = np.random.default_rng(seed)
    contigs, parts, offset = [], [], 0
    for name in names:
        codes = rng.choice(np.array([1, 2, 4, 8, 15], np.uint8), int(rng.integers(shortest, longest)))
        contigs.append(Contig(name, len(codes), offset, sequence_digest(codes)))
        parts.append(codes)
        offset += len(codes)
    return Genome(tuple(contigs), np.concatenate(parts), "made.fa")


@pytest.fixture
def make_scored(tmp_path):
    """Score a genome of these contigs at random and write its tracks; tasks may have any name."""

    def make(contigs=("chr1", "chr2"), tasks=("promoter", "nfr"), folder="tracks", gap=True):
        genome = make_genome(contigs)
        rng = np.random.default_rng(1)
        steps = rng.random((len(tasks), -(-genome.total // 5)))
        values = np.repeat(steps, 5, axis=1)[:, : genome.total].astype(np.float32)
        if gap:
            values[:, 20:35] = np.nan
        of = {task: task.removesuffix(".spread") for task in tasks if task.endswith(".spread")}
        info = {
            "genome": {"source": "made.fa", "digest": genome.digest},
            "model": {"digest": "5" * 64},
            "thresholds": dict.fromkeys(tasks, 0.9),
        }
        # Files have the names of channels; what comes from elsewhere may be called anything.
        plain = [f"c{number}" for number in range(len(tasks))]
        scores = Scores(
            genome.contigs, tuple(plain), values, info | {"thresholds": dict.fromkeys(plain, 0.9)}
        )
        place = tmp_path / folder
        write_tracks(scores, place, workers=1)
        write_regions(scores, place)
        (place / NO_CALL_FILE).write_text(f"{contigs[0]}\t20\t35\n" if gap else "")
        _rename(place / "tracks.json", dict(zip(plain, tasks, strict=True)), of)
        _rename(place / "regions.json", {p: t for p, t in zip(plain, tasks, strict=True) if t not in of}, {})
        return Scored(genome, Scores(genome.contigs, tuple(tasks), values, info), place)

    return make


def _rename(path, names, spread_of):
    table = json.loads(path.read_text())
    table["channels"] = {names[c]: row for c, row in table["channels"].items() if c in names}
    for task, of in spread_of.items():
        table["channels"][task] |= {
            "spread_of": of,
            "units": "standard deviation of the members' probabilities",
        }
    path.write_text(json.dumps(table))
