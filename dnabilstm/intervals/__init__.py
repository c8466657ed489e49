"""BED, narrowPeak, GFF3 to intervals that fit a genome: 0-based, half-open, strand-aware.

``algebra``  merge, complement, intersect: pure numpy
``alias``    other names of contigs: the table, and what to say where names do not match
``parse``    the lines of a file to columns, format by format
``read``     a file to intervals: parsed, named, checked, promoters and slop applied
"""

from dnabilstm.intervals.algebra import Intervals, complement, intersect, merge, runs
from dnabilstm.intervals.alias import Aliases, read_aliases
from dnabilstm.intervals.read import UNKNOWN, Skipped, read_intervals

__all__ = [
    "UNKNOWN",
    "Aliases",
    "Intervals",
    "Skipped",
    "complement",
    "intersect",
    "merge",
    "read_aliases",
    "read_intervals",
    "runs",
]
