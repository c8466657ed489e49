"""Whole sequences through networks with a sequence head: in batches of like length, side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import nn

from dnabilstm.model.bins import before_first, bins_of
from dnabilstm.model.bundle import Model
from dnabilstm.model.ensemble import members_of
from dnabilstm.model.runtime import available_cores, device_of
from dnabilstm.sequences.store import SequenceSet

Progress = Callable[[int], None]
BATCH = 64
CELLS = 1 << 20
"""Bases of a batch, padding included; one long sequence goes alone."""


def place(sequences: list[np.ndarray], pool: int) -> tuple[np.ndarray, np.ndarray]:
    """Put sequences into the rows of one batch, their pooling bins placed as on a contig.

    Parameters
    ----------
    sequences
        Codes, uint8 (length,), each of at least one base.
    pool
        Bases a bin, odd.

    Returns
    -------
    codes
        uint8 (sequences, bins * pool), 0 where there is no base.
    lengths
        int64 (sequences,): bins of each row.
    """
    lefts = [before_first(len(codes), pool) for codes in sequences]
    bins = [bins_of(len(codes), pool) for codes in sequences]
    rows = np.zeros((len(sequences), max(bins) * pool), np.uint8)
    for row, left, codes in zip(rows, lefts, sequences, strict=True):
        row[left : left + len(codes)] = codes
    return rows, np.array(bins)


def batches_of(lengths: np.ndarray, batch: int = BATCH, cells: int = CELLS) -> list[np.ndarray]:
    """Indices of sequences of like length together: at most ``batch`` a batch, and ``cells`` bases where it can be."""
    out: list[list[int]] = []
    longest = 0
    for index in np.argsort(-lengths, kind="stable").tolist():
        if out and len(out[-1]) < batch and (len(out[-1]) + 1) * longest <= cells:
            out[-1].append(index)
        else:
            out.append([index])
            longest = max(1, int(lengths[index]))
    return [np.array(rows) for rows in out]


def sequence_logits(
    network: nn.Module,
    sequences: SequenceSet,
    *,
    batch: int = BATCH,
    workers: int = 0,
    progress: Progress | None = None,
) -> np.ndarray:
    """Logits of every sequence: float32 (sequences, classes).

    Parameters
    ----------
    network
        In evaluation mode, with a sequence head; it decides the device.
    sequences
        Each of at least one base.
    batch
        Sequences computed together, at most.
    workers
        Batches computed side by side; 0 = one a core (one a GPU). The result does not depend on it.
    progress
        Called with the number of sequences that were just done.
    """
    device = device_of(network)
    out = np.zeros((len(sequences), len(network.config.tasks)), np.float32)

    @torch.inference_mode()
    def run(rows: np.ndarray) -> int:
        """Compute some sequences, int64 (rows,); how many they were."""
        if device.type == "cpu":
            torch.set_num_threads(1)
        codes, lengths = place([sequences.sequence(i) for i in rows], network.config.pool)
        logits = network.forward_sequences(
            torch.from_numpy(codes).to(device), torch.from_numpy(lengths).to(device)
        )
        out[rows] = logits.float().cpu().numpy()
        return len(rows)

    pool = ThreadPoolExecutor(workers or (1 if device.type == "cuda" else available_cores()))
    try:
        for done in pool.map(run, batches_of(sequences.lengths, batch)):
            if progress:
                progress(done)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return out


def class_probabilities(
    model: Model, sequences: SequenceSet, *, batch: int = BATCH, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Calibrated probabilities of the classes.

    Parameters
    ----------
    model
        With a sequence head; of an ensemble the members' probabilities are averaged.
    sequences, batch, progress
        As in ``sequence_logits``; an ensemble passes over the sequences once a member.

    Returns
    -------
    probabilities
        float32 (sequences, classes); each row sums to 1.
    spread
        Of an ensemble, the standard deviation among its members, same shape; else None.
    """
    found = []
    cards = model.card.get("members", [model.card])
    for network, card in zip(members_of(model.network), cards, strict=True):
        logits = sequence_logits(network, sequences, batch=batch, progress=progress).astype(np.float64)
        calibration = card.get("calibration", {"slope": 1.0, "bias": [0.0]})
        logits = calibration["slope"] * logits + np.array(calibration["bias"])
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        found.append(exponents / exponents.sum(axis=1, keepdims=True))
    spread = np.std(found, axis=0).astype(np.float32) if model.spread else None
    return np.mean(found, axis=0).astype(np.float32), spread
