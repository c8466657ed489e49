"""Names of classes to numbers, and several sets of sequences to one."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import shown_names
from dnabilstm.sequences.store import UNKNOWN, SequenceSet

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


def order_classes(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once: by number if all are whole numbers (2 before 10), else by the alphabet."""
    distinct = sorted(set(names))
    if all(_INTEGER.fullmatch(name) for name in distinct):
        distinct.sort(key=int)
    return tuple(distinct)


def number_classes(
    names: Sequence[str], classes: Sequence[str] = (), source: str = ""
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The class of each sequence as a number.

    Parameters
    ----------
    names
        The class of each sequence.
    classes
        The classes in their order; without them, that of ``order_classes``.
    source
        Where the names are from, for the message.

    Returns
    -------
    labels : numpy.ndarray
        int64 (sequences,): index into ``classes``.
    classes : tuple of str

    Raises
    ------
    DnabilstmError
        If there is a name that is not in ``classes``.
    """
    known = tuple(classes) or order_classes(names)
    place = {name: index for index, name in enumerate(known)}
    unknown = [name for name in dict.fromkeys(names) if name not in place]
    if unknown:
        raise DnabilstmError(unknown_class(source, unknown, known))
    return np.fromiter((place[name] for name in names), np.int64, len(names)), known


def unknown_class(source: str, unknown: Sequence[str], classes: Sequence[str]) -> str:
    """What to say of classes that are not among those of a training set or a model."""
    plural = "" if len(unknown) == 1 else "es"
    return (
        f"{source}: has the class{plural} {shown_names([repr(name) for name in unknown])};"
        f" wanted {shown_names([repr(name) for name in classes])}"
    )


def join_sets(sets: Sequence[SequenceSet], classes: Sequence[str] = ()) -> SequenceSet:
    """All sequences of all sets, in order, their classes numbered anew.

    Parameters
    ----------
    sets
        At least one. Places are kept if every set has them.
    classes
        The classes in their order; without them, all that a set names, in that of ``order_classes``.

    Raises
    ------
    DnabilstmError
        If a set has a sequence of a class that is not in ``classes``; all such sets at once.
    """
    known = tuple(classes) or order_classes(name for one in sets for name in one.classes)
    wrong = []
    labels = []
    for one in sets:
        used = {one.classes[label] for label in np.unique(one.labels[one.labels != UNKNOWN]).tolist()}
        if used - set(known):
            wrong.append(unknown_class(one.source, sorted(used - set(known)), known))
        numbers = [known.index(name) if name in known else UNKNOWN for name in one.classes] + [UNKNOWN]
        labels.append(np.array(numbers, np.int64)[one.labels])
    if wrong:
        raise DnabilstmError(*wrong)
    lengths = np.concatenate([one.lengths for one in sets])
    placed = all(one.places or not len(one) for one in sets)
    return SequenceSet(
        tuple(name for one in sets for name in one.names),
        np.concatenate([one.codes for one in sets]),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate(labels),
        known,
        tuple(place for one in sets for place in one.places) if placed else (),
        ", ".join(dict.fromkeys(one.source for one in sets if one.source)),
    )
