"""The settings that change scores, and the names under which scores are found again; needs no PyTorch."""

from typing import Any

from dnabilstm.score.cache import key_of
from dnabilstm.score.config import ScoreConfig

DEFAULT_CHUNK = 50_000
DEFAULT_HALO = 4_000
ENGINE = 1
"""Counts changes of the engine that change scores: what an older one has kept is computed anew."""
BF16_ERROR = 0.01
"""The 99.9th percentile of the error in probability up to which bf16 is good enough."""
BF16_LOSS = 0.001
"""The AUPRC that bf16 may lose."""


def cut_of(card: dict[str, Any], pool: int, config: ScoreConfig) -> tuple[int, int]:
    """Chunk and halo that a model's card and the settings define, in bins; a chunk of 0 sweeps contigs whole."""
    context = card.get("context", {})
    chunk = config.chunk or context.get("chunk", DEFAULT_CHUNK)
    halo = config.halo if config.halo >= 0 else context.get("halo", DEFAULT_HALO)
    return 0 if config.exact else -(-chunk // pool), -(-halo // pool)


def precision_of(config: ScoreConfig, cards: list[dict[str, Any]], has_bf16: bool) -> str:
    """The precision that is asked for, or the one that ``auto`` takes.

    It is bf16 where the device computes in it and the error that the model's card (of an ensemble, every
    member's) has of it is at most ``BF16_ERROR`` and ``BF16_LOSS``; else fp32.
    """
    if config.precision != "auto":
        return config.precision
    return "bf16" if has_bf16 and all(map(_bears_bf16, cards)) else "fp32"


def _bears_bf16(card: dict[str, Any]) -> bool:
    error = card.get("context", {}).get("bf16", {})
    losses = error.get("auprc_loss")
    return losses is not None and error["p999"] <= BF16_ERROR and max(losses.values()) <= BF16_LOSS


def settings_of(config: ScoreConfig, cut: tuple[int, int], pool: int, device: str) -> dict[str, Any]:
    """The settings that change the scores of a contig.

    Parameters
    ----------
    config
        With its precision settled.
    cut
        As of ``cut_of``.
    pool
        Bases a bin.
    device
        ``cpu`` or ``cuda``.
    """
    return {
        "exact": config.exact,
        "chunk": cut[0] * pool,
        "halo": cut[1] * pool,
        "precision": config.precision,
        "no_call_run": config.no_call_run,
        "device": device,
        "engine": ENGINE,
    }


def identity_of(model: str, settings: dict[str, Any], genome: str, config: ScoreConfig) -> dict[str, Any]:
    """What all scores of a genome together depend on, from the digests of model and genome."""
    return {"genome": genome, "key": key_of(model, settings), "min_contig": config.min_contig}
