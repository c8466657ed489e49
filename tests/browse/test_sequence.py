import itertools

import numpy as np
import pysam

from dnabilstm.alphabet import decode, encode
from dnabilstm.browse.page_names import track_name
from dnabilstm.browse.sequence import FASTA, write_sequence
from dnabilstm.genome import Contig, Genome


def test_samtools_reads_every_contig(world, tmp_path):
    write_sequence(world.genome, tmp_path)
    with pysam.FastaFile(str(tmp_path / FASTA)) as file:
        assert list(file.references) == [track_name(name) for name in world.genome.names]
        for contig in world.genome.contigs:
            assert file.fetch(track_name(contig.name)).encode() == decode(world.genome.sequence(contig.name))


def test_places_across_blocks_and_pieces_are_right(tmp_path):
    letters = np.random.default_rng(2).choice(np.frombuffer(b"ACGTRN", np.uint8), 8_200_123)
    codes = encode(letters.tobytes())
    cuts = [0, 7, 107, 107, 200_107, len(codes)]
    contigs = tuple(
        Contig(f"c{number}", end - start, start, "")
        for number, (start, end) in enumerate(itertools.pairwise(cuts))
    )
    write_sequence(Genome(contigs, codes, "made"), tmp_path)
    with pysam.FastaFile(str(tmp_path / FASTA)) as file:
        assert list(file.lengths) == [contig.length for contig in contigs]
        for start, end in [(0, 1), (65_270, 65_290), (7_999_999, 8_000_016), (0, contigs[-1].length)]:
            there = letters[contigs[-1].offset :][start:end].tobytes()
            assert file.fetch("c4", start, end).encode() == there
