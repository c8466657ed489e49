"""``dnabilstm ensemble``: several models as one."""

from pathlib import Path

import click

from dnabilstm.cli.progress import note
from dnabilstm.errors import Problems

_PATH = click.Path(path_type=Path)


@click.command("ensemble")
@click.option(
    "--model",
    "model_files",
    required=True,
    multiple=True,
    type=_PATH,
    help="Model file of 'dnabilstm train'; two or more. An ensemble brings in its members.",
)
@click.option(
    "--output", required=True, type=_PATH, help="Model file to write; its name ends in .safetensors."
)
def command(model_files: tuple[Path, ...], output: Path) -> None:
    """Join models that answer the same question.

    The probabilities of the members are averaged, and their standard deviation, the spread, tells how far
    they disagree: a column of 'dnabilstm classify', a track of 'dnabilstm score'. 'dnabilstm train' makes
    an ensemble by itself with train.members or train.folds.
    """
    from dnabilstm.cli.train import check_output
    from dnabilstm.model.bundle import join_models, load_model, save_model

    problems, models = Problems(), {}
    with problems.collect():
        check_output(output)
    if len(model_files) < 2:
        problems.add(f"--model {model_files[0]}: is one model only; wanted two or more")
    for path in model_files:
        with problems.collect():
            model = load_model(path)
            if model.digest in models:
                problems.add(f"--model {path}: is the same model as another one; leave one out")
            models[model.digest] = model
    problems.raise_if_any()
    joined = join_models(list(models.values()), [str(path) for path in model_files])
    save_model(joined, output)
    note(f"{output}: an ensemble of {len(joined.card['members'])} members for {', '.join(joined.channels)}")
