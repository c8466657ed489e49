"""``dnabilstm score``: a genome and a model to a probability for every base."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from dnabilstm.cli.models import load_model_with
from dnabilstm.cli.progress import note, progress_bar
from dnabilstm.cli.settings import option_of
from dnabilstm.errors import Problems
from dnabilstm.files import check_folder_place, is_folder
from dnabilstm.score.config import ScoreConfig

DEVICES = ("auto", "cpu", "cuda")


def score_options(command: Callable) -> Callable:
    """The settings of a scoring run, and the device, as options of a command."""
    wanted = {"precision": {"type": click.Choice(["auto", "fp32", "bf16"])}}
    device = click.option(
        "--device",
        type=click.Choice(DEVICES),
        default="auto",
        show_default=True,
        help="Where the model runs.",
    )
    command = device(command)
    for name in reversed(ScoreConfig.__dataclass_fields__):
        command = option_of(ScoreConfig, name, **wanted.get(name, {}))(command)
    return command


@click.command("score")
@click.option(
    "--genome",
    required=True,
    type=click.Path(path_type=Path),
    help="FASTA, or a folder of 'dnabilstm encode'.",
)
@click.option(
    "--model",
    "model_file",
    required=True,
    type=click.Path(path_type=Path),
    help="Model file of 'dnabilstm train'.",
)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for scores.f32, scores.json, nocall.bed.",
)
@score_options
@click.option(
    "--cache",
    "cache_folder",
    type=click.Path(path_type=Path),
    help="Folder in which scores are found again, whatever genome their contigs are of; made if it is missing.",
)
@click.option(
    "--shard", metavar="NUMBER/COUNT", help="Score one part of many; 'dnabilstm merge' puts them together."
)
def command(
    genome: Path,
    model_file: Path,
    output: Path,
    device: str,
    cache_folder: Path | None,
    shard: str | None,
    **settings: Any,
) -> None:
    """Score every base of a genome.

    \b
    Writes into the output folder:
      scores.f32   float32, a calibrated probability a base (channel after channel, contigs end to end)
      scores.json  contigs, channels, digests, settings
      nocall.bed   the bases without a score (runs of N, contigs shorter than --min-contig)
    'dnabilstm tracks' and 'dnabilstm call' make browser tracks and regions of them. What is there already
    is not computed again: the contigs that this model has scored with these settings, in the output folder
    or in the cache, and what an interrupted run has finished. A shard goes to shards/NUMBER-of-COUNT in it.
    """  # noqa: D301
    from dnabilstm.genome import open_genome
    from dnabilstm.model.config import parse
    from dnabilstm.score.again import scored_before

    problems = Problems()
    with problems.collect():
        check_folder_place(output)
    with problems.collect():
        if cache_folder and not is_folder(cache_folder):
            check_folder_place(cache_folder)
    with problems.collect():
        config = parse(ScoreConfig, settings, "score")
    with problems.collect():
        opened = open_genome(genome)
    if not problems and not shard and not cache_folder:
        before = scored_before(opened, model_file, output, config, device)
        if before is not None:
            return say(before, output)
    from dnabilstm.model.runtime import choose_device
    from dnabilstm.score.shards import shard_of

    with problems.collect():
        number = shard_of(shard) if shard else None
    with problems.collect():
        place = choose_device(device)
    with problems.collect():
        model = load_model_with("position", model_file)
    problems.raise_if_any()
    _score(opened, model, output, config, place, number, cache_folder)


def _score(
    genome: Any,
    model: Any,
    output: Path,
    config: ScoreConfig,
    place: Any,
    number: tuple[int, int] | None,
    cache_folder: Path | None,
) -> None:
    """Score a genome, or shard ``number`` of so many, on the device ``place``, and tell what was done."""
    from dnabilstm.model.runtime import computes_bf16, describe, prepare_process
    from dnabilstm.score.cache import Cache
    from dnabilstm.score.engine import score_genome
    from dnabilstm.score.job import settled
    from dnabilstm.score.shards import score_shard

    prepare_process()
    model.network.to(place)
    config = settled(config, model)
    part = f"shard {number[0]}/{number[1]} of " if number else ""
    note(
        f"scoring {part}{genome.total:,} bases of {len(genome.contigs):,} contigs on {describe(place)},"
        f" {config.precision}"
    )
    _warn(model.card, config, slow=config.precision == "bf16" and not computes_bf16(place))
    _warn_of_other_genome(genome, model.card)
    cache = Cache(cache_folder) if cache_folder else None
    with progress_bar("score", genome.total, "bases") as advance:
        run = partial(score_shard, shard=number) if number else score_genome
        scores = run(genome, model, output, config=config, progress=advance, cache=cache)
    say(scores, None if number else output)
    if number:
        note(f"when all {number[1]} shards are there: dnabilstm merge --output {output}")


def say(scores: Any, output: Path | None) -> None:
    """The bases of scores, accounted for; and where they are, if they are whole."""
    bases = scores.info["bases"]
    note(f"{bases['in']:,} bases in = {bases['scored']:,} scored + {bases['no_call']:,} no-call")
    if scores.reused:
        note(f"{scores.reused:,} of them were scored before, and not again")
    if scores.unkept:
        note(f"warning: the cache does not keep these scores: {scores.unkept}")
    if output is not None:
        note(f"scores are in {output}; next: dnabilstm tracks --scores {output} --output {output}")


def _warn(card: dict[str, Any], config: ScoreConfig, *, slow: bool) -> None:
    """Say so where scores come slowly, or the grid does not hold all of a model's memory."""
    if slow:
        note("warning: this processor does not compute in bf16; it is imitated, slowly")
    if not card.get("context", {}).get("within", True) and not config.exact:
        note(
            "warning: the model's card says that its memory is longer than its halo; --exact gives its exact scores"
        )


def _warn_of_other_genome(genome: Any, card: dict[str, Any]) -> None:
    """Say so where a genome is not composed like the one that the model was trained on."""
    from dnabilstm.audit.composition import CARD_KEY, compare_composition, composition_of, sampled

    if CARD_KEY in card and card.get("genome", {}).get("digest") != genome.digest:
        found = compare_composition(card[CARD_KEY], composition_of(genome, sampled(genome)))
        if found["shifted"]:
            note(f"warning: this is not like the genome that the model was trained on: {found['verdict']}")
