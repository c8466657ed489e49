"""The report as one HTML file that opens anywhere: no script, nothing that is fetched."""

import base64
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from dnabilstm import __version__
from dnabilstm.report.figures import FIGURES
from dnabilstm.report.inputs import Run, as_json
from dnabilstm.report.table import Table, legible

_CSS = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --line: #d5d5d5; --soft: #f3f5f7; --link: #00599c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --paper: #16181b; --line: #3c4147; --soft: #22262b; --link: #7cc0ff; } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.6rem; margin: .5rem 0 } h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem }
a { color: var(--link) } nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1rem; padding: 0; list-style: none }
.box { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px }
.picture { background: #fff; padding: .5rem }
.picture svg { max-width: 100%; height: auto; min-width: 30rem; display: block }
figure { margin: .6rem 0 } figcaption { font-size: .9rem; margin-top: .4rem }
table { border-collapse: collapse; font-size: .9rem; width: 100% }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top }
.figures td, .figures th { white-space: nowrap; font-variant-numeric: tabular-nums }
.warnings { border-left: 4px solid #d55e00; background: var(--soft); padding: .4rem 1rem; border-radius: 4px }
pre { overflow: auto; max-height: 30rem; background: var(--soft); padding: .8rem; font-size: .8rem }
"""


def page(run: Run, tables: Mapping[str, Table], pictures: Mapping[str, str]) -> str:
    """The whole document.

    Parameters
    ----------
    run
        What it tells of.
    tables, pictures
        Of each figure, its data and its ``<svg>``; a figure without rows has no picture.
    """
    name = _text(run.name)
    sections = "".join(_figure(key, tables[key], pictures.get(key)) for key in FIGURES)
    links = "".join(f'<li><a href="#{key}">{_text(FIGURES[key].title)}</a></li>' for key in FIGURES)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}: report</title>\n<style>{_CSS}</style>\n</head>\n<body>\n"
        f"<header><h1>{name}</h1></header>\n<main>\n"
        f"{_warnings(run)}{_summary(run, tables['figures'])}"
        f'<nav aria-label="Figures"><ul>{links}<li><a href="#data">What it was trained on</a></li>'
        '<li><a href="#card">Card</a></li></ul></nav>\n'
        f"{sections}{_data(run)}{_card(run)}</main>\n"
        f"<footer><p>dnabilstm {_text(__version__)}</p></footer>\n</body>\n</html>\n"
    )


def warnings_of(run: Run) -> list[str]:
    """What a reader should know before any figure, as sentences."""
    found = [*run.audit.get("warnings", []), *run.evaluation.get("warnings", [])]
    cards = run.card.get("members", [run.card])
    if not all(card.get("context", {}).get("within", True) for card in cards):
        found.append(
            "the model's memory is longer than its halo, or the validation part too short to tell;"
            " dnabilstm score --exact gives its exact scores"
        )
    if not run.audit:
        found.append("no audit of the training data lies beside the model file: leaks are not known")
    return list(dict.fromkeys(found))


def _warnings(run: Run) -> str:
    found = warnings_of(run)
    if not found:
        return "<p>No warning: no leak was found among training and held-out data.</p>\n"
    items = "".join(f"<li>{_text(sentence)}</li>" for sentence in found)
    return f'<section class="warnings" aria-label="Warnings"><h2>Warnings</h2><ul>{items}</ul></section>\n'


def _summary(run: Run, figures: Table) -> str:
    """The figures of all models on every base, with intervals."""
    names = list(dict.fromkeys(figures.column("figure")))
    rows = []
    for (channel, model, bases), found in figures.groups("channel", "model", "bases"):
        values = {row[3]: _interval(*row[4:]) for row in found.rows}
        rows.append((channel, model, bases, *(values.get(name, "") for name in names)))
    held_out = sum(end - start for _, start, end in run.evaluation["intervals"])
    contigs = len({contig for contig, *_ in run.evaluation["intervals"]})
    level = run.evaluation.get("settings", {}).get("level", 0.95)
    of = "one contig" if contigs == 1 else f"{contigs:,} contigs"
    text = f"On {held_out:,} held-out bases of {of}; intervals hold {level:.0%} of a block bootstrap."
    head = ("task", "model", "bases", *(name.replace("_", " ") for name in names))
    return f'<p>{text}</p>\n<div class="figures">{_table(head, rows)}</div>'


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "not defined"
    return f"{value:.3f}" if low is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _figure(key: str, table: Table, picture: str | None) -> str:
    figure = FIGURES[key]
    head = f'<section id="{key}"><h2>{_text(figure.title)}</h2>\n'
    if picture is None:
        return f"{head}<p>{_text(figure.lacks)}</p></section>\n"
    data = base64.b64encode(table.tsv().encode()).decode()
    svg = picture.replace("<svg", f'<svg role="img" aria-label="{_text(figure.title)}"', 1)
    return (
        f'{head}<figure><div class="box picture" tabindex="0">{svg}</div>\n<figcaption>{_text(figure.caption)} '
        f'<a download="{key}.tsv" href="data:text/tab-separated-values;base64,{data}">Data of this figure (TSV)</a>'
        "</figcaption></figure></section>\n"
    )


def _data(run: Run) -> str:
    """What the model was trained on, and what was made of each file."""
    card = run.card
    genome = card.get("genome", {})
    rows = [
        ("genome", f"{genome.get('source', '')}, {genome.get('bases', run.genome.total):,} bases"),
        ("digest of the genome", genome.get("digest", "")),
        ("digest of the model", run.digest),
    ]
    for channel, source in run.labels.info.get("sources", {}).items():
        rows.append((f"labels of {channel}", f"{source['path']}, {source['intervals']:,} intervals"))
        rows += [(f"of these, {why}", _count(count)) for why, count in source.get("skipped", {}).items()]
    trained = card.get("trained", {})
    rows += [(f"training: {key.replace('_', ' ')}", str(value)) for key, value in trained.items()]
    return (
        f'<section id="data"><h2>What it was trained on</h2>\n{_table(("what", "value"), rows)}</section>\n'
    )


def _count(count: Any) -> str:
    return f"{sum(count.values()):,}" if isinstance(count, dict) else str(count)


def _card(run: Run) -> str:
    return (
        '<section id="card"><h2>Card of the model</h2>\n<details><summary>As JSON, without split and composition'
        f'</summary><pre tabindex="0">{_text(as_json(run.card))}</pre></details></section>\n'
    )


def _table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    cells = "".join(f'<th scope="col">{_text(name)}</th>' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="box" tabindex="0"><table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>\n'


def _text(text: str) -> str:
    return escape(legible(str(text)))
