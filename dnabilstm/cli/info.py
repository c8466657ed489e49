"""``dnabilstm info``: what a genome, labels, scores or a model file hold."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dnabilstm.errors import DnabilstmError
from dnabilstm.files import is_folder

ROWS = 50
"""Contigs in the table for people; ``--json`` has all."""
LONG = ("kmers", "gc_histogram")
"""Tables of a model's card that only ``--json`` prints."""


@click.command(name="info")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, complete.")
def command(path: Path, as_json: bool) -> None:
    """Print what PATH holds: a FASTA, a model file, or a folder of 'encode', 'label' or 'score'."""
    kind, describe, show = _kind(path)
    found = {"kind": kind, "path": str(path), **describe(path)}
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo(f"{kind} {_safe(str(path))}")
        for line in show(found):
            click.echo(_safe(line))


def _kind(path: Path) -> tuple[str, Callable[[Path], dict[str, Any]], Callable[[dict[str, Any]], list[str]]]:
    """The word for what lies there, the function that describes it, and the one that makes lines of that."""
    if path.suffix == ".safetensors":
        return "model", _model, _model_lines
    if not is_folder(path):
        return "genome", _genome, _genome_lines
    for table, kind in FOLDERS.items():
        if (path / table).exists():
            return kind
    raise DnabilstmError(
        f"{path}: is no folder of dnabilstm; wanted one with {', '.join(FOLDERS)}, a FASTA or a .safetensors"
    )


def _genome(path: Path) -> dict[str, Any]:
    from dnabilstm.genome import open_genome

    genome = open_genome(path)
    rows = [_contig(contig, genome.sequence(contig.name)) for contig in genome.contigs]
    total = {
        key: sum(row[key] for row in rows) for key in ("length", "gc", "acgt", "n", "ambiguous", "no_call")
    }
    return {"source": genome.source, "digest": genome.digest, "total": total, "contigs": rows}


def _contig(contig: Any, codes: Any) -> dict[str, Any]:
    """Counts of bases of one contig; ``acgt`` are those that are certain, ``gc`` the G and C among them."""
    import numpy as np

    from dnabilstm.alphabet import N, encode
    from dnabilstm.genome import no_call_intervals

    counts = np.zeros(N + 1, np.int64)
    for start in range(0, len(codes), 1 << 22):
        counts += np.bincount(codes[start : start + (1 << 22)], minlength=N + 1)
    runs = no_call_intervals(codes)
    acgt = int(counts[encode(b"ACGT")].sum())
    return {
        "name": contig.name,
        "length": contig.length,
        "gc": int(counts[encode(b"GC")].sum()),
        "acgt": acgt,
        "n": int(counts[N]),
        "ambiguous": contig.length - acgt - int(counts[N]),
        "no_call": int((runs[:, 1] - runs[:, 0]).sum()),
        "digest": contig.digest,
    }


def _genome_lines(found: dict[str, Any]) -> list[str]:
    rows = [*found["contigs"][:ROWS], {"name": "total", "digest": "", **found["total"]}]
    width = max(6, *(len(row["name"]) for row in rows))
    lines = [
        f"{'contig':{width}}  {'length':>13}  {'GC %':>5}  {'N':>11}  {'ambiguous':>9}  {'no-call':>11}  digest"
    ]
    for row in rows:
        gc = f"{100 * row['gc'] / row['acgt']:.2f}" if row["acgt"] else "-"
        lines.append(
            f"{row['name']:{width}}  {row['length']:>13,}  {gc:>5}  {row['n']:>11,}  {row['ambiguous']:>9,}"
            f"  {row['no_call']:>11,}  {row['digest']}"
        )
    if len(found["contigs"]) > ROWS:
        lines.insert(-1, f"... and {len(found['contigs']) - ROWS:,} more contigs (--json lists all)")
    return [
        *lines,
        f"digest {found['digest']}, from {found['source']}",
        "soft-masking is not stored: lower case is read as its base",
    ]


def _labels(path: Path) -> dict[str, Any]:
    from dnabilstm.labels import read_label_table

    return read_label_table(path)


def _scores(path: Path) -> dict[str, Any]:
    from dnabilstm.score.store import open_scores

    scores = open_scores(path)
    rows = {channel: _track(scores, channel) for channel in scores.channels}
    return {"contigs": {c.name: c.length for c in scores.contigs}, "of_channel": rows, **scores.info}


def _track(scores: Any, channel: str) -> dict[str, Any]:
    """Bases with and without a score, and the range and mean of the scores."""
    import numpy as np

    called, total, low, high, summed = 0, 0, np.inf, -np.inf, 0.0
    for contig in scores.contigs:
        values = scores.track(channel, contig.name)
        kept = values[~np.isnan(values)]
        total, called = total + len(values), called + len(kept)
        if len(kept):
            summed += float(kept.sum(dtype=np.float64))
            low, high = min(low, float(kept.min())), max(high, float(kept.max()))
    some = {"mean": summed / called, "min": low, "max": high} if called else {}
    return {"bases": total, "scored": called, "no_call": total - called, **some}


def _model(path: Path) -> dict[str, Any]:
    from dnabilstm.model.bundle import read_card

    return read_card(path)


def _model_lines(found: dict[str, Any]) -> list[str]:
    """What the model answers, then its card; of the members of an ensemble what they do not share."""
    members = found.get("members", [])
    shown = {name: value for name, value in found.items() if name != "members"}
    for number, card in enumerate(members, start=1):
        shown[f"member {number}"] = {
            name: value for name, value in card.items() if value != found.get(name, ...)
        }
    answers = {"position": "scores every base", "sequence": "tells the classes of whole sequences"}
    head = found.get("config", {}).get("head", "position")
    of = f"; an ensemble of {len(members)} members" if members else ""
    return [f"{answers.get(head, head)}: {', '.join(found.get('channels', []))}{of}", *_tree(_short(shown))]


def _short(card: dict[str, Any]) -> dict[str, Any]:
    """A card without the long tables that ``--json`` has."""
    return {
        name: _short(value) if isinstance(value, dict) else value
        for name, value in card.items()
        if name not in LONG or isinstance(value, str)
    }


def _tree(value: Any, indent: str = "") -> list[str]:
    """Nested names and values, one line each; short lists on one line."""
    lines = []
    for name, inner in value.items():
        if name in ("kind", "path") and not indent:
            continue
        if isinstance(inner, dict) and inner:
            lines += [f"{indent}{name}:", *_tree(inner, indent + "  ")]
        elif isinstance(inner, list) and any(isinstance(item, dict) for item in inner):
            lines.append(f"{indent}{name}:")
            for item in inner:
                lines.append(f"{indent}  - " + (json.dumps(item) if isinstance(item, dict) else str(item)))
        elif isinstance(inner, list):
            lines.append(f"{indent}{name}: {', '.join(map(str, inner)) or '-'}")
        else:
            lines.append(f"{indent}{name}: {'-' if inner in (None, {}, '') else inner}")
    return lines


def _safe(text: str) -> str:
    """Names that are not UTF-8 can be printed nowhere but with a replacement."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


FOLDERS = {
    "genome.json": ("genome", _genome, _genome_lines),
    "labels.json": ("labels", _labels, _tree),
    "scores.json": ("scores", _scores, _tree),
}
