"""What a report tells of: the files of a training, its evaluation, and the scores of its genome."""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dnabilstm.browse.bigbed import Features
from dnabilstm.browse.catalogue import RegionTrack
from dnabilstm.browse.features import read_features
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import open_text, read_json
from dnabilstm.genome import Genome, open_genome
from dnabilstm.intervals.alias import read_aliases
from dnabilstm.labels import Labels, open_labels
from dnabilstm.model.bundle import load_model
from dnabilstm.score.store import Scores, open_scores
from dnabilstm.windows import Stretch

USUAL = "model.safetensors"
"""What the workflow calls a model's file, in a folder that has the model's name."""


@dataclass(frozen=True)
class Run:
    """A training and what became of it.

    Attributes
    ----------
    name : str
        Of the model: its file's name, or its folder's where the file has the workflow's usual name.
    card : dict
        Of the model file.
    channels : tuple of str
        The outputs of the model, in order.
    digest : str
        SHA-256 of the model file.
    genome : Genome
        What it was trained on.
    labels : Labels
        Of that genome.
    evaluation : dict
        ``evaluation.json``.
    history : list of dict
        A row an evaluation of the training; empty where the log is not there.
    audit : dict
        ``audit.json``; empty where it is not there.
    scores : Scores or None
        Of that genome.
    genes : Features or None
        On that genome.
    benchmarks : list of dict
        A row a job: ``job``, and the columns of Snakemake's benchmark file.
    """

    name: str
    card: dict[str, Any]
    channels: tuple[str, ...]
    digest: str
    genome: Genome
    labels: Labels
    evaluation: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)
    audit: dict[str, Any] = field(default_factory=dict)
    scores: Scores | None = None
    genes: Features | None = None
    benchmarks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def split(self) -> list[Stretch]:
        """Which stretches of the genome served what."""
        return [Stretch(*row) for row in self.card.get("split", [])]


def read_run(
    model: Path,
    evaluation: Path,
    genome: Path,
    labels: Path,
    *,
    scores: Path | None = None,
    genes: Path | None = None,
    alias: Path | None = None,
    benchmarks: dict[str, Path] | None = None,
) -> Run:
    """Read what a report is made of; the log and the audit of the training are looked for beside the model.

    Parameters
    ----------
    model
        Model file of ``dnabilstm train`` with a score a base.
    evaluation
        Folder of ``dnabilstm evaluate``.
    genome, labels
        FASTA or folder of ``dnabilstm encode``, and folder of ``dnabilstm label``.
    scores
        Folder of ``dnabilstm score`` of that genome.
    genes
        BED or GFF3; those on contigs that the genome lacks are left out.
    alias
        Other names of the contigs, as the genes use them.
    benchmarks
        Job to benchmark file of Snakemake.

    Raises
    ------
    DnabilstmError
        All that is missing or does not belong together, at once.
    """
    problems = Problems()
    found: dict[str, Any] = {}
    with problems.collect():
        loaded = load_model(model)
        found |= {"card": loaded.card, "channels": loaded.channels, "digest": loaded.digest}
    with problems.collect():
        found["evaluation"] = _read_evaluation(evaluation)
    with problems.collect():
        found["genome"] = open_genome(genome)
    with problems.collect():
        found["benchmarks"] = [
            row for job, path in (benchmarks or {}).items() for row in _benchmark(job, path)
        ]
    problems.raise_if_any()
    with problems.collect():
        found["labels"] = open_labels(labels, found["genome"])
    with problems.collect():
        _check_genome(found["evaluation"], found["genome"], evaluation)
    if scores:
        with problems.collect():
            found["scores"] = _open_scores(scores, found["genome"], found["digest"])
    if genes:
        with problems.collect():
            track = RegionTrack("genes", "genes", genes, "#444444")
            aliases = read_aliases(alias, found["genome"], unknown="skip") if alias else None
            found["genes"] = read_features(
                track, found["genome"], aliases=aliases, unknown="skip", problems=problems
            )[0]
    problems.raise_if_any()
    stem = model.with_suffix("")
    log = stem.with_name(f"{stem.name}.training.json")
    audit = stem.with_name(f"{stem.name}.audit") / "audit.json"
    return Run(
        model.absolute().parent.name if model.name == USUAL else model.name,
        **found,
        history=read_json(log) if log.is_file() else [],
        audit=read_json(audit) if audit.is_file() else {},
    )


def _read_evaluation(folder: Path) -> dict[str, Any]:
    path = folder / "evaluation.json"
    if not path.is_file():
        raise DnabilstmError(f"{path}: is not there; wanted a folder of 'dnabilstm evaluate'")
    found = read_json(path)
    if not isinstance(found, dict) or "rows" not in found:
        raise DnabilstmError(f"{path}: is not what 'dnabilstm evaluate' writes; run it again")
    return found


def _check_genome(evaluation: dict[str, Any], genome: Genome, folder: Path) -> None:
    digest = evaluation.get("genome", {}).get("digest")
    if digest != genome.digest:
        raise DnabilstmError(
            f"{folder}: an evaluation on another genome (digest {digest}, that of {genome.source} is"
            f" {genome.digest}); run 'dnabilstm evaluate' with this genome"
        )


def _open_scores(folder: Path, genome: Genome, model: str) -> Scores:
    scores = open_scores(folder)
    of = scores.info.get("genome", {}).get("digest"), scores.info.get("model", {}).get("digest")
    if of != (genome.digest, model):
        raise DnabilstmError(
            f"{folder}: scores of another genome or model (digests {of[0]}, {of[1]}; wanted {genome.digest},"
            f" {model}); run 'dnabilstm score' with these"
        )
    return scores


def _benchmark(job: str, path: Path) -> list[dict[str, Any]]:
    with open_text(path) as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    if not rows or "s" not in rows[0]:
        raise DnabilstmError(f"{path}: is no benchmark file of Snakemake; wanted a column s")
    return [{"job": job} | row for row in rows]


def as_json(card: dict[str, Any]) -> str:
    """The card, for people: the long lists that other parts of the report show are left out."""
    left_out = ("split", "composition")
    return json.dumps({key: value for key, value in card.items() if key not in left_out}, indent=2)
