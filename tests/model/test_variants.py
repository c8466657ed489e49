"""Every member of the family, as a whole: its equations, its strands, its file, and that it is itself."""

import copy

import pytest
import torch
from torch import nn

from dnabilstm.model.bundle import Model, load_model, save_model
from tests.model import reference
from tests.model.variants import (
    EVERY,
    POSITION,
    SEQUENCE_VARIANTS,
    VARIANTS,
    codes_of,
    config_of,
    network_of,
    other_strand,
)

each_position = pytest.mark.parametrize("name", POSITION)
each_sequence = pytest.mark.parametrize("name", SEQUENCE_VARIANTS)
each_of_all = pytest.mark.parametrize("name", EVERY)


def placed(network: nn.Module, length: int, rows: int = 1) -> torch.Tensor:
    """Codes of a contig in its bins, with as many positions outside at either end: (rows, bins * pool)."""
    pool = network.config.pool
    outside = next(count for count in range(pool) if (2 * count + length) % pool == 0)
    return nn.functional.pad(codes_of(rows, length), (outside, outside))


def bins_of(network: nn.Module, codes: torch.Tensor) -> torch.Tensor:
    return torch.full((len(codes),), codes.shape[1] // network.config.pool)


def agree(network: nn.Module, run, want: torch.Tensor) -> None:
    """Outputs, and the gradients of a random sum of them, of the network and of the equations."""
    got = run(network)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-10)
    weights = torch.randn(got.shape, dtype=got.dtype)
    names, parameters = zip(*network.named_parameters(), strict=True)
    mine, theirs = (torch.autograd.grad((y * weights).sum(), parameters) for y in (got, want))
    for name, one, other in zip(names, mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10, msg=name)
        assert one.abs().max() > 1e-6, f"{name} has no gradient"
    single = run(copy.deepcopy(network).float())
    torch.testing.assert_close(single, want.float(), rtol=0, atol=1e-5)


@each_position
def test_a_position_head_gives_what_the_equations_give(name):
    """See ``reference``, which writes them down; every parameter has a gradient, so none is idle."""
    network = network_of(**POSITION[name])
    codes = placed(network, 23)
    equations = reference.Network(network.config, dict(network.named_parameters()))
    agree(network, lambda seen: seen.forward_bins(codes)[0], equations.positions(codes[0].tolist()))


@each_sequence
def test_a_sequence_head_gives_what_the_equations_give(name):
    network = network_of(**SEQUENCE_VARIANTS[name])
    codes = placed(network, 23)
    equations = reference.Network(
        network.config, dict(network.named_parameters()) | dict(network.named_buffers())
    )
    agree(
        network,
        lambda seen: seen.forward_sequences(codes, bins_of(network, codes))[0],
        equations.sequence(codes[0].tolist()),
    )


def with_the_weights_of(default: nn.Module, settings: dict) -> nn.Module:
    """A variant that has the default's weights wherever it has such a one."""
    network = network_of(**settings)
    own = network.state_dict()
    shared = {k: v for k, v in default.state_dict().items() if k in own and own[k].shape == v.shape}
    assert shared
    network.load_state_dict(own | shared)
    return network


@pytest.mark.parametrize("name", [name for name in EVERY if not name.endswith("_default")])
def test_a_variant_is_not_the_default(name):
    settings = EVERY[name]
    head = {"head": settings.get("head", "position")}
    default = network_of(**head)
    network, codes = with_the_weights_of(default, settings), codes_of(2, 61)
    if name == "position_element_dropout":  # it is another network only while it learns
        assert torch.equal(network(codes), default(codes))
        for each in (network, default):
            each.train().dropout.reseed(1)
    # The first channel is that of the first task, whatever there are more of; words add nothing to a first class.
    channel = 1 if network.config.kmers == "gapped" else 0
    assert (network(codes)[..., channel] - default(codes)[..., channel]).abs().max() > 1e-3


@each_of_all
def test_the_strands_are_alike_as_far_as_they_are_tied(name):
    """At every phase of the bins, which is to say for as many lengths as a bin has bases."""
    network = network_of(torch.float32, **EVERY[name])
    config = network.config
    for length in range(40, 40 + config.pool):
        codes = codes_of(1, length)
        scores, mirrored = network(codes), network(other_strand(codes))
        if config.head == "position":
            mirrored = mirrored.flip(1)
        if config.strand == "stranded" and config.head == "position":
            mirrored = mirrored[..., [1, 0, 3, 2]]
        if config.strand == "none" or (config.strand == "stranded" and config.head == "sequence"):
            assert (mirrored - scores).abs().max() > 1e-3
        else:
            assert scores.std() > 1e-3
            torch.testing.assert_close(mirrored, scores, rtol=0, atol=1e-5)


@each_of_all
def test_a_model_file_gives_the_variant_back(name, tmp_path):
    network = network_of(torch.float32, **EVERY[name])
    save_model(Model(network, {}), tmp_path / "m.safetensors")
    back = load_model(tmp_path / "m.safetensors").network
    assert back.config == network.config
    codes = codes_of(2, 61)
    assert torch.equal(back(codes), network(codes))


@each_of_all
def test_one_row_does_not_feel_another(name):
    network, codes = network_of(**EVERY[name]), codes_of(3, 41)
    torch.testing.assert_close(network(codes)[1:2], network(codes[1:2]), rtol=0, atol=1e-12)


@each_of_all
def test_training_drops_what_its_seed_says(name):
    network, codes = network_of(dropout=0.5, **EVERY[name]), codes_of(2, 41)
    calm = network(codes)
    network.train()
    dropouts = [module for module in network.modules() if hasattr(module, "reseed")]

    def run(seed: int) -> torch.Tensor:
        for index, module in enumerate(dropouts):
            module.reseed(seed + index)
        return network(codes)

    assert torch.equal(run(1), run(1))
    assert (run(1) - run(7)).abs().max() > 1e-3
    assert (run(1) - calm).abs().max() > 1e-3


@each_sequence
def test_sequences_of_unequal_length_are_scored_as_each_alone(name):
    network = network_of(**SEQUENCE_VARIANTS[name])
    pool, lengths = network.config.pool, torch.tensor([9, 1, 4])
    codes = codes_of(3, 9 * pool)
    for row, bins in enumerate(lengths.tolist()):
        codes[row, bins * pool :] = 0
    got = network.forward_sequences(codes, lengths)
    for row, bins in enumerate(lengths.tolist()):
        alone = network.forward_sequences(codes[row : row + 1, : bins * pool], lengths[row : row + 1])
        torch.testing.assert_close(got[row], alone[0], rtol=0, atol=1e-12)


@each_of_all
def test_sequences_of_one_base_and_of_nothing_but_n_have_a_score(name):
    network = network_of(**EVERY[name])
    for codes in (codes_of(1, 1), codes_of(1, 3), torch.full((1, 37), 15, dtype=torch.uint8)):
        scores = network(codes)
        assert scores.isfinite().all()
        if network.config.strand == "symmetric":
            other = network(other_strand(codes))
            other = other.flip(1) if network.config.head == "position" else other
            torch.testing.assert_close(other, scores, rtol=0, atol=1e-12)


def test_every_pooling_width_of_the_family_is_here():
    assert {config_of(**settings).pool for settings in VARIANTS.values()} == {1, 3, 5, 7, 9}


def test_every_choice_of_the_configuration_is_here():
    """So that a new cell, merge or attention cannot come in without its equations."""
    from typing import Literal, get_args, get_origin, get_type_hints

    from dnabilstm.model.config import BiLSTMConfig

    seen = [config_of(**settings) for settings in EVERY.values()]
    for field, hint in get_type_hints(BiLSTMConfig).items():
        if get_origin(hint) is Literal or hint is bool:
            wanted = {True, False} if hint is bool else set(get_args(hint)) - {"auto"}
            assert {getattr(config, field) for config in seen} == wanted, field
