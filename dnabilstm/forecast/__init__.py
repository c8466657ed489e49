"""What a batch of genomes will take, before anything starts.

``lengths``  how long the contigs of a FASTA are
``rates``    how fast this machine scores and writes, measured in a few seconds
``table``    time, memory and disk of each genome, and of all
"""
