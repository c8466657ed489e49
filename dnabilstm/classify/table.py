"""Classified sequences as TSV: one row a sequence, in the order of the set."""

import contextlib
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dnabilstm.audit.leaks import KINDS, LeakReport
from dnabilstm.files import atomic_file
from dnabilstm.sequences.store import UNKNOWN, SequenceSet

_SIGN = {1: "+", -1: "-", 0: "."}
NOTHING = "."


@dataclass(frozen=True, eq=False)
class Classified:
    """Sequences and what a model says of them.

    Attributes
    ----------
    sequences : SequenceSet
        Their classes, where known, are those of the model.
    probabilities : numpy.ndarray
        float32 (sequences, classes).
    spread : numpy.ndarray or None
        float32 (sequences, classes): standard deviation among an ensemble's members.
    leaks : tuple of str
        How each sequence repeats one that training has seen, or ``.``; empty: nobody has looked.
    """

    sequences: SequenceSet
    probabilities: np.ndarray
    spread: np.ndarray | None
    leaks: tuple[str, ...] = ()


def columns_of(found: Classified) -> list[str]:
    """The header; see ``rows_of`` for what stands there."""
    columns = ["name", "length"]
    columns += ["contig", "start", "end", "strand"] if found.sequences.places else []
    columns += ["label"] if _labelled(found) else []
    columns += ["leak"] if found.leaks else []
    columns += ["called"] + [f"p_{name}" for name in found.sequences.classes]
    return [_cell(name) for name in columns + (["spread"] if found.spread is not None else [])]


def rows_of(found: Classified) -> Iterator[list[str]]:
    """The cells of each sequence.

    Name and length; its place on a genome, 0-based, half-open, where that is known; its class where that of
    any is known; whether training has seen it, where that was looked for; the class of the highest probability;
    the probability of each class; and the standard deviation of the called class's among the members.
    """
    sequences, classes = found.sequences, found.sequences.classes
    called = found.probabilities.argmax(axis=1)
    lengths, labelled = sequences.lengths.tolist(), _labelled(found)
    for index, best in enumerate(called.tolist()):
        row = [sequences.names[index], str(lengths[index])]
        if sequences.places:
            place = sequences.places[index]
            row += [place.contig, str(place.start), str(place.end), _SIGN[place.strand]]
        if labelled:
            label = int(sequences.labels[index])
            row.append(NOTHING if label == UNKNOWN else classes[label])
        if found.leaks:
            row.append(found.leaks[index])
        row += [classes[best], *(f"{value:.6g}" for value in found.probabilities[index].tolist())]
        row += [] if found.spread is None else [f"{found.spread[index, best]:.6g}"]
        yield [_cell(text) for text in row]


def _cell(text: str) -> str:
    """A tab or a line break, as a quoted name of a table may have it, would end its cell."""
    return " ".join(text.split())


def _labelled(found: Classified) -> bool:
    return bool((found.sequences.labels != UNKNOWN).any())


def leaks_of(report: LeakReport, part: str, of: tuple[str, ...]) -> tuple[str, ...]:
    """The strongest kind of leak of each sequence of a part towards others, or ``.``."""
    strongest = np.full(report.sizes[part], len(KINDS))
    for other in of:
        found = report.found[part, other]
        np.minimum.at(strongest, found.rows, found.kinds)
    return tuple((*KINDS, NOTHING)[kind] for kind in strongest.tolist())


def write_table(found: Classified, path: Path) -> None:
    """Write the TSV, atomically; gzipped if its name ends in ``.gz``; the same results, the same bytes."""
    with atomic_file(path) as part, _opened(part, Path(path).suffix == ".gz") as out:
        out.write("\t".join(columns_of(found)) + "\n")
        for row in rows_of(found):
            out.write("\t".join(row) + "\n")


@contextlib.contextmanager
def _opened(path: Path, packed: bool) -> Iterator[io.TextIOWrapper]:
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(path.open("wb"))
        if packed:
            raw = stack.enter_context(gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0))
        yield stack.enter_context(
            io.TextIOWrapper(raw, encoding="utf-8", errors="surrogateescape", newline="\n")
        )
