"""Sets of sequences with classes: FASTA, tables, or regions of a genome.

``store``    the set itself: codes end to end, names, labels, places
``classes``  names of classes to numbers; several sets to one
``texts``    many texts to codes at once
``table``    csv and tsv
``regions``  BED, narrowPeak and GFF3 of a genome
``read``     files, texts and records to a set; a set to a FASTA
``parts``    which sequences train, validate and test; folds
"""
