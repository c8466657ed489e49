"""States and attention are those that the network has in a pass over the whole contig."""

import numpy as np
import pytest
import torch
from torch import nn

from dnabilstm.alphabet import COMPLEMENT, PAD
from dnabilstm.explain.inside import attends, attention_weights, hidden_states
from dnabilstm.explain.loci import locus_of, locus_of_sequence
from dnabilstm.genome import Contig, Genome
from dnabilstm.model.bins import phase
from tests.explain.made import made_genome
from tests.model.variants import COMBINED, SEQUENCE_VARIANTS, VARIANTS, network_of

PLACES = [(0, 1), (0, 37), (100, 163), (250, 331), (396, 403)]
SEQUENCES = {f"sequence_{name}": settings for name, settings in SEQUENCE_VARIANTS.items()}


def placed(codes, pool):
    """A whole contig in whole bins, and where its first base lies."""
    left = -phase(len(codes), pool) % pool
    right = -(left + len(codes)) % pool
    return torch.from_numpy(np.pad(codes, (left, right), constant_values=PAD))[None], left


def one_way(layer, number, features):
    """One direction of a layer over a whole row; of an LSTM by ``nn.LSTM``."""
    turned = features.flip(1) if number else features
    if hasattr(layer, "weights"):
        weights = layer.weights()[number]
        lstm = nn.LSTM(features.shape[2], layer.hidden, batch_first=True)
        for parameter, values in zip(lstm.parameters(), weights, strict=True):
            parameter.copy_(values)
        found = lstm(turned)[0]
    else:
        reading = layer.readings()[number]
        found = reading.step(turned, reading.start(turned))[0]
    return found.flip(1) if number else found


@torch.no_grad()
def naive(network, codes, wanted):
    """States of a layer, from 1 on, at every base of a contig: (directions, bases, units)."""
    pool = network.config.pool
    rows, left = placed(codes, pool)
    bias = network.place_bias(torch.tensor([rows.shape[1] // pool]), rows.shape[1])
    features = network.deepen(network.pool(network.stem(rows, bias)), network.valid(rows))
    for index, layer in enumerate(network.lstms):
        entered = network.enter(index, features)
        each = [one_way(layer, number, entered) for number in range(2 if layer.bidirectional else 1)]
        if index + 1 == wanted:
            states = torch.cat([one[..., : layer.hidden] for one in each])
            return states.repeat_interleave(pool, dim=1)[:, left : left + len(codes)].numpy()
        features = network.join(index, features, torch.cat(each, dim=2))
    raise AssertionError("no such layer")


def found_at(network, layer, genome, places=PLACES):
    pool = network.config.pool
    loci = [locus_of(genome, "c", start, end, pool=pool, halo=2000) for start, end in places]
    return dict(hidden_states(network, layer, loci))


@pytest.mark.parametrize("name", VARIANTS | COMBINED)
def test_states_are_those_of_the_contig_read_whole(name):
    network = network_of(torch.float32, **(VARIANTS | COMBINED)[name])
    genome = made_genome(403, letters=(1, 2, 4, 8, 5, 15))
    for layer in range(1, len(network.lstms) + 1):
        whole = naive(network, genome.sequence("c"), layer)
        found = found_at(network, layer, genome)
        assert whole.std() > 1e-2
        for index, (start, end) in enumerate(PLACES):
            assert found[index].shape == (len(whole), end - start, network.config.hidden)
            assert np.abs(found[index] - whole[:, start:end]).max() < 1e-5
            assert np.abs(found[index]).max() <= 1


@pytest.mark.parametrize("pool", [1, 3, 5, 7, 9])
@pytest.mark.parametrize("length", [401, 402, 403, 404])
def test_states_fit_contigs_of_any_length(pool, length):
    network = network_of(torch.float32, pool=pool, layers=2)
    genome = made_genome(length)
    places = [(0, 5), (length - 4, length), (0, length), (200, 201)]
    whole = naive(network, genome.sequence("c"), 2)
    found = found_at(network, 2, genome, places)
    for index, (start, end) in enumerate(places):
        assert np.abs(found[index] - whole[:, start:end]).max() < 1e-5


@pytest.mark.parametrize("name", SEQUENCES)
def test_states_of_whole_sequences_do_not_feel_the_others_of_a_batch(name):
    network = network_of(torch.float32, **SEQUENCES[name])
    codes = [made_genome(length, seed=length).sequence("c") for length in (90, 31, 6, 47)]
    loci = [locus_of_sequence("s", one, pool=network.config.pool) for one in codes]
    layer = len(network.lstms)
    for index, states in hidden_states(network, layer, loci):
        assert np.abs(states - naive(network, codes[index], layer)).max() < 1e-5


def other_strand(genome):
    codes = COMPLEMENT[genome.codes][::-1].copy()
    return Genome((Contig("c", len(codes), 0, ""),), codes, "other strand")


@pytest.mark.parametrize("name", [name for name, some in VARIANTS.items() if some.get("strand") != "none"])
def test_a_tied_pair_is_one_reader_of_either_strand(name):
    network, genome = network_of(torch.float32, **VARIANTS[name]), made_genome(403)
    for layer in range(1, len(network.lstms) + 1):
        forward, backward = found_at(network, layer, genome, [(60, 200)])[0]
        other = found_at(network, layer, other_strand(genome), [(403 - 200, 403 - 60)])[0]
        assert np.abs(other[0][::-1] - backward).max() < 1e-5
        assert np.abs(other[1][::-1] - forward).max() < 1e-5
        assert np.abs(forward - backward).max() > 1e-2


def test_the_hook_is_taken_away_again():
    network = network_of(torch.float32)
    list(hidden_states(network, 1, [locus_of(made_genome(), "c", 5, 9, pool=5, halo=10)]))
    next(hidden_states(network, 1, [locus_of(made_genome(), "c", 5, 9, pool=5, halo=10)] * 99))
    assert not network.lstms[0]._forward_hooks


@torch.no_grad()
def local_by_hand(network, codes):
    """Weights of local attention over a whole contig, (heads, bins, bins), a softmax a row in numpy."""
    rows, _ = placed(codes, network.config.pool)
    bins = torch.tensor([rows.shape[1] // network.config.pool])
    features, _ = network.states(rows, bins)
    attention = network.attention
    halves, heads = 2 if attention.paired else 1, attention.heads

    def of_heads(name):
        parts = attention.enter[name](features)[0].unflatten(1, (halves, heads, -1))
        return parts.permute(2, 0, 1, 3).flatten(2).numpy().astype(np.float64)

    q, k = of_heads("q"), of_heads("k")
    distance = attention.distance.numpy().astype(np.float64)
    weights = np.zeros((heads, len(q[0]), len(q[0])))
    for head, query, key in np.ndindex(weights.shape):
        offset = key - query
        if abs(offset) <= attention.window:
            even = distance.shape[1] == attention.window + 1
            bias = distance[head, abs(offset) if even else offset + attention.window]
            logit = q[head, query] @ k[head, key] / np.sqrt(q.shape[2]) + bias
            weights[head, query, key] = np.exp(logit)
    return weights / weights.sum(axis=2, keepdims=True)


@pytest.mark.parametrize(
    "name", [name for name in VARIANTS | COMBINED if "attention" in name or name == "everything"]
)
def test_local_attention_is_the_softmax_of_the_network(name):
    network = network_of(torch.float32, **(VARIANTS | COMBINED)[name])
    codes, pool, window = made_genome(98).sequence("c"), network.config.pool, network.config.attention_window
    assert attends(network)
    wanted = local_by_hand(network, codes)
    genome = made_genome(98)
    places = [(0, 98), (0, 11), (40, 62), (90, 98)]
    loci = [locus_of(genome, "c", start, end, pool=pool, halo=500) for start, end in places]
    for index, found in attention_weights(network, loci):
        first = (places[index][0] - loci[index].origin) // pool
        assert found.shape[::2] == (network.config.attention_heads, 2 * window + 1)
        assert np.abs(found.sum(axis=2) - 1).max() < 1e-5
        for head, query, offset in np.ndindex(found.shape):
            key = first + query + offset - window
            inside = 0 <= key < wanted.shape[2]
            assert found[head, query, offset] == pytest.approx(
                wanted[head, first + query, key] if inside else 0, abs=1e-5
            )


@torch.no_grad()
def pooling_by_hand(network, codes):
    """Weights of a sequence head's attention, (heads, bins), in numpy."""
    rows, _ = placed(codes, network.config.pool)
    features, _ = network.states(rows, torch.tensor([rows.shape[1] // network.config.pool]))
    attention, values = network.head.attention, features[0].numpy().astype(np.float64)
    readings = [values]
    if attention.paired:
        readings.append(np.concatenate(np.split(values, 2, axis=1)[::-1], axis=1))
    logits = 0
    for reading in readings:
        if network.config.attention == "additive":
            inner = reading @ attention.inner.weight.numpy().T + attention.inner.bias.numpy()
            logits = logits + attention.outer.weight.numpy() @ np.tanh(inner).T
        else:
            query = attention.query.numpy()
            keys = (reading @ attention.key.weight.numpy().T).reshape(len(reading), *query.shape)
            logits = logits + np.einsum("thd,hd->ht", keys, query) / np.sqrt(query.shape[1])
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "name", [name for name, some in SEQUENCE_VARIANTS.items() if some.get("attention") != "none"]
)
def test_attention_of_a_sequence_head_is_its_softmax(name):
    network = network_of(torch.float32, **SEQUENCE_VARIANTS[name])
    codes = [made_genome(length, seed=length).sequence("c") for length in (90, 31, 6)]
    loci = [locus_of_sequence("s", one, pool=network.config.pool) for one in codes]
    for index, found in attention_weights(network, loci):
        assert np.abs(found.sum(axis=1) - 1).max() < 1e-5
        assert np.abs(found - pooling_by_hand(network, codes[index])).max() < 1e-5


def test_a_network_without_attention_or_of_unknown_parts_attends_to_nothing():
    assert not attends(network_of(torch.float32))
    assert not attends(network_of(torch.float32, head="sequence", attention="none"))
    assert not attends(nn.Linear(1, 1))
