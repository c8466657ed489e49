"""``dnabilstm evaluate``: figures and pictures on held-out contigs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnabilstm.cli.label_options import LabelOptions, label_options, read_label_options
from dnabilstm.cli.models import load_model_with
from dnabilstm.cli.progress import note, progress_bar
from dnabilstm.cli.settings import option_of
from dnabilstm.errors import Problems
from dnabilstm.evaluate.config import EvaluateConfig
from dnabilstm.files import check_folder_place, scratch_folder

if TYPE_CHECKING:
    from dnabilstm.genome import Genome
    from dnabilstm.score.store import Scores

BASELINES = ("kmer",)
_PATH = click.Path(path_type=Path)


@click.command("evaluate")
@click.option("--genome", required=True, type=_PATH, help="FASTA, or a folder of 'dnabilstm encode'.")
@click.option("--model", "model_file", required=True, type=_PATH, help="Model file of 'dnabilstm train'.")
@click.option(
    "--compare",
    multiple=True,
    metavar="NAME=MODEL",
    help="Another model in the same table, on the same bases. Repeat it for more.",
)
@click.option(
    "--baseline",
    multiple=True,
    type=click.Choice(BASELINES),
    help="'kmer': logistic regression on k-mer counts, fitted on the model's training part.",
)
@label_options
@click.option(
    "--contigs",
    metavar="CONTIGS",
    help="Contigs to evaluate on, chr4,chr13.  [default: the test part of the model's split]",
)
@option_of(EvaluateConfig, "bootstrap")
@option_of(EvaluateConfig, "block")
@option_of(EvaluateConfig, "level")
@option_of(EvaluateConfig, "share")
@option_of(EvaluateConfig, "min_length")
@option_of(EvaluateConfig, "seed")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where the models run.",
)
@click.option("--output", required=True, type=_PATH, help="Folder to write into.")
def command(
    genome: Path,
    model_file: Path,
    compare: tuple[str, ...],
    baseline: tuple[str, ...],
    contigs: str | None,
    device: str,
    output: Path,
    **options: Any,
) -> None:
    """Judge models on held-out contigs, on every base, at the true base rate.

    \b
    Writes into the output folder:
      evaluation.json   figures with confidence intervals, definitions, warnings, points of the curves
      evaluation.tsv    the same figures as a table: model, task, figure, value, low, high
    Held-out bases that repeat a model's training sequence elsewhere are left out of a second set of
    figures, which stands beside the first.
    \b
    And in the same folder:
      pr, roc, reliability, distribution (.png, .svg)
    """  # noqa: D301 - click wants the character, not its escape
    from dnabilstm.evaluate.assess import evaluate_scores, refuse_other_tasks
    from dnabilstm.evaluate.held_out import choose_intervals, leak_warnings
    from dnabilstm.evaluate.leaks import Masked, find_leaks
    from dnabilstm.evaluate.report import leak_free, summary, write_report
    from dnabilstm.model.config import parse
    from dnabilstm.model.runtime import choose_device

    settings = {name: options.pop(name) for name in EvaluateConfig.__dataclass_fields__}
    problems = Problems()
    with problems.collect():
        check_folder_place(output)
    with problems.collect():
        place = choose_device(device)
    with problems.collect():
        config = parse(EvaluateConfig, settings, "evaluate")
    files = _model_files(model_file, compare, baseline, problems)
    opened, models, asked = _open(genome, files, options, problems)
    card = models[model_file.stem].card
    with problems.collect():
        intervals = choose_intervals(opened, card, _list(contigs))
    with problems.collect():
        labels = asked.open(opened)
    problems.raise_if_any()
    refuse_other_tasks(labels.channels, {name: model.channels for name, model in models.items()})
    warnings = [w for name, m in models.items() for w in leak_warnings(opened, name, m.card, intervals)]
    with scratch_folder(output) as folder:
        scores = _score_models(opened, models, intervals, folder, place)
        if baseline:
            scores["kmer"] = _fit_kmer(opened, labels, card, intervals, config.seed)
        thresholds = {name: model.card.get("thresholds", {}) for name, model in models.items()}
        result = evaluate_scores(scores, labels, intervals, config, thresholds)
        leaks = find_leaks(opened, {name: m.card for name, m in models.items()}, intervals)
        if leaks:
            without = evaluate_scores(scores, Masked(labels, leaks), intervals, config, thresholds)
            result["leak_free"] = leak_free(without, leaks)
        result["spread"] = _spread_figures(scores, labels, intervals, models)
    result["warnings"] = warnings + result["warnings"]
    result["genome"] = {"source": opened.source, "digest": opened.digest}
    result["models"] = {name: {"file": str(files[name]), "digest": m.digest} for name, m in models.items()}
    write_report(result, output)
    note(summary(result))
    for warning in result["warnings"]:
        note(f"warning: {warning}")
    note(f"{sum(end - start for _, start, end in intervals):,} bases evaluated; figures are in {output}")


def _spread_figures(scores: Any, labels: Any, intervals: Any, models: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the ensembles, whether their spread tells their errors."""
    from dnabilstm.evaluate.spread import spread_figures

    return [
        {"model": name, **row}
        for name, model in models.items()
        if model.spread
        for row in spread_figures(
            scores[name],
            labels,
            intervals,
            dict(zip(model.channels, model.spread, strict=True)),
            model.card.get("thresholds", {}),
        )
    ]


def _list(text: str | None) -> list[str] | None:
    return None if text is None else [word for word in text.split(",") if word]


def _open(
    genome: Path, files: dict[str, Path], options: dict[str, Any], problems: Problems
) -> "tuple[Genome, dict[str, Any], LabelOptions]":
    """The genome, the models by name, and what the label options ask for; raises what was noted so far."""
    from dnabilstm.genome import open_genome

    models = {}
    with problems.collect():
        asked = read_label_options(options)
    for name, file in files.items():
        with problems.collect():
            models[name] = load_model_with("position", file)
    with problems.collect():
        opened = open_genome(genome)
    problems.raise_if_any()
    return opened, models, asked


def _model_files(
    model: Path, compare: tuple[str, ...], baseline: tuple[str, ...], problems: Problems
) -> dict[str, Path]:
    """Name to file, the model first under the name of its file."""
    files = {model.stem: model}
    for value in compare:
        name, _, file = value.partition("=")
        if not name or not file:
            problems.add(f"--compare {value}: wanted NAME=MODEL")
        elif name in files or name in baseline:
            problems.add(f"--compare {value}: the name {name!r} is taken; choose another")
        else:
            files[name] = Path(file)
    if model.stem in baseline:
        problems.add(f"--model {model}: is named like the baseline {model.stem!r}; rename the file")
    return files


def _score_models(
    genome: "Genome", models: dict[str, Any], intervals: list[tuple[str, int, int]], folder: Path, place: Any
) -> "dict[str, Scores]":
    """Score the contigs of the intervals with every model, into folders of their own."""
    from dnabilstm.model.runtime import describe, prepare_process
    from dnabilstm.score.engine import score_genome

    prepare_process()
    contigs = list(dict.fromkeys(name for name, _, _ in intervals))
    total = sum(genome.contig(name).length for name in contigs)
    scores = {}
    for number, (name, model) in enumerate(models.items()):
        note(f"scoring {total:,} bases with {name} on {describe(place)}")
        model.network.to(place)
        with progress_bar(f"score {name}", total, "bases") as advance:
            scores[name] = score_genome(
                genome, model, folder / str(number), contigs=contigs, progress=advance
            )
        model.network.to("cpu")
    return scores


def _fit_kmer(
    genome: "Genome", labels: Any, card: dict[str, Any], intervals: list[tuple[str, int, int]], seed: int
) -> Any:
    from dnabilstm.evaluate.held_out import training_intervals
    from dnabilstm.evaluate.kmer import KmerSettings, fit_kmer_baseline

    training = training_intervals(genome, card, intervals)
    note("fitting the k-mer baseline")
    return fit_kmer_baseline(genome, labels, training, KmerSettings(seed=seed))
