"""Names that may be anything, made safe: for files of a folder, and for a browser that builds HTML and loci of them.

igv.js takes ``name:start-end`` apart at the first colon, means all contigs by ``all``, reads names of a bigWig
as Latin-1 and puts some into HTML as they are. So it gets other names, which percent-encode what is not plain;
what a page shows of its own accord is the name itself.
"""

import hashlib
import re
from urllib.parse import quote

PLAIN = "-_.!~*()|"
"""What is left as it is beside ASCII letters and digits."""
_MOST = 80


def track_name(contig: str) -> str:
    """The name under which a contig is shown in igv.js: ASCII, without a colon, another one for every name."""
    encoded = quote(contig, safe=PLAIN, errors="surrogateescape")
    return f"%{ord(contig[0]):02x}{contig[1:]}" if contig.lower() == "all" else encoded


def bigwig_name(contig: str) -> str:
    """What igv.js reads where a bigWig has the name of a contig."""
    return contig.encode("utf-8", "surrogateescape").decode("latin-1")


def file_name(name: str, suffix: str = "") -> str:
    """A name for a file of a folder: lower-case ASCII letters, digits, ``.``, ``_`` and ``-``.

    A name that is none of this, or long, ends with a digest, so that two names never share a file; upper and
    lower case differ too, for file systems that do not tell them apart.
    """
    plain = re.sub(r"[^a-z0-9._-]+", "_", name.lower()).strip("._-")
    if plain and plain == name and len(plain) <= _MOST:
        return plain + suffix
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"{plain[:_MOST].rstrip('.')}-{digest}{suffix}".lstrip("-")


def shown(name: str) -> str:
    """A name as text that can be written as UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def inert(text: str) -> str:
    """Text that is the same text as HTML: angle brackets become others that look like them."""
    return shown(text).translate({ord("<"): "\u2039", ord(">"): "\u203a"})
