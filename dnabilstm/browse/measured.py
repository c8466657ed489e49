"""The regions that were measured, as a model is trained or judged on them, as files to show."""

from pathlib import Path

from dnabilstm.genome import Genome
from dnabilstm.labels import Labels
from dnabilstm.tracks.regions import strand_of


def write_measured(labels: Labels, genome: Genome, folder: Path) -> list[tuple[str, Path]]:
    """Write the positive regions of each channel as BED6; gives channels and files.

    Promoters and slop are applied, regions that touch are joined, excluded bases are left out: what a track
    of scores can be held against.

    Parameters
    ----------
    labels
        Of the genome.
    genome
        Whose names of contigs are written.
    folder
        Where the files go, one a channel.
    """
    found = []
    for number, channel in enumerate(labels.channels):
        regions, strand = labels.regions(channel), strand_of(channel)
        path = folder / f"measured.{number}.bed"
        rows = zip(*(column.tolist() for column in (regions.contig, regions.start, regions.end)), strict=True)
        with path.open("w", encoding="utf-8", errors="surrogateescape") as out:
            out.writelines(
                f"{genome.contigs[contig].name}\t{start}\t{end}\t{channel}\t0\t{strand}\n"
                for contig, start, end in rows
            )
        found.append((channel, path))
    return found
