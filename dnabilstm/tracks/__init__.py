"""Scores to what genome browsers and tools read; everything streams, a block of a contig at a time.

``options``      the settings
``runs``         rounding, and joining of equal neighbours
``bedgraph``     bgzipped and indexed text
``bins``         statistics of a track and of the bins of its zoom levels
``bbi``          the frame of a bigWig: compressed sections and their indexes
``bigwig``       the bigWig file
``write``        all tracks of a genome, with tracks.json
``regions``      called regions, as BED
``false_calls``  those of them that overlap no label
"""
