"""The family of models, in one place: every test that is to hold for all of them runs over these."""

import torch
from torch import nn

from dnabilstm.alphabet import COMPLEMENT
from dnabilstm.model.config import BiLSTMConfig
from dnabilstm.model.registry import build

SMALL = {"filters": 4, "filter_width": 7, "hidden": 4, "attention_heads": 2, "attention_window": 3}
"""Sizes at which a variant is quick; the widths of stem and LSTM are alike, so that a residual adds both."""

VARIANTS = {
    "default": {},
    "unidirectional": {"strand": "none", "bidirectional": False},
    "one_layer": {"layers": 1},
    "three_layers": {"layers": 3},
    "sum": {"merge": "sum"},
    "peephole": {"cell": "peephole"},
    "grid": {"cell": "grid"},
    "local_attention": {"attention": "local"},
    "no_norm": {"norm": False},
    "no_residual": {"residual": False},
    "plain": {"norm": False, "residual": False},
    "deep_stem": {"stem_layers": 3},
    "plain_deep_stem": {"stem_layers": 3, "stem_residual": False},
    "skip": {"skip": True},
    "pool_1": {"pool": 1},
    "pool_3": {"pool": 3},
    "pool_7": {"pool": 7},
    "pool_9": {"pool": 9},
    "element_dropout": {"dropout_mask": "element"},
    "untied": {"strand": "none"},
    "stranded": {"strand": "stranded"},
}
"""Settings of ``model`` that make a variant with a position head differ from the default."""

SEQUENCE_VARIANTS = {
    name: {"head": "sequence", **settings}
    for name, settings in {
        "default": {},
        "no_attention": {"attention": "none"},
        "multihead": {"attention": "multihead"},
        "stranded_multihead": {"attention": "multihead", "strand": "stranded"},
        "stranded_no_attention": {"attention": "none", "strand": "stranded"},
        "peephole": {"cell": "peephole"},
        "grid": {"cell": "grid"},
        "sum": {"merge": "sum"},
        "plain": {"norm": False, "residual": False},
        "deep_stem": {"stem_layers": 3},
        "aligned": {"aligned": 7, "aligned_width": 3},
        "aligned_even": {"aligned": 4, "aligned_width": 3, "attention": "additive"},
        "aligned_stranded": {"aligned": 7, "aligned_width": 3, "strand": "stranded"},
        "aligned_untied": {"aligned": 6, "aligned_width": 3, "strand": "none"},
        "aligned_beyond": {"aligned": 30, "aligned_width": 3},
        "gapped": {"kmers": "gapped"},
        "gapped_stranded": {"kmers": "gapped", "strand": "stranded"},
        "gapped_aligned": {"kmers": "gapped", "aligned": 7},
        "gapped_aligned_even": {"kmers": "gapped", "aligned": 4},
        "gapped_aligned_stranded": {"kmers": "gapped", "aligned": 7, "strand": "stranded"},
        "gapped_untied": {"kmers": "gapped", "strand": "none"},
        "unidirectional": {"strand": "none", "bidirectional": False},
        "untied": {"strand": "none"},
        "stranded": {"strand": "stranded"},
    }.items()
}
"""The same with a sequence head."""

COMBINED = {
    "grid_sum": {"cell": "grid", "merge": "sum", "layers": 3},
    "grid_one_layer": {"cell": "grid", "layers": 1},
    "grid_untied": {"cell": "grid", "strand": "none"},
    "grid_unidirectional": {"cell": "grid", "strand": "none", "bidirectional": False},
    "grid_stranded": {"cell": "grid", "strand": "stranded"},
    "peephole_untied": {"cell": "peephole", "strand": "none"},
    "peephole_sum": {"cell": "peephole", "merge": "sum"},
    "peephole_plain": {"cell": "peephole", "norm": False, "residual": False},
    "sum_residual_of_one_width": {"merge": "sum", "norm": False, "filters": 2},
    "no_stem": {"filters": 0, "pool": 1},
    "no_stem_residual_of_one_width": {"filters": 0, "pool": 1, "hidden": 2},
    "attention_sum": {"attention": "local", "merge": "sum"},
    "attention_untied": {"attention": "local", "strand": "none"},
    "attention_stranded": {"attention": "local", "strand": "stranded", "skip": True},
    "unidirectional_attention": {"attention": "local", "strand": "none", "bidirectional": False},
    "everything": {
        "cell": "peephole", "layers": 3, "attention": "local", "skip": True,
        "stem_layers": 2, "stem_width": 3, "pool": 3, "strand": "stranded",
    },
}  # fmt: skip
"""What meets only where two variants meet."""

POSITION = VARIANTS | COMBINED
EVERY = {f"position_{k}": v for k, v in POSITION.items()} | {
    f"sequence_{k}": v for k, v in SEQUENCE_VARIANTS.items()
}

TASKS = ("a", "b")
STRANDS = torch.from_numpy(COMPLEMENT)


def config_of(**settings) -> BiLSTMConfig:
    """Settings of a small network."""
    config = BiLSTMConfig(**({"tasks": TASKS} | SMALL | settings))
    assert config.problems() == []
    return config.settled()


def network_of(dtype: torch.dtype = torch.float64, seed: int = 0, **settings) -> nn.Module:
    """A small network in evaluation mode; no weight is zero and few units are asleep, so that wrong wires are seen."""
    torch.manual_seed(seed)
    network = build(config_of(**settings)).to(dtype).eval()
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
        else:
            nn.init.uniform_(parameter, 0.2, 0.8)
    for name, table in network.named_buffers():
        if name.startswith("gapped") and name.endswith("table"):
            nn.init.normal_(table, std=0.02)
    return network


def codes_of(rows: int, length: int, seed: int = 0) -> torch.Tensor:
    """Random bases with some R and N: uint8 (rows, length)."""
    generator = torch.Generator().manual_seed(seed)
    table = torch.tensor([1, 2, 4, 8, 1, 2, 4, 8, 5, 15], dtype=torch.uint8)
    return table[torch.randint(10, (rows, length), generator=generator)]


def other_strand(codes: torch.Tensor) -> torch.Tensor:
    """The reverse complement of codes (rows, length)."""
    return STRANDS[codes.int()].flip(1)
