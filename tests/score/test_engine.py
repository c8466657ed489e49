"""The promises of scoring: strands, cutting, batches, workers, and every base accounted for."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dnabilstm.alphabet import reverse_complement
from dnabilstm.genome import Contig, Genome, no_call_intervals
from dnabilstm.model.bundle import Model
from dnabilstm.score import engine, fill
from dnabilstm.score.cache import Cache
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import score_genome
from dnabilstm.score.store import finished_scores, open_scores
from dnabilstm.score.unfinished import FOLDER
from tests.score.conftest import NEAR, genome_of, model_of, with_digests

LENGTHS = {f"c{length}": length for length in (0, 1, 2, 4, 7, 51, 498, 999, 1000, 1001, 1002, 1003, 5004)}
# Units that our own kernel takes where it was compiled, and a number that it never takes.
PATHS = [(6, "fp32"), (16, "fp32"), (6, "bf16"), (16, "bf16")]


def values_of(genome, model, folder, **settings):
    return np.array(score_genome(genome, model, folder, ScoreConfig(**settings)).values)


@pytest.mark.parametrize("hidden", [6, 16])
def test_scores_are_those_of_the_plain_network(hidden, tmp_path):
    genome, model = genome_of(LENGTHS), model_of(hidden=hidden)
    scores = score_genome(genome, model, tmp_path, ScoreConfig(exact=True))
    for contig in genome.contigs:
        if contig.length:
            codes = torch.from_numpy(genome.sequence(contig.name).copy())[None]
            want = torch.sigmoid(model.network(codes))[0].detach().numpy()
            np.testing.assert_allclose(scores.contig(contig.name), want, atol=5e-6)


@pytest.mark.parametrize(("hidden", "precision"), PATHS)
@pytest.mark.parametrize("strand", ["symmetric", "stranded"])
@pytest.mark.parametrize("settings", [{"exact": True}, {"chunk": 300, "halo": 40}, {"chunk": 100, "halo": 0}])
def test_the_reverse_complement_of_a_genome_has_the_reversed_scores(
    hidden, precision, strand, settings, tmp_path
):
    model = model_of(strand=strand, hidden=hidden)
    genome = genome_of(LENGTHS)
    settings = settings | {"precision": precision}
    mirrored = np.concatenate([reverse_complement(genome.sequence(name)) for name in genome.names])
    other = Genome(genome.contigs, mirrored, "rc.fa")
    forward = score_genome(genome, model, tmp_path / "f", ScoreConfig(**settings))
    backward = score_genome(other, model, tmp_path / "b", ScoreConfig(**settings))
    partner = list(range(len(model.channels)))
    if strand == "stranded":
        partner = [1, 0, 3, 2]
    for name in genome.names:
        np.testing.assert_allclose(
            backward.contig(name)[::-1, partner], forward.contig(name), atol=NEAR[precision]
        )


@pytest.mark.parametrize(("hidden", "precision"), PATHS)
def test_batch_order_and_company_do_not_matter(hidden, precision, tmp_path):
    genome, model = genome_of(LENGTHS), model_of(hidden=hidden)
    how = ScoreConfig(chunk=200, halo=50, precision=precision)
    want = np.array(score_genome(genome, model, tmp_path / "a", how).values)
    for batch in (1, 3):
        found = score_genome(genome, model, tmp_path / "b", replace(how, batch=batch)).values
        np.testing.assert_allclose(found, want, atol=NEAR[precision])
    order = np.random.default_rng(5).permutation(len(genome.contigs))
    rows, offset = [], 0
    for index in order:
        contig = genome.contigs[index]
        rows.append(Contig(contig.name, contig.length, offset, ""))
        offset += contig.length
    shuffled = Genome(tuple(rows), np.concatenate([genome.sequence(c.name) for c in rows]), "shuffled.fa")
    scores = score_genome(shuffled, model, tmp_path / "c", how)
    first = open_scores(tmp_path / "a")
    for name in genome.names:
        np.testing.assert_allclose(scores.contig(name), first.contig(name), atol=NEAR[precision])


@pytest.mark.parametrize(("hidden", "precision"), PATHS)
def test_workers_and_reruns_give_identical_bytes(hidden, precision, tmp_path):
    genome, model = genome_of(LENGTHS), model_of(hidden=hidden)
    how = ScoreConfig(chunk=100, halo=20, batch=4, precision=precision)
    found = []
    for run, workers in enumerate((1, 2, 5, 1)):
        score_genome(genome, model, tmp_path / str(run), replace(how, workers=workers))
        found.append((tmp_path / str(run) / "scores.f32").read_bytes())
    assert len(set(found)) == 1


def test_a_long_halo_gives_the_exact_scores_and_a_short_one_does_not(model, tmp_path):
    genome = genome_of({"c": 6000})
    for parameter in model.network.parameters():
        parameter.data *= 0.5
    exact = values_of(genome, model, tmp_path, exact=True)
    near = np.abs(values_of(genome, model, tmp_path, chunk=500, halo=1500) - exact).max()
    far = np.abs(values_of(genome, model, tmp_path, chunk=500, halo=0) - exact).max()
    assert near < 1e-4 < far


def test_only_the_contigs_that_are_asked_for(model, tmp_path):
    genome = genome_of({"a": 100, "b": 100})
    scores = score_genome(genome, model, tmp_path, contigs=["b"])
    assert np.isnan(scores.contig("a")).all()
    assert np.isfinite(scores.contig("b")).all()
    assert scores.info["bases"]["in"] == 100


@pytest.mark.parametrize("seed", range(12))
def test_any_genome_on_any_grid_is_scored_like_the_plain_network(seed, tmp_path):
    rng = np.random.default_rng(seed)
    cell = ("lstm", "lstm", "peephole", "grid")[seed % 4]
    hidden = (16, 6, 6, 6)[seed % 4]
    most = 5000 if cell == "lstm" else 400  # the others take a step at a time
    lengths = {f"c{k}": int(rng.integers(1, most)) for k in range(rng.integers(1, 12))}
    genome = genome_of(lengths | {"one": 1}, seed=seed)
    for start in rng.integers(0, genome.total, 6):
        genome.codes[start : start + rng.integers(1, 60)] = 15
    model = model_of(
        strand=str(rng.choice(["symmetric", "stranded", "none"])),
        pool=int(rng.choice([1, 3, 5, 7])),
        filter_width=int(rng.choice([1, 3, 9, 21])),
        cell=cell,
        skip=bool(rng.integers(2)),
        hidden=hidden,
    )
    for parameter in model.network.parameters():
        parameter.data *= 0.5
    how = ScoreConfig(
        chunk=int(rng.integers(50, most)), halo=2000 if cell == "lstm" else 300, batch=int(rng.integers(1, 9)),
        workers=int(rng.integers(1, 4)), no_call_run=int(rng.integers(1, 40)), precision="fp32",
    )  # fmt: skip
    scores = score_genome(genome, model, tmp_path, how)
    for contig in genome.contigs:
        codes = torch.from_numpy(genome.sequence(contig.name).copy())[None]
        want = torch.sigmoid(model.network(codes))[0].detach().numpy()
        called = np.isfinite(scores.contig(contig.name))
        np.testing.assert_allclose(scores.contig(contig.name)[called], want[called], atol=1e-4)
        gaps = np.zeros(contig.length, bool)
        for start, end in no_call_intervals(genome.sequence(contig.name), how.no_call_run):
            gaps[start:end] = True
        assert (called == ~gaps[:, None]).all()


@pytest.mark.parametrize("seed", range(4))
def test_in_bf16_the_grid_matters_no_more_than_rounding(seed, tmp_path):
    """What a window does not see is felt as little as in fp32; the last bits differ and fade."""
    rng = np.random.default_rng(seed)
    genome = genome_of({f"c{k}": int(rng.integers(1, 5000)) for k in range(rng.integers(1, 6))}, seed=seed)
    for start in rng.integers(0, genome.total, 6):
        genome.codes[start : start + rng.integers(1, 60)] = 15
    model = model_of(pool=int(rng.choice([1, 5])), hidden=int(rng.choice([6, 16])))
    for parameter in model.network.parameters():
        parameter.data *= 0.5
    whole = values_of(genome, model, tmp_path / "a", exact=True, precision="bf16")
    parts = values_of(
        genome, model, tmp_path / "b", precision="bf16", halo=1500, chunk=int(rng.integers(50, 2000)),
        batch=int(rng.integers(1, 9)), workers=int(rng.integers(1, 4)),
    )  # fmt: skip
    np.testing.assert_allclose(parts, whole, atol=NEAR["bf16"])


@pytest.mark.parametrize("hidden", [6, 16])
def test_bf16_scores_stay_near_those_of_fp32(hidden, tmp_path):
    genome, model = genome_of(LENGTHS), model_of(hidden=hidden)
    exact = values_of(genome, model, tmp_path / "a", precision="fp32")
    rough = values_of(genome, model, tmp_path / "b", precision="bf16")
    assert 0 < np.nanmax(np.abs(rough - exact)) < 0.2


def test_a_failure_leaves_nothing_that_looks_finished(model, tmp_path):
    genome = genome_of({"a": 5000})

    def fail(bases: int) -> None:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        score_genome(genome, model, tmp_path, ScoreConfig(chunk=200, halo=10), progress=fail)
    assert not [path for path in tmp_path.iterdir() if path.name != FOLDER]
    assert finished_scores(tmp_path) is None


@pytest.fixture
def digested(model) -> tuple[Genome, Model]:
    """A genome of four contigs and a model that have digests, as those that come from files."""
    return with_digests(genome_of({"a": 900, "b": 1100, "c": 30, "d": 2000})), model


class Count:
    """Counts the bases that are computed, by the windows that reach the workers."""

    def __init__(self, monkeypatch):
        self.bases = 0
        compute = fill.compute

        def counted(genome, network, windows, config, finish):
            for window, values in compute(genome, network, windows, config, finish):
                self.bases += values.shape[1]
                yield window, values

        monkeypatch.setattr(fill, "compute", counted)


GRID = ScoreConfig(chunk=200, halo=50, precision="fp32")


def test_an_interrupted_run_is_taken_up(digested, tmp_path, monkeypatch):
    genome, model = digested
    want = np.array(score_genome(genome, model, tmp_path / "whole", GRID).values)
    done = []

    def fail(bases: int) -> None:
        done.append(bases)
        if len(done) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_genome(genome, model, tmp_path / "part", GRID, progress=fail)
    count = Count(monkeypatch)
    scores = score_genome(genome, model, tmp_path / "part", GRID)
    assert count.bases == genome.total - sum(done)
    assert scores.reused == sum(done)
    np.testing.assert_array_equal(scores.values, want)
    assert not (tmp_path / "part" / FOLDER).exists()


def test_the_same_again_computes_nothing_and_other_settings_compute_all(digested, tmp_path, monkeypatch):
    genome, model = digested
    score_genome(genome, model, tmp_path, GRID)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    count = Count(monkeypatch)
    seen = []
    score_genome(genome, model, tmp_path, GRID, progress=seen.append)
    assert count.bases == 0
    assert sum(seen) == genome.total
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    score_genome(genome, model, tmp_path, replace(GRID, halo=60))
    assert count.bases == genome.total
    score_genome(genome, Model(model.network, {"note": "another file"}), tmp_path, GRID)
    assert count.bases == 2 * genome.total


@pytest.mark.parametrize("place", ["folder", "cache"])
def test_a_changed_contig_costs_that_contig(digested, place, tmp_path, monkeypatch):
    genome, model = digested
    cache = Cache(tmp_path / "cache") if place == "cache" else None
    score_genome(genome, model, tmp_path / "one", GRID, cache=cache)
    codes = genome.codes.copy()
    codes[1000:1010] = 1
    order = [3, 1, 0, 2]  # another release has its contigs in another order
    changed = with_digests(reordered(Genome(genome.contigs, codes, "v2.fa"), order))
    want = np.array(score_genome(changed, model, tmp_path / "fresh", GRID).values)
    count = Count(monkeypatch)
    folder = tmp_path / ("one" if place == "folder" else "two")
    scores = score_genome(changed, model, folder, GRID, cache=cache)
    assert count.bases == 1100
    assert scores.reused == genome.total - 1100
    np.testing.assert_allclose(scores.values, want, atol=1e-6)


@pytest.mark.parametrize("place", ["folder", "cache"])
def test_contigs_that_were_too_short_before_are_scored_when_they_no_longer_are(
    digested, place, tmp_path, monkeypatch
):
    genome, model = digested
    cache = Cache(tmp_path / "cache") if place == "cache" else None
    score_genome(genome, model, tmp_path / "one", replace(GRID, min_contig=1000), cache=cache)
    want = np.array(score_genome(genome, model, tmp_path / "fresh", GRID).values)
    count = Count(monkeypatch)
    folder = tmp_path / ("one" if place == "folder" else "two")
    scores = score_genome(genome, model, folder, GRID, cache=cache)
    assert count.bases == 900 + 30
    assert scores.info["bases"] == {"in": genome.total, "scored": genome.total, "no_call": 0}
    np.testing.assert_allclose(scores.values, want, atol=1e-6)
    assert (folder / "nocall.bed").read_text() == ""


def test_a_run_that_ends_among_its_files_leaves_none_that_looks_finished(digested, tmp_path, monkeypatch):
    genome, model = digested
    score_genome(genome, model, tmp_path, GRID)

    def killed(path, no_calls):
        path.write_text("")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(engine, "write_no_calls", killed)
        with pytest.raises(KeyboardInterrupt):
            score_genome(genome, model, tmp_path, replace(GRID, min_contig=1000))
    assert finished_scores(tmp_path) is None
    # The first command again writes both anew.
    scores = score_genome(genome, model, tmp_path, GRID)
    assert scores.info["bases"]["no_call"] == 0
    assert (tmp_path / "nocall.bed").read_text() == ""


def test_a_shelf_with_bases_missing_is_not_believed(digested, tmp_path, monkeypatch):
    genome, model = digested
    cache = Cache(tmp_path / "cache")
    want = np.array(score_genome(genome, model, tmp_path / "one", GRID, cache=cache).values)
    (array,) = (tmp_path / "cache").glob("*/*.f32")
    np.memmap(array, np.float32, "r+").reshape(2, -1)[:, 1500] = np.nan  # in b
    count = Count(monkeypatch)
    scores = score_genome(genome, model, tmp_path / "two", GRID, cache=cache)
    assert count.bases == 1100
    np.testing.assert_allclose(scores.values, want, atol=1e-6)


def reordered(genome: Genome, order: list[int]) -> Genome:
    contigs, offset = [], 0
    for index in order:
        contig = genome.contigs[index]
        contigs.append(Contig(contig.name, contig.length, offset, ""))
        offset += contig.length
    codes = np.concatenate([genome.sequence(contig.name) for contig in contigs])
    return Genome(tuple(contigs), codes, genome.source)
