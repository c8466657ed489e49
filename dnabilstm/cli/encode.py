"""``dnabilstm encode``: FASTA to codes on disk, with a contig table and digests."""

from pathlib import Path

import click


@click.command(name="encode")
@click.option(
    "--genome",
    required=True,
    type=click.Path(path_type=Path),
    help="FASTA: plain, gzip or bgzip; lower case is read as its base.",
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder to write.")
def command(genome: Path, output: Path) -> None:
    """Write a genome as codes, one byte a base, with a table of its contigs."""
    from dnabilstm.genome import NO_CALL_RUN, encode_fasta, no_call_intervals

    encoded = encode_fasta(genome, output)
    runs = [no_call_intervals(encoded.sequence(name)) for name in encoded.names]
    bases = sum(int((pairs[:, 1] - pairs[:, 0]).sum()) for pairs in runs)
    click.echo(
        f"{output}: {len(encoded.contigs):,} contigs, {encoded.total:,} bases, {bases:,} of them in"
        f" {sum(map(len, runs)):,} runs of at least {NO_CALL_RUN} N (no-call); digest {encoded.digest}",
        err=True,
    )
