"""Test the web server over raw sockets: which headers it refuses, and who can keep it busy."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from dev import demo_config
from tests.local_pluggy import ROOT, free_port, wait_until

HEAD = b"GET /path HTTP/1.1\r\nHost: localhost\r\n"
THREADS = 4
ALIASES = (
    *("X_Forwarded_For: 203.0.113.9", "X-Forwarded_For: 203.0.113.9", "x_forwarded_proto: https"),
    *("X_Webhook_Secret: guessed", "SCRIPT_NAME: /admin", "PATH_INFO: /admin", "REMOTE_ADDR: ::1"),
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The web server as the demo runs it, with an application that returns the headers it sees."""
    number = free_port()
    words = demo_config.process_commands(web_port=number, pluggy_port=0, folder="var")["web"]
    words[words.index("python:pfm.web_server")] = "python:tests.pfm.echo"
    command = [sys.executable, "-m", *words[:-1], "tests.pfm.echo"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_listening(number), seconds=20, what="the web server listens")
        yield number
    finally:
        process.terminate()
        process.wait(20)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answer(port: int, *headers: str) -> tuple[int, dict[str, Any]]:
    """Send a request with these headers; return the status and, if it was answered with 200, what was seen."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(
            HEAD + "".join(f"{header}\r\n" for header in headers).encode() + b"Connection: close\r\n\r\n"
        )
        response = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = response.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    return status, json.loads(body[body.index(b"{") : body.rindex(b"}") + 1]) if status == 200 else {}


def test_headers_of_the_proxy_arrive(port: int) -> None:
    status, seen = answer(port, "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https")
    assert status == 200
    assert seen["HTTP_X_FORWARDED_FOR"] == "198.51.100.7"
    # Whether to believe the proxy is decided in one place, Django's SECURE_PROXY_SSL_HEADER.
    assert (seen["HTTP_X_FORWARDED_PROTO"], seen["wsgi.url_scheme"]) == ("https", "http")
    assert (seen["PATH_INFO"], seen["SCRIPT_NAME"], seen["REMOTE_ADDR"]) == ("/path", "", "127.0.0.1")


@pytest.mark.parametrize("alias", ALIASES)
def test_a_header_with_an_underscore_is_refused(port: int, alias: str) -> None:
    assert answer(port, alias) == (400, {})
    assert answer(port, "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: http", alias) == (400, {})
    assert answer(port, alias, "X-Forwarded-For: 198.51.100.7") == (400, {})


def test_a_header_that_comes_twice_is_not_chosen_from(port: int) -> None:
    _, seen = answer(port, "X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 198.51.100.7")
    assert seen["HTTP_X_FORWARDED_FOR"] == "203.0.113.9,198.51.100.7"  # ours is the last, as with one header


def test_connections_that_a_browser_opens_in_advance_keep_no_thread(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(2 * THREADS):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        started = time.monotonic()
        assert answer(port)[0] == 200
        assert time.monotonic() - started < 4  # gunicorn by itself: 10 seconds


def test_a_connection_opened_in_advance_is_answered_later(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        assert answer(port)[0] == 200
        connection.sendall(HEAD + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_clients_that_send_nothing_more_do_not_keep_the_threads(port: int) -> None:
    """One in the middle of a request is cut off when nothing more has come for a while."""
    with ExitStack() as stack:
        for beginning in [HEAD, b"POST" + HEAD[3:] + b"Content-Length: 9\r\n\r\nhalf"] * THREADS:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            connection.sendall(beginning)
        assert answer(port)[0] == 200
