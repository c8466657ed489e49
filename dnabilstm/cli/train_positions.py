"""``dnabilstm train --genome --labels``: a score for every base."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from dnabilstm.audit.assess import audit_genome
from dnabilstm.audit.genomes import work_of
from dnabilstm.audit.report import write_audit
from dnabilstm.cli.label_options import print_labels, read_label_options
from dnabilstm.cli.progress import note, progress_bar
from dnabilstm.cli.train_members import check_architecture, train_members
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.genome import Genome, open_genome
from dnabilstm.intervals import Intervals, read_aliases, read_intervals
from dnabilstm.labels import Labels
from dnabilstm.model.config import BiLSTMConfig, parse
from dnabilstm.model.runtime import describe, prepare_process
from dnabilstm.train.config import TrainConfig
from dnabilstm.train.finish import check_parts, finish_positions
from dnabilstm.train.positions import PositionRun
from dnabilstm.windows import Split, choose_split, fold_splits, write_split


def train_positions(
    settings: dict[str, dict],
    options: dict[str, Any],
    output: Path,
    device: torch.device,
    problems: Problems,
) -> None:
    """Check what was asked for, all of it at once, then train and write the model.

    Parameters
    ----------
    settings
        Sections ``model`` and ``train``.
    options
        Of the command line.
    output, device
        The model file, and where the network runs.
    problems
        What was found to be wrong so far.
    """
    with problems.collect():
        parse(TrainConfig, settings["train"], "train")
    with problems.collect():
        _parse_model(settings["model"])
    data = open_positions(options, settings["model"].get("strand") == "stranded", problems)
    runs = position_runs(data, settings, device)
    print_labels(data.labels)
    note(f"training on {describe(device)}")
    prepare_process()
    stem = output.with_suffix("")
    write_split(data.split, stem.with_name(f"{stem.name}.split.bed"))
    _audit(data, stem.with_name(f"{stem.name}.audit"))
    model = train_members(runs, output, finish_positions, _say)
    _say_context(model.card["context"])


def _say_context(context: dict[str, Any]) -> None:
    halo, measured = f"halo {context['halo']:,} bases", context["measured"]
    if measured and measured[-1]["halo"] == context["halo"]:
        note(f"{halo}: 99.9 % of scores within {measured[-1]['p999']:.1e} of an exact sweep")
    else:
        note(
            f"{halo}, a guess: {context['probe_bases']:,} bases of validation are too few to tell how far the model"
            " looks; 'dnabilstm score --exact' sweeps contigs whole"
        )


def _audit(data: "PositionData", folder: Path) -> None:
    """Look for what the parts have in common, write it down, and say what is wrong with them."""
    regions = {channel: data.labels.regions(channel) for channel in data.labels.channels}
    with progress_bar("audit", work_of(data.split), "bases") as advance:
        audit = audit_genome(data.genome, data.split, regions=regions, progress=advance)
    write_audit(audit, folder)
    for warning in audit.warnings:
        note(f"warning: {warning}")


@dataclass(frozen=True)
class PositionData:
    """What the options of a run on the bases of a genome name, opened."""

    genome: Genome
    labels: Labels
    split: Split
    hard: Intervals | None


def open_positions(options: dict[str, Any], stranded: bool, problems: Problems) -> PositionData:
    """Open genome, labels, split and hard regions.

    Parameters
    ----------
    options
        Of the command line.
    stranded
        Whether tasks are read by strand where the options do not say so.
    problems
        What was found to be wrong so far; raised together with what is wrong here.
    """
    with problems.collect():
        asked = read_label_options(_with_strand(options) if stranded else options)
    problems.raise_if_any()
    genome = open_genome(options["genome"])
    with problems.collect():
        labels = asked.open(genome)
    with problems.collect():
        split = choose_split(genome, _list(options["test"]), _list(options["valid"]))
    with problems.collect():
        hard = _read_hard(options, genome)
    problems.raise_if_any()
    return PositionData(genome, labels, split, hard)


def digests_of(data: PositionData) -> dict[str, str]:
    """What stands for the data, by name."""
    hard = None
    if data.hard is not None:
        hard = [data.hard.contig.tolist(), data.hard.start.tolist(), data.hard.end.tolist()]
    split = [asdict(stretch) for stretch in data.split]
    written = {"split": json.dumps(split), "hard regions": json.dumps(hard)}
    return {
        "genome": data.genome.digest,
        "labels": data.labels.digest,
        **{name: hashlib.sha256(text.encode()).hexdigest() for name, text in written.items()},
    }


def position_runs(data: PositionData, settings: dict[str, dict], device: torch.device) -> list[PositionRun]:
    """The runs that settings ask for on some data, one a member.

    Raises
    ------
    DnabilstmError
        For settings that are wrong, or do not go with the labels or the split.
    """
    plan = parse(TrainConfig, settings["train"], "train")
    labels = data.labels
    network = replace(_parse_model(settings["model"]), tasks=labels.tasks)
    if network.channels != labels.channels:
        raise DnabilstmError(
            f"the labels have the channels {', '.join(labels.channels)}, a model with strand: {network.strand} gives"
            f" {', '.join(network.channels)}; label with --strand TASK=use for a stranded model, else without"
        )
    if plan.reverse_complement and network.strand != "none":
        raise DnabilstmError(
            f"train.reverse_complement: true with model.strand: {network.strand}, which reads both strands"
            " already; wanted strand: none"
        )
    splits = fold_splits(data.split, data.genome, plan.folds) if plan.folds else [data.split] * plan.members
    runs = []
    for number, of_member in enumerate(splits):
        check_parts(labels, of_member)
        seeded = replace(plan, seed=plan.seed + number)
        runs.append(PositionRun(network, seeded, device, data.genome, labels, of_member, data.hard))
    return runs


def _say(card: dict[str, Any]) -> None:
    for channel, figures in card["metrics"]["channels"].items():
        note(
            f"{channel}: validation AUPRC {figures['auprc']:.4f} (base rate {figures['base_rate']:.4f}),"
            f" AUROC {figures['auroc']:.4f}, calibration error {figures['calibration_error']:.4f}"
        )


def _parse_model(settings: dict[str, Any]) -> BiLSTMConfig:
    """The network's settings, checked before there are labels, which give the tasks."""
    if "tasks" in settings:
        raise DnabilstmError("model.tasks: are the names that --labels gives; leave this setting out")
    network = parse(BiLSTMConfig, settings | {"tasks": ("any",)}, "model")
    check_architecture(network, "forward_bins")
    return network


def _read_hard(options: dict[str, Any], genome: Genome) -> Intervals | None:
    """The regions of --hard; None without."""
    if options["hard"] is None:
        return None
    problems = Problems()
    aliases = read_aliases(options["alias"], genome) if options["alias"] else None
    found, _ = read_intervals(
        options["hard"], genome, aliases=aliases, unknown=options["unknown_contigs"], problems=problems
    )
    problems.raise_if_any()
    return found


def _list(text: str | None) -> list[str] | None:
    return None if text is None else [word for word in text.split(",") if word]


def _with_strand(options: dict[str, Any]) -> dict[str, Any]:
    """A stranded model reads its tasks by strand unless a task says otherwise."""
    named = {value.partition("=")[0] for value in options["strand"]}
    tasks = [value.partition("=")[0] for value in options["labels"] if "=" in value]
    more = tuple(f"{task}=use" for task in tasks if task not in named)
    return options | {"strand": options["strand"] + more}
