"""``dnabilstm classify``: sequences and a model to the probability of each class, as TSV."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnabilstm.classify.config import ClassifyConfig
from dnabilstm.cli.models import load_model_with
from dnabilstm.cli.progress import note, progress_bar
from dnabilstm.cli.sequence_options import SequenceOptions, read_sequence_options, sequence_options
from dnabilstm.cli.settings import option_of
from dnabilstm.errors import Problems
from dnabilstm.files import check_file_place

if TYPE_CHECKING:
    from dnabilstm.audit.assess import Audit
    from dnabilstm.model.bundle import Model
    from dnabilstm.sequences.store import SequenceSet

_PATH = click.Path(path_type=Path)
_SCORED, _AGAINST = "scored", "training"


@click.command("classify")
@click.option(
    "--model", "model_file", required=True, type=_PATH, help="Model file of 'dnabilstm train --sequences'."
)
@sequence_options()
@click.option("--genome", type=_PATH, help="FASTA, or a folder of 'dnabilstm encode': where regions lie.")
@click.option(
    "--against",
    multiple=True,
    metavar="FILE",
    help="What the model was trained on, as --sequences: sequences that repeat it are marked, and left out"
    " of a second set of figures.",
)
@option_of(ClassifyConfig, "batch", type=int)
@option_of(ClassifyConfig, "bootstrap", type=int)
@option_of(ClassifyConfig, "level", type=float)
@option_of(ClassifyConfig, "seed", type=int)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where the model runs.",
)
@click.option("--output", required=True, type=_PATH, help="TSV to write; gzipped if it ends in .gz.")
def command(
    model_file: Path,
    genome: Path | None,
    against: tuple[str, ...],
    device: str,
    output: Path,
    **options: Any,
) -> None:
    """Tell the classes of whole sequences.

    \b
    Writes:
      OUTPUT       name, length; contig, start, end, strand (regions); label (where classes are known);
                   leak (with --against: exact, reverse_complement, near, overlap, or .); the called class;
                   p_CLASS, calibrated, for each class; spread (an ensemble: standard deviation among its
                   members of the called class's probability)
      OUTPUT with .json for its suffix: sources, digests, and figures where classes are known
    Classes are known of CLASS=FILE and of a table with a column of classes.
    """  # noqa: D301
    from dnabilstm.classify.table import Classified, leaks_of, write_table
    from dnabilstm.files import write_json
    from dnabilstm.model.ensemble import members_of
    from dnabilstm.model.runtime import describe, prepare_process
    from dnabilstm.score.sequences import class_probabilities

    table = json_beside(output)
    config, place, model, asked = _check_options(model_file, device, output, table, options)
    sequences, audit = _open(asked, genome, against, model)
    prepare_process()
    model.network.to(place)
    note(f"classifying {len(sequences):,} sequences on {describe(place)}")
    work = len(sequences) * len(members_of(model.network))
    with progress_bar("classify", work, "sequences") as advance:
        probabilities, spread = class_probabilities(model, sequences, batch=config.batch, progress=advance)
    leaks = leaks_of(audit.report, _SCORED, (_AGAINST,)) if audit else ()
    # Older figures must not speak for new probabilities, should the run end between the two.
    table.unlink(missing_ok=True)
    write_table(Classified(sequences, probabilities, spread, leaks), output)
    result = {
        "model": {"file": str(model_file), "digest": model.digest},
        "sequences": {"source": sequences.source, "digest": sequences.digest, "count": len(sequences)},
        "called": dict(zip(sequences.classes, _called(probabilities), strict=True)),
        **_composition(model, sequences),
        **_figures(sequences, probabilities, audit, config),
    }
    write_json(table, result)
    note(f"probabilities are in {output}, figures in {table}")


def json_beside(output: Path) -> Path:
    """Where the figures of a table go."""
    plain = output.with_suffix("") if output.suffix == ".gz" else output
    return plain.with_suffix(".json")


def _check_options(
    model_file: Path, device: str, output: Path, table: Path, options: dict[str, Any]
) -> "tuple[ClassifyConfig, Any, Model, SequenceOptions]":
    """What the options say, with all that is wrong with them at once."""
    from dnabilstm.model.config import parse
    from dnabilstm.model.runtime import choose_device

    problems = Problems()
    settings = {name: options[name] for name in ClassifyConfig.__dataclass_fields__}
    if table == output:
        problems.add(f"--output {output}: is where the figures go; wanted a name that ends in .tsv")
    for place in (output, table):
        with problems.collect():
            check_file_place(place)
    with problems.collect():
        config = parse(ClassifyConfig, settings, "classify")
    with problems.collect():
        found = choose_device(device)
    with problems.collect():
        model = load_model_with("sequence", model_file)
    with problems.collect():
        asked = read_sequence_options(options)
    problems.raise_if_any()
    return config, found, model, asked


def _open(
    asked: SequenceOptions, genome: Path | None, against: tuple[str, ...], model: "Model"
) -> "tuple[SequenceSet, Audit | None]":
    """The sequences, and the audit against what the model has seen, if that is given."""
    from dnabilstm.audit.assess import audit_sequences
    from dnabilstm.genome import open_genome

    problems = Problems()
    opened = open_genome(genome) if genome else None
    with problems.collect():
        sequences = asked.open(opened, classes=model.channels)
    if against:
        with problems.collect():
            seen = replace(asked, files={_AGAINST: against}).open(opened, part=_AGAINST)
    problems.raise_if_any()
    if not against:
        return sequences, None
    audit = audit_sequences({_AGAINST: seen, _SCORED: sequences})
    for warning in audit.leaks:
        note(f"warning: {warning}")
    return sequences, audit


def _called(probabilities: Any) -> list[int]:
    """How many sequences are called each class."""
    import numpy as np

    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1]).tolist()


def _composition(model: "Model", sequences: "SequenceSet") -> dict[str, Any]:
    """Whether the sequences are alike those that the model, or its first member, was trained on."""
    from dnabilstm.audit.composition import CARD_KEY, compare_composition, composition_of

    card = model.card.get("members", [model.card])[0]
    if CARD_KEY not in card:
        return {}
    found = compare_composition(card[CARD_KEY], composition_of(sequences.codes))
    if found["shifted"]:
        note(f"warning: these sequences and those of the training: {found['verdict']}")
    return {"composition": found}


def _figures(
    sequences: "SequenceSet", probabilities: Any, audit: "Audit | None", config: ClassifyConfig
) -> dict[str, Any]:
    """Figures where classes are known, also printed."""
    from dnabilstm.audit.leaks import leaked
    from dnabilstm.classify.assess import assess, summary
    from dnabilstm.sequences.store import UNKNOWN

    repeats = None if audit is None else leaked(audit.report, _SCORED)
    if (sequences.labels == UNKNOWN).all():
        return {} if repeats is None else {"leaked": int(repeats.sum())}
    result = assess(sequences.labels, probabilities, sequences.classes, repeats, config)
    for line in summary(result):
        note(line)
    return result
