"""A web server for one folder: for this machine only, with the byte ranges that igv.js asks for.

Ranges: RFC 9110, section 14.
"""

import errno
import os
import re
import sys
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from dnabilstm.errors import DnabilstmError

HOST = "127.0.0.1"
PORT = 8765
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".fai": "text/plain; charset=utf-8",
}
"""Types of what a page consists of; everything else is bytes."""
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_BLOCK = 1 << 18


def make_server(folder: Path, port: int = PORT) -> ThreadingHTTPServer:
    """A server that listens on this machine's loopback; call ``serve_forever`` to let it answer.

    Parameters
    ----------
    folder
        Whose files it hands out; nothing else.
    port
        0 takes any that is free.

    Raises
    ------
    DnabilstmError
        If the folder has no page, or the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise DnabilstmError(
            f"{folder}: has no page (no index.html); make one with 'dnabilstm browse --tracks ...'"
        )
    try:
        return _Server((HOST, port), partial(_Handler, folder=folder.resolve()))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise DnabilstmError(
            f"port {port}: cannot be served on: {error.strerror}; give another one with --port, or 0 for any"
        ) from None


def find_file(folder: Path, target: str) -> Path | None:
    """The file that a request's target means; None if that is no file of the folder.

    Parameters
    ----------
    folder
        As ``resolve`` gives it.
    target
        Of the request line: a path that starts with ``/``, percent-encoded, perhaps with a query.
    """
    path = unquote(re.split("[?#]", target, maxsplit=1)[0], errors="surrogateescape")
    parts = path.split("/")
    if parts[0] or ".." in parts or "\0" in path:
        return None
    try:
        # Where links lead, which may be out of the folder.
        place = folder.joinpath(*filter(None, parts[1:]), "index.html" if path == "/" else "").resolve()
        return place if place.is_file() and place.is_relative_to(folder) else None
    except OSError:
        return None


def find_span(wanted: str | None, size: int) -> tuple[int, int] | None:
    """First byte and end of what a ``Range`` asks of a file; None if it has no such bytes.

    What is no single range of bytes is left out of account, as the RFC allows: the answer is the whole file.
    """
    found = _RANGE.fullmatch(wanted.strip()) if wanted else None
    if not found or found.group(0) == "bytes=-":
        return 0, size
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < int(first):
        return 0, size
    return (start, end) if start < end else None


class _Server(ThreadingHTTPServer):
    def handle_error(self, *address: Any) -> None:
        """A browser that goes away in the middle of an answer is no error."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(*address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def __init__(self, *arguments: Any, folder: Path) -> None:
        self.folder = folder
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def version_string(self) -> str:
        return "dnabilstm"

    def log_message(self, *_: Any) -> None:
        """Requests are nobody's news."""

    def _answer(self, body: bool) -> None:
        # The name of another site may be made to point here; the browser then still says that name.
        if self.headers.get("Host", "").rsplit(":", 1)[0] not in (HOST, "localhost"):
            return self._refuse(HTTPStatus.FORBIDDEN)
        path = find_file(self.folder, self.path)
        if path is None:
            return self._refuse(HTTPStatus.NOT_FOUND)
        try:
            file = path.open("rb")
        except OSError:
            return self._refuse(HTTPStatus.FORBIDDEN)
        with file:
            self._send(file, KINDS.get(path.suffix, "application/octet-stream"), body)

    def _send(self, file: IO[bytes], kind: str, body: bool) -> None:
        found = os.fstat(file.fileno())
        size, tag = found.st_size, f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
        asked = self.headers.get("Range") if self.headers.get("If-Range", tag) == tag else None
        span = find_span(asked, size)
        if span is None:
            return self._refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"bytes */{size}")
        start, end = span
        part = span != (0, size)
        self.send_response(HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK)
        if part:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        for name, value in (("Content-Type", kind), ("Content-Length", str(end - start)), ("ETag", tag)):
            self.send_header(name, value)
        # Otherwise a page that was made again would be shown with tracks of before.
        for name, value in (("Accept-Ranges", "bytes"), ("Cache-Control", "no-cache")):
            self.send_header(name, value)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        file.seek(start)
        while body and start < end and (block := file.read(min(_BLOCK, end - start))):
            self.wfile.write(block)
            start += len(block)

    def _refuse(self, status: HTTPStatus, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()
