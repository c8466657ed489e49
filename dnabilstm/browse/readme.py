"""What stands beside a hub for people: how to open it in each browser."""

from dnabilstm.browse.names import one_line
from dnabilstm.browse.options import HubConfig
from dnabilstm.browse.shared import Shared

README_FILE = "README.txt"


def readme_text(shared: Shared, settings: HubConfig) -> str:
    """How to open the folder, what its tracks are, and what is not in it."""
    parts = [
        f"{shared.name}: scores of every base, by dnabilstm",
        one_line(shared.catalogue.description),
        "\n".join(["Tracks", *(f"  {track.file}: {track.name}; {track.about}" for track in shared.tracks)]),
        _IGV if shared.bases else _IGV_WITHOUT_BASES,
        _ucsc(shared, settings),
        _JBROWSE,
    ]
    if shared.left_out:
        parts.append("\n".join(["Not in here", *(f"  {one_line(reason)}" for reason in shared.left_out)]))
    return "\n\n".join(parts) + "\n"


_IGV = """IGV desktop (2.19 or newer)
  File > Open Session: igv_session.xml
  The files stay beside it; the folder can be moved as a whole. Without the session: Genomes > Load Genome from
  File, igv_genome.json, then File > Load from File, what is in tracks/."""
_IGV_WITHOUT_BASES = """IGV desktop
  File > Open Session: igv_session.xml
  It shows the tracks without the bases. The files stay beside it; the folder can be moved as a whole."""
_JBROWSE = """JBrowse 2
  On the web: put the folder beside JBrowse's index.html, and open index.html?config=FOLDER/config.json
  In JBrowse Desktop: open genome/genome.2bit as a new genome, then add the files in tracks/."""


def _ucsc(shared: Shared, settings: HubConfig) -> str:
    if not (settings.ucsc or shared.bases):
        return "UCSC\n  There is no hub: the genome cannot be written as 2bit, see below."
    where = (
        f"tracks of {settings.ucsc}, whose names of contigs they must have" if settings.ucsc else "a genome"
    )
    return f"""UCSC ({where})
  Put the folder on a web server that answers byte ranges, then My Data > Track Hubs > My Hubs, and paste the
  address of hub.txt. A mirror of your own, GBiC or GBiB, also reads it from a disk."""
