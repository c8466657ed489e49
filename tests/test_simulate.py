"""The demo genome, read back from its files by other readers and held against its stated grammar."""

import hashlib
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from Bio import SeqIO, motifs
from click.testing import CliRunner

from dnabilstm.cli.simulate import command
from dnabilstm.errors import DnabilstmError
from dnabilstm.genome import no_call_intervals, open_genome
from dnabilstm.simulate import BASES, MIN_BASES, simulate
from dnabilstm.simulate.background import GC_RANGE, NEIGHBOURS, Draws, gc_drift, make_background, mutate
from dnabilstm.simulate.grammar import DECOYS, ELEMENTS
from dnabilstm.simulate.plant import contig_lengths, make_demo
from dnabilstm.simulate.render import DECOY_WORDS, RENDERERS

# The rules once more, by hand: what the files are to hold, whatever the code says.
PROMOTER = ["gc_box", "tata", "initiator"]
ENHANCER = ["ets", "tcf"]
PROMOTER_GAPS = [(10, 25), (24, 32)]
ENHANCER_GAP = (8, 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("simulate") / "demo"
    simulate(place)
    return place


@pytest.fixture(scope="module")
def contigs(folder) -> dict[str, str]:
    with (folder / "genome.fa").open() as handle:
        return {record.id: str(record.seq) for record in SeqIO.parse(handle, "fasta")}


def read_bed(path: Path) -> list[tuple[str, int, int, str, str]]:
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    assert {len(row) for row in rows} == {6}
    return [(row[0], int(row[1]), int(row[2]), row[3], row[5]) for row in rows]


def read_sites(folder: Path) -> dict[str, list[tuple[str, int, int, str]]]:
    """Motif, start, end, strand of each planted site, by the region or decoy that it is part of."""
    sites = defaultdict(list)
    for _, start, end, name, strand in read_bed(folder / "truth.bed"):
        motif, region = name.split(":")
        sites[region].append((motif, start, end, strand))
    return sites


def read_motifs(folder: Path) -> dict[str, np.ndarray]:
    """Probabilities (length, 4) by name, read by Biopython."""
    with (folder / "motifs.meme").open() as handle:
        found = motifs.parse(handle, "minimal")
    return {motif.name.split()[0]: np.array([motif.pwm[base] for base in "ACGT"]).T for motif in found}


def gaps_of(sites) -> list[int]:
    return [right[1] - left[2] for left, right in pairwise(sites)]


def reads_forward(sites) -> list[tuple[str, int, int, str]]:
    """Sites in the order in which their strand reads them, if they share one."""
    return sites if sites[0][3] == "+" else sites[::-1]


def follows_promoter_rule(sites) -> bool:
    order = reads_forward(sites)
    gaps = gaps_of(sites) if sites[0][3] == "+" else gaps_of(sites)[::-1]
    return (
        [site[0] for site in order] == PROMOTER
        and len({site[3] for site in sites}) == 1
        and all(low <= gap <= high for gap, (low, high) in zip(gaps, PROMOTER_GAPS, strict=True))
    )


def follows_enhancer_rule(sites) -> bool:
    return (
        sorted(site[0] for site in sites) == ENHANCER
        and ENHANCER_GAP[0] <= gaps_of(sites)[0] <= ENHANCER_GAP[1]
    )


def test_a_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate(tmp_path / name, bases=MIN_BASES, seed=seed)
    assert sorted(RENDERERS) == sorted(file.name for file in (tmp_path / "a").iterdir())
    for name in RENDERERS:
        same, other = (tmp_path / "b" / name).read_bytes(), (tmp_path / "c" / name).read_bytes()
        assert (tmp_path / "a" / name).read_bytes() == same
        assert same != other


def test_the_bytes_do_not_change_with_the_machine(tmp_path):
    simulate(tmp_path / "demo", bases=MIN_BASES, seed=1)
    fasta, truth = ((tmp_path / "demo" / name).read_bytes() for name in ("genome.fa", "truth.bed"))
    assert hashlib.sha256(fasta).hexdigest()[:16] == "3aee184bbfc46228"
    assert hashlib.sha256(truth).hexdigest()[:16] == "e4c4eb2174c8adf7"


def test_contigs_are_uneven_and_sum_to_the_bases(folder, contigs):
    lengths = {name: len(text) for name, text in contigs.items()}
    assert lengths == {
        "chrA": 210_000,
        "chrB": 132_001,
        "chrC": 102_002,
        "chrD": 84_003,
        "chrE": 68_404,
        "scaffold_1": 3_590,
    }
    assert sum(lengths.values()) == BASES
    text = (folder / "genome.fa").read_text().splitlines()
    assert max(len(line) for line in text if line[0] != ">") == 60
    assert text[0] == ">chrA simulated contig, 210000 bases, seed 1"


@pytest.mark.parametrize("bases", [MIN_BASES, 123_457, 1_000_003])
def test_contigs_scale_with_the_bases(bases):
    lengths = contig_lengths(bases)
    assert sum(lengths.values()) == bases
    assert [length % 5 for length in list(lengths.values())[:5]] == [0, 1, 2, 3, 4]
    assert lengths["chrA"] == pytest.approx(0.35 * bases, abs=5)


def test_every_planted_site_reads_as_its_motif_on_its_strand(folder, contigs):
    pwms = read_motifs(folder)
    consensus = {name: pwm.max(1, keepdims=True) - pwm < 0.1 for name, pwm in pwms.items()}
    matches = defaultdict(list)
    for contig, start, end, name, strand in read_bed(folder / "truth.bed"):
        motif = name.split(":")[0]
        codes = np.array(["ACGT".index(base) for base in contigs[contig][start:end]])
        codes = codes if strand == "+" else 3 - codes[::-1]
        matches[motif].append(consensus[motif][np.arange(len(codes)), codes])
    assert set(matches) == set(PROMOTER + ENHANCER)
    for found in matches.values():
        # 97 % at each position by the grammar; 5 standard deviations of a share among 400 or more.
        assert np.abs(np.mean(found, axis=0) - 0.97).max() < 0.043
        assert np.sum(found, axis=1).min() >= 8


def test_motifs_are_rare_by_chance(folder):
    for pwm in read_motifs(folder).values():
        np.testing.assert_allclose(pwm.sum(1), 1)
        assert (pwm * np.log2(pwm / 0.25)).sum() > 18


def test_promoters_are_labelled_from_the_first_motif_to_30_beyond_the_last(folder):
    sites = read_sites(folder)
    regions = read_bed(folder / "promoter.bed")
    for _, start, end, name, strand in regions:
        assert follows_promoter_rule(sites[name])
        first, *_, last = sites[name]
        assert first[3] == strand
        expected = (first[1], last[2] + 30) if strand == "+" else (first[1] - 30, last[2])
        assert (start, end) == expected
    assert 0.4 < np.mean([row[4] == "+" for row in regions]) < 0.6


def test_enhancers_are_labelled_30_bases_around_two_motifs(folder):
    sites = read_sites(folder)
    kinds = set()
    for _, start, end, name, strand in read_bed(folder / "enhancer.bed"):
        left, right = sites[name]
        assert follows_enhancer_rule(sites[name])
        assert (start, end, strand) == (left[1] - 30, right[2] + 30, ".")
        kinds.add((left[0], left[3], right[3]))
    assert len(kinds) == 8  # both orders, each motif on either strand


def test_decoys_break_the_rule_of_their_task_as_they_say(folder):
    sites = read_sites(folder)
    counts = defaultdict(int)
    for _, start, end, name, _ in read_bed(folder / "decoys.bed"):
        task, rule, _ = name.split("_")
        found = sites[name]
        counts[task, rule] += 1
        assert (found[0][1], found[-1][2]) == (start, end)
        names, strands = [site[0] for site in reads_forward(found)], {site[3] for site in found}
        if rule == "alone":
            assert len(found) == 1
        elif rule == "missing":
            assert names in (PROMOTER[:2], PROMOTER[1:])
        elif rule == "spacing":
            assert sum(60 <= gap <= 120 for gap in gaps_of(found)) == 1
        elif rule == "order":
            assert sorted(names) == sorted(PROMOTER)
            assert names != PROMOTER
            assert len(strands) == 1
        elif rule == "strand":
            assert [site[0] for site in found] in (PROMOTER, PROMOTER[::-1])
            assert len(strands) == 2
        else:
            assert names in (["ets"] * 2, ["tcf"] * 2)
        if len(found) == (3 if task == "promoter" else 2):
            assert not (follows_promoter_rule if task == "promoter" else follows_enhancer_rule)(found)
    assert set(counts) == {(task, rule) for task, rules in DECOYS.items() for rule in rules}
    assert min(counts.values()) > 30


def test_every_site_is_part_of_a_listed_region_or_decoy(folder):
    listed = [
        row[3] for name in ("promoter", "enhancer", "decoys") for row in read_bed(folder / f"{name}.bed")
    ]
    assert len(set(listed)) == len(listed)
    assert set(read_sites(folder)) == set(listed)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("bases", [MIN_BASES, MIN_BASES + 9_999, 100_000])
def test_planted_things_never_overlap_nor_leave_their_contig(bases, seed):
    demo = make_demo(bases, seed)
    lengths = contig_lengths(bases)
    by_contig = defaultdict(list)
    for kind, features in demo.features.items():
        for feature in features:
            if kind != "site":
                by_contig[feature.contig].append((feature.start, feature.end))
    for name, places in by_contig.items():
        borders = np.array([(0, 0), *sorted(places), (lengths[name], 0)])
        assert (borders[1:, 0] - borders[:-1, 1]).min() >= 60
    for task in ("promoter", "enhancer"):
        assert {feature.contig for feature in demo.features[task]} >= {"chrA", "chrB", "chrC", "chrD", "chrE"}


def test_regions_cover_the_stated_shares_on_every_large_contig(folder, contigs):
    for task, share, spread in (("promoter", 0.08, 0.002), ("enhancer", 0.06, 0.002)):
        rows = read_bed(folder / f"{task}.bed")
        for contig in ("chrA", "chrB", "chrC", "chrD", "chrE"):
            bases = sum(end - start for name, start, end, *_ in rows if name == contig)
            assert bases / len(contigs[contig]) == pytest.approx(share, abs=spread)


def test_one_long_run_of_n_is_no_call_and_a_short_one_is_not(folder, contigs):
    genome = open_genome(folder / "genome.fa")
    runs = {name: no_call_intervals(genome.sequence(name)).tolist() for name in genome.names}
    ambiguous = {row[3]: row for row in read_bed(folder / "ambiguous.bed")}
    contig, start, end, _, _ = ambiguous["n_run"]
    assert {name: found for name, found in runs.items() if found} == {contig: [[start, end]]}
    assert end - start == 600
    contig, start, end, _, _ = ambiguous["n_short"]
    assert contigs[contig][start - 1 : end + 1].count("N") == 5
    letters = "".join(contigs.values()).upper()
    assert {letter for letter in set(letters) if letters.count(letter) == 1} == set("RYSWKMBDHV")
    for letter in "RYSWKMBDHV":
        contig, start, end, _, _ = ambiguous[f"iupac_{letter}"]
        assert contigs[contig][start:end] == letter


def test_lower_case_is_exactly_the_repeats(folder, contigs):
    rows = read_bed(folder / "repeats.bed")
    for contig, text in contigs.items():
        lower = np.char.islower(np.array(list(text)))
        expected = np.zeros(len(text), bool)
        for name, start, end, *_ in rows:
            expected[start:end] |= name == contig
        np.testing.assert_array_equal(lower, expected)
    assert 0.08 < sum(end - start for _, start, end, *_ in rows) / BASES < 0.12


def test_copies_of_a_repeat_are_alike_on_their_strand(folder, contigs):
    texts = defaultdict(list)
    for contig, start, end, name, strand in read_bed(folder / "repeats.bed"):
        codes = np.array(["acgt".index(base) for base in contigs[contig][start:end]])
        texts[name].append(codes if strand == "+" else 3 - codes[::-1])
    for copies in texts.values():
        # Two copies, each diverged by 3 to 20 %, agree at 65 to 95 % of the bases; strangers at 25 %.
        alike = [(copies[0] == copy).mean() for copy in copies[1:]]
        assert min(alike) > 0.55
        assert max(alike) < 0.98


def hits(text: str, pwm: np.ndarray, flip: bool) -> np.ndarray:
    """Where a motif starts, allowing two positions off the consensus (6.6 bits each)."""
    bits = np.log2(pwm / 0.25)
    bits = bits[::-1, ::-1] if flip else bits
    table = np.full((128, len(bits)), -20.0)
    for channel, base in enumerate("ACGT"):
        table[ord(base)] = table[ord(base.lower())] = bits[:, channel]
    letters = np.frombuffer(text.encode(), np.uint8)
    width = len(bits)
    score = sum(table[letters[j : len(letters) - width + 1 + j], j] for j in range(width))
    return np.flatnonzero(score > bits.max(1).sum() - 14)


def scan(contigs: dict[str, str], pwms: dict[str, np.ndarray]) -> dict[str, set[tuple[str, int, int]]]:
    """Regions of each task that the motifs and the rule alone point to."""
    found = {"promoter": set(), "enhancer": set()}
    for contig, text in contigs.items():
        at = {(name, flip): hits(text, pwm, flip) for name, pwm in pwms.items() for flip in (False, True)}
        for flip in (False, True):
            order, gaps = (PROMOTER[::-1], PROMOTER_GAPS[::-1]) if flip else (PROMOTER, PROMOTER_GAPS)
            for first in at[order[0], flip]:
                for second in near(at[order[1], flip], first + 12, gaps[0]):
                    for third in near(at[order[2], flip], second + 12, gaps[1]):
                        edges = (first - 30, third + 12) if flip else (first, third + 12 + 30)
                        found["promoter"].add((contig, *map(int, edges)))
        for left, right in (ENHANCER, ENHANCER[::-1]):
            lefts, rights = (np.sort(np.r_[at[name, False], at[name, True]]) for name in (left, right))
            for first in lefts:
                for second in near(rights, first + 12, ENHANCER_GAP):
                    found["enhancer"].add((contig, int(first) - 30, int(second) + 12 + 30))
    return found


def near(starts: np.ndarray, end: int, gap: tuple[int, int]) -> np.ndarray:
    return starts[np.searchsorted(starts, end + gap[0]) : np.searchsorted(starts, end + gap[1], "right")]


def test_the_rules_and_motifs_alone_find_the_truth(folder, contigs):
    found = scan(contigs, read_motifs(folder))
    for task in ("promoter", "enhancer"):
        truth = {row[:3] for row in read_bed(folder / f"{task}.bed")}
        right = found[task] & truth
        assert len(right) / len(truth) > 0.97
        assert len(right) / len(found[task]) > 0.97


def test_background_follows_its_gc_drift_and_its_neighbours():
    length = 400_000
    gc = gc_drift(Draws(5), length)
    codes = make_background(Draws(5), length)
    assert gc.min() >= GC_RANGE[0]
    assert gc.max() <= GC_RANGE[1]
    assert gc.max() - gc.min() > 150
    assert np.abs(np.diff(gc)).max() <= 1
    is_gc = np.isin(codes, (2, 4))
    blocks = slice(None, length // 4000 * 4000)
    observed = is_gc[blocks].reshape(-1, 4000).mean(1) - gc[blocks].reshape(-1, 4000).mean(1) / 1000
    assert np.abs(observed).max() < 0.045  # over 5 standard deviations of a share among 4,000
    assert abs(observed.mean()) < 0.004
    base = np.log2(codes).astype(int)
    pairs = np.bincount(4 * base[:-1] + base[1:], minlength=16).reshape(4, 4) / (length - 1)
    ratio = pairs / np.outer(pairs.sum(1), pairs.sum(0))
    assert ratio[1, 2] < 0.6  # CG
    assert ratio[0, 0] > 1.1  # AA
    # Both strands alike: a pair is as frequent as its reverse complement.
    np.testing.assert_allclose(pairs, pairs[::-1, ::-1].T, atol=0.003)
    np.testing.assert_array_equal(NEIGHBOURS, NEIGHBOURS[::-1, ::-1].T)


def test_mutate_changes_the_stated_share_to_another_base():
    codes = make_background(Draws(1), 20_000)
    assert (mutate(Draws(2), codes, 0) == codes).all()
    assert (mutate(Draws(2), codes, 1000) != codes).all()
    assert (mutate(Draws(2), codes, 200) != codes).mean() == pytest.approx(0.2, abs=0.015)


def test_the_grammar_page_gives_the_true_figures(folder):
    text = (folder / "grammar.txt").read_text()
    for task in ("promoter", "enhancer"):
        assert f"{task}: {len(read_bed(folder / f'{task}.bed'))} regions" in text
    assert f"{len(read_bed(folder / 'repeats.bed'))} copies" in text
    row = next(line.split() for line in text.splitlines() if line.startswith("chrC"))
    promoters = sum(row[0] == "chrC" for row in read_bed(folder / "promoter.bed"))
    assert (row[1], row[3]) == ("102002", str(promoters))
    assert set(DECOY_WORDS) == {rule for element in ELEMENTS for rule in DECOYS[element.task]}


def test_too_few_bases_and_a_negative_seed_are_refused_together(tmp_path):
    with pytest.raises(DnabilstmError, match="wanted at least 50000") as caught:
        simulate(tmp_path / "demo", bases=100, seed=-1)
    assert len(caught.value.problems) == 2
    assert not (tmp_path / "demo").exists()


def test_a_folder_that_holds_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DnabilstmError, match=r"thesis\.txt"):
        simulate(tmp_path, bases=MIN_BASES)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_command_writes_the_same_files_again_over_its_own(tmp_path):
    arguments = ["--output", str(tmp_path / "demo"), "--bases", str(MIN_BASES), "--seed", "2"]
    first = CliRunner().invoke(command, arguments, catch_exceptions=False)
    before = {file.name: file.read_bytes() for file in (tmp_path / "demo").iterdir()}
    second = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "50,000 bases (seed 2)" in first.stderr
    assert before == {file.name: file.read_bytes() for file in (tmp_path / "demo").iterdir()}
