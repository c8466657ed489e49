"""Names of tasks, contigs and files, as text that does no harm where it is written.

Two kinds of place: those that take any text on one line (XML, JSON and HTML, whose writers escape it), and
those that do not say how to escape (a track hub, names of files).
"""

import re
from collections.abc import Iterable

LONGEST_SYMBOL = 60
_WORD = re.compile(r"[A-Za-z0-9]+")
# What a hub's label keeps: nothing that means anything to a shell, HTML, or the hub's own lines.
_PLAIN = re.compile(r"[^A-Za-z0-9 ._,:;+()=%|-]+")


def symbols(names: Iterable[str]) -> list[str]:
    """A symbol for each name, all different also where case does not count, as file names may.

    A symbol has letters, digits and ``_``, begins with a letter, and has at most ``LONGEST_SYMBOL``
    characters; it depends on the names before it only. It is the name itself where that is one.
    """
    taken: set[str] = set()
    found = []
    for name in names:
        base = "_".join(_WORD.findall(name)) if not _is_symbol(name) else name
        base = base if base[:1].isalpha() else f"t_{base}".rstrip("_")
        symbol, number = base[:LONGEST_SYMBOL], 1
        while symbol.lower() in taken:
            number += 1
            ending = f"_{number}"
            symbol = base[: LONGEST_SYMBOL - len(ending)] + ending
        taken.add(symbol.lower())
        found.append(symbol)
    return found


def _is_symbol(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is not None


def one_line(name: str) -> str:
    """A name without what cannot be shown, on one line: the rest takes the writers of XML, JSON and HTML."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return " ".join(shown.split()) or "(no name)"


def plain_label(name: str, longest: int) -> str:
    """A name as a label of a track hub, whose settings are ASCII on one line; cut to ``longest`` characters.

    Commas go first. See https://genome.ucsc.edu/goldenPath/help/trackDb/trackDbHub.html.
    """
    label = " ".join(_PLAIN.sub("_", one_line(name).replace("'", "")).split()) or "_"
    if len(label) > longest:
        label = label.replace(",", "")
    return label if len(label) <= longest else label[: longest - 2].rstrip() + ".."
