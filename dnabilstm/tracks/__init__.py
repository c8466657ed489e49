"""Scores to what genome browsers and tools read; everything streams, a batch of contigs at a time.

``options``      the settings
``batches``      blocks of long contigs, groups of short ones
``runs``         rounding, and joining of equal neighbours
``one_pass``     each batch once, for all tracks of a channel
``deflate``      compression
``lines``        lines of text, many at once
``tabix``        the index of such a file
``bedgraph``     bgzipped and indexed text
``bins``         statistics of a track and of the bins of its zoom levels
``bbi``          the frame of a bigWig: compressed sections and their indexes
``sections``     the sections that hold scores
``bigwig``       the bigWig file
``write``        all tracks of a genome, with tracks.json
``calling``      regions, from runs
``regions``      called regions, as BED
``false_calls``  those of them that overlap no label
"""
