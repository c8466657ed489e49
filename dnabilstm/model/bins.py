"""Where the pooling bins of a contig or sequence lie, so that those of its reverse complement mirror them."""


def phase(length: int, pool: int) -> int:
    """Where the first whole bin of a contig starts: the φ with 2φ ≡ length (mod pool), pool odd.

    With it the bins of a contig and of its reverse complement mirror each other.
    """
    return length * (pool + 1) // 2 % pool


def before_first(length: int, pool: int) -> int:
    """Positions of the first bin that lie before a contig's first base: 0 to pool - 1."""
    return -phase(length, pool) % pool


def bins_of(length: int, pool: int) -> int:
    """Bins that hold the bases of a contig, those at its ends included."""
    return -(-(before_first(length, pool) + length) // pool)
