"""A genome in shards has the scores of the whole."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from dnabilstm.errors import DnabilstmError
from dnabilstm.score.cache import Cache
from dnabilstm.score.config import ScoreConfig
from dnabilstm.score.engine import score_genome
from dnabilstm.score.job import Job
from dnabilstm.score.shards import bases_of_shards, folder_of, merge_shards, part_of, score_shard, shard_of
from tests.score.conftest import NEAR, genome_of, model_of, with_digests

GRID = ScoreConfig(chunk=200, halo=50, min_contig=20, precision="fp32")
LENGTHS = {"tiny": 5, "a": 1301, "b": 90, "none": 0, "c": 3000, "d": 19, "e": 202, "last": 7}


@pytest.fixture
def genome():
    made = genome_of(LENGTHS)
    made.codes[1000:1900] = 15
    made.codes[4000:4015] = 15
    return with_digests(made)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 60])
def test_shards_share_the_bases_out(genome, model, count):
    job = Job.of(genome, model, GRID)
    parts = [part_of(job, number, count) for number in range(1, count + 1)]
    assert parts[0][0] == 0
    assert parts[-1][1] == genome.total
    assert all(left[1] == right[0] for left, right in pairwise(parts))
    if count < 8:
        assert max(last - first for first, last in parts) < 2 * genome.total / count + 300


@pytest.mark.parametrize(("hidden", "precision"), [(6, "fp32"), (16, "fp32"), (16, "bf16")])
@pytest.mark.parametrize("count", [1, 3, 60])
def test_together_they_are_the_whole(genome, count, hidden, precision, tmp_path):
    model, grid = model_of(hidden=hidden), replace(GRID, precision=precision)
    score_genome(genome, model, tmp_path / "whole", grid)
    for number in range(count, 0, -1):
        score_shard(genome, model, tmp_path / "merged", (number, count), grid)
    seen = []
    scores = merge_shards(tmp_path / "merged", progress=seen.append)
    whole = score_genome(genome, model, tmp_path / "whole", grid)
    np.testing.assert_allclose(scores.values, whole.values, atol=NEAR[precision])
    assert sum(seen) == genome.total
    assert sorted(p.name for p in (tmp_path / "merged").iterdir()) == [
        "nocall.bed",
        "scores.f32",
        "scores.json",
    ]
    for name in ("nocall.bed", "scores.json"):
        assert (tmp_path / "merged" / name).read_text() == (tmp_path / "whole" / name).read_text()
    # Merged scores count as scored: nothing is left to do.
    assert score_genome(genome, model, tmp_path / "merged", grid).reused == genome.total


def test_the_same_sharding_gives_identical_bytes(genome, model, tmp_path):
    for run in "ab":
        for number in (1, 2):
            score_shard(genome, model, tmp_path / run, (number, 2), GRID)
        merge_shards(tmp_path / run, keep=True)
    for name in ("scores.f32", "scores.json", "nocall.bed", "shards/1-of-2/shard.f32"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_finished_shard_is_not_scored_again(genome, model, tmp_path):
    score_shard(genome, model, tmp_path, (1, 2), GRID)
    path = folder_of(tmp_path, 1, 2) / "shard.f32"
    before = path.stat().st_mtime_ns
    score_shard(genome, model, tmp_path, (1, 2), GRID)
    assert path.stat().st_mtime_ns == before


def test_what_is_missing_is_named(genome, model, tmp_path):
    with pytest.raises(DnabilstmError, match="has no finished shards"):
        merge_shards(tmp_path)
    for number in (1, 3):
        score_shard(genome, model, tmp_path, (number, 4), GRID)
    with pytest.raises(DnabilstmError, match=r"of 4 shards 2 are not finished; .* --shard 2/4, 4/4"):
        merge_shards(tmp_path)


def test_two_complete_sets_are_not_mixed_up(genome, model, tmp_path):
    other = model_of({"note": "another"})
    for number in (1, 2):
        score_shard(genome, other, tmp_path, (number, 2), GRID)
    for number in (1, 2, 3):
        score_shard(genome, model, tmp_path, (number, 3), GRID)
    with pytest.raises(DnabilstmError, match="has all shards of 2 and all of 3; give --shards"):
        merge_shards(tmp_path)
    with pytest.raises(DnabilstmError, match="has no finished shards; run 'dnabilstm score --shard 1/4'"):
        merge_shards(tmp_path, count=4)
    assert bases_of_shards(tmp_path, 3) == genome.total
    want = score_genome(genome, model, tmp_path / "whole", GRID).info["identity"]
    assert merge_shards(tmp_path, count=3).info["identity"] == want
    # What is left is clear again.
    assert merge_shards(tmp_path).info["identity"] != want


@pytest.mark.parametrize("damage", ["missing", "a\tb\n", "a\t1\tx\n"])
def test_a_shard_whose_no_calls_are_damaged_is_named(genome, model, tmp_path, damage):
    for number in (1, 2):
        score_shard(genome, model, tmp_path, (number, 2), GRID)
    place = folder_of(tmp_path, 2, 2) / "nocall.bed"
    place.unlink() if damage == "missing" else place.write_text(damage)
    with pytest.raises(DnabilstmError, match=rf"^{place}: is missing or damaged; delete .*2-of-2 and score"):
        merge_shards(tmp_path)
    assert not (tmp_path / "scores.json").exists()


def test_shards_of_different_runs_are_refused(genome, model, tmp_path):
    score_shard(genome, model, tmp_path, (1, 2), GRID)
    score_shard(genome, model_of({"note": "another"}), tmp_path, (2, 2), GRID)
    with pytest.raises(DnabilstmError, match="2-of-2: is not of the genome, model and settings of 1-of-2"):
        merge_shards(tmp_path)
    assert not (tmp_path / "scores.json").exists()


def test_the_cache_serves_shards_and_takes_the_merged(genome, model, tmp_path):
    cache = Cache(tmp_path / "cache")
    whole = score_genome(genome, model, tmp_path / "whole", GRID, cache=cache)
    shard = score_shard(genome, model, tmp_path / "m", (2, 3), GRID, cache=cache)
    first, last = shard.info["part"]
    np.testing.assert_array_equal(shard.values, whole.values[:, first:last])
    assert shard.reused > 0
    cache.clean()
    for number in (1, 2, 3):
        score_shard(genome, model, tmp_path / "m", (number, 3), GRID)
    merge_shards(tmp_path / "m", cache=cache)
    again = score_genome(genome, model, tmp_path / "again", GRID, cache=cache)
    assert again.reused == sum(length for length in LENGTHS.values() if length >= 20)


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "a/b", "1/0", "-1/2"])
def test_a_shard_is_a_number_of_a_count(text):
    assert shard_of("3/8") == (3, 8)
    with pytest.raises(DnabilstmError, match="wanted NUMBER/COUNT"):
        shard_of(text)
