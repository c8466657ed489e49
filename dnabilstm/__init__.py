"""dnabilstm: from a genome FASTA and a BED of regulatory regions to a score for every base.

The way through the house; each word is a Snakemake rule, a subcommand, a module and its test::

    FASTA -encode-> codes --+-> windows -train-> model -+
    BED/GFF -label-> labels +                           +-score-> scores -tracks-> bedGraph, bigWig
    another FASTA -encode-> codes ----------------------+              +--call-> regions (BED)
                                             evaluate -> figures, JSON

The data contract that every module keeps:

Coordinates
    0-based, half-open, everywhere inside; GFF3 (1-based, closed) is converted once, where it is read.
Codes
    one ``uint8`` a base, the 4-bit IUPAC mask of BAM: A=1, C=2, G=4, T=8, R=5, ..., N=15; 0 is
    padding (no base). Lower case is its base. Any byte that is not IUPAC is an error.
One-hot
    channels A, C, G, T; an ambiguous code shares the unit among its bases; padding is all zero.
    Reverse complement flips both axes.
Axes
    ``(batch, length, channel)`` between modules.
Logits
    leave a model; calibrated probabilities appear in :mod:`dnabilstm.score`, nowhere earlier.
Every base
    of every contig has exactly one score or is a no-call: inside a run of at least ``no_call_run`` N,
    or on a contig shorter than the minimum the user set. No-calls are NaN in arrays and gaps in tracks.
Names
    of contigs are the first word of the FASTA header, byte for byte, in every output.

Importing this package imports nothing else, so that it costs nothing; ``DNABiLSTMClassifier``, the
scikit-learn face, is imported when it is first asked for.
"""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The classifier, imported only where it is asked for."""
    if name == "DNABiLSTMClassifier":
        import importlib

        return importlib.import_module("dnabilstm.estimator").DNABiLSTMClassifier
    raise AttributeError(f"module 'dnabilstm' has no attribute {name!r}")
