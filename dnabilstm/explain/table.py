"""Attributions as tables: the loci, and what every base of each would add."""

import contextlib
import gzip
import io
import math
from collections.abc import Iterator
from pathlib import Path

from dnabilstm.alphabet import decode
from dnabilstm.explain.attribution import Attribution
from dnabilstm.explain.select import Choice
from dnabilstm.files import atomic_file

LOCI = ("locus", "contig", "start", "end", "region_start", "region_end", "score")
BASES = ("locus", "contig", "position", "base", "attribution", "A", "C", "G", "T")


@contextlib.contextmanager
def open_table(path: Path) -> Iterator[io.TextIOWrapper]:
    """Yield a TSV to write to, gzipped if its name ends in ``.gz``; the same rows give the same bytes."""
    with atomic_file(path) as part, contextlib.ExitStack() as stack:
        raw = stack.enter_context(part.open("wb"))
        if Path(path).suffix == ".gz":
            raw = stack.enter_context(gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0))
        yield stack.enter_context(
            io.TextIOWrapper(raw, encoding="utf-8", errors="surrogateescape", newline="\n")
        )


def write_loci(choices: list[Choice], path: Path) -> None:
    """Write the loci, a line each, 0-based and half-open."""
    with open_table(path) as out:
        out.write("\t".join(LOCI) + "\n")
        for one in choices:
            locus = one.locus
            score = "." if math.isnan(one.score) else f"{one.score:g}"
            row = (locus.name, locus.contig.name, locus.start, locus.end, one.start, one.end, score)
            out.write("\t".join(map(str, row)) + "\n")


def write_bases(attributions: list[Attribution], column: int, path: Path, digits: int) -> None:
    """Write attributions of one output, a line a base: that of the base that is there, and of all four."""
    with open_table(path) as out:
        out.write("\t".join(BASES) + "\n")
        for one in attributions:
            locus = one.choice.locus
            letters = decode(one.choice.codes).decode()
            own, each = one.own[:, column].tolist(), one.hypothetical[:, :, column].tolist()
            for place, (letter, value, four) in enumerate(zip(letters, own, each, strict=True)):
                numbers = "\t".join(f"{number:.{digits}f}" for number in (value, *four))
                out.write(f"{locus.name}\t{locus.contig.name}\t{locus.start + place}\t{letter}\t{numbers}\n")
