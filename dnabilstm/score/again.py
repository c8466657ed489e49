"""The same scoring again: noticed without PyTorch, which takes longer to load than there is to do."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from dnabilstm.genome import Genome
from dnabilstm.model.runtime import has_gpu_driver, processor_computes_bf16
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.settings import cut_of, identity_of, precision_of, settings_of
from dnabilstm.score.store import NO_CALL_FILE, Scores, finished_scores


def scored_before(
    genome: Genome, model: Path, folder: Path, config: ScoreConfig, device: str
) -> Scores | None:
    """The finished scores of a folder, if the same command has made them; None if that is not sure.

    Parameters
    ----------
    genome, folder, config
        As of ``score_genome``.
    model
        The model file.
    device
        ``auto``, ``cpu`` or ``cuda``; a GPU is left to those who can ask it.
    """
    scores = finished_scores(folder) if (Path(folder) / NO_CALL_FILE).exists() else None
    if scores is None or device == "cuda" or (device == "auto" and has_gpu_driver()):
        return None
    if not all(contig.digest for contig in genome.contigs):
        return None
    try:
        content = Path(model).read_bytes()
        card = _card_of(content)
        pool = card["config"]["pool"]
        cards = card.get("members", [card])
        config = replace(config, precision=precision_of(config, cards, processor_computes_bf16()))
        settings = settings_of(config, cut_of(card, pool, config), pool, "cpu")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # whoever reads the file in earnest says what is wrong with it
    identity = identity_of(hashlib.sha256(content).hexdigest(), settings, genome.digest, config)
    if scores.info.get("identity") != identity:
        return None
    scores.reused = genome.total
    return scores


def _card_of(content: bytes) -> dict[str, Any]:
    """The card in the header of a .safetensors file (https://github.com/huggingface/safetensors#format)."""
    size = int.from_bytes(content[:8], "little")
    return json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["dnabilstm"])
