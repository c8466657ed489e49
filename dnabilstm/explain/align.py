"""Matrices of four rows a base laid over each other: at every shift, on either strand."""

import numpy as np


def flipped(matrices: np.ndarray) -> np.ndarray:
    """The other strand's: (..., places, 4) with places and bases reversed."""
    return matrices[..., ::-1, ::-1]


def unit(matrices: np.ndarray) -> np.ndarray:
    """Each of (n, places, 4) divided by its length as a vector; all zero stays so."""
    norms = np.sqrt((matrices**2).sum(axis=(1, 2), keepdims=True))
    return matrices / np.maximum(norms, 1e-12)


def shifted(matrices: np.ndarray, shift: int) -> np.ndarray:
    """Moved to the right by ``shift`` places, or to the left where it is negative; zeros come in."""
    out = np.zeros_like(matrices)
    places = matrices.shape[1]
    if abs(shift) >= places:
        return out
    if shift >= 0:
        out[:, shift:] = matrices[:, : places - shift]
    else:
        out[:, :shift] = matrices[:, -shift:]
    return out


def best_alignments(
    rows: np.ndarray, columns: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The likeness of each row to each column, at the best shift of the row and on its better strand.

    Parameters
    ----------
    rows, columns
        float32 (n, places, 4) and (m, places, 4).
    most
        Places that a row is shifted, at most.

    Returns
    -------
    likeness : numpy.ndarray
        float32 (n, m): cosine of the two as vectors, over the places that both have.
    shift : numpy.ndarray
        int8 (n, m): places to the right that the row, on its strand, is shifted.
    strand : numpy.ndarray
        int8 (n, m): 1, or -1 where the row's other strand is the better one.
    """
    flat = unit(columns).reshape(len(columns), -1).T
    likeness = np.full((len(rows), len(columns)), -2, np.float32)
    shifts, strands = (np.zeros(likeness.shape, np.int8) for _ in range(2))
    for strand, turned in ((1, unit(rows)), (-1, flipped(unit(rows)))):
        # No shift comes first, so that it wins where all are alike.
        for shift in sorted(range(-most, most + 1), key=abs):
            found = shifted(turned, shift).reshape(len(rows), -1) @ flat
            better = found > likeness + 1e-6
            likeness[better], shifts[better], strands[better] = found[better], shift, strand
    return likeness, shifts, strands
