"""X as a set of sequences, y as numbers of classes; what cannot be used is a ValueError, as is the custom."""

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import shown_names
from dnabilstm.sequences.read import from_records, from_texts, read_sequences
from dnabilstm.sequences.store import SequenceSet

KINDS = ({str}, {bool}, {int}, {float}, {int, float})
"""Types of labels; all of one y are of one of these."""
_WANTED = "wanted a list, array or Series of sequences (str), a list of SeqRecord, or the path of a FASTA"


@contextmanager
def value_errors() -> Iterator[None]:
    """What a user can mend, raised as the ``ValueError`` that scikit-learn and its users expect."""
    try:
        yield
    except DnabilstmError as error:
        raise ValueError(str(error)) from None


def sequences_of(X: Any) -> SequenceSet:
    """The sequences of X, without classes.

    Parameters
    ----------
    X
        A list, array or Series of str; a list of Biopython ``SeqRecord``; or the path of a FASTA, or of
        a table with a column ``sequence``. Either case, IUPAC codes, any lengths from 1 on.

    Raises
    ------
    ValueError, DnabilstmError
        One line for each sequence that is none.
    """
    if isinstance(X, Path) or (isinstance(X, str) and _is_path(X)):
        # An absolute path is never taken for CLASS=FILE.
        return read_sequences([str(Path(X).absolute())])
    shape = X.shape if hasattr(X, "shape") else (0,)
    # A single Seq or SeqRecord would be taken for a list of its letters.
    one = isinstance(X, str | bytes | Mapping | Set) or hasattr(X, "reverse_complement")
    if one or not hasattr(X, "__iter__") or len(shape) != 1:
        found = f"is of type {type(X).__name__}" + (f" and shape {shape}" if len(shape) != 1 else "")
        raise ValueError(f"X: {found}; {_WANTED}")
    given = list(X)
    if not given:
        raise ValueError(f"X: has no sequence; {_WANTED}")
    return from_records(given) if hasattr(given[0], "seq") else from_texts(given)


def _is_path(text: str) -> bool:
    """Whether a single str is meant as a path: anything but bases."""
    return not text.isalpha() or Path(text).exists()


def labels_of(y: Any, sequences: int) -> tuple[np.ndarray, np.ndarray]:
    """The classes of y and the class of each sequence.

    Parameters
    ----------
    y
        One label a sequence: str, int, bool, or float of whole numbers.
    sequences
        How many there are.

    Returns
    -------
    classes : numpy.ndarray
        (classes,), each label once, ascending.
    labels : numpy.ndarray
        int64 (sequences,): index into ``classes``.

    Raises
    ------
    ValueError
        If a label is missing, of another type, or there are not two classes.
    """
    if y is None:
        raise ValueError(
            "DNABiLSTMClassifier requires y to be passed, but the target y is None; wanted one label a sequence"
        )
    values = column_or_1d(y, warn=True)
    assert_all_finite(values, input_name="y")
    if len(values) != sequences:
        raise ValueError(
            f"X has {sequences} sequences and y {len(values)} labels; wanted one label a sequence"
        )
    kinds = {type(value) for value in values.tolist()}
    if kinds not in KINDS:
        names = shown_names(sorted(kind.__name__ for kind in kinds))
        raise ValueError(
            f"y: Unknown label type: {names}; wanted labels of one type: str, int, bool or float"
        )
    values = np.array(values.tolist())
    check_classification_targets(values)
    classes, labels = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"y: has one class only ({classes[0]!s}); wanted two classes or more")
    return classes, labels.astype(np.int64)


def repeat_groups(X: Any) -> np.ndarray:
    """Groups of sequences that repeat each other, for splitters that keep groups together.

    Copies, copies of the other strand, and near-duplicates, directly or through others; with
    ``StratifiedGroupKFold`` none of them is on both sides of a split.

    Parameters
    ----------
    X
        As ``DNABiLSTMClassifier.fit`` takes it.

    Returns
    -------
    numpy.ndarray
        int64 (sequences,).
    """
    from dnabilstm.audit.groups import groups_of

    with value_errors():
        return groups_of(sequences_of(X))
