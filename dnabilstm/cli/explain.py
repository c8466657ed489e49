"""``dnabilstm explain``: regions, or sequences, and a model to what the model looks at."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnabilstm.cli.progress import note, progress_bar
from dnabilstm.cli.settings import description_of, option_of
from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.explain.config import ExplainConfig
from dnabilstm.files import check_folder_place

if TYPE_CHECKING:
    from dnabilstm.explain.run import Run

_PATH = click.Path(path_type=Path)
_CHOICES = {"method": {"type": click.Choice(["mutagenesis", "gradients"])}}
_LISTS = ("only", "channels", "contigs", "units")


def _settings(command: Any) -> Any:
    """The settings of ``ExplainConfig`` as options; a list is one word with commas."""
    for name in reversed(ExplainConfig.__dataclass_fields__):
        if name in _LISTS:
            help_text = description_of(ExplainConfig, name)
            option = click.option(f"--{name}", name, metavar="NAMES", default="", help=help_text)
        else:
            option = option_of(ExplainConfig, name, **_CHOICES.get(name, {}))
        command = option(command)
    return command


@click.command("explain")
@click.option("--model", "model_file", required=True, type=_PATH, help="Model file of 'dnabilstm train'.")
@click.option("--genome", type=_PATH, help="FASTA, or a folder of 'dnabilstm encode': where regions lie.")
@click.option("--regions", type=_PATH, help="What is explained: BED or narrowPeak of --genome.")
@click.option(
    "--sequences",
    multiple=True,
    metavar="FILE",
    help="Instead of regions, whole sequences: FASTA or a table (csv, tsv). Repeat it for more files.",
)
@click.option("--alias", type=_PATH, help="Other names of the contigs: a table like UCSC's chromAlias.")
@click.option("--motifs", "known", type=_PATH, help="Known motifs to compare with: MEME text.")
@click.option(
    "--annotate", type=_PATH, help="BED of intervals to draw beside the attributions, such as known sites."
)
@click.option(
    "--labels",
    type=_PATH,
    help="What hidden states are held against: a folder of 'dnabilstm label', or BED or GFF3 of --genome.",
)
@_settings
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where the model runs.",
)
@click.option("--output", required=True, type=_PATH, help="Folder to write into.")
def command(
    model_file: Path,
    genome: Path | None,
    regions: Path | None,
    sequences: tuple[str, ...],
    alias: Path | None,
    known: Path | None,
    annotate: Path | None,
    labels: Path | None,
    device: str,
    output: Path,
    **settings: Any,
) -> None:
    """Explain what a model scores: which bases count, which motifs they make, and what the network does with them.

    \b
    Writes into the output folder, for each output (CHANNEL) of the model:
      attribution/CHANNEL.tsv.gz       of each base, and of the three that could stand there
      attribution/CHANNEL.bw           the same of the base that is there, for genome browsers
      attribution/CHANNEL.bedgraph.gz  and as bedGraph, with its index
      attribution/CHANNEL/             pictures of the best loci (.png, .svg)
      motifs/CHANNEL.meme              motifs of the seqlets, as MEME text
      motifs/CHANNEL.tsv               a row a motif, with what it is like among --motifs
      motifs/CHANNEL.hits.tsv          where they are, as BED with a header
      motifs/CHANNEL.png, .svg         their logos
      states/units.tsv                 a row a unit: what its hidden state goes with
      states/UNIT.bw, .bedgraph.gz     hidden states of some units, for genome browsers
      states/CHANNEL/                  pictures of both directions at the best loci
      context/CHANNEL.tsv.gz           scores with the left or the right context only
      context/CHANNEL.from_left.bw     what the left context adds; likewise from_right
      context/CHANNEL.curve.tsv, .png  scores with ever less context; a row a locus in .distances.tsv.gz
      context/CHANNEL/                 pictures of both sides at the best loci
      attention/                       weights, their mean by offset, and pictures, where there is attention
      explain.json                     settings, sources, and what was found
    What is explained is the calibrated log-odds, averaged over the region's bases; of a model of whole
    sequences, that of a class against the others.
    """  # noqa: D301
    from dnabilstm.explain.parts import applying_parts, explain
    from dnabilstm.files import write_json
    from dnabilstm.model.runtime import describe, device_of, prepare_process

    files = {
        "genome": genome,
        "regions": regions,
        "alias": alias,
        "known": known,
        "annotate": annotate,
        "labels": labels,
    }
    run = _prepare(model_file, sequences, files, device, output, settings)
    prepare_process(one_heap=True)
    bases = sum(len(locus) for locus in run.loci)
    parts, missing = applying_parts(run)
    note(
        f"explaining {len(run.loci):,} loci, {bases:,} bases, on {describe(device_of(run.model.network))}:"
        f" {', '.join(parts)}"
    )
    for name, reason in missing.items():
        note(f"{name} is not made: {reason}")
    # An older one must not speak for new parts, should the run end between the two.
    (output / "explain.json").unlink(missing_ok=True)
    found = explain(run)
    sources = {name: str(path) for name, path in files.items() if path} | {"sequences": list(sequences)}
    model = {"file": str(model_file), "digest": run.model.digest}
    write_json(output / "explain.json", {"model": model, "sources": sources, **_told(run), "parts": found})
    for line in _summary(found):
        note(line)
    note(f"explanations are in {output}")


def _told(run: "Run") -> dict[str, Any]:
    from dataclasses import asdict

    return {"settings": asdict(run.config), "genome": run.genome.digest if run.genome else None}


def _summary(found: dict[str, Any]) -> list[str]:
    """What the parts found, in lines."""
    lines = []
    agreement = found.get("attribution", {}).get("agreement", {})
    for channel, value in agreement.get("correlation", {}).items():
        lines.append(
            f"{channel}: mutagenesis and gradients correlate by {value:.2f} over {agreement['loci']} loci"
        )
    for name, told in found.get("states", {}).get("tracks", {}).items():
        lines.append(f"hidden state {name} follows {told['follows'] or 'nothing'}")
    for channel, told in found.get("context", {}).items():
        if isinstance(told, dict) and "from_context" in told:
            near = f"within {told['within']} of the whole context's log-odds"
            lines.append(f"{channel}: regions score {near} from {told['from_context']:,} bases of context on")
    for channel, rows in found.get("motifs", {}).items():
        lines.append(f"{channel}: {len(rows)} motifs")
        for row in rows:
            like = (
                f", like {row['match']} (r {row['correlation']}, p {row['p_value']})"
                if "match" in row
                else ""
            )
            lines.append(
                f"  {row['motif']} {row['consensus']}: {row['seqlets']} seqlets in {row['loci']} loci{like}"
            )
    return lines


def _prepare(
    model_file: Path,
    sequences: tuple[str, ...],
    files: dict[str, Path | None],
    device: str,
    output: Path,
    settings: dict[str, Any],
) -> "Run":
    """Everything that is asked for, opened and checked; all that is wrong at once."""
    from dnabilstm.explain.attribution import columns_of
    from dnabilstm.explain.labelled import read_labels
    from dnabilstm.explain.meme import read_meme
    from dnabilstm.explain.parts import applying_parts, chosen_parts
    from dnabilstm.explain.run import Run
    from dnabilstm.genome import open_genome
    from dnabilstm.model.bundle import load_model
    from dnabilstm.model.config import parse
    from dnabilstm.model.runtime import choose_device

    settings |= {name: tuple(word for word in settings[name].split(",") if word) for name in _LISTS}
    problems = Problems()
    opened, motifs, labels = None, [], None
    _check_sources(sequences, files, problems)
    with problems.collect():
        check_folder_place(output)
    with problems.collect():
        config = parse(ExplainConfig, settings, "explain")
        chosen_parts(config.only)
    with problems.collect():
        place = choose_device(device)
    with problems.collect():
        model = load_model(model_file)
        columns_of(model, settings["channels"])
    with problems.collect():
        opened = open_genome(files["genome"]) if files["genome"] else None
    with problems.collect():
        motifs = read_meme(files["known"]) if files["known"] else []
    if files["labels"] and opened:
        with problems.collect():
            labels = read_labels(files["labels"], opened, files["alias"])
    problems.raise_if_any()
    run = Run(model, [], output, config, opened, motifs, labels=labels, bar=progress_bar)
    applying_parts(run)
    run.choices = _choose(run, sequences, files)
    run.annotations = _annotations(run, files["annotate"]) if files["annotate"] else {}
    model.network.to(place)
    return run


def _check_sources(sequences: tuple[str, ...], files: dict[str, Path | None], problems: Problems) -> None:
    if bool(files["regions"]) == bool(sequences):
        problems.add("--regions or --sequences: wanted one of them")
    if bool(files["regions"]) != bool(files["genome"]):
        problems.add("--genome and --regions: go together; wanted both, or --sequences")
    if files["labels"] and not files["genome"]:
        problems.add(f"--labels {files['labels']}: go with --genome and --regions")


def _choose(run: "Run", sequences: tuple[str, ...], files: dict[str, Path | None]) -> list[Any]:
    from dnabilstm.explain.select import choose_regions, choose_sequences
    from dnabilstm.sequences.read import read_sequences

    if not sequences:
        return choose_regions(
            run.model, run.genome, files["regions"], run.config, alias=files["alias"], note=note
        )
    if run.config.contigs:
        raise DnabilstmError("--contigs: goes with --regions; sequences lie on none")
    return choose_sequences(run.model, read_sequences(sequences, note=note), run.config)


def _annotations(run: "Run", path: Path) -> dict[str, list[Any]]:
    """Intervals to draw, by contig."""
    from dnabilstm.explain.pictures import Mark
    from dnabilstm.explain.select import read_regions

    if run.genome is None:
        raise DnabilstmError(f"--annotate {path}: goes with --genome and --regions")
    found: dict[str, list[Any]] = {}
    for one in read_regions(path, run.genome):
        mark = Mark(one.start, one.end, one.name.partition(":")[0], one.strand)
        found.setdefault(run.genome.contigs[one.contig].name, []).append(mark)
    return found
