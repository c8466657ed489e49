"""An audit on disk: audit.json, audit.tsv and a picture; and as a table to read."""

from pathlib import Path
from typing import Any

from dnabilstm.audit.assess import Audit
from dnabilstm.audit.leaks import KINDS
from dnabilstm.audit.pictures import draw_audit
from dnabilstm.audit.words import SHOWN
from dnabilstm.files import atomic_file, write_json

JSON_FILE = "audit.json"
TABLE_FILE = "audit.tsv"
STEM = "audit"


def write_audit(audit: Audit, folder: Path) -> list[Path]:
    """Write an audit into ``folder``, the JSON last; gives the paths.

    The same audit gives the same bytes. The table is there where repeats were looked for.
    """
    folder = Path(folder)
    written = draw_audit(audit.result, folder / STEM)
    if audit.report is not None:
        written.append(folder / TABLE_FILE)
        with (
            atomic_file(written[-1]) as part,
            part.open("w", encoding="utf-8", errors="surrogateescape") as out,
        ):
            out.write("\t".join(audit.columns) + "\n")
            for row in audit.rows:
                out.write("\t".join(_cell(row[column]) for column in audit.columns) + "\n")
    write_json(folder / JSON_FILE, audit.result)
    return [*written, folder / JSON_FILE]


def _cell(value: Any) -> str:
    return (
        " ".join(value.split())
        if isinstance(value, str)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def summary(result: dict[str, Any]) -> str:
    """What was found, for people: an aligned table, a line for each two parts."""
    return "\n".join(_SUMMARIES[result["audited"]](result))


def _sequence_summary(result: dict[str, Any]) -> list[str]:
    lines = [("part", "sequences", "repeat", *(SHOWN[kind] for kind in KINDS), "any")]
    order = list(result["parts"])
    for row in result["repeats"]:
        if order.index(row["of"]) <= order.index(row["part"]):
            counts = (f"{row[key]:,}" for key in (*KINDS, "rows"))
            of = "themselves" if row["of"] == row["part"] else row["of"]
            lines.append((row["part"], f"{result['parts'][row['part']]['sequences']:,}", of, *counts))
    return _aligned(lines)


def _genome_summary(result: dict[str, Any]) -> list[str]:
    lines = [("part", "bases", "of", "repeated bases", "", "overlapping bases")]
    for row in result["repeats"]:
        bases = result["parts"][row["part"]]["bases"]
        share = f"{row['tile'] / max(bases, 1):.2%}"
        lines.append((row["part"], f"{bases:,}", row["of"], f"{row['tile']:,}", share, f"{row['overlap']:,}"))
    straddling = [
        f"{channel}: {count:,} regions in two parts" for channel, count in result["straddling"].items()
    ]
    return _aligned(lines) + straddling


def _composition_summary(result: dict[str, Any]) -> list[str]:
    return [result["comparison"]["verdict"]]


def _aligned(lines: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


_SUMMARIES = {
    "sequences": _sequence_summary,
    "genome": _genome_summary,
    "composition": _composition_summary,
}
