"""``dnabilstm report``: one page about a model."""

from pathlib import Path

import click

from dnabilstm.cli.progress import note
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.files import check_file_place

_PATH = click.Path(path_type=Path)


@click.command("report")
@click.option("--model", required=True, type=_PATH, help="Model file of 'dnabilstm train', a score a base.")
@click.option("--evaluation", required=True, type=_PATH, help="Folder of 'dnabilstm evaluate'.")
@click.option("--genome", required=True, type=_PATH, help="FASTA, or a folder of 'dnabilstm encode'.")
@click.option("--labels", required=True, type=_PATH, help="Folder of 'dnabilstm label' for that genome.")
@click.option("--scores", type=_PATH, help="Folder of 'dnabilstm score' for that genome: examples are drawn.")
@click.option("--genes", type=_PATH, help="BED or GFF3: drawn with the examples.")
@click.option("--alias", type=_PATH, help="Other names of the contigs, as the genes use them.")
@click.option(
    "--benchmark",
    multiple=True,
    metavar="JOB=FILE",
    help="Benchmark file of Snakemake; one that is not there is passed over. Repeat it for more.",
)
@click.option("--output", required=True, type=_PATH, help="The page, such as report.html.")
def command(
    model: Path,
    evaluation: Path,
    genome: Path,
    labels: Path,
    scores: Path | None,
    genes: Path | None,
    alias: Path | None,
    benchmark: tuple[str, ...],
    output: Path,
) -> None:
    """Write one page about a model: data, warnings, figures, examples, card.

    \b
    Writes:
      report.html       opens anywhere, without network: every figure, and its data to download
      report.figures/   each figure as .svg, its data as .tsv
    The log and the audit of the training are looked for beside the model file.
    """  # noqa: D301 - click wants the character, not its escape
    problems = Problems()
    with problems.collect():
        if output.suffix != ".html":
            raise DnabilstmError(f"--output {output}: wanted a name that ends in .html")
        check_file_place(output)
    jobs = {}
    for text in benchmark:
        job, sign, path = text.partition("=")
        if not (job and sign and path):
            problems.add(f"--benchmark {text}: wanted JOB=FILE")
        elif Path(path).exists():
            jobs[job] = Path(path)
    problems.raise_if_any()
    from dnabilstm.report.inputs import read_run
    from dnabilstm.report.write import write_report

    run = read_run(
        model, evaluation, genome, labels, scores=scores, genes=genes, alias=alias, benchmarks=jobs
    )
    written = write_report(run, output)
    note(
        f"the report is {output} ({output.stat().st_size / 1e6:.1f} MB), with {len(written) - 1} files of its figures"
    )
