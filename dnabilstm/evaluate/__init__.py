"""Evaluation on held-out contigs at the true base rate, several models on the same bases.

``config``     the settings
``held_out``   which bases are judged, and whether a model has seen them
``curves``     what the pictures show, thinned
``bootstrap``  confidence intervals by resampling blocks of the genome
``assess``     scores and labels to figures with intervals: pure
``kmer``       the baseline: logistic regression on k-mer counts
``pictures``   PR, ROC, reliability, score distribution
``report``     figures to JSON, a table and pictures on disk
"""
