"""The folder that UCSC's browser, IGV desktop and JBrowse 2 open: tracks, genome, and a file for each of them."""

import json
from pathlib import Path

from dnabilstm.browse.catalogue import Catalogue
from dnabilstm.browse.hub import GROUPS_FILE, HUB_FILE, groups_text, hub_text
from dnabilstm.browse.igv_session import GENOME_FILE, SESSION_FILE, genome_file, session
from dnabilstm.browse.jbrowse import CONFIG_FILE, config
from dnabilstm.browse.options import HubConfig
from dnabilstm.browse.pages import pages
from dnabilstm.browse.readme import README_FILE, readme_text
from dnabilstm.browse.shared import TRACKS, Shared, share
from dnabilstm.errors import DnabilstmError
from dnabilstm.files import atomic_folder
from dnabilstm.genome import Genome
from dnabilstm.intervals import UNKNOWN, Aliases

CONTENT = (
    *(README_FILE, HUB_FILE, GROUPS_FILE, SESSION_FILE, GENOME_FILE, CONFIG_FILE),
    *(TRACKS, "genome", "pages"),
)


def write_hub(
    catalogue: Catalogue,
    genome: Genome,
    folder: Path,
    *,
    settings: HubConfig | None = None,
    aliases: Aliases | None = None,
    unknown: str = UNKNOWN[0],
) -> Shared:
    """Write a folder that needs nothing outside itself: it can be moved, zipped, or put on a web server.

    Parameters
    ----------
    catalogue
        What there is to show.
    genome
        That was scored.
    folder
        Replaced as a whole if it is there.
    settings
        Of the track hub.
    aliases, unknown
        Other names of contigs, and what happens to intervals on contigs that the genome lacks.

    Raises
    ------
    DnabilstmError
        If the genome is another one, a file of intervals does not fit it, or the folder cannot be written.
    """
    check_genome(catalogue, genome)
    settings = settings or HubConfig()
    with atomic_folder(Path(folder), CONTENT) as part:
        shared = share(catalogue, genome, part, aliases=aliases, unknown=unknown)
        texts = {
            README_FILE: readme_text(shared, settings),
            CONFIG_FILE: _json(config(shared)),
            **pages(shared),
        }
        # Without bases there is no assembly hub.
        if settings.ucsc or shared.bases:
            texts[HUB_FILE] = hub_text(shared, settings)
        if shared.bases:
            texts |= {GROUPS_FILE: groups_text(), GENOME_FILE: _json(genome_file(shared))}
        (part / "pages").mkdir()
        for name, text in texts.items():
            (part / name).write_text(text, encoding="utf-8", errors="surrogateescape")
        (part / SESSION_FILE).write_bytes(session(shared))
    return shared


def check_genome(catalogue: Catalogue, genome: Genome) -> None:
    """Refuse a genome that is not the one that was scored."""
    digest = catalogue.table.get("genome", {}).get("digest", genome.digest)
    contigs = tuple((contig.name, contig.length) for contig in genome.contigs)
    if digest != genome.digest or contigs != catalogue.contigs:
        raise DnabilstmError(
            f"{genome.source}: is not the genome that was scored (digest {genome.digest}, scored {digest}); give"
            " that one, contigs in the same order"
        )


def _json(value: dict) -> str:
    return json.dumps(value, indent=2) + "\n"
