"""``dnabilstm simulate``: write the demo genome, its labels and its truth."""

from pathlib import Path

import click

from dnabilstm.simulate import BASES, SEED, simulate


@click.command(name="simulate")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option("--bases", type=int, default=BASES, show_default=True, help="Bases of all contigs together.")
@click.option("--seed", type=int, default=SEED, show_default=True, help="The same seed, the same bytes.")
def command(output: Path, bases: int, seed: int) -> None:
    """Write the demo genome, its labels and its truth into a folder."""
    simulate(output, bases=bases, seed=seed)
    click.echo(
        f"{output}: a genome of {bases:,} bases (seed {seed}); grammar.txt says what is in it", err=True
    )
