"""Fitting the gapped k-mers of a classifier, and what they count beside its network.

Regression and network are fitted apart, on the training part, and summed with slopes that are fitted on
the validation part (stacking): two that err in different places err less together.
"""

import copy
import threading
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from torch import nn

from dnabilstm.class_calibrate import calibrated_losses, fit_stack
from dnabilstm.model.config import MOST_PLACED, BiLSTMConfig
from dnabilstm.model.gapped import GappedKmers, Words
from dnabilstm.model.runtime import device_of
from dnabilstm.score.sequences import batches_of, place, sequence_logits
from dnabilstm.sequences.store import SequenceSet
from dnabilstm.train.sequences import SequenceRun

STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Tried in turn, until the validation part is told worse: ``C`` of the regression times its sequences."""
PASSES = 60
"""Of L-BFGS, for each of these, from where the one before has ended."""
RAREST = 3
"""Training sequences that must have a word."""
CELLS = 1 << 18
"""Bases whose words are looked up at a time."""
FLATTEST = 1e-3
"""Least variance by which the presence of a word is scaled."""
MOST_WEIGHTS = 5_000_000
"""Weights of all classes that are fitted unasked; fitting takes some 200 bytes each."""
MOST = 200_000_000
"""Words of all sequences that are fitted to, 8 bytes each; of more, a random part of the sequences is taken."""


def with_gapped(run: SequenceRun, network: nn.Module) -> tuple[nn.Module, dict[str, Any] | None]:
    """The network with gapped k-mers beside it, unless they are not wanted or do not help.

    Parameters
    ----------
    run
        To whose training part they are fitted; its ``model.kmers`` says whether they are wanted.
    network
        In evaluation mode, trained.

    Returns
    -------
    network : torch.nn.Module
        With tables, or as it was.
    told : dict or None
        By the validation sequences, each of which counts alike, whatever ``run.weights`` say.
        For the card, where they were fitted: the ``log_loss`` of the validation part ``without`` them and ``with``
        them, and whether they are ``taken``: always where ``model.kmers`` is gapped, else where they are
        ahead by more than the standard error. What is left to ``auto`` is not tried where the network validates on
        what it was trained on, or where there would be more than ``MOST_WEIGHTS``.
    """
    truth = run.validation.labels
    if not _wanted(run, network.config):
        return network, None
    wide = copy.deepcopy(network)
    wide.config = replace(network.config, kmers="gapped")
    wide.gapped = GappedKmers(wide.config)
    own = sequence_logits(network, run.validation)
    with _FITTING:
        parts = [_fitted(words, run) for words in wide.gapped.parts]
    slopes = fit_stack(truth, [own, *parts])
    for words, slope in zip(wide.gapped.parts, slopes[1:], strict=True):
        words.table.mul_(float(slope / max(slopes[0], 1e-3)))
    wide = wide.to(device_of(network))
    alone = calibrated_losses(truth, own)
    gain = alone - calibrated_losses(truth, sequence_logits(wide, run.validation))
    taken = run.model.kmers == "gapped" or bool(gain.mean() > gain.std() / np.sqrt(len(gain)))
    losses = {"without": float(alone.mean()), "with": float((alone - gain).mean())}
    return wide if taken else network, {"log_loss": losses, "taken": taken}


def _wanted(run: SequenceRun, config: BiLSTMConfig) -> bool:
    """Whether they are asked for, or may be tried: judged by sequences that do not train, in bounded memory."""
    if run.model.kmers != "auto" or run.model.architecture != "bilstm":
        return run.model.kmers == "gapped"
    if run.training.digest == run.validation.digest or config.aligned * config.pool > MOST_PLACED:
        return False
    rows = sum(len(words.table) for words in GappedKmers(replace(config, kmers="gapped")).parts)
    return rows * len(config.tasks) <= MOST_WEIGHTS


def _fitted(words: Words, run: SequenceRun) -> np.ndarray:
    """Fit the table of some words; their logits of the validation part, float64 (sequences, classes).

    What was fitted last is kept: the members of an ensemble often learn from the same sequences.
    """
    data = (run.training.digest, run.validation.digest, run.train.class_weight)
    key = (*data, words.patterns, words.places, tuple(words.table.shape))
    found = _LAST.get(key)
    if found is None:
        found = _regression(words, run)
        for old in [one for one in tuple(_LAST) if one[: len(data)] != data]:
            _LAST.pop(old, None)
        _LAST[key] = found
    table, logits = found
    words.table.copy_(torch.from_numpy(table))
    return logits


_LAST: dict[tuple[Any, ...], tuple[np.ndarray, np.ndarray]] = {}
_FITTING = threading.Lock()
"""Of ``_LAST``, and of the filter of warnings, which all threads share."""


def _regression(words: Words, run: SequenceRun) -> tuple[np.ndarray, np.ndarray]:
    """The table, float32, and the logits of the validation part, of the strength that tells it best."""
    training = _sample(run.training, len(words.patterns))
    if len(np.unique(training.labels)) < 2:
        return np.zeros(words.table.shape, np.float32), _logits(words, run.validation, run.model.pool)
    found, labels = _presence(words, training, run.model.pool)
    counts = np.bincount(found.indices, minlength=found.shape[1])
    share = counts / len(training)
    scale = np.where(counts >= RAREST, 1 / np.sqrt(np.maximum(share * (1 - share), FLATTEST)), 0)
    found.data *= scale.astype(np.float32)[found.indices]
    balance = "balanced" if run.train.class_weight == "balanced" else None
    model = LogisticRegression(class_weight=balance, max_iter=PASSES, tol=1e-3, warm_start=True)
    best: tuple[float, np.ndarray, np.ndarray] | None = None
    for strength in STRENGTHS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.set_params(C=strength / len(training)).fit(found, labels)
        weights = np.zeros((found.shape[1], words.table.shape[1] + 1), np.float32)
        weights[:, model.classes_[-len(model.coef_) :]] = model.coef_.T * scale[:, None]
        words.table.copy_(torch.from_numpy(weights[:, 1:] - weights[:, :1]))
        logits = _logits(words, run.validation, run.model.pool)
        loss = float(calibrated_losses(run.validation.labels, logits).mean())
        if best is not None and loss >= best[0]:
            break
        best = loss, words.table.numpy().copy(), logits
    return best[1:]


def _sample(sequences: SequenceSet, patterns: int) -> SequenceSet:
    """So many sequences that their words find room; the same ones whatever the seed of a run."""
    share = MOST / max(1, int(sequences.borders[-1]) * patterns)
    if share >= 1:
        return sequences
    chosen = np.random.default_rng(0).permutation(len(sequences))[: max(2, int(share * len(sequences)))]
    return sequences.subset(np.sort(chosen))


def _presence(words: Words, sequences: SequenceSet, pool: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Which words each sequence has, float32 (sequences, rows of the table), and its label; both by length.

    Where a middle falls between two places the left one counts.
    """
    sizes, columns, order = [], [], []
    for rows in batches_of(sequences.lengths, cells=CELLS):
        codes, bins = (torch.from_numpy(part) for part in place([sequences.sequence(i) for i in rows], pool))
        there = torch.zeros(len(rows), len(words.table) + 1, dtype=torch.bool, device=codes.device)
        for found in words.found(codes, words.shifts(bins * pool)[0]):
            there.scatter_(1, found, True)
        there = there[:, :-1]
        sizes.append(there.sum(dim=1).numpy())
        columns.append(there.nonzero()[:, 1].int().numpy())
        order.append(rows)
    borders = np.concatenate([[0], np.cumsum(np.concatenate(sizes))])
    joined = np.concatenate(columns)
    shape = (len(sequences), len(words.table))
    return (
        sparse.csr_matrix((np.ones(len(joined), np.float32), joined, borders), shape=shape),
        sequences.labels[np.concatenate(order)],
    )


def _logits(words: Words, sequences: SequenceSet, pool: int) -> np.ndarray:
    """What words alone say of sequences: float32 (sequences, classes)."""
    out = np.zeros((len(sequences), words.table.shape[1] + 1), np.float32)
    for rows in batches_of(sequences.lengths):
        codes, bins = (torch.from_numpy(part) for part in place([sequences.sequence(i) for i in rows], pool))
        out[rows] = words(codes, bins * pool).numpy()
    return out
