"""Motifs: seqlets that are alike, laid over each other.

Seqlets are windows of attributions about their centre. Their likeness is the cosine at the best shift and on the
better strand, since a symmetric model sees both alike. Average linkage makes clusters of them; each is laid
over its most typical member, then all seqlets go to the motif that they are most like, a few times over, and motifs
that have become alike are joined. What is aligned gives the motif: counts of bases, and mean attributions.
"""

from dataclasses import dataclass, replace

import numpy as np

from dnabilstm.explain.align import best_alignments, flipped, shifted
from dnabilstm.explain.attribution import Attribution
from dnabilstm.explain.seqlets import Seqlet

WINDOW = 30
"""Bases of a window about the centre of a seqlet."""
SHIFT = 12
"""Places by which windows are shifted against each other, at most."""
ALIKE = 0.78
"""Cosine at which seqlets are of one cluster, on average."""
BELONGS = 0.7
"""Cosine that a seqlet needs with its motif."""
SAME = 0.9
"""Cosine at which two motifs are one."""
BESIDE = 0.4
"""What bases of a window count that lie beside its seqlet."""
ROUNDS = 4
"""How often seqlets are dealt out anew."""
CORE = 0.2
"""Share of the largest mean attribution that the outer places of a motif have, at least."""
NARROWEST = 4


@dataclass(frozen=True)
class Hit:
    """A seqlet that belongs to a motif: where the motif's core lies in the locus, and on which strand."""

    seqlet: Seqlet
    start: int
    end: int
    strand: int


@dataclass(frozen=True)
class Motif:
    """What the seqlets of a cluster have in common.

    Attributes
    ----------
    name : str
        ``<channel>_<number>``, the motif with the largest sum of attributions first.
    sign : int
        Whether it adds to the objective (1) or takes from it (-1).
    counts : numpy.ndarray
        float64 (width, 4): how many seqlets have A, C, G, T at each place.
    contributions : numpy.ndarray
        float64 (width, 4): mean attribution of each base at each place, 0 where it is not there.
    hits : tuple of Hit
        Its seqlets, the strongest first.
    """

    name: str
    sign: int
    counts: np.ndarray
    contributions: np.ndarray
    hits: tuple[Hit, ...]

    @property
    def shares(self) -> np.ndarray:
        """Position frequency matrix, float64 (width, 4), rows sum to 1."""
        return self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1e-12)

    @property
    def consensus(self) -> str:
        """The most frequent base of each place, in lower case where it has less than half."""
        best = zip(self.shares.argmax(axis=1).tolist(), self.shares.max(axis=1).tolist(), strict=True)
        return "".join("ACGT"[base] if share >= 0.5 else "acgt"[base] for base, share in best)


@dataclass
class _Cluster:
    """Members among the windows, with their place in the cluster's frame, and the mean of their windows."""

    members: np.ndarray
    shifts: np.ndarray
    strands: np.ndarray
    mean: np.ndarray


def find_motifs(
    attributions: list[Attribution],
    seqlets: list[Seqlet],
    column: int,
    channel: str,
    *,
    least: int,
    most: int,
) -> list[Motif]:
    """Cluster the strongest seqlets, those that add and those that take away each by themselves.

    Parameters
    ----------
    attributions
        Of the loci that the seqlets lie in.
    seqlets
        The strongest first.
    column, channel
        The output that they are of.
    least
        Seqlets of a motif, at least.
    most
        Seqlets that are looked at.
    """
    motifs = []
    for sign in (1, -1):
        chosen = [one for one in seqlets[:most] if one.sign == sign]
        if len(chosen) < least:
            continue
        windows = [_window(attributions[one.locus], one, column) for one in chosen]
        contributions = np.stack([some for some, _ in windows])
        bases = np.stack([some for _, some in windows])
        for cluster in _clusters(contributions, least):
            motif = _motif(cluster, chosen, contributions, bases, sign)
            motifs += [motif] if motif.counts.shape[0] >= NARROWEST else []
    motifs.sort(key=lambda one: -sum(abs(hit.seqlet.total) for hit in one.hits))
    return [replace(one, name=f"{channel}_{number}") for number, one in enumerate(motifs, start=1)]


def _centre(seqlet: Seqlet) -> int:
    return (seqlet.start + seqlet.end) // 2 - WINDOW // 2


def _window(one: Attribution, seqlet: Seqlet, column: int) -> tuple[np.ndarray, np.ndarray]:
    """Attributions and bases about a seqlet, float32 (WINDOW, 4); zeros beyond the locus' ends."""
    start, length = _centre(seqlet), len(one.hypothetical)
    inside = slice(max(0, start), min(length, start + WINDOW))
    place = slice(inside.start - start, inside.stop - start)
    bases = np.zeros((WINDOW, 4), np.float32)
    bases[place] = one.one_hot[inside]
    contributions = bases.copy()
    contributions[place] *= one.own[inside, column, None]
    # What lies beside the seqlet is another's, or noise.
    for edge in (slice(0, seqlet.start - start), slice(max(0, seqlet.end - start), WINDOW)):
        contributions[edge] *= BESIDE
    return contributions, bases


def _clusters(windows: np.ndarray, least: int) -> list[_Cluster]:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    likeness, shifts, strands = best_alignments(windows, windows, SHIFT)
    distance = 1 - np.minimum(likeness, likeness.T)
    np.fill_diagonal(distance, 0)
    of = fcluster(
        linkage(squareform(np.maximum(distance, 0), checks=False), "average"), 1 - ALIKE, "distance"
    )
    means = []
    for number in np.unique(of):
        members = np.flatnonzero(of == number)
        if len(members) >= least:
            among = likeness[np.ix_(members, members)]
            typical = members[among.mean(axis=0).argmax()]
            means.append(_mean(windows, members, shifts[members, typical], strands[members, typical]).mean)
    return _refined(windows, means, least)


def _refined(windows: np.ndarray, means: list[np.ndarray], least: int) -> list[_Cluster]:
    """Each window goes to the mean that it is most like, the means follow, and those that are alike are joined."""
    clusters: list[_Cluster] = []
    for _ in range(ROUNDS):
        if not means:
            return []
        means = _distinct(means)
        likeness, shifts, strands = best_alignments(windows, np.stack(means), SHIFT)
        own = likeness.argmax(axis=1)
        clusters = []
        for number in range(len(means)):
            members = np.flatnonzero((own == number) & (likeness[:, number] >= BELONGS))
            if len(members) >= least:
                place = members, shifts[members, number], strands[members, number]
                clusters.append(_mean(windows, *place))
        means = [cluster.mean for cluster in clusters]
    return clusters


def _mean(windows: np.ndarray, members: np.ndarray, shifts: np.ndarray, strands: np.ndarray) -> _Cluster:
    laid = [_laid(windows[which], *place) for which, *place in zip(members, shifts, strands, strict=True)]
    return _Cluster(members, shifts, strands, np.mean(laid, axis=0))


def _laid(window: np.ndarray, shift: int, strand: int) -> np.ndarray:
    turned = window if strand > 0 else flipped(window)
    return shifted(turned[None], int(shift))[0]


def _distinct(means: list[np.ndarray]) -> list[np.ndarray]:
    """Without those that are like an earlier one; the earlier ones have more weight."""
    order = sorted(range(len(means)), key=lambda k: -float(np.abs(means[k]).sum()))
    kept: list[np.ndarray] = []
    for k in order:
        if not kept or best_alignments(means[k][None], np.stack(kept), SHIFT)[0].max() < SAME:
            kept.append(means[k])
    return kept


def _motif(
    cluster: _Cluster, seqlets: list[Seqlet], contributions: np.ndarray, bases: np.ndarray, sign: int
) -> Motif:
    """Counts and mean attributions over the core of a cluster, and where that lies in each seqlet's locus."""
    places = list(zip(cluster.members.tolist(), cluster.shifts, cluster.strands, strict=True))
    counts = np.sum([_laid(bases[k], *place) for k, *place in places], axis=0, dtype=np.float64)
    strength = np.abs(cluster.mean.sum(axis=1))
    core = np.flatnonzero(strength >= CORE * strength.max())
    first, last = int(core[0]), int(core[-1]) + 1
    hits = []
    for k, shift, strand in places:
        # A place p of the frame is p - shift of the window, counted from its other end on the - strand.
        inner = first - int(shift), last - int(shift)
        start = _centre(seqlets[k]) + (inner[0] if strand > 0 else WINDOW - inner[1])
        hits.append(Hit(seqlets[k], start, start + last - first, int(strand)))
    return Motif("", sign, counts[first:last], cluster.mean[first:last].astype(np.float64), tuple(hits))
