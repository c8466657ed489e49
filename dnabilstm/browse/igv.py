"""igv.js, which draws the tracks: from the installed package ``igv-notebook``, or a file of the user's.

https://github.com/igvteam/igv.js (MIT). It is copied into every page, so that nobody's page needs the network.
"""

import importlib.util
import re
from pathlib import Path

from dnabilstm.errors import DnabilstmError

PACKAGE = "igv_notebook"
SCRIPT = "js/igv.iife.js"
"""Of the package: the build that its file ``VERSION_IGV`` tells of."""
_START = re.compile(rb"window\.igv\s*=|\.igv\s*=|globalThis")
_LEAST = 100_000


def find_igv(path: Path | None = None) -> str:
    """The text of igv.js, as a script that defines ``igv``.

    Parameters
    ----------
    path
        ``igv.min.js`` of a release; None takes the one that is installed.

    Raises
    ------
    DnabilstmError
        If nothing is installed, or the file is something else.
    """
    path = path or _installed()
    try:
        script = path.read_bytes()
    except OSError as error:
        raise DnabilstmError(
            f"{path}: igv.js cannot be read: {error.strerror}; give another file with --igv"
        ) from None
    # The modules of a release end with an export, which an ordinary script may not have.
    if len(script) < _LEAST or not _START.search(script[:2000]) or b"export{" in script[-2000:]:
        raise DnabilstmError(f"{path}: is not igv.js; wanted igv.min.js of a release of igv.js")
    return script.decode("utf-8").replace("\r\n", "\n")


def _installed() -> Path:
    # Importing the package would import IPython.
    found = importlib.util.find_spec(PACKAGE)
    for folder in (found.submodule_search_locations or []) if found else []:
        if (Path(folder) / SCRIPT).is_file():
            return Path(folder) / SCRIPT
    raise DnabilstmError(
        "igv.js is not installed: pip install 'igv-notebook>=0.6.2', or give a file with --igv igv.min.js"
    )
