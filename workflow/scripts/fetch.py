#!/usr/bin/env python3
"""Fetch one file, check that it is the one that is wanted, and only then put it in its place.

The file is looked for under ``$DNABILSTM_DATA`` first, then at its public address. What counts is its
content: the SHA-256 of the unpacked file, or, of a FASTA, the GA4GH refget digest of every contig that is
wanted. Contigs are found by their digests, whatever they are called there, and get the names wanted here.

Needs nothing but the standard library, so that any Python 3 can run it.
"""

import argparse
import base64
import gzip
import hashlib
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

DATA = "DNABILSTM_DATA"
TIMEOUT = 60  # seconds without a byte
LINE = 60  # bases


class FetchError(Exception):
    """What the user can mend: printed as one line."""


def fetch(options: argparse.Namespace) -> str:
    """Fetch, check and place a file; gives a sentence that says what was done."""
    output = Path(options.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent) as folder:
        got, checked = Path(folder) / "got", Path(folder) / "checked"
        source = obtain(options, got)
        try:
            done = (
                pick_contigs(got, checked, options.contig, source)
                if options.contig
                else check_sha256(got, checked, options.sha256, source)
            )
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise FetchError(
                f"{source}: the gzip file is damaged or cut short ({error}); try again"
            ) from None
        checked.replace(output)
    return f"{output}: {done}, from {source}"


def obtain(options: argparse.Namespace, place: Path) -> str:
    """Copy or download the file to ``place``; gives where it came from."""
    data = os.environ.get(DATA)
    here = Path(data) / options.local if data and options.local else None
    if here and here.is_file():
        shutil.copyfile(here, place)
        return str(here)
    where = f"set {DATA} to a folder that has {options.local}" if options.local else "see its configuration"
    missing = f"{here} is not there; " if here else ""
    if not options.url:
        raise FetchError(f"{missing}{options.output} has no public address; {options.without or where}")
    try:
        with urllib.request.urlopen(options.url, timeout=TIMEOUT) as response, place.open("wb") as out:
            shutil.copyfileobj(response, out)
    except urllib.error.HTTPError as error:
        raise FetchError(f"{options.url}: the server answers {error.code} {error.reason}; {where}") from None
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise FetchError(
            f"{missing}{options.url}: cannot be reached ({reason}); go online, or {where}"
        ) from None
    return options.url


def check_sha256(got: Path, checked: Path, wanted: str, source: str) -> str:
    """Unpack ``got`` into ``checked`` if that is the file with this SHA-256."""
    digest = hashlib.sha256()
    with opened(got) as handle, checked.open("wb") as out:
        for block in iter(lambda: handle.read(1 << 20), b""):
            digest.update(block)
            out.write(block)
    if digest.hexdigest() != wanted:
        raise FetchError(
            f"{source}: its SHA-256 is {digest.hexdigest()}, wanted {wanted}; another version, or damaged"
        )
    return f"SHA-256 {wanted}"


def pick_contigs(got: Path, checked: Path, wanted: list[str], source: str) -> str:
    """Write the wanted contigs of the FASTA ``got`` to ``checked``, in the order wanted."""
    names = dict(pair.rpartition("=")[::2] for pair in wanted)
    found, others = {}, []
    for name, sequence in read_fasta(got):
        digest = refget(sequence)
        if digest in names.values():
            found[digest] = sequence
        else:
            others.append(name)
    if lacking := [f"{name} ({digest})" for name, digest in names.items() if digest not in found]:
        raise FetchError(
            f"{source}: has no contig with the sequence of {', '.join(lacking[:3])}"
            f"{f' and {len(lacking) - 3} more' if len(lacking) > 3 else ''}; another assembly, or damaged"
        )
    with checked.open("wb") as out:
        for name, digest in names.items():
            out.write(b">" + os.fsencode(name) + b"\n")
            for start in range(0, len(found[digest]), LINE):
                out.write(found[digest][start : start + LINE] + b"\n")
    total = sum(map(len, found.values()))
    return f"{len(names)} contigs, {total:,} bases (left out: {', '.join(others) or 'none'})"


def read_fasta(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and upper-case sequence of each record."""
    name, parts = None, []
    with opened(path) as handle:
        for line in handle:
            if line.startswith(b">"):
                if name is not None:
                    yield name, b"".join(parts).upper()
                name, parts = os.fsdecode(next(iter(line[1:].split()), b"")), []
            else:
                parts.append(line.strip())
    if name is not None:
        yield name, b"".join(parts).upper()


def refget(sequence: bytes) -> str:
    """GA4GH refget v2 digest: ``SQ.`` and the sha512t24u of the upper-case sequence."""
    return "SQ." + base64.urlsafe_b64encode(hashlib.sha512(sequence).digest()[:24]).decode("ascii")


def opened(path: Path) -> IO[bytes]:
    """The file, unpacked if it is a gzip."""
    with path.open("rb") as handle:
        packed = handle.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")


def main() -> None:
    """Read the command line; exit with 0, or 2 and one line on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", required=True, help="Where the checked file goes.")
    parser.add_argument("--local", default="", help=f"Where it lies under ${DATA}.")
    parser.add_argument("--url", default="", help="Its public address (https or file).")
    parser.add_argument("--without", default="", help="What to do where it cannot be had.")
    check = parser.add_mutually_exclusive_group(required=True)
    check.add_argument("--sha256", help="SHA-256 of the unpacked file.")
    check.add_argument("--contig", action="append", metavar="NAME=DIGEST", help="A contig to keep; repeat.")
    try:
        print(fetch(parser.parse_args()), file=sys.stderr)
    except FetchError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
