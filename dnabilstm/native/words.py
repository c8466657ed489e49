"""The weights of the gapped k-mers (words, for short) that sequences have, added up."""

import ctypes
from functools import cache, lru_cache

import numpy as np
import torch
from torch import Tensor

from dnabilstm.alphabet import BASE_OF_CODE
from dnabilstm.native.library import fields, library

WIDEST = 8
"""Bases that a word may have."""


class _Words(ctypes.Structure):
    """``struct words`` of ``words.c``."""

    _fields_ = fields(
        "rows length patterns places columns *codes *first *pattern *row *table *sums *seen *base *number *missing"
    )


def adds(codes: Tensor, table: Tensor) -> bool:
    """Whether the words of such codes, with weights of such a table, are added up here."""
    here = all(tensor.device.type == "cpu" for tensor in (codes, table))
    here &= codes.dtype == torch.uint8 and table.dtype == torch.float32
    return here and library("_words") is not None and _agrees()


def sums(
    codes: Tensor,
    first: Tensor,
    patterns: tuple[tuple[int, ...], ...],
    places: int,
    rows: Tensor,
    table: Tensor,
) -> Tensor:
    """What the words of each sequence weigh together, each word once; see ``adds``.

    Parameters
    ----------
    codes
        uint8 (batch, length).
    first
        Whole numbers (batch,): the place of the first code of a sequence.
    patterns
        Offsets of the bases of a word, rising from 0; at most ``WIDEST`` of them.
    places
        At how many places words count, and have numbers of their own; 0 = anywhere, as the same word.
    rows
        int32: the row of each word's number. Patterns follow one another, in them places, as many as leave the
        whole word inside, and in these the words, whose first base counts most.
    table
        float32 (rows, columns).

    Returns
    -------
    torch.Tensor
        float32 (batch, columns); summed in double precision, so that the order of the words is not felt.
    """
    codes, first, table = codes.contiguous(), first.long().contiguous(), table.contiguous()
    batch, length = codes.shape
    found = torch.zeros(batch, table.shape[1], dtype=torch.float64, device="cpu")
    seen = torch.zeros(len(table), dtype=torch.int32, device="cpu")
    room = torch.empty(3, length, dtype=torch.int32, device="cpu")
    pattern = _laid_out(patterns)
    places_of = (codes, first, pattern, rows, table, found, seen, *room)
    library("_words").dnabilstm_words(
        ctypes.byref(
            _Words(batch, length, len(patterns), places, table.shape[1], *(t.data_ptr() for t in places_of))
        )
    )
    return found.float()


@lru_cache(maxsize=16)
def _laid_out(patterns: tuple[tuple[int, ...], ...]) -> Tensor:
    """For each pattern how many bases it has, and their offsets: int32 (patterns, WIDEST + 1)."""
    out = torch.zeros(len(patterns), WIDEST + 1, dtype=torch.int32, device="cpu")
    for row, pattern in zip(out, patterns, strict=True):
        row[: 1 + len(pattern)] = torch.tensor([len(pattern), *pattern], device="cpu")
    return out


@cache
def _agrees() -> bool:
    """Whether some words are what a plain loop finds, so that no miscompiled code ever scores."""
    drawn = np.random.default_rng(0)
    codes, first = (
        np.array([1, 2, 4, 8, 15, 0], np.uint8)[drawn.integers(6, size=(3, 30))],
        np.array([-2, 0, 3]),
    )
    patterns = ((0,), (0, 2), (0, 1, 4))
    for places in (0, 9):
        counts = [(places - p[-1] if places else 1) * 4 ** len(p) for p in patterns]
        rows = drawn.integers(50, size=sum(counts), dtype=np.int32)
        table = drawn.normal(size=(50, 2)).astype(np.float32)
        wanted = np.zeros((3, 2))
        for r, sequence in enumerate(BASE_OF_CODE[codes]):
            there, before = set(), 0
            for pattern, count in zip(patterns, counts, strict=True):
                for start in range(30 - pattern[-1]):
                    word = sequence[start + np.array(pattern)]
                    number = int(word @ 4 ** np.arange(len(word))[::-1])
                    number += 4 ** len(word) * int(first[r] + start) if places else 0
                    inside = not places or 0 <= first[r] + start < places - pattern[-1]
                    if word.min() >= 0 and inside:
                        there.add(int(rows[before + number]))
                before += count
            wanted[r] = table[sorted(there)].sum(axis=0)
        tensors = [torch.from_numpy(part) for part in (codes, first, rows, table)]
        found = sums(*tensors[:2], patterns, places, *tensors[2:])
        if not np.abs(found.numpy() - wanted).max() < 1e-5:
            return False
    return True
