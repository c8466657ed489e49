"""The audit: what held-out data have in common with training data, and whether they are alike at all.

``config``       the settings
``kmers``        canonical k-mers as numbers, and a sample of them that is the same in every sequence
``sketch``       tokens of sequences and an inverted index
``near``         near-duplicates
``overlaps``     sequences whose places on a genome share a base
``pool``         the different sequences of all parts; contradictory classes
``leaks``        which rows of a part repeat another part's, and how
``groups``       groups of sequences that repeat each other, for splits without leaks
``genomes``      which held-out bases of a genome training has seen elsewhere
``counts``       GC contents and 4-mers, counted
``composition``  GC content and 4-mers; shifts between parts and between genomes
``words``        what was found, as sentences
``assess``       all of it together: for sequences, for a genome
``pictures``     repeats by kind, GC contents
``report``       an audit as JSON, table and picture
"""
