import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

from dnabilstm.browse.serve import HOST, find_file, find_span, make_server
from dnabilstm.errors import DnabilstmError

BODY = bytes(range(256)) * 40


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "page"
    (place / "data").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (place / "index.html").write_text("<p>page")
    (place / "data/a.bw").write_bytes(BODY)
    (place / "data/<script> é.bed").write_text("x")
    (place / "out").symlink_to(tmp_path / "secret")
    (place / "up").symlink_to(tmp_path)
    (place / "in").symlink_to("data/a.bw")
    return place


@pytest.fixture
def ask(folder):
    """Ask the server something; gives status, headers and body."""
    with make_server(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def answer(target, method="GET", **headers):
            connection = http.client.HTTPConnection(HOST, server.server_port, timeout=10)
            connection.putrequest(method, target, skip_host="Host" in headers)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            response = connection.getresponse()
            body = response.read()
            connection.close()
            return response.status, response.headers, body

        yield answer
        server.shutdown()
        thread.join()


def test_the_page_and_its_files_are_handed_out(ask):
    status, headers, body = ask("/")
    assert (status, body) == (200, b"<p>page")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    status, headers, body = ask("/data/a.bw?cache=1#x")
    assert (status, body) == (200, BODY)
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Type"] == "application/octet-stream"
    assert "Content-Encoding" not in headers
    assert ask("/data/%3Cscript%3E%20%C3%A9.bed")[2] == b"x"
    assert ask("/in")[2] == BODY


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=10239-", 10239, 10240),
        ("bytes=-5", 10235, 10240),
        ("bytes=99-20000", 99, 10240),
    ],
)
def test_a_range_is_a_part(ask, asked, first, end):
    status, headers, body = ask("/data/a.bw", Range=asked)
    assert (status, body) == (206, BODY[first:end])
    assert headers["Content-Range"] == f"bytes {first}-{end - 1}/10240"
    assert headers["Content-Length"] == str(end - first)


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=-0", "bytes=99999-100000"])
def test_a_range_past_the_end_is_refused(ask, asked):
    status, headers, body = ask("/data/a.bw", Range=asked)
    assert (status, headers["Content-Range"], body) == (416, "bytes */10240", b"")


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=x-", "bytes=-", "bytes=5-2"])
def test_what_is_no_single_range_gives_the_whole(ask, asked):
    assert ask("/data/a.bw", Range=asked)[::2] == (200, BODY)


def test_a_head_has_no_body(ask):
    status, headers, body = ask("/data/a.bw", method="HEAD", Range="bytes=0-9")
    assert (status, headers["Content-Length"], body) == (206, "10", b"")


def test_a_range_of_another_version_gives_the_whole(ask):
    tag = ask("/data/a.bw", method="HEAD")[1]["ETag"]
    assert ask("/data/a.bw", Range="bytes=0-9", If_Range=tag)[0] == 206
    assert ask("/data/a.bw", Range="bytes=0-9", If_Range='"other"')[0] == 200


@pytest.mark.parametrize(
    "target",
    [
        "/../secret", "/%2e%2e/secret", "/data/../../secret", "/..%2fsecret", "//etc/passwd", "/%2fetc/passwd",
        "/out", "/up/secret", "/data", "/data/", "/none", "/%00", "/data/a.bw%00.html",
        "*", "/" + "a" * 5000,
    ],
)  # fmt: skip
def test_what_is_not_in_the_folder_is_not_found(ask, target):
    status, _, body = ask(target)
    assert (status, body) == (404, b"")


@pytest.mark.parametrize(
    ("host", "status"),
    [("evil.example", 403), ("evil.example:80", 403), ("", 403), ("localhost:1", 200), ("127.0.0.1", 200)],
)
def test_only_who_asks_this_machine_is_answered(ask, host, status):
    assert ask("/", Host=host)[0] == status


def test_nothing_else_can_be_done(ask):
    assert ask("/", method="POST")[0] == 501
    assert ask("/", method="DELETE")[0] == 501


def test_an_absolute_path_is_taken_within_the_folder(folder):
    assert find_file(folder.resolve(), "//data/a.bw") == folder.resolve() / "data/a.bw"
    assert find_file(folder.resolve(), "/etc/passwd") is None
    assert find_file(folder.resolve(), "http://127.0.0.1/index.html") is None


def test_a_span_of_an_empty_file():
    assert find_span(None, 0) == (0, 0)
    assert find_span("bytes=0-", 0) is None


def test_a_folder_without_a_page_and_a_port_that_is_taken_are_errors(tmp_path, folder):
    with pytest.raises(DnabilstmError, match="has no page"):
        make_server(tmp_path, 0)
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DnabilstmError, match=f"port {port}: cannot be served on: .*--port"):
            make_server(folder, port)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(folder, sign):
    words = [sys.executable, "-m", "dnabilstm", "browse", "--serve", "--output", str(folder), "--port", "0"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as running:
        line = running.stderr.readline()
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", line)[1])
        # Of an open connection too.
        connection = http.client.HTTPConnection(HOST, port, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"<p>page"
        os.kill(running.pid, sign)
        assert running.wait(10) == 0
        assert running.stderr.read() == "ended\n"
        connection.close()
