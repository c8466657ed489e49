"""``dnabilstm train --sequences``: the classes of whole sequences."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dnabilstm.audit.assess import Audit, audit_sequences
from dnabilstm.audit.composition import CARD_KEY, composition_of
from dnabilstm.audit.leaks import leaked
from dnabilstm.audit.report import write_audit
from dnabilstm.classify.assess import assess, summary
from dnabilstm.classify.negatives import add_negatives
from dnabilstm.classify.parts import Parts, balance_of, check_parts, make_runs, with_validation, without_leaks
from dnabilstm.classify.table import Classified, leaks_of, write_table
from dnabilstm.cli.progress import note
from dnabilstm.cli.sequence_options import SequenceOptions, read_sequence_options
from dnabilstm.cli.train_members import check_architecture, remove_states, terminal, train_members
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import check_file_place, check_folder_place, write_json
from dnabilstm.genome import Genome, open_genome
from dnabilstm.model.bundle import Model
from dnabilstm.model.config import BiLSTMConfig, parse
from dnabilstm.model.runtime import describe, prepare_process
from dnabilstm.negatives.config import NegativesConfig
from dnabilstm.score.sequences import class_probabilities
from dnabilstm.sequences.store import SequenceSet
from dnabilstm.train.config import SequenceTrainConfig
from dnabilstm.train.finish import finish_sequences
from dnabilstm.train.reading import choose_reading, remove_trials
from dnabilstm.train.sequences import SequenceRun
from dnabilstm.train.state import TrainState


def train_sequences(
    settings: dict[str, dict],
    options: dict[str, Any],
    output: Path,
    device: torch.device,
    problems: Problems,
) -> None:
    """Check what was asked for, all of it at once, then audit, train, write the model and test it.

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
        _check_places(output)
    with problems.collect():
        parse_settings(settings)
    data = open_sequences(options, settings, problems)
    runs = sequence_runs(data, settings, device)
    tell(data)
    stem = output.with_suffix("")
    write_audit(data.audit, _beside(stem, "audit"))
    note(f"training on {describe(device)}")
    prepare_process()
    undecided = runs[0]
    settings = settings | {"model": settings["model"] | choose_reading(undecided, stem, terminal)}
    runs = sequence_runs(data, settings, device)
    raw = _train_with_leaks(data, settings, output, device) if data.with_leaks else None
    for suffix in ("test.json", "test.tsv"):
        # Of an older model, for which they must not stand beside this one, should the run end between the two.
        _beside(stem, suffix).unlink(missing_ok=True)
    model = train_members(runs, output, partial(finish_audited, data), _say)
    remove_trials(undecided, stem)
    remove_states(_with_leaks(output), len(runs))
    if "test" in data.parts:
        _test(model, output, data, raw)


@dataclass(frozen=True)
class SequenceData:
    """What the options of a run on whole sequences name, opened, parted and audited.

    Attributes
    ----------
    parts : dict
        ``train``, ``valid`` unless there are folds, and perhaps ``test``; what is trained on.
    audit : Audit
        Of the parts before anything was left out.
    left_out : dict
        Part to the sequences that were left out since held-out ones repeat them.
    with_leaks : dict or None
        Where a second model is to be trained with them: the parts before that.
    weights : tuple of float
        Of each class in the calibration, so that what was left out changes no base rate.
    """

    parts: Parts
    audit: Audit
    left_out: dict[str, int]
    with_leaks: Parts | None = None
    weights: tuple[float, ...] = ()


def open_sequences(options: dict[str, Any], settings: dict[str, dict], problems: Problems) -> SequenceData:
    """Read the sequences of all parts, choose what validates, and look for leaks.

    Parameters
    ----------
    options
        Of the command line.
    settings
        Of ``train`` those count that say how parts are chosen.
    problems
        What was found to be wrong so far, of the settings too; raised together with what is wrong here.
    """
    plan, parts = SequenceTrainConfig(), {}
    if not problems:
        plan = parse(SequenceTrainConfig, settings["train"], "train")
    with problems.collect():
        parts = _read(options, plan)
        check_parts(parts, plan)
    problems.raise_if_any()
    parts = with_validation(parts, plan)
    audit = audit_sequences(parts)
    kept = without_leaks(parts, audit.report) if plan.leaks != "keep" else parts
    left_out = {part: len(one) - len(kept[part]) for part, one in parts.items() if len(one) > len(kept[part])}
    compared = plan.leaks == "compare" and left_out and "test" in parts
    return SequenceData(kept, audit, left_out, parts if compared else None, balance_of(parts, kept))


def _train_with_leaks(
    data: SequenceData, settings: dict[str, dict], output: Path, device: torch.device
) -> Model:
    """The model that raw figures are of: ``NAME.with_leaks.safetensors``, from all training sequences."""
    note("first a model with what held-out sequences repeat, for the raw figures")
    whole = replace(data, parts=data.with_leaks, left_out={}, with_leaks=None, weights=())
    runs = sequence_runs(whole, settings, device)
    model = train_members(runs, _with_leaks(output), partial(finish_audited, whole), _say, forget=False)
    note("then the model without them")
    return model


def _with_leaks(output: Path) -> Path:
    return output.with_name(f"{output.stem}.with_leaks.safetensors")


def sequence_runs(data: SequenceData, settings: dict[str, dict], device: torch.device) -> list[SequenceRun]:
    """The runs that settings ask for on some data, one a member; see ``make_runs``.

    Raises
    ------
    DnabilstmError
        For settings that are wrong, or do not go together.
    """
    network, plan = parse_settings(settings)
    return make_runs(data.parts, network, plan, device, data.weights)


def digests_of(data: SequenceData) -> dict[str, str]:
    """What stands for the data of a run, by name; what it is tested on does not count."""
    return {part: one.digest for part, one in data.parts.items() if part != "test"}


def parse_settings(settings: dict[str, dict]) -> tuple[BiLSTMConfig, SequenceTrainConfig]:
    """The settings of network and training, checked before there are sequences, which give the classes.

    Raises
    ------
    DnabilstmError
        With all that is wrong with them.
    """
    problems, network, plan = Problems(), None, None
    with problems.collect():
        network = _parse_model(settings["model"])
    with problems.collect():
        plan = parse(SequenceTrainConfig, settings["train"], "train")
    if network and plan and plan.reverse_complement and network.strand != "none":
        problems.add(
            f"train.reverse_complement: true with model.strand: {network.strand}, whose weights read both strands"
            " already; wanted strand: none"
        )
    problems.raise_if_any()
    return network, plan


def _parse_model(settings: dict[str, Any]) -> BiLSTMConfig:
    if "tasks" in settings:
        raise DnabilstmError("model.tasks: are the classes of --sequences; leave this setting out")
    network = parse(BiLSTMConfig, {"head": "sequence", **settings, "tasks": ("any", "other")}, "model")
    check_architecture(network, "forward_sequences")
    return network


def _read(options: dict[str, Any], plan: SequenceTrainConfig) -> Parts:
    """The sequences of all parts, with negatives where those are to be made."""
    asked, kind = read_sequence_options(options), options["negatives"]
    if kind is not None:
        made = parse(NegativesConfig, {"kind": kind, "ratio": options["ratio"]}, "negatives")
    genome = open_genome(options["genome"]) if options["genome"] else None
    if kind is None:
        return asked.open_parts(genome)
    parts = _read_positives(asked, genome)
    return add_negatives(parts, kind, ratio=made.ratio, seed=plan.seed, genome=genome)


def _read_positives(asked: SequenceOptions, genome: Genome | None) -> Parts:
    """The sequences of all parts, as their files say: held-out ones may have negatives already."""
    problems, parts = Problems(), {}
    for part in asked.files:
        with problems.collect():
            parts[part] = asked.open(genome, part=part)
    problems.raise_if_any()
    return parts


def _beside(stem: Path, suffix: str) -> Path:
    return stem.with_name(f"{stem.name}.{suffix}")


def _check_places(output: Path) -> None:
    """Refuse, before anything is computed, places that cannot be written."""
    problems, stem = Problems(), output.with_suffix("")
    with problems.collect():
        check_folder_place(_beside(stem, "audit"))
    for suffix in ("test.tsv", "test.json"):
        with problems.collect():
            check_file_place(_beside(stem, suffix))
    problems.raise_if_any()


def tell(data: SequenceData) -> None:
    """How many sequences there are, and what the audit found."""
    for part, one in data.parts.items():
        counts = np.bincount(one.labels, minlength=len(one.classes)).tolist()
        told = ", ".join(f"{name} {count:,}" for name, count in zip(one.classes, counts, strict=True))
        note(f"{part}: {len(one):,} sequences ({told})")
    for warning in data.audit.warnings:
        note(f"warning: {warning}")
    for part, count in data.left_out.items():
        note(f"{count:,} {part} sequences that held-out ones repeat are left out (train.leaks)")
    if data.audit.leaks and not data.left_out:
        note("train.leaks: drop leaves such sequences out of training; compare trains with and without")


def finish_audited(data: SequenceData, run: SequenceRun, state: TrainState) -> Model:
    """The model of a member, which tells what was found in the sequences that it is made of."""
    model = finish_sequences(run, state)
    found, held_out = data.audit.result, ("train", "valid")
    # Nothing of the test part, so that the same training gives the same model whatever it is tested on.
    model.card["audit"] = {
        "repeats": [row for row in found["repeats"] if row["part"] in held_out and row["of"] in held_out],
        "contradictory": {
            part: count for part, count in found["contradictory"]["within"].items() if part in held_out
        },
        "left_out": data.left_out,
    }
    model.card[CARD_KEY] = composition_of(run.training.codes)
    return model


def _say(card: dict[str, Any]) -> None:
    if "gapped_kmers" in card:
        losses, taken = card["gapped_kmers"]["log_loss"], card["gapped_kmers"]["taken"]
        note(
            f"gapped k-mers are {'added' if taken else 'left out'}: log loss of the validation part"
            f" {losses['without']:.4f} by the network, {losses['with']:.4f} with them"
        )
    figures = card["metrics"]
    note(
        f"validation: {figures['sequences']:,} sequences, accuracy {figures['accuracy']:.4f}, MCC {figures['mcc']:.4f},"
        f" AUROC {figures['auroc']:.4f}, AUPRC {figures['auprc']:.4f},"
        f" calibration error {figures['calibration_error']:.4f}"
    )


def _test(model: Model, output: Path, data: SequenceData, raw: Model | None) -> None:
    """Classify the test part, and write what came out beside the model.

    ``raw`` is the model that was trained with leaks, if there is one; its figures are the raw ones.
    """
    tested, stem, report = data.parts["test"], output.with_suffix(""), data.audit.report
    probabilities, spread = class_probabilities(model, tested)
    seen = tuple(part for part in ("train", "valid") if part in data.parts)
    leaks, repeats = leaks_of(report, "test", seen), leaked(report, "test")
    if data.left_out:
        # What the test part repeats was not trained on.
        leaks, repeats = leaks_of(report, "test", ()), np.zeros(len(tested), bool)
    write_table(Classified(tested, probabilities, spread, leaks), _beside(stem, "test.tsv"))
    result = assess(tested.labels, probabilities, tested.classes, repeats)
    if raw is not None:
        result |= _compared(raw, tested, output)
    model_file = {"file": output.name, "digest": model.digest}
    sequences = {"source": tested.source, "digest": tested.digest}
    write_json(_beside(stem, "test.json"), {"model": model_file, "sequences": sequences, **result})
    for line in summary(result):
        note(f"test: {line}")


def _compared(raw: Model, tested: SequenceSet, output: Path) -> dict[str, Any]:
    """What the figures of two models say that one model's would not: raw ones, and what each is of."""
    probabilities, _ = class_probabilities(raw, tested)
    found = assess(tested.labels, probabilities, tested.classes)
    model = {"file": _with_leaks(output).name, "digest": raw.digest}
    definitions = found["definitions"] | {
        "raw": f"all test sequences, by {model['file']}, which was trained with those that they repeat",
        "leak_free": f"all test sequences, by {output.name}, which was trained without these",
    }
    return {"raw": found["raw"], "raw_model": model, "definitions": definitions}
