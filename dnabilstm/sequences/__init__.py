"""Sets of sequences with classes: FASTA, tables, or regions of a genome.

``store``  the set itself: codes end to end, names, labels, places
"""
