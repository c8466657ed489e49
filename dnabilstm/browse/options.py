"""The settings of a hub; command line and schema take names, defaults and help from here."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, with_config


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class HubConfig:
    """How a genome and its tracks are shown by UCSC's browser."""

    ucsc: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_.]*$",
            description="UCSC's name of the assembly, as sacCer3, if its contigs are named as there: the hub then"
            " adds tracks to it. [default: the hub brings the genome]",
        ),
    ] = ""
    organism: Annotated[
        str, Field(description="The species, as Saccharomyces cerevisiae. [default: the genome's name]")
    ] = ""
    email: Annotated[
        str,
        Field(
            pattern=r"^([^@\s]+@[^@\s]+)?$",
            description="Whom to ask about the hub; UCSC wants an address in it.",
        ),
    ] = ""

    def problems(self) -> list[str]:
        """What no single field shows."""
        return []
