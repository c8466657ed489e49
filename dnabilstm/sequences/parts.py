"""Which sequences train, validate and test: each class in each part, groups of like sequences together."""

from collections.abc import Sequence

import numpy as np

from dnabilstm.errors import DnabilstmError, Problems
from dnabilstm.sequences.store import SequenceSet

BY = ("group", "contig")
"""What stays together: groups of like sequences, or all sequences of a contig."""
_MOVES = 1_000
_UNITS = {"group": "groups of like sequences", "contig": "contigs"}


def choose_parts(
    sequences: SequenceSet,
    *,
    valid: float = 0.1,
    test: float = 0.1,
    groups: np.ndarray | None = None,
    seed: int = 0,
    by: str = BY[0],
) -> dict[str, np.ndarray]:
    """Draw training, validation and test part.

    Parameters
    ----------
    sequences
        Sequences without class are drawn like a class of their own.
    valid, test
        Shares of the sequences of each class, in [0, 1), together below 1; a part of share 0 is left
        out. They are met as nearly as the groups allow.
    groups
        int64 (sequences,): sequences of one number stay together; None: each is on its own.
    seed
        The same seed, the same parts.
    by
        ``contig``: all sequences of a contig stay together instead; ``groups`` do not count, since
        repeats would tie all contigs to each other.

    Returns
    -------
    dict
        ``train``, ``valid``, ``test`` to ascending indices, int64 (n,): disjoint, together all.

    Raises
    ------
    DnabilstmError
        If the shares are not as above, or a class cannot be in each part.
    """
    if not (min(valid, test) >= 0 and valid + test < 1):
        raise DnabilstmError(
            f"validation and test share {valid} and {test}: wanted numbers from 0 on, together below 1"
        )
    shares = {"train": 1 - valid - test, "valid": valid, "test": test}
    parts = [name for name, share in shares.items() if share]
    advice = "add sequences, or name the files of the parts (--valid-sequences, --test-sequences)"
    found = _draw(sequences, [shares[name] for name in parts], groups, by, seed, ", ".join(parts), advice)
    return dict(zip(parts, found, strict=True))


def k_folds(
    sequences: SequenceSet, k: int, groups: np.ndarray | None = None, *, seed: int = 0, by: str = BY[0]
) -> list[np.ndarray]:
    """Draw ``k`` folds of like size; arguments and errors are those of ``choose_parts``.

    Returns
    -------
    list
        Ascending indices of each fold, int64 (n,): what is held out of its training; disjoint,
        together all.
    """
    if k < 2:
        raise DnabilstmError(f"{k} folds: wanted 2 at least")
    return _draw(sequences, [1 / k] * k, groups, by, seed, f"{k} folds", "add sequences, or use fewer folds")


def contig_groups(sequences: SequenceSet) -> np.ndarray:
    """The contig that each sequence lies on, as a number: int64 (sequences,)."""
    if not sequences.places:
        raise DnabilstmError(
            f"{sequences.source}: has no places on contigs; wanted regions (BED, GFF3) and their genome to"
            " part by contig"
        )
    return np.unique([place.contig for place in sequences.places], return_inverse=True)[1].astype(np.int64)


def _draw(
    sequences: SequenceSet,
    shares: Sequence[float],
    groups: np.ndarray | None,
    by: str,
    seed: int,
    parts: str,
    advice: str,
) -> list[np.ndarray]:
    if by == "contig":
        groups = contig_groups(sequences)
    numbers = np.arange(len(sequences)) if groups is None else groups
    distinct, member = np.unique(numbers, return_inverse=True)
    # Label -1, no class, is the last column.
    names = [f"class {name!r}" for name in sequences.classes] + ["those without class"]
    held = np.zeros((len(distinct), len(names)), np.int64)
    np.add.at(held, (member, sequences.labels), 1)
    _check_counts(sequences, held, names, len(shares), "" if groups is None else _UNITS[by], parts, advice)
    part_of = _improve(held, np.array(shares), _assign(held, np.array(shares), np.random.default_rng(seed)))
    for part, _ in enumerate(shares):
        lacking = held.any(axis=0) & ~held[part_of == part].any(axis=0)
        if lacking.any():
            name = names[np.flatnonzero(lacking)[0]]
            raise DnabilstmError(
                f"{sequences.source}: {name} shares too many {_UNITS[by]} with other classes to be in"
                f" each part ({parts}); {advice}"
            )
    return [np.flatnonzero(part_of[member] == part) for part, _ in enumerate(shares)]


def _check_counts(
    sequences: SequenceSet,
    held: np.ndarray,
    names: list[str],
    wanted: int,
    unit: str,
    parts: str,
    advice: str,
) -> None:
    problems = Problems()
    if not len(sequences):
        problems.add(f"{sequences.source}: has no sequence; wanted some for each part ({parts})")
    for name, groups, count in zip(names, (held > 0).sum(axis=0), held.sum(axis=0), strict=True):
        if 0 < groups < wanted:
            among = f" in {groups} {unit}" if unit else ""
            problems.add(
                f"{sequences.source}: {name}: {count} sequences{among}; wanted at least {wanted}"
                f"{' ' + unit if unit else ''} ({parts}); {advice}"
            )
    problems.raise_if_any()


def _assign(held: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The part of each group.

    First every part gets the smallest group of each class, rare classes first. The others then go,
    the largest first, where they exceed what is wanted of a class least, and among equals where the
    sum over classes of (have - want)^2 / want grows least; for groups of one sequence that is the
    method of Sainte-Laguë, which deals out seats by votes.
    """
    order = rng.permutation(len(held))
    order = order[np.argsort(-held.sum(axis=1)[order], kind="stable")]
    want = np.maximum(np.outer(shares, held.sum(axis=0)), 1e-9).tolist()
    have = np.zeros((len(shares), held.shape[1])).tolist()
    part_of = np.full(len(held), -1)
    counts: list[list[tuple[int, int]]] = [[] for _ in held]
    for group, kind in np.argwhere(held).tolist():
        counts[group].append((kind, int(held[group, kind])))

    def put(group: int, part: int) -> None:
        part_of[group] = part
        for kind, count in counts[group]:
            have[part][kind] += count

    for kind in np.argsort((held > 0).sum(axis=0), kind="stable").tolist():
        holders = iter(order[::-1][held[order[::-1], kind] > 0].tolist())
        for part in np.argsort(shares, kind="stable").tolist():
            if not have[part][kind]:
                free = next((group for group in holders if part_of[group] < 0), None)
                if free is not None:
                    put(free, part)
    for group in order[part_of[order] < 0].tolist():
        growth = [_growth(counts[group], has, wants) for has, wants in zip(have, want, strict=True)]
        put(group, growth.index(min(growth)))
    return part_of


def _improve(held: np.ndarray, shares: np.ndarray, part_of: np.ndarray) -> np.ndarray:
    """Move one group after another for as long as parts come nearer to what is wanted of each class.

    Where groups are few and large, such as contigs, dealing them out may leave a small part almost empty.
    What shrinks is the sum over parts and classes of (have - want)^2 / want; no part loses a class.
    """
    part_of, rows = part_of.copy(), np.arange(len(held))
    want = np.maximum(np.outer(shares, held.sum(axis=0)), 1e-9)
    have = np.stack([held[part_of == part].sum(axis=0) for part, _ in enumerate(shares)]).astype(np.float64)
    for _ in range(_MOVES):
        off = have - want
        added = (held * held) @ (1 / want).T + 2 * held @ (off / want).T  # (groups, parts)
        taken = ((held * held) / want[part_of] - 2 * held * (off / want)[part_of]).sum(axis=1)
        change = added + taken[:, None]
        change[rows, part_of] = 0
        change[((held > 0) & (held >= have[part_of])).any(axis=1)] = 0
        group, part = np.unravel_index(change.argmin(), change.shape)
        if change[group, part] >= -1e-9:
            break
        have[part_of[group]] -= held[group]
        have[part] += held[group]
        part_of[group] = part
    return part_of


def _growth(counts: list[tuple[int, int]], have: list[float], want: list[float]) -> tuple[float, float]:
    """What a group of these counts adds to a part's excess and to its distance from what is wanted."""
    excess = distance = 0.0
    for kind, count in counts:
        before = have[kind] - want[kind]
        excess += (max(before + count, 0) ** 2 - max(before, 0) ** 2) / want[kind]
        # Twice the count is left out, since it falls off in all parts alike.
        distance += count * (2 * have[kind] + count) / want[kind]
    return excess, distance
