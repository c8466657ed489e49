"""``dnabilstm audit``: what held-out data have in common with training data, and whether they are alike."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnabilstm.audit.config import AuditConfig
from dnabilstm.cli.label_options import NAMES, label_options, read_label_options
from dnabilstm.cli.progress import note, progress_bar
from dnabilstm.cli.sequence_options import PARTS, read_sequence_options, sequence_options
from dnabilstm.cli.settings import option_of
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import check_folder_place

if TYPE_CHECKING:
    from dnabilstm.audit.assess import Audit
    from dnabilstm.windows import Split

_PATH = click.Path(path_type=Path)


@click.command("audit")
@sequence_options(*PARTS, required=False, shared=False)
@click.option("--genome", type=_PATH, help="FASTA, or a folder of 'dnabilstm encode'.")
@click.option("--split", type=_PATH, help="The split of 'dnabilstm train', a BED: contig, start, end, part.")
@click.option(
    "--model",
    type=_PATH,
    help="Model file: its own split, on the genome that it was trained on; on another genome, whether that is"
    " alike the training part.",
)
@partial(label_options, required=False)
@option_of(AuditConfig, "k", type=int)
@option_of(AuditConfig, "containment", type=float)
@option_of(AuditConfig, "tile", type=int)
@option_of(AuditConfig, "tile_k", type=int)
@option_of(AuditConfig, "tile_share", type=float)
@option_of(AuditConfig, "memory", type=int)
@option_of(AuditConfig, "permutations", type=int)
@option_of(AuditConfig, "seed", type=int)
@click.option("--strict", is_flag=True, help="Exit with status 2 if held-out data repeat training data.")
@click.option("--output", required=True, type=_PATH, help="Folder to write into.")
def command(
    genome: Path | None, split: Path | None, model: Path | None, strict: bool, output: Path, **options: Any
) -> None:
    """Look for repeats between training and held-out data, and for shifts of their composition.

    Of sequences: give the files of each part. Of the score of every base: a genome with the split of a
    training or with a model, and --labels to find regions that lie in two parts.

    \b
    Writes into the output folder:
      audit.json        settings, definitions, counts, examples, warnings
      audit.tsv         every repeat
      audit.png, .svg   repeats by kind, GC contents
    Exits with status 0 whatever it finds, but see --strict.
    """  # noqa: D301
    from dnabilstm.audit.report import summary, write_audit
    from dnabilstm.model.config import parse

    problems = Problems()
    settings = {name: options.pop(name) for name in AuditConfig.__dataclass_fields__}
    with problems.collect():
        check_folder_place(output)
    with problems.collect():
        config = parse(AuditConfig, settings, "audit")
    with problems.collect():
        _check_kind(genome, split, model, options)
    problems.raise_if_any()
    if any(options[name] for name in PARTS):
        audit = _of_sequences(genome, config, options)
    else:
        audit = _of_genome(genome, split, model, config, options)
    write_audit(audit, output)
    note(summary(audit.result))
    for warning in audit.warnings:
        note(f"warning: {warning}")
    note(f"the audit is in {output}")
    if strict and audit.leaks:
        raise DnabilstmError(*audit.leaks)


def _check_kind(genome: Path | None, split: Path | None, model: Path | None, options: dict[str, Any]) -> None:
    """Refuse options that ask for nothing, or for two things."""
    of_sequences = [name for name in PARTS if options[name]]
    if of_sequences:
        other = [f"--{name}" for name, value in {"split": split, "model": model}.items() if value]
        other += [f"--{name}" for name in NAMES if name not in _SHARED and options[name]]
        if other:
            raise DnabilstmError(f"{', '.join(other)}: go with --genome alone; wanted those, or --sequences")
    elif not genome or not (split or model):
        raise DnabilstmError("wanted --sequences, or --genome with --split or --model")
    elif split and model:
        raise DnabilstmError("--split and --model: a model has a split of its own; wanted one of them")
    elif options["width"]:
        raise DnabilstmError("--width: goes with --sequences")


_SHARED = ("feature", "alias", "unknown_contigs")
"""Options that say how both labels and sequences are read."""


def _of_sequences(genome: Path | None, config: AuditConfig, options: dict[str, Any]) -> "Audit":
    from dnabilstm.audit.assess import audit_sequences
    from dnabilstm.genome import open_genome

    asked = read_sequence_options(options)
    return audit_sequences(asked.open_parts(open_genome(genome) if genome else None), config)


def _of_genome(
    genome: Path, split: Path | None, model: Path | None, config: AuditConfig, options: dict[str, Any]
) -> "Audit":
    from dnabilstm.audit.assess import audit_genome, audit_other_genome
    from dnabilstm.audit.genomes import work_of
    from dnabilstm.genome import open_genome
    from dnabilstm.windows import read_split

    problems = Problems()
    with problems.collect():
        asked = read_label_options(options) if options["labels"] else None
    with problems.collect():
        card = _read_card(model) if model else None
    with problems.collect():
        stretches = read_split(split) if split else ()
    with problems.collect():
        opened = open_genome(genome)
    problems.raise_if_any()
    if card is not None:
        if card["genome"]["digest"] != opened.digest:
            return audit_other_genome(opened, _composition(model, card))
        stretches = _split_of(card)
    labels = asked.open(opened) if asked else None
    regions = {channel: labels.regions(channel) for channel in labels.channels} if labels else None
    with progress_bar("audit", work_of(stretches), "bases") as advance:
        return audit_genome(opened, stretches, config, regions=regions, progress=advance)


def _read_card(model: Path) -> dict[str, Any]:
    from dnabilstm.model.bundle import read_card

    card = read_card(model)
    if not ("genome" in card and "split" in card):
        raise DnabilstmError(
            f"{model}: its card names no genome with a split; if it was trained on sequences, audit those with"
            " --sequences"
        )
    return card


def _split_of(card: dict[str, Any]) -> "Split":
    from dnabilstm.windows import Stretch

    return tuple(Stretch(*row) for row in card["split"])


def _composition(model: Path, card: dict[str, Any]) -> dict[str, Any]:
    from dnabilstm.audit.composition import CARD_KEY

    if CARD_KEY not in card:
        raise DnabilstmError(
            f"{model}: was trained on another genome, and its card does not tell the composition of its training"
            " part; train it again with this dnabilstm, or give the genome that it was trained on"
        )
    return card[CARD_KEY]
