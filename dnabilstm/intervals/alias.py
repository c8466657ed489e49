"""Other names of a genome's contigs: the alias table, and what to say where names do not match.

The table is UCSC's chromAlias: tab-separated, one row a sequence, each row all names of it; an optional
header line starts with ``#``. One name of each row is a contig of the genome.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from dnabilstm.errors import Problems
from dnabilstm.files import open_text
from dnabilstm.genome import Genome, shown_names

NAMED = 30
"""Names of unknown contigs in a message; the rest are counted."""
_VERSIONED = re.compile(r"(.+)\.(\d+)")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}
_ROMAN_NUMBER = re.compile(r"l?x{0,4}(ix|iv|v?i{0,3})")


@dataclass(frozen=True)
class Aliases:
    """Which contig each other name stands for, and the names of rows without a contig (unused)."""

    source: str
    contig_of: dict[str, str]
    unused: tuple[str, ...] = ()


def read_aliases(path: Path, genome: Genome, *, unknown: str | None = "refuse") -> Aliases:
    """Read a table of synonyms.

    Parameters
    ----------
    path
        TSV; see the top of this module.
    genome
        Whose contigs the rows name.
    unknown
        ``refuse`` rows without a contig of the genome, or ``skip`` them (they are in ``unused``); None refuses
        where the user is given no choice.

    Raises
    ------
    DnabilstmError
        With all lines that are wrong: a row without a contig or with two, a name in two rows, a table
        that names no contig at all.
    """
    problems = Problems()
    contig_of: dict[str, str] = {}
    line_of: dict[str, int] = {}
    unused: list[tuple[int, str]] = []
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            names = _names(line)
            twice = [name for name in names if name in line_of]
            contigs = [name for name in names if name in genome]
            if twice:
                problems.add(_twice(path, number, twice[0], line_of[twice[0]]), str(path))
            elif len(contigs) > 1:
                problems.add(f"{path}:{number}: names two contigs of the genome, {shown_names(contigs)}; "
                             "wanted the names of one sequence a row", str(path))  # fmt: skip
            elif contigs:
                contig_of.update((name, contigs[0]) for name in names)
            elif names:
                unused.append((number, names[0]))
            line_of.update((name, number) for name in names)
    _check_use(path, genome, contig_of, unused, unknown, problems)
    problems.raise_if_any()
    return Aliases(str(path), contig_of, tuple(name for _, name in unused))


def _names(line: str) -> list[str]:
    if line.startswith("#"):
        return []
    cells = line.split("\t") if "\t" in line else line.split()
    return list(dict.fromkeys(name for cell in cells if (name := cell.strip())))


def _twice(path: Path, number: int, name: str, first: int) -> str:
    return f"{path}:{number}: {name!r} stands on line {first} too; wanted all names of a sequence in one row"


def _check_use(
    path: Path,
    genome: Genome,
    contig_of: dict[str, str],
    unused: list[tuple[int, str]],
    unknown: str | None,
    problems: Problems,
) -> None:
    known = f"the genome ({shown_names(genome.names)})"
    if not contig_of and not problems:
        found = f"{len(unused)} rows ({shown_names([name for _, name in unused])})" if unused else "no rows"
        problems.add(f"{path}: has {found}, none with a contig of {known}; wanted one in each row")
    elif unknown != "skip":
        wanted = "correct or delete it"
        if unknown is not None:
            wanted += ", or skip such rows (--unknown-contigs skip)"
        for number, name in unused:
            problems.add(
                f"{path}:{number}: the row of {name!r} has no contig of {known}; {wanted}", str(path)
            )


def other_versions(names: list[str], genome: Genome) -> dict[str, str]:
    """Names that are a contig of the genome but for the version after the dot, and that contig."""
    bases = Counter(match[1] for name in genome.names if (match := _VERSIONED.fullmatch(name)))
    of_base = {match[1]: name for name in genome.names if (match := _VERSIONED.fullmatch(name))}
    found = {}
    for name in names:
        match = _VERSIONED.fullmatch(name)
        # With ctg.1, ctg.2, ... the number counts contigs, it is no version.
        if match and name not in genome and bases[match[1]] == 1:
            found[name] = of_base[match[1]]
    return found


def unknown_contigs(
    path: Path, counts: dict[str, int], genome: Genome, aliases: Aliases | None, skippable: bool = True
) -> str:
    """What to tell the user about contigs that the genome does not have, and an alias table to write.

    ``skippable`` says whether the user may have them left out.
    """
    names, total = list(counts), sum(counts.values())
    plural = "" if len(names) == 1 else "s"
    where = "the genome" if aliases is None else f"the genome, nor in {aliases.source}"
    said = (
        f"{path}: {total} intervals on {len(names)} contig{plural} not in {where}: {shown_names(names, NAMED)}; "
        f"the genome has {shown_names(genome.names)}"
    )
    guesses = propose(names, genome)
    rows = ", ".join(f"{contig}<TAB>{name}" for name, contig in list(guesses.items())[:3])
    skip = "or skip them (--unknown-contigs skip)" if skippable else "or leave them out"
    if aliases is not None:
        return f"{said}; add the missing names to {aliases.source}, {skip}"
    example = f"such as {rows}" if rows else "contig of the genome<TAB>name in this file"
    return (
        f"{said}; if these are the same sequences under other names, write an alias table, one row a"
        f" sequence ({example}), and give it with --alias; {skip}"
    )


def wrong_version(path: Path, versions: dict[str, str], counts: dict[str, int]) -> str:
    """What to tell the user about coordinates of another assembly version."""
    pairs = ", ".join(f"{name} against {contig}" for name, contig in list(versions.items())[:3])
    total = sum(counts[name] for name in versions)
    return (
        f"{path}: {total} intervals are on another version of the assembly than the genome: {pairs}; positions"
        " differ between versions: wanted intervals on the genome's version; lift them over,"
        " or use the other FASTA"
    )


def propose(names: list[str], genome: Genome) -> dict[str, str]:
    """A guess at which contig each unknown name means (chrI, I, 1, chr1), only to show how a table looks."""
    # chrX is ten only where other names of the same file are Roman numbers without doubt.
    roman = any(len(name) > 1 and _ROMAN_NUMBER.fullmatch(name) for name in map(_plain, names + genome.names))
    of_key: dict[str, list[str]] = {}
    for contig in genome.names:
        of_key.setdefault(_key(contig, roman), []).append(contig)
    found = {name: of_key.get(_key(name, roman), []) for name in names}
    return {name: contigs[0] for name, contigs in found.items() if len(contigs) == 1}


def _plain(name: str) -> str:
    return name.lower().removeprefix("chromosome").removeprefix("chr").lstrip("_0")


def _key(name: str, roman: bool) -> str:
    plain = _plain(name)
    if plain in {"m", "mt", "mito", "mtdna"}:
        return "mitochondrion"
    return str(_arabic(plain)) if roman and plain and _ROMAN_NUMBER.fullmatch(plain) else plain


def _arabic(roman: str) -> int:
    values = [_ROMAN[letter] for letter in roman]
    return sum(
        -value if value < following else value
        for value, following in zip(values, [*values[1:], 0], strict=True)
    )
