"""What was compiled: the structures of the LSTM, and whether code is there."""

import ctypes
from functools import cache
from importlib.util import find_spec

WIDTHS = (16, 8, 4)
"""Floats of a vector, the widest first: AVX-512, AVX2, NEON."""


def fields(text: str) -> list[tuple[str, type]]:
    """Names with their kinds: of numbers, and of places, which have a star."""
    kinds = {False: ctypes.c_long, True: ctypes.c_void_p}
    return [(name.strip("*"), kinds["*" in name]) for name in text.split()]


class Sweep(ctypes.Structure):
    """``struct sweep`` of ``lstm.c``."""

    _fields_ = fields(
        "steps rows inputs hidden *x x_step x_row *weights *bias *hidden_state *cell *out out_step out_row"
        " *gates *cells kept_step kept_row"
    )


class Gradient(ctypes.Structure):
    """``struct gradient`` of ``lstm.c``."""

    _fields_ = fields(
        "steps rows hidden *weights *out out_step out_row *gates *cells *found step row *cell *bias"
    )


@cache
def library(name: str = "_lstm") -> ctypes.CDLL | None:
    """What was compiled of ``_lstm`` or ``_words``; None where nothing was."""
    found = find_spec(f"dnabilstm.native.{name}")
    if found is None or found.origin is None:
        return None
    try:
        return ctypes.CDLL(found.origin)
    except OSError:
        return None


def run(structure: Sweep | Gradient, width: int, rough: bool) -> None:
    """Call what a structure is for, with vectors of ``width`` floats, in bfloat16 if ``rough``."""
    name = "dnabilstm_lstm" if isinstance(structure, Sweep) else "dnabilstm_lstm_back"
    getattr(library(), name)(width, rough, ctypes.byref(structure))


def has(width: int, rough: bool) -> bool:
    """Whether there is code for such vectors that this processor runs."""
    return library() is not None and bool(library().dnabilstm_has(width, rough))
